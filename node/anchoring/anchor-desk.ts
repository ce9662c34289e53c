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
  errorCodeOf,
  hashAnchor,
  hashAnchorStruct,
  orderBytes,
  signDigest,
  toHex,
  verifyCertificate,
} from '#protocol'
import type { Anchor, Announcement, Certificate, GossipMessage, Manifest } from '#protocol'
import { planAnchor } from '#consensus'
import type { CertifiedBatch } from '#consensus'
import type { Archive, ClaimRecord, ProposalRecord, Store } from '#storage'
import type { FetchBlocks } from '../batch-loader.ts'
import type { Ledger } from '../ledger.ts'
import type { RegionContext } from '../region-context.ts'
import { Serial } from '../serial.ts'
import { AnchoringError } from './anchoring-error.ts'
import { anchorFromWire, anchorToWire, ProposalBook } from './proposal-book.ts'
import type { AnchorHead } from './proposal-book.ts'
import { within } from './within.ts'

export { anchorToWire } from './proposal-book.ts'

/** Longest that a manifest is fetched. */
const MANIFEST_TIMEOUT_MS = 15_000
/** Longest that batches of a proposal are brought into the records before it is left to the next sync. */
const ADOPT_TIMEOUT_MS = 15_000
/** Batches that one look at a proposal brings into the records; the next look goes on from there. */
const ADOPTED_AT_A_TIME = 64
/** Before a proposal that did not stand is looked at again: sync brings it with every exchange. */
const LOOK_AGAIN_MS = 2_000

/** What the desk needs. */
export type AnchorDeskInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly archive: Pick<Archive, 'getBlock' | 'hasBill' | 'putBlock'>
  readonly flushBlocks: () => Promise<void>
  readonly fetch: FetchBlocks
  readonly peersFor: (member: Uint8Array) => readonly string[]
  readonly ledger: Pick<Ledger, 'exclusively'>
  readonly head: () => AnchorHead
  readonly publish: (message: GossipMessage) => Promise<void>
  /** Brings a certified batch into the records. */
  readonly adopt: (announcement: Announcement, certificate: Certificate) => Promise<void>
  /** A clock that never goes back. */
  readonly nowMonotonicMs: () => number
  readonly log: Logger
}

/** Makes anchors over certified batches, checks those of others, and collects a quorum's signatures on them. */
export class AnchorDesk {
  /** Proposals and their signatures. */
  readonly book: ProposalBook
  readonly #init: AnchorDeskInit
  readonly #serial = new Serial()
  readonly #stopped = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  /** Proposals for the place `#lookSeq` being looked at, and those that did not stand: when each may be looked at again. */
  readonly #lookAtMs = new Map<string, number>()
  #lookSeq = 0

  constructor(init: AnchorDeskInit) {
    this.#init = init
    this.book = new ProposalBook(init)
  }

