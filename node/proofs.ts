import type { CID } from 'multiformats/cid'
import {
  charterCid,
  decodeManifest,
  digestOf,
  encodeProof,
  equalBytes,
  hashAnchor,
  isBitSet,
  leafOf,
  merklePath,
  orderBytes,
  recoverAddress,
} from '#protocol'
import type { Announcement, Claim, Manifest, Proof, ProofAnchor } from '#protocol'
import { anchorPath } from '#consensus'
import { keyOfNumber } from '#storage'
import type { AnchorRecord, BatchRecord, ClaimRecord, Store } from '#storage'
import type { RegionContext } from './region-context.ts'

/** What the proof desk reads beside the store. */
export interface ProofSources {
  /**
   * A block whose hash was checked.
   *
   * @throws when it is not here.
   */
  getBlock(cid: CID): Promise<Uint8Array>
  /** All claims of a batch in batch order, sealed ones opened. */
  loadClaims(announcement: Announcement, signal: AbortSignal): Promise<readonly Claim[]>
}

/** What a {@link ProofDesk} needs. */
export type ProofDeskInit = {
  readonly context: Pick<RegionContext, 'charter' | 'domain' | 'region' | 'quorum'>
  readonly store: Pick<Store, 'claims' | 'claimsByBill' | 'batches' | 'anchors'>
  readonly sources: ProofSources
}

/** Which proof of a bill. */
export type ProofRequest = {
  /** Position of the claim among the bills of the file. @default 0 */
  readonly ordinal?: number
  /** False: of a sealed bill the leaf alone, not the claim. */
  readonly disclose: boolean
  readonly signal: AbortSignal
}

/** Manifests that are kept decoded: proofs are mostly asked for the latest anchors. */
const KEPT_MANIFESTS = 8

/** Of several claims for one bill and place (one that was corrected, one that was never certified), the furthest is shown. */
const STATE_RANK = { proposed: 0, certified: 1, anchored: 2, final: 3 } as const

/** A claim where it is certified: a batch, and its place in it. */
type Standing = {
  readonly batch: BatchRecord
  readonly index: number
  readonly claim: Claim
  /** If an anchor counts it. */
  readonly anchor?: ProofAnchor
}

/** Builds proof files from what this node holds. Nothing in them has to be believed: the reader checks it all. */
export class ProofDesk {
  readonly #context: ProofDeskInit['context']
  readonly #store: ProofDeskInit['store']
  readonly #sources: ProofSources
  readonly #manifests = new Map<string, Manifest>()

  constructor({ context, store, sources }: ProofDeskInit) {
    this.#context = context
    this.#store = store
    this.#sources = sources
  }

  /**
   * Bytes of the proof file of a bill's claim: with its anchor once the chain has it; undefined before it is certified.
   *
   * @throws when a block or record that the claim depends on is not here.
   */
  async findProof(bill: CID, request: ProofRequest): Promise<Uint8Array | undefined> {
    const record = await this.#findClaim(bill, request.ordinal ?? 0)
    if (record === undefined || record.state === 'proposed') return undefined
    const standing = (await this.#findAnchored(record, request.signal)) ?? (await this.#findCertified(record))
    const certificate = proveCertificate(standing)
    if (certificate === undefined) return undefined
    const { batch, index, claim } = standing
    const isHidden = record.visibility === 'sealed' && !request.disclose
    const leaf = leafOf(this.#context.domain, this.#context.region.name, claim)
    return encodeProof({
      kind: 'kwitness-proof',
      v: 1,
      network: charterCid(this.#context.charter),
      region: this.#context.region.name,
      bill: { cid: claim.bill, visibility: record.visibility },
      claim: isHidden ? { kind: 'leaf', leaf } : { kind: 'full', content: claim },
      batch: { announcement: batch.announcement, index },
      certificate,
      ...(standing.anchor === undefined ? {} : { anchor: standing.anchor }),
    })
  }

  async #findClaim(bill: CID, ordinal: number): Promise<ClaimRecord | undefined> {
    let best: ClaimRecord | undefined
    for (const { ordinal: at, claimId } of await this.#store.claimsByBill.listOf(bill)) {
      if (at !== ordinal) continue
      const record = await this.#store.claims.find(claimId)
      if (record === undefined) continue
      if (best === undefined || STATE_RANK[record.state] > STATE_RANK[best.state]) best = record
    }
    return best
  }

  async #findCertified({ batch, index, claim }: ClaimRecord): Promise<Standing> {
    return { batch: await this.#store.batches.get(batch), index, claim }
  }

  async #findAnchored(record: ClaimRecord, signal: AbortSignal): Promise<Standing | undefined> {
    if (record.anchorSeq === undefined) return undefined
    const anchored = await this.#store.anchors.find(keyOfNumber(record.anchorSeq))
    if (anchored === undefined) return undefined
    const manifest = await this.#readManifest(anchored.manifest)
    const at = manifest.batches.findIndex((listed) => equalBytes(digestOf(listed.announcement.batch), record.batch))
    if (at >= 0 && manifest.batches[at]?.omitted.includes(record.index) === false) {
      const standing = await this.#findCertified(record)
      return this.#prove(anchored, manifest, at, standing)
    }
    return this.#findElsewhere(record, anchored, manifest, signal)
  }

  // The same bill was sent to two auditors, and the anchor counts the claim in the other one's batch. If it was sealed
  // twice, that batch names the other file: then the certificate, which names this one, has to do.
  async #findElsewhere(
    record: ClaimRecord,
    anchored: AnchorRecord,
    manifest: Manifest,
    signal: AbortSignal,
  ): Promise<Standing | undefined> {
    const batches = await this.#findRecords(manifest)
    for (const [at, listed] of manifest.batches.entries()) {
      const batch = batches[at]
      const index = batch?.claimIds.findIndex((claimId) => equalBytes(claimId, record.claimId)) ?? -1
      if (batch === undefined || index < 0) continue
      if (!isBitSet(listed.certificate.bitmap, index) || listed.omitted.includes(index)) continue
      const claim = (await this.#sources.loadClaims(batch.announcement, signal))[index]
      if (claim?.bill.equals(record.claim.bill) === true)
        return this.#prove(anchored, manifest, at, { batch, index, claim })
    }
    return undefined
  }

  async #findRecords(manifest: Manifest): Promise<(BatchRecord | undefined)[]> {
    return this.#store.batches.findMany(manifest.batches.map((listed) => digestOf(listed.announcement.batch)))
  }

