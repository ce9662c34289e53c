import { RULES_VERSION, runVectors, vectorsCid } from '#audit'
import type { FactorSource } from '#audit'
import { datasetCids } from '#datasets'
import { PROTOCOL_VERSION } from '#protocol'
import type { Charter } from '#protocol'
import { NodeError } from './node-error.ts'

/**
 * Checks that this build computes what the charter says: protocol and rules version, golden vectors (run, not only
 * compared), data sets (DESIGN 3).
 *
 * @throws {NodeError} ERR_NODE_RULES with every difference.
 */
export async function checkRules(charter: Charter, factors: FactorSource): Promise<void> {
  const differing: string[] = []
  if (charter.protocol !== PROTOCOL_VERSION)
    differing.push(`protocol ${charter.protocol}, this build has ${PROTOCOL_VERSION}`)
  if (charter.rules.version !== RULES_VERSION)
    differing.push(`rules ${charter.rules.version}, this build has ${RULES_VERSION}`)
  const vectors = (await vectorsCid()).toString()
  if (charter.rules.vectors.toString() !== vectors) differing.push(`golden vectors, this build has ${vectors}`)
  const ours = new Map((await datasetCids()).map(({ name, cid }) => [name, cid.toString()]))
  for (const { name, cid } of charter.datasets) {
    if (ours.get(name) !== cid.toString())
      differing.push(`data set ${name}, this build has ${ours.get(name) ?? 'none'}`)
  }
  const { failed } = await runVectors(factors)
  for (const { name, expected, actual } of failed)
    differing.push(`vector ${name}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`)
  if (differing.length > 0) {
    throw new NodeError(`this build does not compute what the charter says: ${differing.join('; ')}`, {
      code: 'ERR_NODE_RULES',
      differing,
    })
  }
}
