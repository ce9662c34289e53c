import type { CID } from 'multiformats/cid'
import { CID as Cid } from 'multiformats/cid'
import type { Logger } from 'pino'
import { claimIdOf, concatBytes, errorCodeOf, LIMITS, toHex } from '#protocol'
import type { Claim } from '#protocol'
import { isAgeFile, keyOfNumber, seal } from '#storage'
import type { AccountBillRecord, Archive, BillRecord, DeclaredPlace, Reason, Store, Write } from '#storage'
import type { BillVault } from './bill-vault.ts'
import type { Examiner } from './examiner.ts'
import { hashFile } from './hash-file.ts'
import { commitToAccount } from './holder.ts'
import { plainKey } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { makeClaims } from './make-claims.ts'
import { NodeError, rejectedBill } from './node-error.ts'
import type { RegionContext } from './region-context.ts'
import type { ReviewDesk } from './review/review-desk.ts'
import { Serial } from './serial.ts'
import type { AccountBills } from './service/account-bills.ts'
import type { BillChanges } from './service/bill-changes.ts'
import type { Place, Quotas } from './service/quotas.ts'
import type { PreparedBill } from './in-flight.ts'

/** Bills that may wait to be proposed before new ones are refused with ERR_NODE_BUSY. */
export const QUEUE_LIMIT = 20_000

/** Wait before queued bills that could not be read are tried again. */
const RESUME_RETRY_MS = 60_000

const AGE_FILE: Reason = {
  code: 'ERR_BILL_ENCRYPTED',
  message: 'the file is encrypted with age: hand in what is in it, this node seals it',
}

/** A durable bill whose claims are not proposed yet. */
type QueuedBill = { readonly queueKey: Uint8Array; readonly cid: CID }

/** A bill as somebody submits it. */
export type Submission = {
  readonly bytes: Uint8Array
  readonly visibility: 'public' | 'sealed'
  readonly file?: string
  readonly declaredPlace?: DeclaredPlace
  readonly accountId: string
  /** Key that it came with. */
  readonly keyId?: string
}

