import { loadVectors, RULES_VERSION, runVectors, vectorsCid } from '#audit'
import type { FactorSource, NamedTrustList } from '#audit'
import { PROTOCOL_VERSION } from '#protocol'
import type { Charter } from '#protocol'
import { NodeError } from './node-error.ts'
import { loadTrustList, sharedCids, TRUST_LIST_NAME } from './trust-list.ts'

/** Vectors that are told of: one changed factor may fail a hundred, and the first few say which. */
const MAX_TOLD_VECTORS = 5

/**
 * Checks that this build computes what the charter says: protocol and rules version, golden vectors (run, not only
 * compared), data sets, trust list (DESIGN 3).
 *
 * @param trust the list that this node was given. @default the shipped one
 * @throws {NodeError} ERR_NODE_RULES with every difference.
 */
export async function checkRules(charter: Charter, factors: FactorSource, trust?: NamedTrustList): Promise<void> {
  const differing: string[] = []
  if (charter.protocol !== PROTOCOL_VERSION)
    differing.push(`protocol ${charter.protocol}, this build has ${PROTOCOL_VERSION}`)
  if (charter.rules.version !== RULES_VERSION)
    differing.push(`rules ${charter.rules.version}, this build has ${RULES_VERSION}`)
  // Read once: what runs is what was hashed.
  const golden = await loadVectors()
  const vectors = (await vectorsCid(golden)).toString()
  if (charter.rules.vectors.toString() !== vectors) differing.push(`golden vectors, this build has ${vectors}`)
  const shared = await sharedCids(trust ?? (await loadTrustList()))
  const ours = new Map(shared.map(({ name, cid }) => [name, cid.toString()]))
  for (const { name, cid } of charter.datasets) {
    if (ours.get(name) !== cid.toString())
      differing.push(`data set ${name}, this build has ${ours.get(name) ?? 'none'}`)
  }
  // A node that trusts more than the charter says would find another origin than the others.
  const trusted = ours.get(TRUST_LIST_NAME) ?? ''
  const isNamed = charter.datasets.some(({ name }) => name === TRUST_LIST_NAME)
  if (!isNamed && trust !== undefined) differing.push(`trust list ${trusted}, the charter names none`)
  // The rules take figures from every set of the build: one that the charter does not name could differ unnoticed.
  const named = new Set(charter.datasets.map(({ name }) => name))
  for (const [name, cid] of ours) {
    if (!named.has(name) && name !== TRUST_LIST_NAME)
      differing.push(`data set ${name}, this build has ${cid}, the charter has none`)
  }
  const { failed } = await runVectors(factors, golden)
  for (const { name, expected, actual } of failed.slice(0, MAX_TOLD_VECTORS))
    differing.push(`vector ${JSON.stringify(name)}: ${tellApart(summaryOf(expected), summaryOf(actual))}`)
  if (failed.length > MAX_TOLD_VECTORS) differing.push(`${failed.length - MAX_TOLD_VECTORS} more vectors`)
  if (differing.length > 0) {
    throw new NodeError(`this build does not compute what the charter says: ${differing.join('; ')}`, {
      code: 'ERR_NODE_RULES',
      differing,
    })
  }
}

function tellApart(expected: string, actual: string): string {
  return expected === actual ? `${actual} by other steps` : `expected ${expected}, got ${actual}`
}

/** What an answer comes to in a few words; a whole one fills a screen. */
function summaryOf(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return String(answer)
  if ('gramsCO2e' in answer && 'exact' in answer)
    return `${String(answer.gramsCO2e)} g (exactly ${String(answer.exact)})`
  return 'error' in answer ? JSON.stringify(answer.error) : JSON.stringify(answer)
}
