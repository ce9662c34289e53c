import type { CID } from 'multiformats/cid'
import { CID as Cid } from 'multiformats/cid'
import type { Logger } from 'pino'
import type { BillEvent, BillState, EventsView, Viewer } from '#api'
import { concatBytes, errorCodeOf, utf8 } from '#protocol'
import type { EventRecord, Store, ToldRecord, Write } from '#storage'
import { accountRange, eventKey, seqOfKey } from './event-keys.ts'
import { statesToTell } from './bill-changes.ts'
import type { BillChanges, ToldState } from './bill-changes.ts'
import { EventRetention } from './event-retention.ts'

/** Changes are collected for so long: one commit then tells of many bills, and nobody sees a delay. */
const LINGER_MS = 25
/** Bills looked at for one commit: some thousand small reads, and a batch has at most 512. */
const BILLS_AT_A_TIME = 256
/** Bills noted and not looked at; above it the list is dropped, and all open bills are looked at instead. */
const NOTED_LIMIT = 50_000
/** Bills whose readers are remembered: a bill is looked at five times within a minute or two. */
const READERS_KEPT = 4_096
/** Wait after a commit failed (a full disk): each try costs work and log lines. */
const FAILURE_PAUSE_MS = 1_000
/** Events removed with one commit, so that others do not wait for it. */
const REMOVED_AT_A_TIME = 1_000
/** Reader of all bills, for operators; no account has an empty id. */
const ALL = ''

/** What the journal needs. */
export type EventJournalInit = {
  readonly store: Store
  /** State of a bill by its records; undefined without any. */
  readonly stateOf: (cid: CID) => Promise<ToldState | undefined>
  /** False for an account that is closed or being closed, which is told nothing more, also behind a restart. */
  readonly isOpen: (account: string) => Promise<boolean>
  readonly nowMs: () => number
  /** Told of each bill whose state, as everybody sees it, is on disk: what it was, and what it is. */
  readonly onTold?: (before: BillState | undefined, after: BillState) => void
  readonly log: Logger
}

/** Whoever is told of a bill, with what it was told last. */
type Readers = Map<string, ToldRecord | undefined>

/** A bill with its state and whoever is told of it. */
type Looked = { readonly cid: CID; readonly now: ToldState; readonly readers: Readers }

/**
 * State changes of the bills that were handed in here, kept on disk, with numbers of its own for each account.
 *
 * Nobody writes an event: the journal looks at the records of the bills that are noted, and compares with what it told
 * last. Event, number and what was told are one commit, so a crash neither loses an event nor tells one twice; what is
 * between a record's commit and this one is found by looking at all open bills at the next start.
 */
export class EventJournal implements EventsView, BillChanges {
  readonly #init: EventJournalInit
  readonly #retention: EventRetention
  readonly #noted = new Map<string, CID>()
  readonly #lastSeqs = new Map<string, number>()
  /** Readers of bills that are being followed, by CID: only this journal changes what they were told. */
  readonly #readers = new Map<string, Readers>()
  /** Accounts that are being closed: whatever still happens to their bills is told to nobody. */
  readonly #forgotten = new Set<string>()
  readonly #listeners = new Map<string, Set<() => void>>()
  #mustLookAtAll = false
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> | undefined
  #isStarted = false
  #isStopped = false

  constructor(init: EventJournalInit) {
    this.#init = init
    this.#retention = new EventRetention(init)
  }

  /** Tells what was committed before the last stop and not told, behind the start of everything else. */
  start(): void {
    this.#isStarted = true
    this.#mustLookAtAll = true
    this.#schedule(0)
    this.#retention.start()
  }

