import type { CID } from 'multiformats/cid'
import { CID as Cid } from 'multiformats/cid'
import type { Logger } from 'pino'
import { claimIdOf, concatBytes, equalBytes, errorCodeOf, hmacSha256, LIMITS, toHex, utf8 } from '#protocol'
import type { Claim } from '#protocol'
import { keyOfNumber, seal } from '#storage'
import type { Archive, BillRecord, DeclaredPlace, Reason, Store } from '#storage'
import type { BillVault } from './bill-vault.ts'
import { buildClaim, countryOf, regionOf } from './examiner.ts'
import type { Examination, Examiner } from './examiner.ts'
import { hashFile } from './hash-file.ts'
import { plainKey } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { NodeError } from './node-error.ts'
import type { RegionContext } from './region-context.ts'
import type { ReviewDesk } from './review/review-desk.ts'
import { Serial } from './serial.ts'
import type { PreparedBill } from './in-flight.ts'

/** Bills that may wait to be proposed before new ones are refused with ERR_NODE_BUSY. */
const QUEUE_LIMIT = 20_000

/** Wait before queued bills that could not be read are tried again. */
const RESUME_RETRY_MS = 60_000

/** A durable bill whose claims are not proposed yet. */
type QueuedBill = { readonly queueKey: Uint8Array; readonly cid: CID }

/** A bill as somebody submits it. */
export type Submission = {
  readonly bytes: Uint8Array
  readonly visibility: 'public' | 'sealed'
  readonly file?: string
  readonly declaredPlace?: DeclaredPlace
  readonly accountId: string
}

/** A bill that was taken in: its CID, and its record if it was stored now. */
export type Taken = { readonly cid: CID; readonly record?: BillRecord }

/** What the intake needs. */
export type IntakeInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly archive: Archive
  readonly flushBlocks: () => Promise<void>
  readonly vault: BillVault
  readonly examiner: Examiner
  readonly ledger: Ledger
  readonly reviews: Pick<ReviewDesk, 'prepare' | 'announce' | 'claimsOf'>
  readonly waiting: () => number
  readonly propose: (bill: PreparedBill) => void
  readonly nowMs: () => number
  readonly randomBytes: (size: number) => Uint8Array
  readonly log: Logger
}

/** Takes bills in: reads them first, stores them durably, then hands their claims to the sponsor. */
export class Intake {
  readonly #init: IntakeInit
  #retry: NodeJS.Timeout | undefined
  /** Submissions under way by the bill's own bytes. */
  readonly #underWay = new Map<string, { readonly tasks: Serial; users: number }>()

  constructor(init: IntakeInit) {
    this.#init = init
  }

  /**
   * Submits a bill. It is read before anything is stored, so that a refused bill leaves nothing behind; when this
   * resolves, the bill is durable and will be claimed, whatever happens to the process.
   *
   * @returns the bill's CID; the same plain bytes with the same visibility always give the same one.
   * @throws {NodeError} ERR_BILL_EMPTY, ERR_BILL_TOO_LARGE, ERR_BILL_REJECTED, ERR_REGION_UNKNOWN, ERR_REGION_OTHER,
   * ERR_CLAIM_OVERLAP, ERR_NODE_BUSY.
   */
  async submit(submission: Submission, signal: AbortSignal): Promise<Taken> {
    const { waiting } = this.#init
    const { bytes, visibility } = submission
    if (bytes.byteLength === 0) throw new NodeError('the bill is empty', { code: 'ERR_BILL_EMPTY' })
    if (bytes.byteLength > LIMITS.billBytes) {
      const shape = { sizeBytes: bytes.byteLength, limitBytes: LIMITS.billBytes }
      throw new NodeError(`the bill has ${shape.sizeBytes} bytes, at most ${shape.limitBytes} are taken`, {
        code: 'ERR_BILL_TOO_LARGE',
        ...shape,
      })
    }
    if (waiting() >= QUEUE_LIMIT) {
      throw new NodeError('too many bills wait, try again later', { code: 'ERR_NODE_BUSY', queued: waiting() })
    }
    const plainHash = hashFile(bytes)
    return this.#oneByOne(toHex(plainKey(visibility, plainHash)), async () => this.#take(submission, plainHash, signal))
  }

