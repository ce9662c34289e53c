import { hashAnchor } from './anchor.ts'
import { billOfEntry, decodeBatch, verifyAnnouncement, verifyBatchMatches } from './batch.ts'
import { equalBytes, toHex, ZERO_32 } from './bytes.ts'
import { verifyCertificate, verifyQuorum } from './certificate.ts'
import { charterCid, domainOf, findRegion } from './charter.ts'
import type { Charter, RegionCharter } from './charter.ts'
import { claimIdOf, leafOf } from './claim.ts'
import type { Claim } from './claim.ts'
import { cidOfBlock, digestOf } from './codec.ts'
import type { Domain } from './domain.ts'
import { CodedError } from './errors.ts'
import { merklePathLength, rootOfPath } from './merkle.ts'
import { decodeProof } from './proof.ts'
import type { Proof, ProofAnchor } from './proof-shape.ts'
import { isBitSet } from './vote.ts'

/**
 * One line of a verification. `skipped` marks what could not be checked with what was given: such a line is not a
 * failure (`ok` is true) and not a success either, and its detail begins with `not checked:`.
 */
export type Check = { readonly name: string; readonly ok: boolean; readonly detail: string; readonly skipped?: true }

/** What a proof is checked against. */
export type ProofVerifyInput = {
  /** Bytes of the proof file. */
  readonly proof: Uint8Array
  /** Charter of the network that the verifier trusts; its founding committees are those of epoch 0. */
  readonly charter: Charter
  /** Batch block that the proof names: ties an undisclosed sealed claim to its bill. */
  readonly batch?: Uint8Array
}

/** A verification: the lines in order, and the proof if the file could be read. */
export type ProofVerification = { readonly ok: boolean; readonly checks: readonly Check[]; readonly proof?: Proof }

/** A line of something that could not be checked. */
export function skipCheck(name: string, why: string): Check {
  return { name, ok: true, detail: `not checked: ${why}`, skipped: true }
}

/** A line from a function that returns what it found, or throws a {@link CodedError} if the check fails. */
export function makeCheck(name: string, find: () => string): Check {
  try {
    return { name, ok: true, detail: find() }
  } catch (thrown) {
    if (thrown instanceof CodedError) return { name, ok: false, detail: thrown.message }
    throw thrown
  }
}

/** True if no check failed. */
export function areChecksOk(checks: readonly Check[]): boolean {
  return checks.every((check) => check.ok)
}

/** Ends a check: what was found is not what has to be. */
export function failCheck(detail: string): never {
  throw new CodedError(detail, { code: 'ERR_PROTOCOL_MISMATCH' })
}

/** Leaf that a proof speaks of: computed from the claim if it is disclosed. */
export function leafOfProof(domain: Domain, proof: Proof): Uint8Array {
  return proof.claim.kind === 'full' ? leafOf(domain, proof.region, proof.claim.content) : proof.claim.leaf
}

type Scene = {
  readonly proof: Proof
  readonly charter: Charter
  readonly domain: Domain
  readonly leaf: Uint8Array
  /** Where the leaf's path through its batch leads. */
  readonly acceptedRoot: Uint8Array
}

function committeeOf({ charter, proof }: Scene, epoch: number): RegionCharter['committee'] {
  const region = findRegion(charter, proof.region)
  if (region === undefined) return failCheck(`region ${proof.region} is not in the charter`)
  if (epoch !== 0) return failCheck(`committee of epoch ${epoch} is not in the charter`)
  return region.committee
}

function checkNetwork({ proof, charter, domain }: Scene): string {
  if (!equalBytes(digestOf(proof.network), domain.networkId)) {
    failCheck(`the proof is of network ${proof.network.toString()}, not of ${charterCid(charter).toString()}`)
  }
  return `network ${charter.name}, ${proof.network.toString()}`
}

