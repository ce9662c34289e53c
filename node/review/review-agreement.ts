import type { Logger } from 'pino'
import { concatBytes } from '#protocol'
import type { Claim, ReviewEntry, ReviewRequest } from '#protocol'
import { keyOfNumber } from '#storage'
import type { BillRecord, Store } from '#storage'
import { buildClaim } from '../examiner.ts'
import type { Examiner } from '../examiner.ts'
import type { PreparedBill } from '../in-flight.ts'
import type { RegionContext } from '../region-context.ts'
import type { Serial } from '../serial.ts'

/** What the agreement needs. */
export type ReviewAgreementInit = {
  readonly context: RegionContext
  readonly store: Pick<Store, 'bills' | 'queue' | 'commit'>
  readonly examiner: Pick<Examiner, 'examineReviewed'>
  /** What this auditor's people read. */
  readonly findEntry: (plainHash: Uint8Array) => Promise<ReviewEntry | undefined>
  /** How many auditors are known to have entered the same, this one included. */
  readonly countEqual: (plainHash: Uint8Array) => Promise<number | undefined>
  readonly propose: (bill: PreparedBill) => void
  readonly randomBytes: (size: number) => Uint8Array
  readonly log: Logger
}

/** Claims an own bill once a quorum of auditors has entered the same. */
export class ReviewAgreement {
  readonly #init: ReviewAgreementInit
  readonly #serial: Serial
  /** Equal entries when an own bill was last proposed, by CID. */
  readonly #proposedWith = new Map<string, number>()

  /** @param serial one for all that changes what is under review. */
  constructor(init: ReviewAgreementInit, serial: Serial) {
    this.#init = init
    this.#serial = serial
  }

  /** Proposes an own bill if a quorum has entered the same. */
  async consider(request: ReviewRequest): Promise<void> {
    const prepared = await this.#serial.run(async () => this.#agree(request))
    if (prepared !== undefined) this.#init.propose(prepared)
  }

  async #agree({ bill, plainHash }: ReviewRequest): Promise<PreparedBill | undefined> {
    const { store, context, countEqual, log } = this.#init
    const [record, equal = 0] = await Promise.all([store.bills.find(bill.bytes), countEqual(plainHash)])
    if (record === undefined || equal < context.quorum || !this.#isDue(record, equal)) return undefined
    const queueKey = concatBytes([keyOfNumber(record.receivedAtMs), bill.bytes])
    const claims = await this.claimsOf(record)
    if (claims.length === 0) return undefined
    // In the durable queue from now on: a crash after this line proposes it at the next start.
    await store.commit([store.bills.put(bill.bytes, { ...record, state: 'open' }), store.queue.put(queueKey, bill)], {
      durable: true,
    })
    this.#proposedWith.set(bill.toString(), equal)
    log.info({ bill: bill.toString() }, 'a quorum has entered the same: bill is proposed')
    return { cid: bill, visibility: record.visibility, claims, queueKey, isContested: true }
  }

  // One that commits and then does not vote may leave a batch open for ever: the same claim goes into another batch when
  // more have entered it since.
  #isDue({ cid, state }: BillRecord, equal: number): boolean {
    if (state === 'needs-review') return true
    return state === 'claimed' && equal > (this.#proposedWith.get(cid.toString()) ?? this.#init.context.quorum)
  }

  /** Claims by the own entry for an own bill, none without one; also for bills that a restart finds in the queue. */
  async claimsOf({ cid, plainHash, holder }: BillRecord): Promise<Claim[]> {
    const { context, examiner, findEntry, randomBytes } = this.#init
    const entry = await findEntry(plainHash)
    if (entry === undefined) return []
    const examination = examiner.examineReviewed(entry)
    if (examination.kind === 'refused') return []
    return examination.bills.map((examined) =>
      buildClaim(context, { bill: cid, plainHash, ordinal: examined.ordinal, holder, salt: randomBytes(32) }, examined),
    )
  }

  /** Drops what is kept of a bill that is closed. */
  forget({ bill }: Pick<ReviewRequest, 'bill'>): void {
    this.#proposedWith.delete(bill.toString())
  }
}
