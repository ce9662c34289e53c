import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import { announceBatch, claimIdOf, encodeBatch, encodeCanonical, isBitSet, LIMITS, toHex } from '#protocol'
import type { Announcement, Batch, Certificate, Claim, GossipMessage } from '#protocol'
import { seal } from '#storage'
import type { Archive, BillRecord, Reason, Store } from '#storage'
import type { BatchLoader, LoadedBatch } from './batch-loader.ts'
import { chainKey } from './ledger.ts'
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

/**
 * Batches that may be on their way at a time. A second one hides the round trip; more would only be smaller, since a
 * busy region is limited by what each batch costs all its auditors. Further bills wait, and fill the next batch.
 */
const BATCHES_IN_FLIGHT = 2
/** Newest own batches among which the open ones are: never more than are in flight at a time, over some restarts. */
const OPEN_BATCHES = 64
/** Bytes of claims in one batch, below {@link LIMITS.batchBytes} with the header and the seal. */
const CLAIMS_BYTES = 800 * 1024
/** Longest that reading an own batch back may take. */
const SPLIT_TIMEOUT_MS = 10_000
/** Wait before claims of a split batch are proposed again: what split it (a slow node, a race) needs time to pass. */
const SPLIT_RETRY_MS = 2_000

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
  /** Hands the own batch to the voter. */
  readonly audit: (loaded: LoadedBatch) => void
  /** Longest that bills are collected while a batch is in flight. */
  readonly lingerMs: number
  readonly log: Logger
}

/** Collects prepared bills into batches and proposes them, quick when idle, full when busy (DESIGN 9). */
export class Sponsor {
  readonly #init: SponsorInit
  readonly #inFlight = new Set<string>()
  #waiting: PreparedBill[] = []
  #seq = 0
  #prev: CID | null = null
  #linger: NodeJS.Timeout | undefined
  #proposing: Promise<void> = Promise.resolve()
  readonly #retries = new Set<NodeJS.Timeout>()
  #isStopped = false

  constructor(init: SponsorInit) {
    this.#init = init
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
      this.#inFlight.add(announcement.batch.toString())
      open.unshift(announcement)
    }
    return open
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#linger)
    for (const retry of this.#retries) clearTimeout(retry)
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

  // At once when nothing is in flight or a batch is full; else after the linger.
  #pump(): void {
    if (this.#isStopped || this.#waiting.length === 0 || this.#inFlight.size >= BATCHES_IN_FLIGHT) return
    if (this.#inFlight.size === 0 || this.#waiting.length >= LIMITS.batchClaims) {
      clearTimeout(this.#linger)
      this.#linger = undefined
      this.#proposeNext()
    } else {
      this.#linger ??= setTimeout(() => {
        this.#linger = undefined
        if (this.#inFlight.size < BATCHES_IN_FLIGHT) this.#proposeNext()
      }, this.#init.lingerMs)
    }
  }

  #proposeNext(): void {
    const bills = this.#take()
    if (bills.length === 0) return
    const ticket = `proposing ${this.#seq + this.#inFlight.size}`
    // Holds a place in flight from now on, so that bills that arrive meanwhile are collected.
    this.#inFlight.add(ticket)
    this.#proposing = this.#proposing
      .then(async () => this.#propose(bills))
      .catch((cause: unknown) => {
        this.#init.log.error({ err: cause, bills: bills.length }, 'batch not proposed; its bills are tried again')
        this.#waiting.unshift(...bills)
      })
      .finally(() => {
        this.#inFlight.delete(ticket)
        this.#pump()
      })
  }

  // A claim stands once in a batch: another bill with the same claim (the same one, sealed and public) waits for the next.
  #take(): PreparedBill[] {
    const { domain, region } = this.#init.context
    const taken: PreparedBill[] = []
    const later: PreparedBill[] = []
    const claimIds = new Set<string>()
    let sizeBytes = 0
    for (const [at, bill] of this.#waiting.entries()) {
      const ids = bill.claims.map((claim) => toHex(claimIdOf(domain, region.name, claim)))
      if (ids.some((id) => claimIds.has(id))) {
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
      sealed: sealed.length === 0 ? null : await seal(encodeCanonical(sealed), [context.region.archiveRecipient]),
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
    this.#seq = batch.seq
    this.#prev = announcement.batch
    this.#inFlight.add(announcement.batch.toString())
    await publish({ kind: 'announcement', announcement })
    this.#init.audit(loaded)
  }

  /** A batch of anybody was certified: if it is an own one, its place in flight is free, and refused claims end. */
  async onCertified(loaded: LoadedBatch, certificate: Certificate): Promise<void> {
    if (!this.#inFlight.delete(loaded.announcement.batch.toString())) return
    const refused = loaded.claims.filter((_, i) => !isBitSet(certificate.bitmap, i))
    for (const [index, claim] of loaded.claims.entries()) {
      if (refused.includes(claim)) await this.#end(claim, await this.#reasonFor(loaded.digest, index))
    }
    this.#pump()
  }

  /** An own batch can no longer be certified: what a quorum accepts is proposed again, the rest ends with its reason. */
  async onSplit(announcement: Announcement): Promise<void> {
    if (!this.#inFlight.delete(announcement.batch.toString())) return
    const { loader, polls, store } = this.#init
    const loaded = await loader.load(announcement, AbortSignal.timeout(SPLIT_TIMEOUT_MS))
    const tally = polls.findTally(loaded.digest)
    const again: PreparedBill[] = []
    for (const [index, claim] of loaded.claims.entries()) {
      const refusal = tally?.reasonFor(index)
      if (tally?.isRefused(index) === true && refusal?.code !== 'ERR_CLAIM_ABSTAINED') {
        await this.#end(claim, refusalReason(refusal?.code ?? 'ERR_CLAIM_REFUSED', refusal?.heldBy))
      } else {
        const visibility = loaded.batch.entries[index]?.kind ?? 'sealed'
        again.push({ cid: claim.bill, visibility, claims: [claim], queueKey: claim.bill.bytes })
      }
    }
    // Back into the durable queue first: a crash before the next proposal must not lose them.
    await store.commit(
      again.map((bill) => store.queue.put(bill.queueKey, bill.cid)),
      { durable: true },
    )
    const retry = setTimeout(() => {
      this.#retries.delete(retry)
      for (const bill of again) this.add(bill)
    }, SPLIT_RETRY_MS)
    this.#retries.add(retry)
    this.#pump()
  }

  // The committee's reason; this node's own where the certificate came without the votes.
  async #reasonFor(digest: Uint8Array, index: number): Promise<Reason> {
    const { polls, store } = this.#init
    const own = await store.ownVotes.find(digest)
    const refusal = polls.findTally(digest)?.reasonFor(index) ?? own?.refusals.find((r) => r.index === index)
    return refusalReason(refusal?.code ?? 'ERR_CLAIM_REFUSED', refusal?.heldBy)
  }

  async #end(claim: Claim, reason: Reason): Promise<void> {
    const { store } = this.#init
    const record = await store.bills.find(claim.bill.bytes)
    if (record === undefined) return
    const ended: BillRecord = { ...record, state: 'rejected', reason }
    await store.commit([store.bills.put(claim.bill.bytes, ended)], { durable: true })
    this.#init.log.warn({ bill: claim.bill.toString(), code: reason.code }, 'claim refused by the committee')
  }
}