  // The same bill sent again while the first is under way waits for it and then finds it: sealed a second time it would
  // have another CID, and its claim would stand twice.
  async #oneByOne(key: string, task: () => Promise<Taken>): Promise<Taken> {
    const serial = this.#underWay.get(key) ?? { tasks: new Serial(), users: 0 }
    this.#underWay.set(key, serial)
    serial.users += 1
    try {
      return await serial.tasks.run(task)
    } finally {
      serial.users -= 1
      if (serial.users === 0) this.#underWay.delete(key)
    }
  }

  async #take(submission: Submission, plainHash: Uint8Array, signal: AbortSignal): Promise<Taken> {
    const { store, archive, examiner } = this.#init
    const { bytes, visibility, declaredPlace } = submission
    const known = await store.billsByPlainHash.find(plainKey(visibility, plainHash))
    if (known !== undefined && (await this.#isUnderWay(known))) return { cid: known }
    const lane = `account ${submission.accountId}`
    const examination = await examiner.examine(bytes, plainHash, declaredPlace, signal, lane)
    if (examination.kind === 'refused' && examination.verdict === 'reject') throw rejected(examination.reason)
    const { cid, blocks } = await this.#prepare(submission, known)
    const common = { bill: cid, plainHash, holder: this.#commitTo(submission.accountId) }
    const claims = this.#claim(examination, common, declaredPlace)
    await this.#refuseOverlap(claims)
    // Only now, with every check passed, is anything stored.
    if (blocks !== undefined) await archive.addBill(blocks)
    const receivedAtMs = this.#init.nowMs()
    const record: BillRecord = {
      cid,
      visibility,
      plainHash,
      sizeBytes: bytes.byteLength,
      ...(submission.file === undefined ? {} : { file: submission.file.slice(0, 255) }),
      ...(declaredPlace === undefined ? {} : { declaredPlace }),
      holder: common.holder,
      receivedAtMs,
      state: examination.kind === 'facts' ? 'open' : 'needs-review',
      ...(examination.kind === 'facts' ? {} : { reason: examination.reason }),
      ...(examination.kind === 'facts' && examination.unclaimed.length > 0 ? { unclaimed: examination.unclaimed } : {}),
      claimIds: [],
    }
    const queueKey = concatBytes([keyOfNumber(receivedAtMs), cid.bytes])
    // Asked for in the same commit: a bill that waits for people is never forgotten by a crash.
    const review = examination.kind === 'facts' ? undefined : this.#init.reviews.prepare(record)
    await this.#init.flushBlocks()
    await store.commit(
      [
        store.bills.put(cid.bytes, record),
        store.billsByPlainHash.put(plainKey(visibility, plainHash), cid),
        store.billsByTime.put(queueKey, cid),
        ...(review === undefined ? [store.queue.put(queueKey, cid)] : [review.write]),
      ],
      { durable: true },
    )
    if (review !== undefined) await this.#init.reviews.announce(review.request)
    if (claims.length > 0) this.#init.propose({ cid, visibility, claims, queueKey })
    return { cid, record }
  }

  /**
   * Takes up the bills that were durable but not proposed when the process ended. One that cannot be read now stays in
   * the queue and is tried again later: it must not keep the others, or the auditor, from starting.
   */
  async resume(signal: AbortSignal): Promise<number> {
    const queued: QueuedBill[] = []
    for await (const [queueKey, cid] of this.#init.store.queue.entries()) queued.push({ queueKey, cid })
    return queued.length - (await this.#takeUp(queued, signal))
  }

  /** Ends what is tried again. */
  stop(): void {
    clearTimeout(this.#retry)
  }

  /** @returns how many could not be read. */
  async #takeUp(queued: readonly QueuedBill[], signal: AbortSignal): Promise<number> {
    const failed: QueuedBill[] = []
    for (const bill of queued) {
      try {
        await this.#takeUpOne(bill, signal)
      } catch (cause) {
        if (signal.aborted) return 0
        failed.push(bill)
        const fields = { bill: bill.cid.toString(), code: errorCodeOf(cause), err: cause }
        this.#init.log.error(fields, 'queued bill cannot be read; it is tried again')
      }
    }
    if (failed.length > 0 && !signal.aborted)
      this.#retry = setTimeout(() => void this.#takeUp(failed, signal), RESUME_RETRY_MS)
    return failed.length
  }

  async #takeUpOne({ queueKey, cid }: QueuedBill, signal: AbortSignal): Promise<void> {
    const { store, vault, examiner, propose } = this.#init
    const record = await store.bills.get(cid.bytes)
    const { plainHash, holder, visibility, declaredPlace } = record
    const plain = await vault.readPlain(cid, visibility, signal)
    const examination = await examiner.examine(plain, plainHash, declaredPlace, signal)
    const isReviewed = examination.kind === 'refused'
    const claims = isReviewed
      ? await this.#init.reviews.claimsOf(record)
      : this.#claim(examination, { bill: cid, plainHash, holder }, declaredPlace)
    if (claims.length > 0) propose({ cid, visibility, claims, queueKey, isContested: isReviewed })
  }

  // A bill that was rejected may be tried again (its period may be free now); one that only another auditor proposed,
  // and that is not certified, is proposed here too, so that it does not depend on that auditor.
  async #isUnderWay(cid: CID): Promise<boolean> {
    const { store } = this.#init
    const record = await store.bills.find(cid.bytes)
    if (record !== undefined && record.state !== 'rejected') return true
    for await (const [, claimId] of store.claimsByBill.entries({
      from: cid.bytes,
      below: concatBytes([cid.bytes, new Uint8Array(9).fill(0xff)]),
    })) {
      const claim = await store.claims.find(claimId)
      if (claim !== undefined && claim.state !== 'proposed') return true
    }
    return false
  }

  // The CID that the bill will have, and its bytes as they will be stored; no bytes if the archive has them.
  async #prepare(submission: Submission, known: CID | undefined): Promise<{ cid: CID; blocks?: Uint8Array }> {
    const { archive, context } = this.#init
    if (known !== undefined && (await archive.hasBill(known))) return { cid: known }
    const { bytes, visibility } = submission
    const blocks = visibility === 'sealed' ? await seal(bytes, [context.region.archiveRecipient]) : bytes
    return { cid: await archive.cidOf(blocks), blocks }
  }

  #claim(
    examination: Examination,
    common: { bill: CID; plainHash: Uint8Array; holder: Uint8Array },
    declaredPlace: DeclaredPlace | undefined,
  ): Claim[] {
    if (examination.kind === 'refused') return []
    const { context, randomBytes } = this.#init
    return examination.bills.map((examined) => {
      const region = regionOf(context, examined)
      const country = countryOf(examined)
      if (region === undefined) {
        throw new NodeError(`no region of this network answers for ${country}`, { code: 'ERR_REGION_UNKNOWN', country })
      }
      if (region !== context.region.name) {
        throw new NodeError(`this bill belongs to region ${region}: submit it to an auditor there`, {
          code: 'ERR_REGION_OTHER',
          region,
        })
      }
      const parts = {
        ...common,
        ordinal: examined.ordinal,
        salt: randomBytes(32),
        ...(declaredPlace === undefined ? {} : { declaredPlace }),
      }
      return buildClaim(context, parts, examined)
    })
  }

  async #refuseOverlap(claims: readonly Claim[]): Promise<void> {
    const { context, ledger } = this.#init
    for (const claim of claims) {
      const holder = await ledger.findHolder(claim, claimIdOf(context.domain, context.region.name, claim))
      if (holder === undefined) continue
      const heldBy = toHex(holder)
      throw new NodeError(`claim ${heldBy} holds (part of) this period of the metering point`, {
        code: 'ERR_CLAIM_OVERLAP',
        heldBy,
      })
    }
  }

  /** True if the bill was submitted here, to be sealed, by this account. */
  async isHolder(cid: CID, accountId: string): Promise<boolean> {
    const record = await this.#init.store.bills.find(cid.bytes)
    // Somebody else's age file handed in as a public bill makes nobody the holder of what is in it.
    return record?.visibility === 'sealed' && equalBytes(record.holder, this.#commitTo(accountId))
  }

  // A keyed hash, so that the public cannot try account names; this node alone can show whose claim it is.
  #commitTo(accountId: string): Uint8Array {
    return hmacSha256(this.#init.context.privateKey, utf8(`kwitness holder 1\0${accountId}`))
  }
}

function rejected(reason: Reason): NodeError {
  return new NodeError(`${reason.message}${reason.place === undefined ? '' : ` (${reason.place})`} [${reason.code}]`, {
    code: 'ERR_BILL_REJECTED',
    reason: reason.code,
    ...(reason.place === undefined ? {} : { place: reason.place }),
  })
}

/** A CID from text that somebody typed; undefined if it is none. */
export function findCid(text: string): CID | undefined {
  try {
    return Cid.parse(text)
  } catch {
    return undefined
  }
}
