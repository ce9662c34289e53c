import {
  areChecksOk,
  CodedError,
  domainOf,
  equalBytes,
  failCheck,
  findRegion,
  hashAnchorStruct,
  makeCheck,
  skipCheck,
  toHex,
} from '#protocol'
import type { Anchor, Charter, Check, Proof, ProofAnchor } from '#protocol'
import { RegistryClient } from './chain/registry-client.ts'
import type { AnchorEvidence } from './chain/registry-client.ts'

/** What the chain is asked with. */
export type ChainCheckInput = {
  readonly charter: Charter
  readonly proof: Proof
  readonly rpcUrl: string
  readonly signal: AbortSignal
}

/**
 * Checks an anchored proof against the contract that the charter names.
 *
 * Lines, in this order: `chain-registry`, `chain-committee`, `chain-anchor`, `chain-transaction`, `chain-final`. An
 * endpoint that cannot be reached, or is of another chain, fails the first and ends there.
 */
export async function verifyChain({ charter, proof, rpcUrl, signal }: ChainCheckInput): Promise<Check[]> {
  const { anchor } = proof
  if (anchor === undefined) return [skipCheck('chain-anchor', 'the claim is certified, not anchored yet')]
  const client = new RegistryClient({ rpcUrl, domain: domainOf(charter) })
  const registry = await ask('chain-registry', async () => {
    await client.check({ signal })
    return `registry ${toHex(charter.chain.registry)} of this network on chain ${charter.chain.chainId}`
  })
  if (!registry.ok) return [registry]
  const content = toAnchor(anchor)
  const checks = [
    registry,
    await ask('chain-committee', async () => {
      const members = await client.committeeAt(proof.region, content.epoch, { signal })
      return checkCommittee(charter, proof.region, members)
    }),
    await ask('chain-anchor', async () => {
      const status = await client.verifyAnchored(content, { signal })
      if (status.found === 'absent') failCheck(`the contract has no anchor ${content.seq} of ${content.region}`)
      if (status.found === 'other-root') failCheck(`anchor ${content.seq} has root ${toHex(status.root)}`)
      return `the contract has root ${toHex(content.root)} as anchor ${content.seq} of ${content.region}`
    }),
  ]
  return areChecksOk(checks) ? [...checks, ...(await checkPlace(client, anchor, content, signal))] : checks
}

async function checkPlace(
  client: RegistryClient,
  anchor: ProofAnchor,
  content: Anchor,
  signal: AbortSignal,
): Promise<Check[]> {
  let evidence: AnchorEvidence | undefined
  const transaction = await ask('chain-transaction', async () => {
    evidence = await client.findEvidence(content, anchor.transaction, { signal })
    return describePlace(anchor, content, evidence)
  })
  if (evidence === undefined || !transaction.ok) return [transaction]
  const block = `block ${evidence.blockNumber}`
  return [
    transaction,
    evidence.isFinal
      ? { name: 'chain-final', ok: true, detail: `${block} is final` }
      : skipCheck('chain-final', `${block} is not final yet, a reorganisation may still move the anchor`),
  ]
}

function describePlace(anchor: ProofAnchor, content: Anchor, evidence: AnchorEvidence | undefined): string {
  if (evidence === undefined) return failCheck(`transaction ${toHex(anchor.transaction)} did not write this anchor`)
  if (!equalBytes(evidence.event.anchorHash, hashAnchorStruct(content))) failCheck('the event is of another anchor')
  if (evidence.blockNumber !== anchor.blockNumber || !equalBytes(evidence.blockHash, anchor.blockHash)) {
    const found = `${evidence.blockNumber}, ${toHex(evidence.blockHash)}`
    failCheck(`the proof says block ${anchor.blockNumber}, ${toHex(anchor.blockHash)}; the chain has it in ${found}`)
  }
  return `Anchored event in transaction ${toHex(anchor.transaction)}, block ${evidence.blockNumber}`
}

function checkCommittee(charter: Charter, name: string, members: readonly Uint8Array[]): string {
  const ours = findRegion(charter, name)?.committee ?? []
  if (
    ours.length !== members.length ||
    !members.every((member, i) => equalBytes(member, ours[i] ?? new Uint8Array()))
  ) {
    failCheck(`the contract has another committee for ${name} than the charter`)
  }
  return `the contract has the charter's committee of ${members.length} for ${name}`
}

function toAnchor({ content }: ProofAnchor): Anchor {
  return { ...content, gramsLocation: BigInt(content.gramsLocation), gramsMarket: BigInt(content.gramsMarket) }
}

async function ask(name: string, find: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await find() }
  } catch (thrown) {
    if (thrown instanceof CodedError) return makeCheck(name, () => failCheck(thrown.message))
    throw thrown
  }
}