  /** Tells what is noted, and takes no more notes: what changes from now on is found at the next start. */
  async stop(): Promise<void> {
    const wasStopped = this.#isStopped
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#retention.stop()
    await this.#work
    if (!wasStopped && this.#isStarted) await this.#run()
    this.#listeners.clear()
  }

  open(cid: CID): Write {
    return this.#init.store.billsOpen.put(cid.bytes, true)
  }

  note(cids: Iterable<CID>): void {
    if (this.#isStopped) return
    for (const cid of cids) this.#noted.set(cid.toString(), cid)
    if (this.#noted.size > NOTED_LIMIT) {
      this.#noted.clear()
      this.#mustLookAtAll = true
    }
    this.#schedule(LINGER_MS)
  }

  noteAccount(cid: CID): void {
    this.#readers.delete(cid.toString())
    this.note([cid])
  }

  async list({ account, all }: Viewer, afterSeq: number, limit: number): Promise<BillEvent[]> {
    const reader = all ? ALL : account
    const events: BillEvent[] = []
    const range = { from: eventKey(reader, afterSeq + 1), below: accountRange(reader).below, limit }
    for await (const [key, record] of this.#init.store.events.entries(range)) events.push(eventOf(key, record))
    return events
  }

  async lastSeq({ account, all }: Viewer): Promise<number> {
    return this.#lastSeqOf(all ? ALL : account)
  }

  onNew({ account, all }: Viewer, listener: () => void): () => void {
    const reader = all ? ALL : account
    const listeners = this.#listeners.get(reader) ?? new Set()
    this.#listeners.set(reader, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(reader) === listeners) this.#listeners.delete(reader)
    }
  }

  /** Removes the events of an account that is closed: its id is never given again. Its bills go by {@link forgetBill}. */
  async forget(account: string): Promise<void> {
    const { store } = this.#init
    this.#forgotten.add(account)
    // What is under way may have begun before.
    await this.#work
    let removed: number
    do {
      const writes: Write[] = []
      const range = { ...accountRange(account), limit: REMOVED_AT_A_TIME }
      for await (const [key] of store.events.entries(range)) writes.push(store.events.remove(key))
      await store.commit(writes, { durable: true })
      removed = writes.length
    } while (removed === REMOVED_AT_A_TIME)
    this.#lastSeqs.delete(account)
    this.#readers.clear()
  }

  /** Writes for the commit that takes a bill from an account; `isLast` when the bill itself goes too. */
  forgetBill(cid: CID, account: string, isLast: boolean): Write[] {
    const { store } = this.#init
    this.#readers.delete(cid.toString())
    const told = store.billsTold.remove(toldKey(cid, account))
    return isLast ? [told, store.billsTold.remove(toldKey(cid, ALL)), store.billsOpen.remove(cid.bytes)] : [told]
  }

  #schedule(delayMs: number): void {
    if (!this.#isStarted || this.#isStopped || this.#timer !== undefined || this.#work !== undefined) return
    if (this.#noted.size === 0 && !this.#mustLookAtAll) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#work = this.#run()
    }, delayMs)
  }

  async #run(): Promise<void> {
    let pauseMs = LINGER_MS
    try {
      await this.#tellNoted()
      if (this.#mustLookAtAll) {
        this.#mustLookAtAll = false
        await this.#tellOpen()
      }
    } catch (cause) {
      pauseMs = FAILURE_PAUSE_MS
      this.#mustLookAtAll = true
      this.#init.log.error({ code: errorCodeOf(cause), err: cause }, 'events not written; they are tried again')
    }
    this.#work = undefined
    this.#schedule(pauseMs)
  }

  async #tellNoted(): Promise<void> {
    while (this.#noted.size > 0) {
      const taken = [...this.#noted].slice(0, BILLS_AT_A_TIME)
      for (const [key] of taken) this.#noted.delete(key)
      await this.#tell(taken.map(([, cid]) => cid))
    }
  }