/** A submission under way. */
type Taking = {
  readonly submission: Submission
  readonly plainHash: Uint8Array
  /** CID of the same bytes, if a claim or a bill here has them. */
  readonly known: CID | undefined
  /** The account's own record of that bill. */
  readonly own: AccountBillRecord | undefined
  readonly place: Place
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
  /** age recipient of an account; undefined for one that is not on record here, whose bills only the region can open. */
  readonly recipientOf: (accountId: string) => Promise<string | undefined>
  readonly quotas: Pick<Quotas, 'reserve' | 'reuse'>
  readonly accountBills: Pick<AccountBills, 'find' | 'put' | 'remove'>
  readonly changes: BillChanges
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
   * @throws {AccountError} ERR_QUOTA_BILLS, ERR_QUOTA_BYTES, ERR_ACCOUNT_CLOSED.
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
    // The age file of a sealed bill is anybody's to fetch; handed in as a bill it would take the place of that bill's record.
    if (isAgeFile(bytes)) throw rejectedBill(AGE_FILE)
    const plainHash = hashFile(bytes)
    return this.#oneByOne(toHex(plainKey(visibility, plainHash)), async () => this.#take(submission, plainHash, signal))
  }

  /** Runs a task while no submission of the same bytes is under way. */
  async exclusively(
    visibility: BillRecord['visibility'],
    plainHash: Uint8Array,
    task: () => Promise<void>,
  ): Promise<void> {
    await this.#oneByOne(toHex(plainKey(visibility, plainHash)), task)
  }

  // The same bill sent again while the first is under way waits for it and then finds it: sealed a second time it would
  // have another CID, and its claim would stand twice.
  async #oneByOne<T>(key: string, task: () => Promise<T>): Promise<T> {
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
    const { store, quotas, accountBills } = this.#init
    const { bytes, visibility, accountId } = submission
    const known = await store.billsByPlainHash.find(plainKey(visibility, plainHash))
    const own = known === undefined ? undefined : await accountBills.find(accountId, known)
    // Before anything is read of the bill: two submissions at once cannot both get the last place of a quota.
    const place = own === undefined ? quotas.reserve(accountId, bytes.byteLength) : quotas.reuse(accountId)
    try {
      if (known === undefined || !(await this.#isUnderWay(known))) {
        return await this.#takeNew({ submission, plainHash, known, own, place }, signal)
      }
      if (own === undefined) {
        await place.commit(this.#own(submission, known, undefined, this.#init.nowMs()))
        this.#init.changes.noteAccount(known)
      }
      return { cid: known }
    } finally {
      place.release()
    }
  }

  /** Writes that make a bill the account's, in place of what it had of it before. */
  #own({ accountId, ...submission }: Submission, cid: CID, own: AccountBillRecord | undefined, atMs: number): Write[] {
    const { accountBills, changes } = this.#init
    const before = own === undefined ? [] : accountBills.remove(accountId, cid, own)
    return [...before, ...accountBills.put(accountId, cid, recordOf(submission, atMs)), changes.open(cid)]
  }

  async #takeNew({ submission, plainHash, known, own, place }: Taking, signal: AbortSignal): Promise<Taken> {
    const { store, archive, examiner } = this.#init
    const { bytes, visibility, declaredPlace } = submission
    const lane = `account ${submission.accountId}`
    const examination = await examiner.examine(bytes, plainHash, declaredPlace, signal, lane)
    if (examination.kind === 'refused' && examination.verdict === 'reject') throw rejectedBill(examination.reason)
    const { cid, blocks } = await this.#prepare(submission, known)
    const common = {
      bill: cid,
      plainHash,
      holder: commitToAccount(this.#init.context.privateKey, submission.accountId),
    }
    const claims = makeClaims(this.#init, examination, { ...common, declaredPlace })
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
    await place.commit([
      ...this.#own(submission, cid, own, receivedAtMs),
      ...(await this.#forgetArrival(cid)),
      store.bills.put(cid.bytes, record),
      store.billsByPlainHash.put(plainKey(visibility, plainHash), cid),
      store.billsByTime.put(queueKey, cid),
      ...(review === undefined ? [store.queue.put(queueKey, cid)] : [review.write]),
    ])
    this.#init.changes.noteAccount(cid)
    if (review !== undefined) await this.#init.reviews.announce(review.request)
    if (claims.length > 0) this.#init.propose({ cid, visibility, claims, queueKey })
    return { cid, record }
  }

  // A bill that is tried again stands once in the list of all.
  async #forgetArrival(cid: CID): Promise<Write[]> {
    const { store } = this.#init
    const before = await store.bills.find(cid.bytes)
    if (before === undefined) return []
    return [store.billsByTime.remove(concatBytes([keyOfNumber(before.receivedAtMs), cid.bytes]))]
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
      : makeClaims(this.#init, examination, { bill: cid, plainHash, holder, declaredPlace })
    if (claims.length > 0) propose({ cid, visibility, claims, queueKey, isContested: isReviewed })
  }

  // A bill that was rejected may be tried again (its period may be free now); one that only another auditor proposed,
  // and that is not certified, is proposed here too, so that it does not depend on that auditor.
  async #isUnderWay(cid: CID): Promise<boolean> {
    const { store } = this.#init
    const record = await store.bills.find(cid.bytes)
    if (record !== undefined && record.state !== 'rejected') return true
    for (const { claimId } of await store.claimsByBill.listOf(cid)) {
      const claim = await store.claims.find(claimId)
      if (claim !== undefined && claim.state !== 'proposed') return true
    }
    return false
  }

  // The CID that the bill will have, and its bytes as they will be stored; no bytes if the archive has them.
  async #prepare(submission: Submission, known: CID | undefined): Promise<{ cid: CID; blocks?: Uint8Array }> {
    const { archive } = this.#init
    if (known !== undefined && (await archive.hasBill(known))) return { cid: known }
    const { bytes, visibility, accountId } = submission
    const blocks = visibility === 'sealed' ? await this.#seal(bytes, accountId) : bytes
    return { cid: await archive.cidOf(blocks), blocks }
  }

  // DESIGN 5: for the region's archive and for the bill's holder. Who else hands in the same bytes finds the file as it is.
  async #seal(bytes: Uint8Array, accountId: string): Promise<Uint8Array> {
    const { context, recipientOf } = this.#init
    const holder = await recipientOf(accountId)
    return seal(bytes, [context.archive.recipientAt(context.epoch), ...(holder === undefined ? [] : [holder])])
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
    // Somebody else's age file handed in as a public bill makes nobody the holder of what is in it.
    return (await this.#init.accountBills.find(accountId, cid))?.visibility === 'sealed'
  }
}

/** An account's own record of a bill that it hands in. */
function recordOf({ bytes, visibility, file, keyId }: Omit<Submission, 'accountId'>, atMs: number): AccountBillRecord {
  return {
    atMs,
    sizeBytes: bytes.byteLength,
    visibility,
    ...(file === undefined ? {} : { file: file.slice(0, 255) }),
    ...(keyId === undefined ? {} : { keyId }),
  }
}

/** A CID from text that somebody typed; undefined if it is none. */
export function findCid(text: string): CID | undefined {
  try {
    return Cid.parse(text)
  } catch {
    return undefined
  }
}
