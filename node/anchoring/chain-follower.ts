import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import {
  cidOfDigest,
  DAG_CBOR_CODE,
  digestOf,
  equalBytes,
  hashAnchor,
  hashAnchorStruct,
  verifyQuorum,
  ZERO_32,
} from '#protocol'
import type { Anchor, Announcement, Certificate, Manifest } from '#protocol'
import { countedClaims } from '#consensus'
import { keyOfNumber } from '#storage'
import type { AnchorRecord, ClaimRecord, Store, Write } from '#storage'
import type { SeenAnchor } from '../chain/anchor-watcher.ts'
import type { Ledger } from '../ledger.ts'
import type { RegionContext } from '../region-context.ts'
import type { BillChanges } from '../service/bill-changes.ts'
import { AnchoringError } from './anchoring-error.ts'
import type { AnchorDesk } from './anchor-desk.ts'
import { anchorFromWire, anchorToWire } from './proposal-book.ts'
import type { AnchorHead, AnchorSignatures } from './proposal-book.ts'
import { within } from './within.ts'

/** What the follower needs. */
export type ChainFollowerInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly ledger: Pick<Ledger, 'exclusively'>
  readonly desk: AnchorDesk
  /** Brings a certified batch into the records. */
  readonly adopt: (announcement: Announcement, certificate: Certificate) => Promise<void>
  readonly changes: Pick<BillChanges, 'note'>
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
      this.#head = { seq: record.anchor.seq, anchorHash: hashOf(record) }
    }
  }

  /**
   * The chain has an anchor of this region; a repeat changes nothing. The endpoint is not believed: a quorum must have
   * signed the anchor, and it must follow the one before.
   *
   * @throws {AnchoringError} ERR_ANCHOR_CHAIN, ERR_ANCHOR_QUORUM, ERR_ANCHOR_BATCH, and whatever keeps the manifest from
   * being read; nothing is marked then.
   */
  async onAnchored(seen: SeenAnchor): Promise<void> {
    const { store, ledger, desk, context, changes, log, nowMs } = this.#init
    if (seen.region !== context.region.name || (await this.#isTold(seen))) return
    const manifest = await desk.readManifest(seen.manifest)
    const anchor = anchorOf(seen, manifest)
    const signatures = await this.#findQuorum(anchor, seen)
    // The newest cursor may be lost in a crash, and with it what was to be told of blocks that are gone.
    for (let seq = this.#head.seq; seq >= seen.seq; seq -= 1) await this.onReorged(seq)
    if (seen.seq !== this.#head.seq + 1 || !equalBytes(anchor.prev, this.#head.anchorHash)) {
      throw contradiction(seen.seq, `does not follow anchor ${this.#head.seq}`)
    }
    await this.#adoptMissing(manifest)
    await ledger.exclusively(async () => {
      const record: AnchorRecord = {
        anchor: anchorToWire(anchor),
        manifest: cidOfDigest(seen.manifest, DAG_CBOR_CODE),
        signatures: signatures.map(({ signature }) => signature),
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
      const marked = await this.#mark(manifest, 'anchored', seen.seq, move)
      await store.commit(
        [
          store.anchors.put(keyOfNumber(seen.seq), record),
          ...marked.writes,
          ...(await desk.book.closePlace(anchor, signatures)),
        ],
        { durable: true },
      )
      changes.note(marked.bills)
      this.#head = { seq: seen.seq, anchorHash: seen.anchorHash }
    })
    log.info({ seq: seen.seq, claims: seen.claims, block: seen.blockNumber }, 'anchored')
  }

  async #isTold({ seq, anchorHash, blockHash }: SeenAnchor): Promise<boolean> {
    const record = await this.#init.store.anchors.find(keyOfNumber(seq))
    if (record === undefined || record.signatures.length < this.#init.context.quorum) return false
    return equalBytes(record.blockHash, blockHash) && equalBytes(hashOf(record), anchorHash)
  }

  // The transaction has them, unless another contract sent it: then proposals, which outlive their anchor for a while.
  async #findQuorum(anchor: Anchor, seen: SeenAnchor): Promise<AnchorSignatures> {
    const { desk, context } = this.#init
    const digest = hashAnchor(context.domain, anchor)
    const known = [seen.signatures, await desk.book.findQuorumOn(seen.anchorHash)]
    for (const signatures of known) {
      if (signatures === undefined) continue
      try {
        const signers = verifyQuorum(context.committee, digest, signatures)
        return signers.flatMap((signer, i) => {
          const signature = signatures[i]
          return signature === undefined ? [] : [{ signer, signature }]
        })
      } catch {
        // Whoever made these up: others may do.
      }
    }
    throw new AnchoringError(`no quorum is known to have signed anchor ${seen.seq}`, {
      code: 'ERR_ANCHOR_QUORUM',
      seq: seen.seq,
    })
  }

  // A node that was away may see the anchor before sync has brought the batches: the manifest has all it takes.
  async #adoptMissing(manifest: Manifest): Promise<void> {
    const { store, adopt, desk } = this.#init
    for (const { announcement, certificate } of manifest.batches) {
      const known = await store.batches.find(digestOf(announcement.batch))
      if (known?.certificate !== undefined) continue
      await within(adopt(announcement, certificate), desk.signal)
      if ((await store.batches.find(digestOf(announcement.batch)))?.certificate === undefined) {
        throw new AnchoringError(`batch ${announcement.batch.toString()} of an anchor cannot be had yet`, {
          code: 'ERR_ANCHOR_BATCH',
        })
      }
    }
  }

  /** The block of an anchor is final. */
  async onFinal(seq: number): Promise<void> {
    const { store, ledger, desk, changes, log, nowMs } = this.#init
    const record = await store.anchors.find(keyOfNumber(seq))
    if (record === undefined) return
    const manifest = await desk.readManifest(record.anchor.manifest)
    await ledger.exclusively(async () => {
      const now = nowMs()
      const { writes, bills } = await this.#mark(manifest, 'anchored', seq, (claim) => ({
        ...claim,
        state: 'final',
        finalAtMs: now,
      }))
      await store.commit([store.anchors.put(keyOfNumber(seq), { ...record, state: 'final' }), ...writes], {
        durable: true,
      })
      changes.note(bills)
    })
    log.info({ seq }, 'final')
  }

  /** The chain lost the block of an anchor: its claims are certified and wait for an anchor again. */
  async onReorged(seq: number): Promise<void> {
    const { store, ledger, desk, changes, log } = this.#init
    const record = await store.anchors.find(keyOfNumber(seq))
    if (record === undefined) return
    const manifest = await desk.readManifest(record.anchor.manifest)
    await ledger.exclusively(async () => {
      const back = (claim: ClaimRecord): ClaimRecord => {
        const { anchorSeq: _seq, anchoredAtMs: _at, finalAtMs: _final, ...rest } = claim
        return { ...rest, state: 'certified' }
      }
      const { writes, bills } = await this.#mark(manifest, 'certified', undefined, back)
      await store.commit([store.anchors.remove(keyOfNumber(seq)), ...writes], { durable: true })
      changes.note(bills)
      await this.load()
    })
    log.warn({ seq }, 'anchor lost in a chain reorganisation; its claims are anchored again')
  }

  // All batches of a manifest, and the claims that it counts, with the bills of these.
  async #mark(
    manifest: Manifest,
    state: 'certified' | 'anchored',
    seq: number | undefined,
    move: (claim: ClaimRecord) => ClaimRecord,
  ): Promise<{ readonly writes: Write[]; readonly bills: CID[] }> {
    const { store } = this.#init
    const writes: Write[] = []
    const bills: CID[] = []
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
        if (claim === undefined) continue
        writes.push(store.claims.put(claim.claimId, move(claim)))
        bills.push(claim.claim.bill)
      }
    }
    return { writes, bills }
  }
}

function hashOf({ anchor }: Pick<AnchorRecord, 'anchor'>): Uint8Array {
  return hashAnchorStruct(anchorFromWire(anchor))
}

// What the endpoint shows, with the anchor before it from the manifest that it names: the event's hash binds both.
function anchorOf(seen: SeenAnchor, { prev }: Manifest): Anchor {
  const { region, epoch, seq, root, manifest, claims, gramsLocation, gramsMarket } = seen
  const anchor: Anchor = { region, epoch, seq, prev, root, manifest, claims, gramsLocation, gramsMarket }
  if (!equalBytes(hashAnchorStruct(anchor), seen.anchorHash)) throw contradiction(seq, 'differs from its hash')
  return anchor
}

function contradiction(seq: number, what: string): AnchoringError {
  return new AnchoringError(`anchor ${seq} that the chain shows ${what}`, { code: 'ERR_ANCHOR_CHAIN', seq })
}
