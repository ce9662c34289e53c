import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import { concatBytes, digestOf, errorCodeOf, isBitSet, toHex } from '#protocol'
import type { Announcement, Certificate, Claim } from '#protocol'
import { keyOfNumber } from '#storage'
import type { BillRecord, Reason, Store } from '#storage'
import type { BatchLoader, LoadedBatch } from './batch-loader.ts'
import type { Polls } from './polls.ts'
import { refusalReason, REVIEWABLE } from './reasons.ts'
import type { RegionContext } from './region-context.ts'
import type { BillChanges } from './service/bill-changes.ts'

/** A bill that is durable and examined, ready to be claimed. */
export type PreparedBill = {
  readonly cid: CID
  readonly visibility: 'public' | 'sealed'
  readonly claims: readonly Claim[]
  /** Key of its entry in the durable queue. */
  readonly queueKey: Uint8Array
  /** Claimed in a batch of its own: auditors disagreed on it, and would disagree on every batch with it. */
  readonly isContested?: boolean
}

/** Longest that reading an own batch back may take. */
const LOAD_TIMEOUT_MS = 10_000
/** First wait before claims are proposed again; twice as long each time. What split a batch needs time to pass. */
const RETRY_MS = 2_000
/** Times that a claim is proposed again before a person must look: what two auditors cannot read today, they cannot read. */
const RETRIES = 5
/** A batch that a quorum has voted on and that is still open after this long waits for somebody who may never come. */
const RELIEVE_MS = 10_000

/** What the batches in flight need. */
export type InFlightInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly loader: BatchLoader
  readonly polls: Polls
  readonly changes: Pick<BillChanges, 'note'>
  /** Proposes claims once more. */
  readonly again: (bill: PreparedBill) => void
  /** A place in flight is free. */
  readonly freed: () => void
  readonly log: Logger
}

/** This sponsor's batches on their way to a certificate, and what becomes of claims that do not get one. */
export class InFlight {
  readonly #init: InFlightInit
  /** Batches that hold a place in flight, until they are decided or relieved. */
  readonly #watches = new Map<string, NodeJS.Timeout>()
  /** The last piece of work on each batch that is under way. */
  readonly #turns = new Map<string, Promise<void>>()
  readonly #retries = new Set<NodeJS.Timeout>()
  /** Times that the claims of a bill were proposed again. */
  readonly #tries = new Map<string, number>()
  #isStopped = false

  constructor(init: InFlightInit) {
    this.#init = init
  }

  /** Batches that hold a place. */
  get size(): number {
    return this.#watches.size
  }