function checkClaim({ proof, domain, leaf }: Scene, claim: Claim): string {
  if (!claim.bill.equals(proof.bill.cid)) failCheck(`the claim is about bill ${claim.bill.toString()}`)
  if (claim.endDay <= claim.startDay) failCheck('the claimed period has no day')
  const id = toHex(claimIdOf(domain, proof.region, claim))
  return `claim ${id}: ${claim.gramsLocation} g CO2e, gives leaf ${toHex(leaf)}`
}

function checkBatchEntry({ proof, domain, leaf }: Scene, block: Uint8Array): string {
  const { announcement, index } = proof.batch
  if (!cidOfBlock(block).equals(announcement.batch)) failCheck('the block given is not the batch that the proof names')
  const batch = decodeBatch(block)
  verifyBatchMatches(domain, announcement, batch)
  const entry = batch.entries[index]
  if (entry === undefined) return failCheck(`the batch has no claim ${index}`)
  const found = entry.kind === 'public' ? leafOf(domain, batch.region, entry.claim) : entry.leaf
  if (entry.kind !== proof.bill.visibility) failCheck(`the batch has claim ${index} as ${entry.kind}`)
  if (!billOfEntry(entry).equals(proof.bill.cid)) failCheck(`claim ${index} of the batch is about another bill`)
  if (!equalBytes(found, leaf)) failCheck(`claim ${index} of the batch has another leaf`)
  return `entry ${index} of ${batch.entries.length} names bill ${proof.bill.cid.toString()} and this leaf`
}

function checkSponsor(scene: Scene): string {
  const { announcement, index } = scene.proof.batch
  if (announcement.region !== scene.proof.region) failCheck(`the batch is of region ${announcement.region}`)
  if (index >= announcement.claims) failCheck(`claim ${index} of a batch of ${announcement.claims}`)
  const isMember = committeeOf(scene, announcement.epoch).some((member) => equalBytes(member, announcement.sponsor))
  if (!isMember) failCheck(`sponsor ${toHex(announcement.sponsor)} is not in the committee`)
  verifyAnnouncement(scene.domain, announcement)
  return `batch ${announcement.batch.toString()} is signed by its sponsor ${toHex(announcement.sponsor)}`
}

// Bits that are set below a position.
function countBits(bitmap: Uint8Array, below: number): number {
  let count = 0
  for (let i = 0; i < below; i += 1) if (isBitSet(bitmap, i)) count += 1
  return count
}

function checkAccepted({ proof, acceptedRoot }: Scene): string {
  const { content, bitmap, path } = proof.certificate
  const { announcement, index } = proof.batch
  const size = bitmap.byteLength * 8
  const accepted = countBits(bitmap, size)
  if (
    size - announcement.claims < 0 ||
    size - announcement.claims > 7 ||
    countBits(bitmap, announcement.claims) !== accepted
  ) {
    failCheck(`the bitmap is not one of ${announcement.claims} claims`)
  }
  if (accepted !== content.accepted) failCheck(`the bitmap has ${accepted} claims, the certificate ${content.accepted}`)
  if (!isBitSet(bitmap, index)) failCheck(`claim ${index} is not among the accepted ones`)
  const position = countBits(bitmap, index)
  if (path.length !== merklePathLength(accepted, position)) failCheck('the path has another length than its place')
  if (!equalBytes(acceptedRoot, content.acceptedRoot)) failCheck('the path does not lead to the accepted root')
  return `claim ${index} is one of ${accepted} accepted of ${announcement.claims}, root ${toHex(content.acceptedRoot)}`
}

function checkCertificate(scene: Scene): string {
  const { proof, domain } = scene
  const { content } = proof.certificate
  const { announcement } = proof.batch
  const names = { region: announcement.region, epoch: announcement.epoch }
  if (!content.batch.equals(announcement.batch) || content.region !== names.region || content.epoch !== names.epoch) {
    failCheck('the certificate is of another batch, region or epoch')
  }
  const committee = committeeOf(scene, content.epoch)
  const signers = verifyCertificate(domain, committee, proof.certificate)
  return `${signers.length} of ${committee.length} auditors of ${content.region}, epoch ${content.epoch}, signed`
}

