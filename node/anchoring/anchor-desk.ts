import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import {
  cidOfDigest,
  DAG_CBOR_CODE,
  decodeManifest,
  digestOf,
  encodeCanonical,
  encodeManifest,
  equalBytes,
  hashAnchor,
  hashAnchorStruct,
  orderBytes,
  recoverAddress,
  signDigest,
  verifyCertificate,
} from '#protocol'
import type { Anchor, AnchorWire, GossipMessage, Manifest } from '#protocol'
import { planAnchor } from '#consensus'
import type { CertifiedBatch } from '#consensus'
import type { Archive, ClaimRecord, ProposalRecord, Store, Write } from '#storage'
import type { FetchBlocks } from '../batch-loader.ts'
import type { Ledger } from '../ledger.ts'
import { isMember } from '../region-context.ts'
import type { RegionContext } from '../region-context.ts'
import { Serial } from '../serial.ts'
import { AnchoringError } from './anchoring-error.ts'

/** Head of the region on the chain. */
export type AnchorHead = { readonly seq: number; readonly anchorHash: Uint8Array }

/** An anchor with the signatures of a quorum, in ascending order of their signers. */
export type SignedAnchor = { readonly anchor: Anchor; readonly signatures: readonly Uint8Array[] }

/** Longest that a manifest is fetched. */
const MANIFEST_TIMEOUT_MS = 15_000

/** What the desk needs. */
export type AnchorDeskInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly archive: Archive
  readonly flushBlocks: () => Promise<void>
  readonly fetch: FetchBlocks
  readonly peersFor: (member: Uint8Array) => readonly string[]
  readonly ledger: Ledger
  readonly head: () => AnchorHead
  readonly publish: (message: GossipMessage) => Promise<void>
  readonly log: Logger
}

/** Makes anchors over certified batches, checks those of others, and collects a quorum's signatures on them. */
export class AnchorDesk {
  readonly #init: AnchorDeskInit
  readonly #serial = new Serial()

  constructor(init: AnchorDeskInit) {
    this.#init = init
  }

  /** Certified batches that no anchor of the chain has, oldest sponsor chain first; and how many claims they carry. */
  async listUnanchored(): Promise<CertifiedBatch[]> {
    const { store } = this.#init
    const batches: CertifiedBatch[] = []
    for await (const [digest] of store.unanchored.entries()) {
      const batch = await this.#findCertified(digest)
      if (batch !== undefined) batches.push(batch)
    }
    return batches.toSorted(
      (a, b) => orderBytes(a.announcement.sponsor, b.announcement.sponsor) || a.announcement.seq - b.announcement.seq,
    )
  }