  async #prove(
    anchored: AnchorRecord,
    manifest: Manifest,
    at: number,
    standing: Standing,
  ): Promise<Standing | undefined> {
    // Leaves of other batches are read only where claims are omitted: else the certificate has their root.
    const hasOmissions = manifest.batches.some((listed) => listed.omitted.length > 0)
    const records = hasOmissions ? await this.#findRecords(manifest) : []
    const listed = manifest.batches.map(({ certificate, omitted }, i) => {
      const leaves = i === at ? standing.batch.leaves : records[i]?.leaves
      return { certificate, omitted, ...(leaves === undefined ? {} : { leaves }) }
    })
    const path = anchorPath(listed, at, standing.index)
    if (path === undefined) return undefined
    const { transactionHash, blockNumber, blockHash, anchor: content } = anchored
    const signatures = this.#orderQuorum(anchored)
    // An anchor that nobody can be shown to have signed proves nothing: the certificate has to do.
    if (signatures.length < this.#context.quorum) return undefined
    return { ...standing, anchor: { content, path, signatures, transaction: transactionHash, blockNumber, blockHash } }
  }

  // The contract takes signatures in ascending order of their signers, and so do proofs.
  #orderQuorum({ anchor, signatures }: AnchorRecord): Uint8Array[] {
    const grams = { gramsLocation: BigInt(anchor.gramsLocation), gramsMarket: BigInt(anchor.gramsMarket) }
    const digest = hashAnchor(this.#context.domain, { ...anchor, ...grams })
    return signatures
      .map((signature) => ({ signature, signer: recoverAddress(digest, signature) }))
      .toSorted((a, b) => orderBytes(a.signer, b.signer))
      .slice(0, this.#context.quorum)
      .map(({ signature }) => signature)
  }

  async #readManifest(cid: CID): Promise<Manifest> {
    const key = cid.toString()
    const manifest = this.#manifests.get(key) ?? decodeManifest(await this.#sources.getBlock(cid))
    this.#manifests.set(key, manifest)
    for (const oldest of this.#manifests.keys()) {
      if (this.#manifests.size <= KEPT_MANIFESTS) break
      this.#manifests.delete(oldest)
    }
    return manifest
  }
}

function proveCertificate({ batch, index }: Standing): Proof['certificate'] | undefined {
  const { certificate, leaves } = batch
  if (certificate === undefined || !isBitSet(certificate.bitmap, index)) return undefined
  const accepted = leaves.filter((_, i) => isBitSet(certificate.bitmap, i))
  const position = leaves.slice(0, index).filter((_, i) => isBitSet(certificate.bitmap, i)).length
  return { ...certificate, path: merklePath(accepted, position) }
}
