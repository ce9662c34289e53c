import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import { digestOf, errorCodeOf, isBitSet } from '#protocol'
import type { Announcement, Certificate, Claim } from '#protocol'
import type { BillRecord, Reason, Store } from '#storage'
import type { BatchLoader, LoadedBatch } from './batch-loader.ts'
import type { Polls } from './polls.ts'
import { refusalReason } from './reasons.ts'
import type { RegionContext } from './region-context.ts'

/** A bill that is durable and examined, ready to be claimed. */
export type PreparedBill = {
  readonly cid: CID
  readonly visibility: 'public' | 'sealed'
  readonly claims: readonly Claim[]
  /** Key of its entry in the durable queue. */
  readonly queueKey: Uint8Array
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
  /** Proposes claims once more. */
  readonly again: (bill: PreparedBill) => void
  /** A place in flight is free. */
  readonly freed: () => void
  readonly log: Logger
}

/** This sponsor's batches on their way to a certificate, and what becomes of claims that do not get one. */
export class InFlight {
  readonly #init: InFlightInit
  readonly #watches = new Map<string, NodeJS.Timeout>()
  /** Batches that gave up their place: their certificate may still come. */
  readonly #relieved = new Set<string>()
  readonly #ending = new Set<string>()
  readonly #retries = new Set<NodeJS.Timeout>()
  readonly #tries = new Map<string, number>()

  constructor(init: InFlightInit) {
    this.#init = init
  }

  get size(): number {
    return this.#watches.size
  }

  add(announcement: Announcement): void {
    const key = announcement.batch.toString()
    const watch = setTimeout(() => void this.#relieve(announcement), RELIEVE_MS)
    clearTimeout(this.#watches.get(key))
    this.#watches.set(key, watch)
  }

  stop(): void {
    for (const timer of [...this.#watches.values(), ...this.#retries]) clearTimeout(timer)
  }

  #leave(key: string): boolean {
    clearTimeout(this.#watches.get(key))
    return this.#watches.delete(key)
  }

  /** A batch of anybody was certified: if it is an own one, its place is free, and refused claims end. */
  async certified(loaded: LoadedBatch, certificate: Certificate): Promise<void> {
    const key = loaded.announcement.batch.toString()
    const wasWaited = this.#leave(key)
    if (!wasWaited && !this.#relieved.delete(key)) return
    for (const [index, claim] of loaded.claims.entries()) {
      if (!isBitSet(certificate.bitmap, index)) await this.#end(claim, await this.#reasonFor(loaded.digest, index))
      else this.#tries.delete(claim.bill.toString())
    }
    this.#init.freed()
  }

  /**
   * An own batch can no longer be certified: what the committee may still accept is proposed again, the rest ends with
   * its reason. Its place is given up only when the claims are in the durable queue again: a crash before loses nothing.
   */
  async split(announcement: Announcement): Promise<void> {
    const key = announcement.batch.toString()
    if (!this.#watches.has(key) && !this.#relieved.has(key)) return
    await this.#once(key, async () => {
      const loaded = await this.#init.loader.load(announcement, AbortSignal.timeout(LOAD_TIMEOUT_MS))
      const tally = this.#init.polls.findTally(loaded.digest)
      const again: number[] = []
      for (const [index, claim] of loaded.claims.entries()) {
        const refusal = tally?.reasonFor(index)
        const isRefused = tally?.isRefused(index) === true
        if (isRefused && (refusal?.code !== 'ERR_CLAIM_ABSTAINED' || this.#isTired(claim))) {
          await this.#end(claim, refusalReason(refusal?.code ?? 'ERR_CLAIM_REFUSED', refusal?.heldBy))
        } else {
          again.push(index)
        }
      }
      // A batch that was relieved has proposed its uncontested claims again already: the same claim twice is harmless.
      await this.#proposeAgain(loaded, again)
      this.#relieved.delete(key)
      this.#leave(key)
    })
    this.#init.freed()
  }

  // With an auditor away, a contested claim may leave its batch open for as long: the others are not made to wait for it.
  // Only the same claim goes into another batch, never another one, so that both may be certified and it counts once.
  async #relieve(announcement: Announcement): Promise<void> {
    const { context, loader, polls, log } = this.#init
    const key = announcement.batch.toString()
    if (!this.#watches.has(key)) return
    const votes = polls.votesOn(digestOf(announcement.batch))
    if (votes.length < context.quorum) {
      this.add(announcement)
      return
    }
    try {
      await this.#once(key, async () => {
        const loaded = await loader.load(announcement, AbortSignal.timeout(LOAD_TIMEOUT_MS))
        const agreed = [...loaded.claims.keys()].filter((i) => votes.every((vote) => isBitSet(vote.bitmap, i)))
        await this.#proposeAgain(loaded, agreed)
        this.#relieved.add(key)
        this.#leave(key)
        log.warn(
          { batch: key, again: agreed.length, claims: loaded.claims.length },
          'batch is contested; the rest goes on',
        )
      })
      this.#init.freed()
    } catch (cause) {
      log.warn({ batch: key, code: errorCodeOf(cause) }, 'contested batch not relieved; it is tried again')
      this.add(announcement)
    }
  }

  async #once(key: string, task: () => Promise<void>): Promise<void> {
    if (this.#ending.has(key)) return
    this.#ending.add(key)
    try {
      await task()
    } finally {
      this.#ending.delete(key)
    }
  }

  #isTired(claim: Claim): boolean {
    return (this.#tries.get(claim.bill.toString()) ?? 0) >= RETRIES
  }

  async #proposeAgain(loaded: LoadedBatch, indices: readonly number[]): Promise<void> {
    const bills = new Map<string, PreparedBill>()
    for (const index of indices) {
      const claim = loaded.claims[index]
      if (claim === undefined) continue
      const key = claim.bill.toString()
      const claims = [...(bills.get(key)?.claims ?? []), claim]
      const visibility = loaded.batch.entries[index]?.kind ?? 'sealed'
      bills.set(key, { cid: claim.bill, visibility, claims, queueKey: claim.bill.bytes })
    }
    const { store } = this.#init
    await store.commit(
      [...bills.values()].map((bill) => store.queue.put(bill.queueKey, bill.cid)),
      { durable: true },
    )
    for (const [key, bill] of bills) {
      const tries = this.#tries.get(key) ?? 0
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
  async #reasonFor(digest: Uint8Array, index: number): Promise<Reason> {
    const { polls, store } = this.#init
    const own = await store.ownVotes.find(digest)
    const refusal = polls.findTally(digest)?.reasonFor(index) ?? own?.refusals.find((r) => r.index === index)
    return refusalReason(refusal?.code ?? 'ERR_CLAIM_REFUSED', refusal?.heldBy)
  }

  async #end(claim: Claim, reason: Reason): Promise<void> {
    const { store, log } = this.#init
    this.#tries.delete(claim.bill.toString())
    const record = await store.bills.find(claim.bill.bytes)
    if (record === undefined) return
    const state = reason.code === 'ERR_CLAIM_ABSTAINED' ? 'needs-review' : 'rejected'
    const ended: BillRecord = { ...record, state, reason }
    await store.commit([store.bills.put(claim.bill.bytes, ended)], { durable: true })
    log.warn({ bill: claim.bill.toString(), code: reason.code }, 'claim refused by the committee')
  }
}