  async #findCertified(digest: Uint8Array): Promise<CertifiedBatch | undefined> {
    const { store } = this.#init
    const record = await store.batches.find(digest)
    if (record?.certificate === undefined) return undefined
    const claims = await store.claims.findMany(record.claimIds)
    return {
      announcement: record.announcement,
      certificate: record.certificate,
      leaves: record.leaves,
      claimIds: record.claimIds,
      gramsLocation: claims.map((found) => BigInt(found?.claim.gramsLocation ?? '0')),
      gramsMarket: claims.map((found) =>
        found?.claim.gramsMarket === undefined ? undefined : BigInt(found.claim.gramsMarket),
      ),
    }
  }

  /** Proposes an anchor over all certified batches, and signs it. @returns false if there is nothing to anchor. */
  async propose(): Promise<boolean> {
    return this.#serial.run(async () => {
      const { archive, log } = this.#init
      const batches = await this.listUnanchored()
      const plan = planAnchor(this.#nextPlace(), batches, await this.#anchoredAmong(batches))
      if (plan === undefined) return false
      const manifest = await archive.putBlock(encodeManifest(plan.manifest))
      const { seq, claims } = plan.anchor
      log.info({ seq, claims, batches: batches.length }, 'anchor proposed')
      await this.#sign(plan.anchor, manifest)
      return true
    })
  }

  #nextPlace(): Pick<Anchor, 'region' | 'epoch' | 'seq' | 'prev'> {
    const { context, head } = this.#init
    const { seq, anchorHash } = head()
    return { region: context.region.name, epoch: context.epoch, seq: seq + 1, prev: anchorHash }
  }

  async #anchoredAmong(batches: readonly CertifiedBatch[]): Promise<(claimId: Uint8Array) => boolean> {
    const ids = batches.flatMap((batch) => batch.claimIds)
    const records = await this.#init.store.claims.findMany(ids)
    const done = (record: ClaimRecord | undefined): boolean => record?.state === 'anchored' || record?.state === 'final'
    const anchored = new Set(ids.filter((_, i) => done(records[i])).map((id) => id.join()))
    return (claimId) => anchored.has(claimId.join())
  }

  // DESIGN 11: paths are stored before the root is sent: the manifest block is durable before the signature exists.
  async #sign(anchor: Anchor, manifest: CID): Promise<void> {
    const { context, publish, flushBlocks } = this.#init
    await flushBlocks()
    const signature = signDigest(hashAnchor(context.domain, anchor), context.privateKey)
    await this.#keep(anchor, manifest, [{ signer: context.address, signature }], true)
    await publish({ kind: 'anchor-signature', anchor: anchorToWire(anchor), signer: context.address, signature })
  }

  async #keep(
    anchor: Anchor,
    manifest: CID,
    signatures: ProposalRecord['signatures'],
    durable: boolean,
  ): Promise<ProposalRecord> {
    const { store, ledger } = this.#init
    const key = hashAnchorStruct(anchor)
    return ledger.exclusively(async () => {
      const before = (await store.proposals.find(key))?.signatures ?? []
      const added = signatures.filter(({ signer }) => !before.some((known) => equalBytes(known.signer, signer)))
      const record: ProposalRecord = { anchor: anchorToWire(anchor), manifest, signatures: [...before, ...added] }
      if (added.length > 0) await store.commit([store.proposals.put(key, record)], { durable })
      return record
    })
  }

  /** True for an anchor that would follow the head of this region. */
  isNext({ anchor }: Pick<ProposalRecord, 'anchor'>): boolean {
    const { context, head } = this.#init
    return anchor.region === context.region.name && anchor.epoch === context.epoch && anchor.seq === head().seq + 1
  }

  /** Checks a proposal's signatures. @throws {AnchoringError | ProtocolError} when one is not its member's. */
  verify(proposal: ProposalRecord): void {
    const { context } = this.#init
    const digest = hashAnchor(context.domain, anchorFromWire(proposal.anchor))
    for (const { signer, signature } of proposal.signatures) {
      if (!isMember(context, signer) || !equalBytes(recoverAddress(digest, signature), signer)) {
        throw new AnchoringError('anchor is not signed by a member', { code: 'ERR_ANCHOR_SIGNATURE' })
      }
    }
  }

  /**
   * Takes signatures on an anchor from gossip or sync. The first one for an anchor makes it a proposal: it is checked
   * down to every bill, and signed if it stands.
   *
   * @throws {ProtocolError | AnchoringError} when a signature or the proposal is wrong.
   */
  async take(proposal: ProposalRecord): Promise<void> {
    const { context, head, store } = this.#init
    const anchor = anchorFromWire(proposal.anchor)
    if (!this.isNext(proposal)) return
    this.verify(proposal)
    const key = hashAnchorStruct(anchor)
    const before = await store.proposals.find(key)
    await this.#keep(anchor, proposal.manifest, proposal.signatures, false)
    if (before?.signatures.some(({ signer }) => equalBytes(signer, context.address)) === true) return
    await this.#serial.run(async () => {
      const again = await store.proposals.find(key)
      if (again?.signatures.some(({ signer }) => equalBytes(signer, context.address)) === true) return
      if (anchor.seq !== head().seq + 1) return
      await this.#check(anchor, proposal)
      await this.#sign(anchor, proposal.manifest)
    })
  }

  // DESIGN 11: an auditor signs only if it holds every batch and bill, has a certificate for each, and none is anchored.
  async #check(anchor: Anchor, proposal: ProposalRecord): Promise<void> {
    const { context, archive, store } = this.#init
    const proposer = proposal.signatures[0]?.signer ?? context.address
    const manifest = await this.readManifest(anchor.manifest, [proposer])
    const batches: CertifiedBatch[] = []
    for (const listed of manifest.batches) {
      const digest = digestOf(listed.announcement.batch)
      const known = await this.#findCertified(digest)
      if (known === undefined || (await store.unanchored.find(digest)) === undefined) {
        throw new AnchoringError(`batch ${listed.announcement.batch.toString()} is not certified here, or anchored`, {
          code: 'ERR_ANCHOR_BATCH',
        })
      }
      verifyCertificate(context.domain, context.committee, listed.certificate)
      // A quorum's content is unique, but nobody signs the bitmap: it must be the one that was checked against the root.
      const { content, bitmap } = known.certificate
      const isSame = equalBytes(
        encodeCanonical([content, bitmap]),
        encodeCanonical([listed.certificate.content, listed.certificate.bitmap]),
      )
      if (!isSame) throw new AnchoringError('certificate differs from ours', { code: 'ERR_ANCHOR_CONTENT' })
      for (const found of await store.claims.findMany(known.claimIds)) {
        if (found !== undefined && !(await archive.hasBill(found.claim.bill))) {
          throw new AnchoringError(`bill ${found.claim.bill.toString()} is not held here`, { code: 'ERR_ANCHOR_BILL' })
        }
      }
      batches.push({ ...known, certificate: listed.certificate })
    }
    const plan = planAnchor(this.#nextPlace(), batches, await this.#anchoredAmong(batches))
    if (plan === undefined || !equalBytes(hashAnchorStruct(plan.anchor), hashAnchorStruct(anchor))) {
      throw new AnchoringError('anchor does not follow from its manifest', { code: 'ERR_ANCHOR_CONTENT' })
    }
  }

  /** Manifest of an anchor, from the archive or from peers. */
  async readManifest(digest: Uint8Array, askFirst: readonly Uint8Array[] = []): Promise<Manifest> {
    const { archive, fetch, peersFor, context } = this.#init
    const cid = cidOfDigest(digest, DAG_CBOR_CODE)
    const from = peersFor(askFirst[0] ?? context.address)
    await fetch([cid], { from, signal: AbortSignal.timeout(MANIFEST_TIMEOUT_MS) })
    return decodeManifest(await archive.getBlock(cid))
  }

  /** A proposal for the next place that has a quorum's signatures. */
  async findSigned(): Promise<SignedAnchor | undefined> {
    const { store, context, head } = this.#init
    const { seq, anchorHash } = head()
    for await (const [, proposal] of store.proposals.entries()) {
      const anchor = anchorFromWire(proposal.anchor)
      if (anchor.seq !== seq + 1 || !equalBytes(anchor.prev, anchorHash)) continue
      if (proposal.signatures.length < context.quorum) continue
      const ordered = proposal.signatures.toSorted((a, b) => orderBytes(a.signer, b.signer)).slice(0, context.quorum)
      return { anchor, signatures: ordered.map(({ signature }) => signature) }
    }
    return undefined
  }

  /** True if this node has proposed or signed something for the next place. */
  async hasProposal(): Promise<boolean> {
    const { store, head } = this.#init
    const { seq, anchorHash } = head()
    for await (const [, proposal] of store.proposals.entries()) {
      if (proposal.anchor.seq === seq + 1 && equalBytes(proposal.anchor.prev, anchorHash)) return true
    }
    return false
  }

  /** Writes that forget proposals for places that the chain has passed. */
  async forgetUpTo(seq: number): Promise<Write[]> {
    const { store } = this.#init
    const writes: Write[] = []
    for await (const [key, proposal] of store.proposals.entries()) {
      if (proposal.anchor.seq <= seq) writes.push(store.proposals.remove(key))
    }
    return writes
  }
}

/** An anchor as messages and records carry it. */
export function anchorToWire(anchor: Anchor): AnchorWire {
  return { ...anchor, gramsLocation: anchor.gramsLocation.toString(), gramsMarket: anchor.gramsMarket.toString() }
}

/** An anchor with its sums as big integers. */
export function anchorFromWire(wire: AnchorWire): Anchor {
  return { ...wire, gramsLocation: BigInt(wire.gramsLocation), gramsMarket: BigInt(wire.gramsMarket) }
}
