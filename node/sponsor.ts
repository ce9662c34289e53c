import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import { announceBatch, claimIdOf, encodeBatch, encodeCanonical, LIMITS, toHex } from '#protocol'
import type { Announcement, Batch, Certificate, GossipMessage } from '#protocol'
import { seal } from '#storage'
import type { Archive, BillRecord, Store } from '#storage'
import type { BusySponsors } from './busy-sponsors.ts'
import type { BatchLoader, LoadedBatch } from './batch-loader.ts'
import { InFlight } from './in-flight.ts'
import type { PreparedBill } from './in-flight.ts'
import { chainKey } from './ledger.ts'
import type { Polls } from './polls.ts'
import type { RegionContext } from './region-context.ts'
import type { BillChanges } from './service/bill-changes.ts'

/**
 * Batches that may be on their way at a time. A second one hides the round trip; more would only be smaller, since a
 * busy region is limited by what each batch costs all its auditors. Further bills wait, and fill the next batch.
 */
const BATCHES_IN_FLIGHT = 2
/** Busy sponsors that are waited for, so that a large committee is not slower than a small one. */
const MAX_YIELDED = 5
/** Wait after a batch could not be made. */
const FAILURE_PAUSE_MS = 1_000
/** Newest own batches among which the open ones are: never more than are in flight at a time, over some restarts. */
const OPEN_BATCHES = 64
/** Bytes of claims in one batch, below {@link LIMITS.batchBytes} with the header and the seal. */
const CLAIMS_BYTES = 800 * 1024

/** What the sponsor needs. */
export type SponsorInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly archive: Archive
  /** Makes all blocks stored so far durable. */
  readonly flushBlocks: () => Promise<void>
  readonly loader: BatchLoader
  readonly polls: Polls
  readonly publish: (message: GossipMessage) => Promise<void>
  readonly changes: Pick<BillChanges, 'note'>
  /** Hands the own batch to the voter. */
  readonly audit: (loaded: LoadedBatch) => void
  /** How long bills are collected while a batch is in flight, and for each other busy sponsor. */
  readonly lingerMs: number
  readonly busy: Pick<BusySponsors, 'countOthers'>
  readonly nowMs: () => number
  readonly log: Logger
}

