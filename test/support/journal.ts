import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { pino } from 'pino'
import type { BillState, BillEvent } from '#api'
import { cidOfDigest, concatBytes, RAW_CODE, utf8 } from '#protocol'
import { Store } from '#storage'
import type { ToldState } from '../../node/service/bill-changes.ts'
import { EventJournal } from '../../node/service/event-journal.ts'
import { hashOf } from './region-fixture.ts'
import { until } from './until.ts'

/** Reader of all bills. */
export const ALL = { account: '', all: true }

/** A journal on a real store, over records that a test sets: what a bill's state is, and whose it is. */
export class JournalRig {
  readonly store: Store
  readonly #folder: string
  readonly #states = new Map<string, ToldState>()
  /** Accounts that are being closed. */
  readonly closing = new Set<string>()
  #life = { isOver: false }
  journal: EventJournal

  private constructor(store: Store, folder: string) {
    this.store = store
    this.#folder = folder
    this.journal = this.#create()
  }

  /** A rig in a folder of its own; the journal is not started. */
  static async open(): Promise<JournalRig> {
    const folder = await mkdtemp(join(tmpdir(), 'kwitness-journal-'))
    return new JournalRig(await Store.open(join(folder, 'store'), hashOf('network')), folder)
  }

  #create(): EventJournal {
    const life = { isOver: false }
    this.#life = life
    return new EventJournal({
      store: this.store,
      stateOf: async (cid) => {
        if (life.isOver) throw new Error('the process is gone')
        return this.#states.get(cid.toString())
      },
      isOpen: async (account) => !this.closing.has(account),
      nowMs: () => Date.now(),
      log: pino({ level: 'silent' }),
    })
  }

  /** Another journal, as after a restart of the process; the one before is left as a crash leaves it, or stopped. */
  async restart(how: 'crash' | 'stop' = 'stop'): Promise<void> {
    // A process that died tells nothing more: neither what was noted, nor what it looks at.
    this.#life.isOver = how === 'crash'
    await this.journal.stop()
    this.journal = this.#create()
    this.journal.start()
  }

  async close(): Promise<void> {
    await this.journal.stop()
    await this.store.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** CID of a bill of a test. */
  cidOf(bill: string): CID {
    return cidOfDigest(hashOf(bill), RAW_CODE)
  }

  /** Commits that a bill is an account's, as the intake does; nothing is noted. */
  async take(bill: string, account: string): Promise<void> {
    const cid = this.cidOf(bill)
    if (!this.#states.has(cid.toString())) this.#states.set(cid.toString(), { state: 'received' })
    const owner = this.store.billAccounts.put(concatBytes([cid.bytes, utf8(account)]), account)
    await this.store.commit([owner, this.journal.open(cid)], { durable: true })
  }

  /** Changes a bill's record; nothing is noted. */
  set(bill: string, state: BillState, code?: string): void {
    this.#states.set(this.cidOf(bill).toString(), { state, ...(code === undefined ? {} : { code }) })
  }

  /** Changes a bill's record to one of a withdrawn file; nothing is noted. */
  withdraw(bill: string, state: BillState): void {
    this.#states.set(this.cidOf(bill).toString(), { state, withdrawn: true })
  }

  /** Notes a bill. */
  note(bill: string): void {
    this.journal.note([this.cidOf(bill)])
  }

  /** Notes that a bill became an account's. */
  noteAccount(bill: string): void {
    this.journal.noteAccount(this.cidOf(bill))
  }

  /** Changes and notes. */
  move(bill: string, state: BillState, code?: string): void {
    this.set(bill, state, code)
    this.note(bill)
  }

  /** All events of an account, or of all. */
  async events(account?: string): Promise<BillEvent[]> {
    return this.journal.list(account === undefined ? ALL : { account, all: false }, 0, 1_000_000)
  }

  /** States of a bill as an account was told them, in order. */
  async heard(bill: string, account?: string): Promise<BillState[]> {
    const cid = this.cidOf(bill).toString()
    return (await this.events(account)).filter((event) => event.cid === cid).map(({ state }) => state)
  }

  /** Waits until an account was told a state of a bill last. */
  async untilHeard(bill: string, state: BillState, account?: string): Promise<void> {
    await until(`${bill} is told as ${state}`, async () => (await this.heard(bill, account)).at(-1) === state)
  }
}
