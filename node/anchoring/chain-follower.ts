import type { Logger } from 'pino'
import { cidOfDigest, DAG_CBOR_CODE, digestOf, equalBytes, hashAnchorStruct, toHex, ZERO_32 } from '#protocol'
import type { Anchor, Announcement, Certificate, Manifest } from '#protocol'
import { countedClaims } from '#consensus'
import { keyOfNumber } from '#storage'
import type { AnchorRecord, ClaimRecord, Store, Write } from '#storage'
import type { SeenAnchor } from '../chain/anchor-watcher.ts'
import type { Ledger } from '../ledger.ts'
import type { RegionContext } from '../region-context.ts'
import { AnchoringError } from './anchoring-error.ts'
import { anchorFromWire, anchorToWire } from './anchor-desk.ts'
import type { AnchorDesk, AnchorHead } from './anchor-desk.ts'

/** What the follower needs. */
export type ChainFollowerInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly ledger: Ledger
  readonly desk: AnchorDesk
  /** Brings a certified batch into the records. */
  readonly adopt: (announcement: Announcement, certificate: Certificate) => Promise<void>
  readonly nowMs: () => number
  readonly log: Logger
}

/** Carries what the chain says into the records: anchored, final, and back to certified when a block is replaced. */
export class ChainFollower {
  readonly #init: ChainFollowerInit
  #head: AnchorHead = { seq: 0, anchorHash: ZERO_32 }

  constructor(init: ChainFollowerInit) {
    this.#init = init
  }

  /** Head that this node has followed the chain to. */
  get head(): AnchorHead {
    return this.#head
  }

  /** Reads where the last stop left off. */
  async load(): Promise<void> {
    this.#head = { seq: 0, anchorHash: ZERO_32 }
    for await (const [, record] of this.#init.store.anchors.entries({ reverse: true, limit: 1 })) {
      this.#head = { seq: record.anchor.seq, anchorHash: hashAnchorStruct(anchorFromWire(record.anchor)) }
    }
  }

  /** The chain has an anchor of this region. Repeats are harmless. @throws when its manifest cannot be had yet. */
  async onAnchored(seen: SeenAnchor): Promise<void> {
    const { store, ledger, desk, context, log, nowMs } = this.#init
    if (seen.region !== context.region.name) return
    const manifest = await desk.readManifest(seen.manifest)
    await this.#adoptMissing(manifest)
    const anchor: Anchor = {
      region: seen.region,
      epoch: seen.epoch,
      seq: seen.seq,
      prev: manifest.prev,
      root: seen.root,
      manifest: seen.manifest,
      claims: seen.claims,
      gramsLocation: seen.gramsLocation,
      gramsMarket: seen.gramsMarket,
    }
    if (!equalBytes(hashAnchorStruct(anchor), seen.anchorHash)) {
      log.error({ seq: seen.seq, anchorHash: toHex(seen.anchorHash) }, 'anchor on the chain differs from its manifest')
    }
    await ledger.exclusively(async () => {
      const proposal = await store.proposals.find(seen.anchorHash)
      const record: AnchorRecord = {
        anchor: anchorToWire(anchor),
        manifest: cidOfDigest(seen.manifest, DAG_CBOR_CODE),
        signatures: (proposal?.signatures ?? [])
          .toSorted((a, b) => Buffer.compare(a.signer, b.signer))
          .slice(0, context.quorum)
          .map(({ signature }) => signature),
        state: 'anchored',
        transactionHash: seen.txHash,
        blockNumber: seen.blockNumber,
        blockHash: seen.blockHash,
        gasUsed: seen.gasUsed.toString(),
      }
      const now = nowMs()
      const move = (claim: ClaimRecord): ClaimRecord => ({
        ...claim,
        state: 'anchored',
        anchorSeq: seen.seq,
        anchoredAtMs: now,
      })
      await store.commit(
        [
          store.anchors.put(keyOfNumber(seen.seq), record),
          ...(await this.#mark(manifest, 'anchored', seen.seq, move)),
          ...(await desk.forgetUpTo(seen.seq)),
        ],
        { durable: true },
      )
      this.#head = { seq: seen.seq, anchorHash: seen.anchorHash }
    })
    log.info({ seq: seen.seq, claims: seen.claims, block: seen.blockNumber }, 'anchored')
  }

  // A node that was away may see the anchor before sync has brought the batches: the manifest has all it takes.
  async #adoptMissing(manifest: Manifest): Promise<void> {
    const { store, adopt } = this.#init
    for (const { announcement, certificate } of manifest.batches) {
      const known = await store.batches.find(digestOf(announcement.batch))
      if (known?.certificate !== undefined) continue
      await adopt(announcement, certificate)
      if ((await store.batches.find(digestOf(announcement.batch)))?.certificate === undefined) {
        throw new AnchoringError(`batch ${announcement.batch.toString()} of an anchor cannot be had yet`, {
          code: 'ERR_ANCHOR_BATCH',
        })
      }
    }
  }