  async #tellOpen(): Promise<void> {
    const { store } = this.#init
    let from: Uint8Array = new Uint8Array(0)
    while (!this.#isStopped) {
      const cids: CID[] = []
      for await (const [key] of store.billsOpen.entries({ from, limit: BILLS_AT_A_TIME })) {
        cids.push(Cid.decode(key))
        from = concatBytes([key, new Uint8Array(1)])
      }
      if (cids.length === 0) return
      await this.#tell(cids)
      // A start with many open bills tells of new changes meanwhile.
      await this.#tellNoted()
    }
    this.#mustLookAtAll = true
  }

  // The only writer, one call after another: numbers are given here.
  async #tell(cids: readonly CID[]): Promise<void> {
    const { store } = this.#init
    const followed = await this.#findFollowed(cids)
    const looked = (await Promise.all(followed.map(async (cid) => this.#look(cid)))).filter((one) => one !== undefined)
    const seqs = new Map<string, number>()
    const writes: Write[] = []
    const moves: [before: BillState | undefined, after: BillState][] = []
    const told: (() => void)[] = []
    const atMs = this.#init.nowMs()
    for (const { cid, now, readers } of looked) {
      let isNews = false
      for (const [account, before] of readers) {
        if (this.#forgotten.has(account)) continue
        const states = statesToTell(before as ToldState | undefined, now)
        const last = states.at(-1)
        if (last === undefined) continue
        isNews = true
        // Written by this journal from a state.
        if (account === ALL) moves.push([before?.state as BillState | undefined, last.state])
        let seq = seqs.get(account) ?? (await this.#lastSeqOf(account))
        for (const state of states)
          writes.push(store.events.put(eventKey(account, (seq += 1)), { atMs, cid, ...state }))
        seqs.set(account, seq)
        // What it was told, also where the records are behind it.
        writes.push(store.billsTold.put(toldKey(cid, account), last))
        told.push(() => readers.set(account, last))
      }
      if (now.state === 'final') writes.push(store.billsOpen.remove(cid.bytes))
      else if (isNews) writes.push(this.open(cid))
    }
    // On disk before anybody is told: a number that somebody has seen is never given again.
    await store.commit(writes, { durable: true })
    for (const keep of told) keep()
    this.#forgetReaders(looked)
    for (const move of moves) this.#init.onTold?.(...move)
    for (const [account, seq] of seqs) this.#lastSeqs.set(account, seq)
    for (const account of seqs.keys()) this.#listeners.get(account)?.forEach((listener) => listener())
  }

  /** Bills of accounts of this node: most that are noted were handed in elsewhere. */
  async #findFollowed(cids: readonly CID[]): Promise<CID[]> {
    const { store } = this.#init
    const unknown = cids.filter((cid) => !this.#readers.has(cid.toString()))
    const [open, told] = await Promise.all([
      store.billsOpen.findMany(unknown.map((cid) => cid.bytes)),
      store.billsTold.findMany(unknown.map((cid) => toldKey(cid, ALL))),
    ])
    const others = new Set(unknown.filter((_, i) => open[i] === undefined && told[i] === undefined))
    return cids.filter((cid) => !others.has(cid))
  }

  async #look(cid: CID): Promise<Looked | undefined> {
    const [now, readers] = await Promise.all([this.#init.stateOf(cid), this.#readersOf(cid)])
    return now === undefined ? undefined : { cid, now, readers }
  }

  async #readersOf(cid: CID): Promise<Readers> {
    const { store } = this.#init
    const key = cid.toString()
    const known = this.#readers.get(key)
    if (known !== undefined) return known
    // Kept before they are looked up: an account that is added meanwhile removes them again.
    const readers: Readers = new Map()
    this.#readers.set(key, readers)
    try {
      const accounts = [ALL]
      // No account id has a byte of 0xff.
      const below = concatBytes([cid.bytes, new Uint8Array([0xff])])
      for await (const [, account] of store.billAccounts.entries({ from: cid.bytes, below })) {
        if (!this.#forgotten.has(account) && (await this.#init.isOpen(account))) accounts.push(account)
      }
      const told = await store.billsTold.findMany(accounts.map((account) => toldKey(cid, account)))
      accounts.forEach((account, i) => readers.set(account, told[i]))
    } catch (cause) {
      this.#readers.delete(key)
      throw cause
    }
    return readers
  }

  /** Bills that nothing more is told of, and those that nothing was told of for long. */
  #forgetReaders(looked: readonly Looked[]): void {
    for (const { cid, now } of looked) if (now.state === 'final') this.#readers.delete(cid.toString())
    for (const oldest of this.#readers.keys()) {
      if (this.#readers.size <= READERS_KEPT) break
      this.#readers.delete(oldest)
    }
  }

  async #lastSeqOf(account: string): Promise<number> {
    const known = this.#lastSeqs.get(account)
    if (known !== undefined) return known
    const { store } = this.#init
    for await (const [key] of store.events.entries({ ...accountRange(account), reverse: true, limit: 1 })) {
      return seqOfKey(key)
    }
    return 0
  }
}

function toldKey(cid: CID, account: string): Uint8Array {
  return concatBytes([cid.bytes, utf8(account)])
}

function eventOf(key: Uint8Array, { atMs, cid, state, code, withdrawn }: EventRecord): BillEvent {
  return {
    seq: seqOfKey(key),
    at: new Date(atMs).toISOString(),
    cid: cid.toString(),
    // Written by this journal from a state.
    state: state as BillState,
    ...(code === undefined ? {} : { code }),
    ...(withdrawn === undefined ? {} : { withdrawn }),
  }
}
