import type { Logger } from 'pino'
import type {
  Account,
  AccountsView,
  Actor,
  AuditEntry,
  KeyRing,
  KeyView,
  ListPart,
  NewAccount,
  NewKey,
  Quota,
} from '#api'
import { errorCodeOf, utf8 } from '#protocol'
import { generateArchiveKey } from '#storage'
import type { AccountRecord, KeyRecord, Store } from '#storage'
import { Serial } from '../serial.ts'
import { AccountBills } from './account-bills.ts'
import { AccountBook } from './account-book.ts'
import { AccountClosing, NODE } from './account-closing.ts'
import type { Shred } from './account-closing.ts'
import { AccountError } from './account-error.ts'
import { AccountKeys } from './account-keys.ts'
import type { MadeKey } from './account-keys.ts'
import { describeAccount, keyField, verifyNewAccount, verifyNewKey, verifyQuota } from './account-records.ts'
import { AuditLog } from './audit-log.ts'
import { MAX_ACCOUNTS, MAX_KEY_GRACE_MS } from './constants.ts'
import { isKeyUsable, MemoryKeyRing } from './key-ring.ts'
import { KeyUses } from './key-uses.ts'
import { Quotas } from './quotas.ts'

/** What the accounts need. */
export type AccountsComponents = {
  readonly store: Store
  /** Absent where the store alone is open: then an account stays `closing` until the node starts. */
  readonly shred?: Shred
  readonly nowMs: () => number
  readonly randomBytes: (size: number) => Uint8Array
  readonly log: Logger
}

/**
 * Accounts and keys of a node: all in memory, every change durable with its line of the audit log before it is answered.
 * What takes rights away counts at once and is then written; what gives rights is written first.
 */
export class Accounts implements AccountsView {
  readonly #components: AccountsComponents
  readonly #book = new AccountBook()
  readonly #ring: MemoryKeyRing
  readonly #uses: KeyUses
  readonly #keys: AccountKeys
  readonly #serial = new Serial()
  readonly #closing: AccountClosing
  /** Places in the quotas, for the intake. */
  readonly quotas: Quotas
  /** Whose bills are whose. */
  readonly bills: AccountBills
  /** The audit log, for what other parts of the node have to tell it. */
  readonly audit: AuditLog

  constructor(components: AccountsComponents) {
    this.#components = components
    const { store, nowMs, log } = components
    this.#ring = new MemoryKeyRing({ nowMs })
    this.#uses = new KeyUses(store, this.#ring, log)
    this.#keys = new AccountKeys({ ...components, ring: this.#ring, uses: this.#uses })
    this.quotas = new Quotas({ store, nowMs, findAccount: (id) => this.#book.find(id) })
    this.bills = new AccountBills(store)
    this.audit = new AuditLog(store, nowMs)
    this.#closing = new AccountClosing({
      store,
      book: this.#book,
      keys: this.#keys,
      bills: this.bills,
      quotas: this.quotas,
      audit: this.audit,
      serial: this.#serial,
      shred: components.shred,
      nowMs,
    })
  }

  /** Whose key a text is. */
  get ring(): KeyRing {
    return this.#ring
  }