  /** Aborts when the desk stops: what others wait for because of an anchor ends then too. */
  get signal(): AbortSignal {
    return this.#stopped.signal
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.allSettled(this.#underWay)
  }

  /** Certified batches that no anchor of the chain has: by place in their chains, so that no sponsor fills an anchor alone. */
  async listUnanchored(): Promise<CertifiedBatch[]> {
    const { store } = this.#init
    const batches: CertifiedBatch[] = []
    for await (const [digest] of store.unanchored.entries()) {
      const batch = await this.#findCertified(digest)
      if (batch !== undefined) batches.push(batch)
    }
    return batches.toSorted(
      (a, b) => a.announcement.seq - b.announcement.seq || orderBytes(a.announcement.sponsor, b.announcement.sponsor),
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
      const { archive, log, store } = this.#init
      const batches = await this.listUnanchored()
      const plan = planAnchor(this.#nextPlace(), batches, await this.#anchoredAmong(batches))
      if (plan === undefined) return false
      const isKnown = (await store.proposals.find(hashAnchorStruct(plan.anchor))) !== undefined
      if (!isKnown && !(await this.book.hasRoomForOwn())) return true
      await archive.putBlock(encodeManifest(plan.manifest))
      const { seq, claims } = plan.anchor
      log.info({ seq, claims, batches: plan.manifest.batches.length }, 'anchor proposed')
      await this.#sign(plan.anchor)
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
  async #sign(anchor: Anchor): Promise<void> {
    const { context, publish, flushBlocks } = this.#init
    await flushBlocks()
    const signature = signDigest(hashAnchor(context.domain, anchor), context.privateKey)
    await this.book.keepOwn(anchor, signature)
    await publish({ kind: 'anchor-signature', anchor: anchorToWire(anchor), signer: context.address, signature })
  }

  /**
   * Takes signatures on an anchor from gossip or sync. They are verified now, so that a message can be passed on; the
   * proposal is checked down to every bill behind, and signed if it stands.
   *
   * @returns false for an anchor that is not the next one of this region.
   * @throws {AnchoringError | ProtocolError} when a signature is not its member's.
   */
  take(proposal: Pick<ProposalRecord, 'anchor' | 'signatures'>): boolean {
    if (!this.book.isNext(proposal) || this.#stopped.signal.aborted) return false
    this.book.verify(proposal)
    const run = this.#consider(anchorFromWire(proposal.anchor), proposal).finally(() => this.#underWay.delete(run))
    this.#underWay.add(run)
    return true
  }

  /** Returns when everything that was taken so far has been looked at. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay)
  }

  async #consider(anchor: Anchor, { signatures }: Pick<ProposalRecord, 'signatures'>): Promise<void> {
    const { log, nowMonotonicMs } = this.#init
    const key = toHex(hashAnchorStruct(anchor))
    let isFirst = false
    try {
      const kept = await this.book.keep(anchor, signatures)
      if (kept === undefined || this.book.isSigned(kept)) return
      if (anchor.seq !== this.#lookSeq) this.#lookAtMs.clear()
      this.#lookSeq = anchor.seq
      const lookAtMs = this.#lookAtMs.get(key)
      if (lookAtMs !== undefined && nowMonotonicMs() < lookAtMs) return
      isFirst = lookAtMs === undefined
      this.#lookAtMs.set(key, Infinity)
      // Outside of the serial part: whoever names blocks that nobody has keeps no other proposal waiting.
      const manifest = await this.#bring(anchor, kept)
      await this.#serial.run(async () => {
        if (!this.book.isNext({ anchor: anchorToWire(anchor) })) return
        await this.#check(anchor, manifest)
        await this.#sign(anchor)
      })
      this.#lookAtMs.delete(key)
    } catch (cause) {
      if (this.#stopped.signal.aborted) return
      this.#lookAtMs.set(key, nowMonotonicMs() + LOOK_AGAIN_MS)
      log[isFirst ? 'warn' : 'debug']({ seq: anchor.seq, code: errorCodeOf(cause), err: cause }, 'anchor not signed')
    }
  }

  // Auditors see certificates at different moments: what the proposer had and this node has not comes with the manifest.
  async #bring(anchor: Anchor, { signatures }: ProposalRecord): Promise<Manifest> {
    const { store, adopt } = this.#init
    const manifest = await this.readManifest(anchor.manifest, signatures[0]?.signer)
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(ADOPT_TIMEOUT_MS)])
    let adopted = 0
    for (const { announcement, certificate } of manifest.batches) {
      if ((await store.batches.find(digestOf(announcement.batch)))?.certificate !== undefined) continue
      if (adopted === ADOPTED_AT_A_TIME) break
      adopted += 1
      await within(adopt(announcement, certificate), signal)
    }
    return manifest
  }

  // DESIGN 11: an auditor signs only if it holds every batch and bill, has a certificate for each, and none is anchored.
  async #check(anchor: Anchor, manifest: Manifest): Promise<void> {
    const { context, archive, store } = this.#init
    const batches: CertifiedBatch[] = []
    const listedBefore = new Set<string>()
    for (const listed of manifest.batches) {
      const digest = digestOf(listed.announcement.batch)
      const known = await this.#findCertified(digest)
      if (
        known === undefined ||
        (await store.unanchored.find(digest)) === undefined ||
        listedBefore.has(toHex(digest))
      ) {
        throw new AnchoringError(
          `batch ${listed.announcement.batch.toString()} is not certified here, anchored, or listed twice`,
          { code: 'ERR_ANCHOR_BATCH' },
        )
      }
      listedBefore.add(toHex(digest))
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

  /** Manifest of an anchor, from the archive or from peers; ends at once when the desk stops. */
  async readManifest(digest: Uint8Array, askFirst?: Uint8Array): Promise<Manifest> {
    const { archive, fetch, peersFor, context } = this.#init
    const cid: CID = cidOfDigest(digest, DAG_CBOR_CODE)
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(MANIFEST_TIMEOUT_MS)])
    await within(fetch([cid], { from: peersFor(askFirst ?? context.address), signal }), signal)
    return decodeManifest(await archive.getBlock(cid, { offline: true, signal }))
  }
}