  /** A batch was announced, and holds a place from now on. */
  add(announcement: Announcement): void {
    if (this.#isStopped) return
    const key = announcement.batch.toString()
    const watch = setTimeout(() => void this.#watchFor(announcement), RELIEVE_MS)
    clearTimeout(this.#watches.get(key))
    this.#watches.set(key, watch)
  }

  /** Ends all waiting; what was to be proposed again is in the durable queue. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const timer of [...this.#watches.values(), ...this.#retries]) clearTimeout(timer)
    await Promise.allSettled(this.#turns.values())
  }

  #leave(key: string): void {
    clearTimeout(this.#watches.get(key))
    this.#watches.delete(key)
  }

  /** A batch of anybody was certified: if it is an own one, its place is free, and refused claims end. */
  async certified(loaded: LoadedBatch, certificate: Certificate): Promise<void> {
    const { sponsor, batch } = loaded.announcement
    if (!this.#init.polls.isOwn(sponsor)) return
    await this.#inTurn(batch.toString(), async () => this.#settle(loaded, certificate))
    this.#init.freed()
  }

  async #settle(loaded: LoadedBatch, certificate: Certificate): Promise<void> {
    for (const [index, claim] of loaded.claims.entries()) {
      if (!isBitSet(certificate.bitmap, index)) await this.#end(claim, await this.#reasonFor(loaded, index))
      else this.#tries.delete(claim.bill.toString())
    }
    this.#leave(loaded.announcement.batch.toString())
  }

  /**
   * A batch of anybody can no longer be certified. Of an own one, what the committee may still accept is proposed again,
   * the rest ends with its reason. When this returns the claims are in the durable queue again: a crash before loses
   * nothing, since the batch is still open then.
   */
  async split(announcement: Announcement): Promise<void> {
    const { polls, loader } = this.#init
    if (!polls.isOwn(announcement.sponsor)) return
    const key = announcement.batch.toString()
    await this.#inTurn(key, async () => {
      const loaded = await loader.load(announcement, AbortSignal.timeout(LOAD_TIMEOUT_MS))
      const tally = polls.countClaims(loaded.digest, loaded.leaves)
      const again: number[] = []
      const contested = new Set<number>()
      for (const [index, claim] of loaded.claims.entries()) {
        const refusal = tally.reasonFor(index)
        if (tally.isRefused(index) && (refusal?.code !== 'ERR_CLAIM_ABSTAINED' || this.#isTired(claim))) {
          await this.#end(claim, refusalReason(refusal?.code ?? 'ERR_CLAIM_REFUSED', refusal?.heldBy))
        } else {
          again.push(index)
          if (tally.votes().some((vote) => !isBitSet(vote.bitmap, index))) contested.add(index)
        }
      }
      await this.#proposeAgain(loaded, again, contested)
      this.#leave(key)
    })
    this.#init.freed()
  }

  async #watchFor(announcement: Announcement): Promise<void> {
    const key = announcement.batch.toString()
    try {
      await this.#inTurn(key, async () => this.#relieve(announcement))
    } catch (cause) {
      this.#init.log.warn({ batch: key, code: errorCodeOf(cause) }, 'contested batch not relieved; it is tried again')
      this.add(announcement)
    }
    this.#init.freed()
  }

  // With an auditor away, a contested claim may leave its batch open for as long: the others are not made to wait for it.
  // Only the same claim goes into another batch, never another one, so that both may be certified and it counts once.
  async #relieve(announcement: Announcement): Promise<void> {
    const { context, store, loader, polls, log } = this.#init
    const key = announcement.batch.toString()
    if (!this.#watches.has(key)) return
    const digest = digestOf(announcement.batch)
    const certificate = (await store.batches.find(digest))?.certificate
    if (certificate === undefined && polls.votesOn(digest).length < context.quorum) {
      this.add(announcement)
      return
    }
    const loaded = await loader.load(announcement, AbortSignal.timeout(LOAD_TIMEOUT_MS))
    if (certificate !== undefined) {
      // It was certified, and what follows from it could not be written then.
      await this.#settle(loaded, certificate)
      return
    }
    const tally = polls.countClaims(loaded.digest, loaded.leaves)
    const votes = tally.votes()
    for (const [index, claim] of loaded.claims.entries()) {
      const refusal = tally.reasonFor(index)
      // Refused by so many that no quorum can accept it: decided, however and whenever the batch itself ends.
      if (refusal === undefined || !tally.isRefused(index) || refusal.code === 'ERR_CLAIM_ABSTAINED') continue
      await this.#end(claim, refusalReason(refusal.code, refusal.heldBy))
    }
    const agreed = [...loaded.claims.keys()].filter((i) => votes.every((vote) => isBitSet(vote.bitmap, i)))
    await this.#proposeAgain(loaded, agreed)
    this.#leave(key)
    log.warn({ batch: key, again: agreed.length, claims: loaded.claims.length }, 'batch is contested; the rest goes on')
  }

  // One piece of work on a batch after another: a split that comes while its batch is relieved decides all claims after it.
  async #inTurn(key: string, task: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(task, task)
    this.#turns.set(key, turn)
    try {
      await turn
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key)
    }
  }

  #isTired(claim: Claim): boolean {
    return (this.#tries.get(claim.bill.toString()) ?? 0) >= RETRIES
  }

  async #proposeAgain(
    loaded: LoadedBatch,
    indices: readonly number[],
    contested: ReadonlySet<number> = new Set(),
  ): Promise<void> {
    const { store } = this.#init
    const bills = new Map<string, PreparedBill>()
    const standing = await store.claims.findMany(loaded.claimIds)
    for (const index of indices) {
      const claim = loaded.claims[index]
      // Certified in another batch by now, for one that was relieved.
      const isDone = standing[index] !== undefined && standing[index].state !== 'proposed'
      if (claim === undefined || isDone) continue
      const isContested = contested.has(index)
      const queueKey = isContested ? concatBytes([claim.bill.bytes, keyOfNumber(claim.ordinal)]) : claim.bill.bytes
      const claims = [...(bills.get(toHex(queueKey))?.claims ?? []), claim]
      const visibility = loaded.batch.entries[index]?.kind ?? 'sealed'
      bills.set(toHex(queueKey), { cid: claim.bill, visibility, claims, queueKey, isContested })
    }
    // A bill without a record here was handed in before this store was lost: the queue cannot take it up again.
    const records = await store.bills.findMany([...bills.values()].map(({ cid }) => cid.bytes))
    const queued = [...bills.values()].filter((_, i) => records[i] !== undefined)
    await store.commit(
      queued.map((bill) => store.queue.put(bill.queueKey, bill.cid)),
      { durable: true },
    )
    if (this.#isStopped) return
    const counted = new Map<string, number>()
    for (const bill of bills.values()) {
      const key = bill.cid.toString()
      const tries = counted.get(key) ?? this.#tries.get(key) ?? 0
      counted.set(key, tries)
      this.#tries.set(key, tries + 1)
      const retry = setTimeout(
        () => {
          this.#retries.delete(retry)
          this.#init.again(bill)
        },
        RETRY_MS * 2 ** Math.min(tries, RETRIES),
      )
      this.#retries.add(retry)
    }
  }

  // The committee's reason; this node's own where the certificate came without the votes.
  async #reasonFor({ digest, leaves }: LoadedBatch, index: number): Promise<Reason> {
    const { polls, store } = this.#init
    const own = await store.ownVotes.find(digest)
    const refusal = polls.countClaims(digest, leaves).reasonFor(index) ?? own?.refusals.find((r) => r.index === index)
    return refusalReason(refusal?.code ?? 'ERR_CLAIM_REFUSED', refusal?.heldBy)
  }

  async #end(claim: Claim, reason: Reason): Promise<void> {
    const { store, log } = this.#init
    this.#tries.delete(claim.bill.toString())
    const record = await store.bills.find(claim.bill.bytes)
    if (record === undefined) return
    const state = REVIEWABLE.has(reason.code) ? 'needs-review' : 'rejected'
    const ended: BillRecord = { ...record, state, reason }
    await store.commit([store.bills.put(claim.bill.bytes, ended)], { durable: true })
    this.#init.changes.note([claim.bill])
    log.warn({ bill: claim.bill.toString(), code: reason.code }, 'claim refused by the committee')
  }
}
