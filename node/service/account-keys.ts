import { createApiKey } from '#api'
import type { ApiKeyRecord, ApiScope, KeyView } from '#api'
import { fromHex, utf8 } from '#protocol'
import type { KeyRecord, Store, Write } from '#storage'
import { AccountError } from './account-error.ts'
import { describeKey } from './account-records.ts'
import { MAX_ENDED_KEYS_PER_ACCOUNT, MAX_KEYS_PER_ACCOUNT } from './constants.ts'
import { isKeyUsable } from './key-ring.ts'
import type { MemoryKeyRing } from './key-ring.ts'
import type { KeyUses } from './key-uses.ts'

/** What the keys need. */
export type AccountKeysComponents = {
  readonly store: Pick<Store, 'keys' | 'keyUses'>
  readonly ring: MemoryKeyRing
  readonly uses: KeyUses
  readonly randomBytes: (size: number) => Uint8Array
  readonly nowMs: () => number
}

/** A key that is made: shown once, written by its maker. */
export type MadeKey = { readonly text: string; readonly record: KeyRecord }

/** All keys of a node, ended ones too, by account. Changes are made in memory by {@link keep}, on disk by the writes given. */
export class AccountKeys {
  readonly #components: AccountKeysComponents
  readonly #byId = new Map<string, KeyRecord>()
  readonly #byAccount = new Map<string, Set<string>>()

  constructor(components: AccountKeysComponents) {
    this.#components = components
  }

  /** Reads all keys. */
  async load(): Promise<void> {
    for await (const [, key] of this.#components.store.keys.entries()) this.keep(key)
  }

  find(id: string): KeyRecord | undefined {
    return this.#byId.get(id)
  }

  /** Keys of an account (of all, without one), the oldest first. */
  list(account?: string): KeyRecord[] {
    const ids = account === undefined ? this.#byId.keys() : (this.#byAccount.get(account) ?? [])
    return [...ids]
      .flatMap((id) => this.#byId.get(id) ?? [])
      .toSorted((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1))
  }

  /** A key as it is shown. */
  describe(key: KeyRecord): KeyView {
    return describeKey(key, this.#components.uses.find(key.id))
  }

  /**
   * A new key; nothing is kept of it yet.
   *
   * @throws {AccountError} ERR_KEY_LIMIT
   */
  make(fields: Pick<KeyRecord, 'account' | 'label' | 'scopes' | 'expiresAtMs'>): MadeKey {
    const { randomBytes, nowMs } = this.#components
    const now = nowMs()
    if (this.list(fields.account).filter((key) => isKeyUsable(key, now)).length >= MAX_KEYS_PER_ACCOUNT) {
      throw new AccountError(`account ${fields.account} has ${MAX_KEYS_PER_ACCOUNT} valid keys: revoke one first`, {
        code: 'ERR_KEY_LIMIT',
        limit: MAX_KEYS_PER_ACCOUNT,
      })
    }
    const { account, label, scopes, expiresAtMs } = fields
    for (;;) {
      const createdAt = new Date(now).toISOString()
      // Scopes of fields were checked by verifyNewKey, or are those of a key.
      const rights = scopes as readonly ApiScope[]
      const made = createApiKey({ id: randomBytes(6), secret: randomBytes(32), account, scopes: rights, createdAt })
      // Six random bytes hardly ever meet again; if they do, no key is overwritten.
      if (this.#byId.has(made.record.id)) continue
      const record: KeyRecord = {
        ...recordOfSeed(made.record),
        ...(label === undefined ? {} : { label }),
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      }
      return { text: made.text, record }
    }
  }

  /** Takes a key, or its new state, in memory. */
  keep(key: KeyRecord): void {
    this.#byId.set(key.id, key)
    const ids = this.#byAccount.get(key.account) ?? new Set()
    this.#byAccount.set(key.account, ids.add(key.id))
    this.#components.ring.put(key)
  }

  /** The write of a key, and those that make room for it: the oldest ended keys of its account leave. */
  put(key: KeyRecord): Write[] {
    const now = this.#components.nowMs()
    // A key of api-keys.json stays: forgotten, it would be taken over again at the next start, revoked or not.
    const ended = this.list(key.account).filter(
      (one) => one.id !== key.id && one.isSeed !== true && !isKeyUsable(one, now),
    )
    const leaving = ended.slice(0, Math.max(0, ended.length - MAX_ENDED_KEYS_PER_ACCOUNT))
    return [...this.forget(leaving), this.#components.store.keys.put(utf8(key.id), key)]
  }

  /** Forgets keys in memory. @returns the writes that do on disk. */
  forget(keys: readonly KeyRecord[]): Write[] {
    const { store, ring, uses } = this.#components
    return keys.flatMap(({ id, account }) => {
      this.#byId.delete(id)
      this.#byAccount.get(account)?.delete(id)
      ring.remove(id)
      uses.forget(id)
      return [store.keys.remove(utf8(id)), store.keyUses.remove(utf8(id))]
    })
  }
}

/** The record of a key that `api-keys.json` has. */
export function recordOfSeed(seed: ApiKeyRecord): KeyRecord {
  const createdAtMs = Date.parse(seed.createdAt)
  return {
    id: seed.id,
    secretHash: fromHex(seed.secretHash, 32),
    account: seed.account,
    scopes: [...seed.scopes],
    createdAtMs: Number.isNaN(createdAtMs) ? 0 : createdAtMs,
  }
}
