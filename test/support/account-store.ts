import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Store } from '#storage'
import { Accounts } from '../../node/service/accounts.ts'
import type { Shred } from '../../node/service/account-closing.ts'

/** Accounts on a real store in a folder of their own, with a clock that the test moves. */
export class AccountFixture {
  readonly folder: string
  nowMs = Date.UTC(2026, 5, 1, 12)
  /** What destroys an account's bills; undefined as where the store alone is open. */
  shred: Shred | undefined
  /** While set, every commit fails with it. */
  fault: Error | undefined
  #store: Store | undefined
  #accounts: Accounts | undefined

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(): Promise<AccountFixture> {
    const fixture = new AccountFixture(await mkdtemp(join(tmpdir(), 'kwitness-accounts-')))
    await fixture.open()
    return fixture
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error('the store is closed')
    return this.#store
  }

  get accounts(): Accounts {
    if (this.#accounts === undefined) throw new Error('the store is closed')
    return this.#accounts
  }

  /** Opens what is on the disk. Nothing is finished that was interrupted until `accounts.start`. */
  async open(): Promise<void> {
    const store = await Store.open(join(this.folder, 'store'), new Uint8Array(32))
    const commit = store.commit.bind(store)
    store.commit = async (...args) => {
      if (this.fault !== undefined) throw this.fault
      await commit(...args)
    }
    this.#store = store
    this.#accounts = new Accounts({
      store,
      ...(this.shred === undefined ? {} : { shred: async (account) => this.shred?.(account) ?? 0 }),
      nowMs: () => this.nowMs,
      randomBytes: (size) => new Uint8Array(randomBytes(size)),
      log: pino({ level: 'silent' }),
    })
    await this.#accounts.load()
  }

  /** Opens it again, as after a stop, or (without `inOrder`) as after a crash. */
  async reopen(inOrder = true): Promise<void> {
    if (inOrder) await this.accounts.stop()
    await this.store.close()
    await this.open()
  }

  async remove(): Promise<void> {
    await this.accounts.stop()
    await this.store.close()
    await rm(this.folder, { recursive: true })
  }
}