  /** The block of an anchor is final. */
  async onFinal(seq: number): Promise<void> {
    const { store, ledger, desk, log, nowMs } = this.#init
    const record = await store.anchors.find(keyOfNumber(seq))
    if (record === undefined) return
    const manifest = await desk.readManifest(record.anchor.manifest)
    await ledger.exclusively(async () => {
      const now = nowMs()
      const writes = await this.#mark(manifest, 'anchored', seq, (claim) => ({
        ...claim,
        state: 'final',
        finalAtMs: now,
      }))
      await store.commit([store.anchors.put(keyOfNumber(seq), { ...record, state: 'final' }), ...writes], {
        durable: true,
      })
    })
    log.info({ seq }, 'final')
  }

  /** The chain lost the block of an anchor: its claims are certified and wait for an anchor again. */
  async onReorged(seq: number): Promise<void> {
    const { store, ledger, desk, log } = this.#init
    const record = await store.anchors.find(keyOfNumber(seq))
    if (record === undefined) return
    const manifest = await desk.readManifest(record.anchor.manifest)
    await ledger.exclusively(async () => {
      const back = (claim: ClaimRecord): ClaimRecord => {
        const { anchorSeq: _seq, anchoredAtMs: _at, finalAtMs: _final, ...rest } = claim
        return { ...rest, state: 'certified' }
      }
      const writes = await this.#mark(manifest, 'certified', undefined, back)
      await store.commit([store.anchors.remove(keyOfNumber(seq)), ...writes], { durable: true })
      await this.load()
    })
    log.warn({ seq }, 'anchor lost in a chain reorganisation; its claims are anchored again')
  }

  // All batches of a manifest, and the claims that it counts.
  async #mark(
    manifest: Manifest,
    state: 'certified' | 'anchored',
    seq: number | undefined,
    move: (claim: ClaimRecord) => ClaimRecord,
  ): Promise<Write[]> {
    const { store } = this.#init
    const writes: Write[] = []
    for (const listed of manifest.batches) {
      const digest = digestOf(listed.announcement.batch)
      const batch = await store.batches.find(digest)
      if (batch?.certificate === undefined) continue
      const { anchorSeq: _before, ...rest } = batch
      writes.push(
        store.batches.put(digest, { ...rest, state, ...(seq === undefined ? {} : { anchorSeq: seq }) }),
        state === 'certified'
          ? store.unanchored.put(digest, batch.certificate.content.accepted)
          : store.unanchored.remove(digest),
      )
      const counted = countedClaims(
        { ...batch, certificate: batch.certificate, gramsLocation: [], gramsMarket: [] },
        listed.omitted,
      )
      const ids = counted.flatMap((i) => batch.claimIds[i] ?? [])
      for (const claim of await store.claims.findMany(ids)) {
        if (claim !== undefined) writes.push(store.claims.put(claim.claimId, move(claim)))
      }
    }
    return writes
  }
}