/** Collects prepared bills into batches and proposes them, quick when idle, full when busy (DESIGN 9). */
export class Sponsor {
  readonly #init: SponsorInit
  readonly #inFlight: InFlight
  /** Batches that are being made. */
  #making = 0
  #waiting: PreparedBill[] = []
  #seq = 0
  #prev: CID | null = null
  #linger: NodeJS.Timeout | undefined
  #proposedAtMs = -Infinity
  #proposing: Promise<void> = Promise.resolve()
  #pause: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(init: SponsorInit) {
    this.#init = init
    this.#inFlight = new InFlight({
      ...init,
      again: (bill) => this.add(bill),
      freed: () => this.#pump(),
    })
  }

  /** Finds the end of this node's own chain and what of it is still open. */
  async load(): Promise<Announcement[]> {
    const { context, store } = this.#init
    const open: Announcement[] = []
    const range = {
      from: chainKey(context.epoch, context.address, 0),
      below: chainKey(context.epoch, context.address, Number.MAX_SAFE_INTEGER),
      reverse: true,
      limit: OPEN_BATCHES,
    }
    for await (const [, digest] of store.chains.entries(range)) {
      const { announcement, state } = await store.batches.get(digest)
      if (announcement.seq > this.#seq) {
        this.#seq = announcement.seq
        this.#prev = announcement.batch
      }
      if (state !== 'announced') continue
      this.#inFlight.add(announcement)
      open.unshift(announcement)
    }
    return open
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#linger)
    clearTimeout(this.#pause)
    await this.#inFlight.stop()
    await this.#proposing
  }

  /** Bills that wait to be proposed. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Takes a durable, examined bill. */
  add(bill: PreparedBill): void {
    this.#waiting.push(bill)
    this.#pump()
  }

  get #underWay(): number {
    return this.#inFlight.size + this.#making
  }

  // At once when a batch is full, or when nothing is in flight and the others have had their turns; else after the linger.
  #pump(): void {
    if (this.#isStopped || this.#pause !== undefined || this.#waiting.length === 0) return
    if (this.#underWay >= BATCHES_IN_FLIGHT) return
    const waitMs = this.#hasFullBatch() ? 0 : this.#waitMs()
    if (waitMs <= 0) {
      clearTimeout(this.#linger)
      this.#linger = undefined
      this.#proposeNext()
    } else {
      this.#linger ??= setTimeout(() => {
        this.#linger = undefined
        if (this.#underWay < BATCHES_IN_FLIGHT) this.#proposeNext()
      }, waitMs)
    }
  }

  // By claims: a file of a year's bills has many.
  #hasFullBatch(): boolean {
    let claims = 0
    for (const bill of this.#waiting) if ((claims += bill.claims.length) >= LIMITS.batchClaims) return true
    return false
  }

  // ADR 0016: own batches are a linger apart for each other sponsor that is busy, at most five of them.
  #waitMs(): number {
    const { lingerMs, busy, nowMs, context } = this.#init
    const others = Math.min(busy.countOthers(context.address), MAX_YIELDED)
    const turnsMs = this.#proposedAtMs + others * lingerMs - nowMs()
    return Math.max(turnsMs, this.#underWay === 0 ? 0 : lingerMs)
  }

  #proposeNext(): void {
    const bills = this.#take()
    if (bills.length === 0) return
    this.#proposedAtMs = this.#init.nowMs()
    // Holds a place from now on, so that bills that arrive meanwhile are collected.
    this.#making += 1
    this.#proposing = this.#proposing
      .then(async () => this.#propose(bills))
      .catch((cause: unknown) => {
        this.#init.log.error({ err: cause, bills: bills.length }, 'batch not proposed; its bills are tried again')
        this.#waiting.unshift(...bills)
        this.#rest()
      })
      .finally(() => {
        this.#making -= 1
        this.#pump()
      })
  }

  // What failed (a full disk) fails again at once: each try costs work and log lines.
  #rest(): void {
    if (this.#isStopped) return
    clearTimeout(this.#linger)
    this.#linger = undefined
    clearTimeout(this.#pause)
    this.#pause = setTimeout(() => {
      this.#pause = undefined
      this.#pump()
    }, FAILURE_PAUSE_MS)
  }

  #take(): PreparedBill[] {
    const { domain, region } = this.#init.context
    const taken: PreparedBill[] = []
    const later: PreparedBill[] = []
    const claimIds = new Set<string>()
    let sizeBytes = 0
    for (const [at, bill] of this.#waiting.entries()) {
      const ids = bill.claims.map((claim) => toHex(claimIdOf(domain, region.name, claim)))
      if (ids.some((id) => claimIds.has(id)) || (bill.isContested === true && taken.length > 0)) {
        later.push(bill)
        continue
      }
      sizeBytes += encodeCanonical(bill.claims).byteLength
      if (taken.length > 0 && (claimIds.size + ids.length > LIMITS.batchClaims || sizeBytes > CLAIMS_BYTES)) {
        later.push(...this.#waiting.slice(at))
        break
      }
      taken.push(bill)
      for (const id of ids) claimIds.add(id)
      if (bill.isContested === true) {
        later.push(...this.#waiting.slice(at + 1))
        break
      }
    }
    this.#waiting = later
    return taken
  }

  async #propose(bills: readonly PreparedBill[]): Promise<void> {
    const { context, store, archive, loader, publish } = this.#init
    const sealed = bills.filter((bill) => bill.visibility === 'sealed').flatMap((bill) => bill.claims)
    const header = {
      v: 1 as const,
      network: context.domain.networkId,
      region: context.region.name,
      epoch: context.epoch,
    }
    const leaves = loader.leavesOf(bills.flatMap((bill) => bill.claims))
    let next = 0
    const batch: Batch = {
      ...header,
      sponsor: context.address,
      seq: this.#seq + 1,
      prev: this.#prev,
      entries: bills.flatMap((bill) =>
        bill.claims.map((claim) => {
          const leaf = leaves[next++] ?? new Uint8Array(32)
          return bill.visibility === 'sealed'
            ? { kind: 'sealed' as const, bill: claim.bill, leaf }
            : { kind: 'public' as const, claim }
        }),
      ),
      sealed:
        sealed.length === 0 ? null : await seal(encodeCanonical(sealed), [context.archive.recipientAt(context.epoch)]),
    }
    const announcement = announceBatch(context.domain, batch, context.privateKey)
    const loaded = loader.open(announcement, batch, sealed, leaves)
    await archive.putBlock(encodeBatch(batch))
    await this.#init.flushBlocks()
    // DESIGN 16: the batch is in this sponsor's chain on disk before anybody hears of it; a crash after this line
    // announces the same batch again, never another one for the same sequence number.
    const key = chainKey(context.epoch, context.address, batch.seq)
    const records = await store.bills.findMany(bills.map((bill) => bill.cid.bytes))
    await store.commit(
      [
        store.chains.put(key, loaded.digest),
        store.batches.put(loaded.digest, {
          announcement,
          state: 'announced',
          leaves: loaded.leaves,
          claimIds: loaded.claimIds,
        }),
        ...bills.map((bill) => store.queue.remove(bill.queueKey)),
        ...bills.flatMap((bill, i) => {
          const record = records[i]
          const claimIds = loaded.claimIds.filter((_, at) => loaded.claims[at]?.bill.equals(bill.cid) === true)
          const claimed: BillRecord | undefined = record && { ...record, state: 'claimed', claimIds }
          return claimed === undefined ? [] : [store.bills.put(bill.cid.bytes, claimed)]
        }),
      ],
      { durable: true },
    )
    this.#init.changes.note(bills.map((bill) => bill.cid))
    this.#seq = batch.seq
    this.#prev = announcement.batch
    this.#inFlight.add(announcement)
    await publish({ kind: 'announcement', announcement })
    this.#init.audit(loaded)
  }

  /** A batch of anybody was certified. */
  async onCertified(loaded: LoadedBatch, certificate: Certificate): Promise<void> {
    await this.#inFlight.certified(loaded, certificate)
  }

  /** A batch of anybody can no longer be certified. */
  async onSplit(announcement: Announcement): Promise<void> {
    await this.#inFlight.split(announcement)
  }

  /** An own batch that came from others: this store is older than what this auditor has signed, and goes on from there. */
  catchUp(announcement: Announcement): void {
    if (announcement.seq <= this.#seq) return
    this.#seq = announcement.seq
    this.#prev = announcement.batch
  }
}
