import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import { equalBytes, errorCodeOf, LIMITS, orderBytes, signWithdrawal, toHex, verifyWithdrawal } from '#protocol'
import type { GossipMessage, Withdrawal } from '#protocol'
import { findPinRoots } from '#storage'
import type { Archive, BlockStore, Store, WithdrawnRecord, Write } from '#storage'
import type { Intake } from '../intake.ts'
import { plainKey } from '../ledger.ts'
import { isMember } from '../region-context.ts'
import type { RegionContext } from '../region-context.ts'
import type { ReviewDesk } from '../review/review-desk.ts'
import { Serial } from '../serial.ts'
import { BillEnds } from './bill-ends.ts'
import { BillSearches } from './bill-searches.ts'
import { WithdrawalBook, withdrawalKey, withdrawnKey } from './withdrawal-book.ts'

/**
 * Bills of one sponsor that are told and not gone yet; more are taken when these are. A liar's, of bills that nobody has, stay
 * for ever, so that this is what it can make others keep.
 */
const TOLD_PER_SPONSOR = 4_096
/** Bills looked at before others get their turn: each is some looks into the store, which do not wait. */
const LOOKS_AT_A_TIME = 32
/** Bills that one look at the clock looks at, the longest not looked at first: a liar's, which stay for ever, keep no processor busy. */
const LOOKS_AT_ONCE = 1_024

/** What the desk needs. */
export type WithdrawalDeskInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly archive: Pick<Archive, 'removeBill'>
  readonly blocks: Pick<BlockStore, 'delete' | 'datastore'>
  readonly reviews: Pick<ReviewDesk, 'close' | 'forget'>
  /** Keeps submissions of the same bytes waiting. */
  readonly intake: Pick<Intake, 'exclusively'>
  /** True if an account of this node that is not being closed handed the bill in. */
  readonly isKept: (bill: CID) => Promise<boolean>
  readonly publish: (message: GossipMessage) => Promise<void>
  readonly nowMs: () => number
  /** Between two looks at what waits for finality. */
  readonly intervalMs: number
  readonly log: Logger
}

/**
 * Destroys the age files of sealed bills whose account was closed: here, and by a signed withdrawal at the other auditors.
 * A file goes only when its claims are final, or it has none, and while no account of the node wants it. Claims, proofs and
 * anchors stay: what was certified is on record.
 */
export class WithdrawalDesk {
  /** What is known, for sync. */
  readonly book: WithdrawalBook
  /** Searches for bills that a withdrawal may end. */
  readonly searches = new BillSearches()
  readonly #init: WithdrawalDeskInit
  readonly #ends: BillEnds
  readonly #serial = new Serial()
  readonly #listeners = new Set<(withdrawal: Withdrawal) => void>()
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  #isLooking = false

  constructor(init: WithdrawalDeskInit) {
    this.#init = init
    this.book = new WithdrawalBook(init.store)
    this.#ends = new BillEnds(init.store, init.context, async (bill) => findPinRoots(init.blocks.datastore, bill))
  }