  /** Reads accounts and keys; until then nobody has any. */
  async load(): Promise<void> {
    for await (const [, account] of this.#components.store.accounts.entries()) this.#book.keep(account)
    await this.#keys.load()
    await this.#uses.load()
    await this.quotas.load()
  }

  /** Finishes the closings that a crash interrupted, and begins to write uses of keys. One that fails waits for the next start. */
  async start(): Promise<void> {
    this.#uses.start()
    for (const { id, state } of this.#book.list()) {
      if (state !== 'closing') continue
      try {
        await this.closeAccount(id, NODE)
      } catch (cause) {
        const fields = { account: id, code: errorCodeOf(cause), err: cause }
        this.#components.log.error(fields, 'account not closed; it is tried again at the next start')
      }
    }
  }

  /** Ends after the changes under way. */
  async stop(): Promise<void> {
    await this.#closing.settle()
    await this.#serial.run(async () => this.#uses.stop())
  }

  /** age recipient that an account's sealed bills are made for; `undefined` if nobody signed it up, or it is closed. */
  recipientOf(account: string): string | undefined {
    return this.#book.find(account)?.recipient
  }

  /** Takes over an account and its keys as `api-keys.json` names them, where the store does not know them, in one commit. */
  async takeOver(account: Pick<AccountRecord, 'id' | 'recipient'>, keys: readonly KeyRecord[]): Promise<void> {
    await this.#serial.run(async () => {
      const known = this.#book.find(account.id)
      // A closed account gets no keys, wherever they come from.
      const added = keys.filter(({ id }) => this.#keys.find(id) === undefined)
      if ((known !== undefined && known.state !== 'open') || (known !== undefined && added.length === 0)) return
      const createdAtMs = this.#components.nowMs()
      const record: AccountRecord = known ?? { ...account, createdAtMs, state: 'open' }
      const seeds = added.map((key): KeyRecord => ({ ...key, isSeed: true }))
      await this.audit.record(NODE, 'account.take-over', account.id, [
        this.#components.store.accounts.put(utf8(record.id), record),
        ...seeds.flatMap((key) => this.#keys.put(key)),
      ])
      this.#book.keep(record)
      for (const key of seeds) this.#keys.keep(key)
    })
  }

  async addAccount(account: NewAccount, by: Actor): Promise<{ account: Account; identity?: string }> {
    await verifyNewAccount(account)
    const made = account.recipient === undefined ? await generateArchiveKey() : undefined
    const recipient = account.recipient ?? made?.recipient
    const { id, name, quota } = account
    return this.#serial.run(async () => {
      if (this.#book.find(id) !== undefined) {
        throw new AccountError(`account ${id} exists, or existed once`, { code: 'ERR_ACCOUNT_EXISTS', account: id })
      }
      if (this.#book.size >= MAX_ACCOUNTS) {
        throw new AccountError(`the node has ${MAX_ACCOUNTS} accounts`, {
          code: 'ERR_ACCOUNT_LIMIT',
          limit: MAX_ACCOUNTS,
        })
      }
      const record: AccountRecord = {
        id,
        ...(name === undefined ? {} : { name }),
        ...(recipient === undefined ? {} : { recipient }),
        ...quota,
        createdAtMs: this.#components.nowMs(),
        state: 'open',
      }
      await this.audit.record(by, 'account.add', id, [this.#components.store.accounts.put(utf8(id), record)])
      this.#book.keep(record)
      // The secret half is in this answer and nowhere else.
      return { account: this.#describe(record), ...(made === undefined ? {} : { identity: made.identity }) }
    })
  }

  async listAccounts({ after = '', limit = Infinity }: ListPart = {}): Promise<Account[]> {
    const behind = this.#book.list().filter(({ id }) => id > after)
    const sorted = behind.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    return sorted.slice(0, limit).map((it) => this.#describe(it))
  }

  async findAccount(id: string): Promise<Account | undefined> {
    const record = this.#book.find(id)
    return record === undefined ? undefined : this.#describe(record)
  }

  async getAccount(id: string): Promise<Account> {
    return this.#describe(this.#book.get(id))
  }

  async changeQuota(id: string, quota: Quota, by: Actor): Promise<Account> {
    verifyQuota(quota)
    return this.#serial.run(async () => {
      const { billsPerDay: _bills, storedBytes: _bytes, ...rest } = this.#book.getOpen(id)
      const changed: AccountRecord = { ...rest, ...quota }
      await this.audit.record(by, 'account.quota', id, [this.#components.store.accounts.put(utf8(id), changed)])
      this.#book.keep(changed)
      return this.#describe(changed)
    })
  }

  async closeAccount(id: string, by: Actor): Promise<{ account: Account; removedBills: number }> {
    const { account, removedBills } = await this.#closing.close(id, by)
    return { account: this.#describe(account), removedBills }
  }

  async createKey(key: NewKey, by: Actor): Promise<{ key: KeyView; text: string }> {
    const { scopes, expiresAtMs } = verifyNewKey(key, this.#components.nowMs())
    const { account, label } = key
    return this.#serial.run(async () => {
      this.#book.getOpen(account)
      const made = this.#keys.make({
        account,
        scopes,
        ...(label === undefined ? {} : { label }),
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      })
      return this.#hand(made, 'key.create', made.record.id, [], by)
    })
  }

  async listKeys(account?: string, { after, limit = Infinity }: ListPart = {}): Promise<KeyView[]> {
    const keys = this.#keys.list(account)
    // Behind a key that is forgotten meanwhile the list begins anew: nothing is left out.
    const from = after === undefined ? 0 : keys.findIndex(({ id }) => id === after) + 1
    return keys.slice(from, from + limit).map((key) => this.#keys.describe(key))
  }

  async rotateKey(id: string, graceMs: number, by: Actor): Promise<{ key: KeyView; text: string }> {
    if (!(Number.isSafeInteger(graceMs) && graceMs >= 0 && graceMs <= MAX_KEY_GRACE_MS)) {
      throw keyField('graceMs', `expected 0 to ${MAX_KEY_GRACE_MS} (30 days)`)
    }
    return this.#serial.run(async () => {
      const old = this.#getKey(id)
      const now = this.#components.nowMs()
      if (!isKeyUsable(old, now)) {
        throw new AccountError(`key ${id} is not valid any more: create a new one`, { code: 'ERR_KEY_REVOKED', id })
      }
      const { expiresAtMs, createdAtMs } = old
      // The same time to live: a key of 90 days is followed by one of 90 days.
      const made = this.#keys.make({
        ...old,
        ...(expiresAtMs === undefined ? {} : { expiresAtMs: now + (expiresAtMs - createdAtMs) }),
      })
      const ending: KeyRecord =
        graceMs === 0
          ? { ...old, revokedAtMs: now }
          : { ...old, expiresAtMs: Math.min(expiresAtMs ?? Infinity, now + graceMs) }
      return this.#hand(made, 'key.rotate', `${id} ${made.record.id}`, [ending], by)
    })
  }

  /** Writes a new key and the keys that change with it, and only then lets it count. */
  async #hand(
    { record, text }: MadeKey,
    action: string,
    subject: string,
    changed: readonly KeyRecord[],
    by: Actor,
  ): Promise<{ key: KeyView; text: string }> {
    const writes = [
      ...changed.map((key) => this.#components.store.keys.put(utf8(key.id), key)),
      ...this.#keys.put(record),
    ]
    await this.audit.record(by, action, subject, writes)
    for (const key of [...changed, record]) this.#keys.keep(key)
    return { key: this.#keys.describe(record), text }
  }

  async revokeKey(id: string, by: Actor): Promise<KeyView> {
    return this.#serial.run(async () => {
      const before = this.#getKey(id)
      if (before.revokedAtMs !== undefined) return this.#keys.describe(before)
      const revoked: KeyRecord = { ...before, revokedAtMs: this.#components.nowMs() }
      this.#keys.keep(revoked)
      try {
        await this.audit.record(by, 'key.revoke', id, [this.#components.store.keys.put(utf8(id), revoked)])
      } catch (cause) {
        this.#keys.keep(before)
        throw cause
      }
      return this.#keys.describe(revoked)
    })
  }

  async listAudit(afterSeq: number, limit: number): Promise<AuditEntry[]> {
    return this.audit.list(afterSeq, limit)
  }

  checkQuota(account: string, sizeBytes: number): void {
    this.quotas.check(account, sizeBytes)
  }

  #describe(record: AccountRecord): Account {
    return describeAccount(record, this.quotas.usageOf(record.id))
  }

  #getKey(id: string): KeyRecord {
    const key = this.#keys.find(id)
    if (key !== undefined) return key
    throw new AccountError(`no key ${id} here`, { code: 'ERR_KEY_UNKNOWN', id })
  }
}