function checkAnchorPath({ proof, leaf, acceptedRoot }: Scene, { content, path }: ProofAnchor): string {
  if (content.region !== proof.region) failCheck(`the anchor is of region ${content.region}`)
  // Unless claims are omitted, the path begins with the one through the batch, which has been followed already.
  const inner = proof.certificate.path
  const isJoined = inner.every((sibling, i) => equalBytes(sibling, path[i] ?? ZERO_32)) && inner.length <= path.length
  const root = isJoined ? rootOfPath(acceptedRoot, path.slice(inner.length)) : rootOfPath(leaf, path)
  if (!equalBytes(root, content.root)) failCheck("the path does not lead to the anchor's root")
  return `leaf is in anchor ${content.seq} of ${content.claims} claims, root ${toHex(content.root)}`
}

function checkAnchorQuorum(scene: Scene, { content, signatures }: ProofAnchor): string {
  const committee = committeeOf(scene, content.epoch)
  const grams = { gramsLocation: BigInt(content.gramsLocation), gramsMarket: BigInt(content.gramsMarket) }
  const digest = hashAnchor(scene.domain, { ...content, ...grams })
  const signers = verifyQuorum(committee, digest, signatures)
  return `${signers.length} of ${committee.length} auditors of ${content.region}, epoch ${content.epoch}, signed`
}

function checkClaimLine(scene: Scene): Check {
  const { claim, bill } = scene.proof
  if (claim.kind === 'full') return makeCheck('claim', () => checkClaim(scene, claim.content))
  const why = `the claim of sealed bill ${bill.cid.toString()} is not disclosed, only its leaf ${toHex(claim.leaf)}`
  return bill.visibility === 'sealed'
    ? skipCheck('claim', why)
    : makeCheck('claim', () => failCheck('the claim of a public bill is missing'))
}

function checkAnchorLines(scene: Scene): Check[] {
  const { anchor } = scene.proof
  if (anchor === undefined) {
    return ['anchor-path', 'anchor-quorum'].map((name) => skipCheck(name, 'the claim is certified, not anchored yet'))
  }
  return [
    makeCheck('anchor-path', () => checkAnchorPath(scene, anchor)),
    makeCheck('anchor-quorum', () => checkAnchorQuorum(scene, anchor)),
  ]
}

/**
 * Checks everything that a proof file and the charter show by themselves; runs in Node and in a browser.
 *
 * Lines, in this order: `file`, `network`, `claim`, `batch`, `batch-entry`, `accepted`, `certificate`, `anchor-path`,
 * `anchor-quorum`. A file that cannot be read gives the first alone. No bill and no chain is asked: figures are those
 * that a quorum signed, and the place in the chain is what the file says.
 */
export function verifyProofOffline({ proof: bytes, charter, batch }: ProofVerifyInput): ProofVerification {
  let proof: Proof
  try {
    proof = decodeProof(bytes)
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown
    return { ok: false, checks: [{ name: 'file', ok: false, detail: thrown.message }] }
  }
  const domain = domainOf(charter)
  const leaf = leafOfProof(domain, proof)
  const scene: Scene = { proof, charter, domain, leaf, acceptedRoot: rootOfPath(leaf, proof.certificate.path) }
  const checks: Check[] = [
    { name: 'file', ok: true, detail: `${bytes.byteLength} bytes, canonical, checksum agrees` },
    makeCheck('network', () => checkNetwork(scene)),
    checkClaimLine(scene),
    makeCheck('batch', () => checkSponsor(scene)),
    batch === undefined
      ? skipCheck('batch-entry', 'the batch block was not given')
      : makeCheck('batch-entry', () => checkBatchEntry(scene, batch)),
    makeCheck('accepted', () => checkAccepted(scene)),
    makeCheck('certificate', () => checkCertificate(scene)),
    ...checkAnchorLines(scene),
  ]
  return { ok: areChecksOk(checks), checks, proof }
}