  /** Reads what the last stop left open. */
  async load(): Promise<void> {
    await this.book.load()
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), this.#init.intervalMs)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    await this.#serial.run(async () => undefined)
  }

  /** Notes own bills that are to go; durable when it returns, done by {@link settle} when each is decided. */
  async want(bills: readonly CID[]): Promise<void> {
    const { store, context } = this.#init
    await this.#serial.run(async () => {
      const records: WithdrawnRecord[] = []
      for (const bill of bills) {
        const known = await store.withdrawn.find(withdrawnKey(bill, context.address))
        if (known === undefined) records.push({ bill, sponsor: context.address, state: 'due' })
      }
      await store.commit(
        records.map((record) => this.#write(record)),
        { durable: true },
      )
      for (const record of records) this.book.put(record)
    })
  }

  /**
   * Takes a withdrawal from gossip or sync.
   *
   * @returns false for one that is not for this committee, is known, or withdraws nothing new.
   * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE.
   */
  async take(withdrawal: Withdrawal): Promise<boolean> {
    const { context, store } = this.#init
    const { sponsor, bills } = withdrawal
    if (withdrawal.region !== context.region.name || !isMember(context, sponsor)) return false
    return this.#serial.run(async () => {
      if ((await store.withdrawals.find(withdrawalKey(withdrawal))) !== undefined) return false
      // Before its bills are looked for: anybody can write a member's address.
      verifyWithdrawal(context.domain, withdrawal)
      const known = await store.withdrawn.findMany(bills.map((bill) => withdrawnKey(bill, sponsor)))
      const news = bills.filter((_, i) => known[i] === undefined || known[i].state === 'due')
      // A repeat under another number would cost a record each time.
      if (news.length === 0) return false
      if (this.book.countTold(sponsor) + news.length > TOLD_PER_SPONSOR) {
        this.searches.excuse(withdrawal)
        return false
      }
      const records = news.map((bill): WithdrawnRecord => ({ bill, sponsor, state: 'told' }))
      // Its sponsor has it on disk: what a crash loses here comes again by sync.
      await this.#keep(withdrawal, records, [], false)
      return true
    })
  }

  /** Tells each withdrawal that is news, when it is written down. @returns what ends it. */
  onTold(listener: (withdrawal: Withdrawal) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** True if a sponsor has withdrawn this bill. */
  async isWithdrawn(bill: CID, sponsor: Uint8Array): Promise<boolean> {
    // Asked for each sealed bill of each batch, and of most sponsors there is nothing to find.
    if (this.book.lastSeq(sponsor) === 0) return false
    if (this.searches.isExcused(bill, sponsor)) return true
    const record = await this.#init.store.withdrawn.find(withdrawnKey(bill, sponsor))
    return record !== undefined && record.state !== 'due'
  }

  /** True if the bytes of a bill need not be here: its own sponsor has withdrawn it. */
  async isExcused(bill: CID): Promise<boolean> {
    for (const sponsor of await this.#ends.sponsorsOf(bill)) {
      if (await this.isWithdrawn(bill, sponsor)) return true
    }
    return false
  }

  async #look(): Promise<void> {
    // One that takes longer than the interval is not waited for by ever more.
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      await this.settle(LOOKS_AT_ONCE)
    } catch (cause) {
      this.#init.log.error({ code: errorCodeOf(cause), err: cause }, 'withdrawn bills not removed; it is tried again')
    } finally {
      this.#isLooking = false
    }
  }

  /** Withdraws and removes what can go now. @param limit of the bills that are told, how many are looked at. */
  async settle(limit = Infinity): Promise<void> {
    await this.#serial.run(async () => this.#withdrawDue())
    let looks = 0
    for (const record of this.book.pending('told').slice(0, limit)) {
      if (this.#isStopped) return
      if ((looks += 1) % LOOKS_AT_A_TIME === 0) await nextTurn()
      // Each by itself: what sync brings meanwhile does not wait for all of them.
      await this.#serial.run(async () => this.#settleOne(record))
    }
  }

  async #settleOne(record: WithdrawnRecord): Promise<void> {
    if (this.#isStopped || !this.book.isPending(record)) return
    if (await this.#ends.mayGo(record)) await this.#remove(record)
    // Behind the others, until its next turn.
    if (this.book.isPending(record)) this.book.put(record)
  }

  async #withdrawDue(): Promise<void> {
    const { store, isKept, reviews } = this.#init
    const ready: WithdrawnRecord[] = []
    let looks = 0
    for (const record of this.book.pending('due')) {
      if (this.#isStopped) return
      if ((looks += 1) % LOOKS_AT_A_TIME === 0) await nextTurn()
      if (await isKept(record.bill)) {
        // Handed in again by another account since: it is that one's now.
        await store.commit([store.withdrawn.remove(withdrawnKey(record.bill, record.sponsor))], { durable: true })
        this.book.drop(record)
        continue
      }
      // Nobody waits for what people would read in it.
      if ((await store.bills.find(record.bill.bytes))?.state === 'needs-review') await reviews.close(record.bill)
      if (await this.#ends.mayGo(record)) ready.push(record)
      if (ready.length === LIMITS.withdrawnBills) await this.#withdraw(ready.splice(0))
    }
    if (ready.length > 0) await this.#withdraw(ready)
  }

  async #withdraw(due: readonly WithdrawnRecord[]): Promise<void> {
    const { context, store, publish, nowMs, log } = this.#init
    const bills = due.map(({ bill }) => bill).toSorted((a, b) => orderBytes(a.bytes, b.bytes))
    const seq = this.book.lastSeq(context.address) + 1
    const content = { region: context.region.name, sponsor: context.address, seq, bills }
    const withdrawal = signWithdrawal(context.domain, content, context.privateKey)
    const found = await store.bills.findMany(bills.map((bill) => bill.bytes))
    const changes = found.flatMap((bill) => {
      if (bill === undefined) return []
      const { file: _file, ...rest } = bill
      return [store.bills.put(bill.cid.bytes, { ...rest, withdrawnAtMs: nowMs() })]
    })
    const told = due.map((record): WithdrawnRecord => ({ ...record, state: 'told' }))
    // DESIGN 16: on disk before anybody hears of it; what a crash keeps from being said goes by sync.
    await this.#keep(withdrawal, told, changes, true)
    log.info({ seq, bills: bills.length }, 'sealed bills of a closed account withdrawn')
    await publish({ kind: 'withdrawal', withdrawal })
  }

  async #keep(
    withdrawal: Withdrawal,
    records: readonly WithdrawnRecord[],
    changes: readonly Write[],
    durable: boolean,
  ): Promise<void> {
    const { store } = this.#init
    const writes = [store.withdrawals.put(withdrawalKey(withdrawal), withdrawal), ...changes]
    await store.commit([...writes, ...records.map((record) => this.#write(record))], { durable })
    this.book.know(withdrawal)
    for (const record of records) this.book.put(record)
    this.searches.told(withdrawal)
    for (const listener of this.#listeners) listener(withdrawal)
  }

  #write(record: WithdrawnRecord): Write {
    return this.#init.store.withdrawn.put(withdrawnKey(record.bill, record.sponsor), record)
  }

  async #remove(record: WithdrawnRecord): Promise<void> {
    const { intake, isKept, log } = this.#init
    const { bill, sponsor } = record
    const plainHash = await this.#ends.plainHashOf(bill)
    const remove = async (): Promise<void> => {
      // Under the lock of its bytes: whoever hands them in now either finds the file, and keeps it, or makes another one.
      if (await isKept(bill)) return
      await this.#erase(record, plainHash)
      log.info({ bill: bill.toString(), sponsor: toHex(sponsor) }, 'withdrawn bill removed')
    }
    await (plainHash === undefined ? remove() : intake.exclusively('sealed', plainHash, remove))
  }

  // First nothing finds the file by its bytes any more, then its blocks go, then it counts as gone: a crash between repeats.
  async #erase(record: WithdrawnRecord, plainHash: Uint8Array | undefined): Promise<void> {
    const { store, archive, blocks, reviews } = this.#init
    const { bill, sponsor } = record
    if (plainHash !== undefined) {
      const key = plainKey('sealed', plainHash)
      const found = await store.billsByPlainHash.find(key)
      if (found?.equals(bill) === true) await store.commit([store.billsByPlainHash.remove(key)], { durable: true })
      await reviews.forget(bill, plainHash)
    }
    await archive.removeBill(bill, blocks, async (root) => root.equals(bill) || (await this.#isOf(root, sponsor)))
    const gone: WithdrawnRecord = { ...record, state: 'gone' }
    await store.commit([this.#write(gone)], { durable: true })
    this.book.put(gone)
  }

  /** True if a pin's root is a batch of this sponsor. */
  async #isOf(root: CID, sponsor: Uint8Array): Promise<boolean> {
    const batch = await this.#init.store.batches.find(root.multihash.digest)
    return batch !== undefined && equalBytes(batch.announcement.sponsor, sponsor)
  }
}
