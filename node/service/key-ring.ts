import { timingSafeEqual } from 'node:crypto'
import { parseApiKey } from '#api'
import type { ApiKeyText, ApiScope, KeyRing, Principal } from '#api'
import type { KeyRecord } from '#storage'

/** What the ring works with; tests count the calls. */
export type KeyRingComponents = {
  readonly nowMs: () => number
  /** @default {@link parseApiKey}: shape, and SHA-256 of the secret */
  readonly parse?: (text: string) => ApiKeyText | undefined
  /** @default crypto's `timingSafeEqual` */
  readonly isEqual?: (a: Uint8Array, b: Uint8Array) => boolean
}

/** Stands for the record of an id that nobody has: its hash is that of no secret. */
const NOBODY: KeyRecord = {
  id: '',
  secretHash: new Uint8Array(32),
  account: '',
  scopes: [],
  createdAtMs: 0,
  revokedAtMs: 0,
}

/** True while a key may be used. */
export function isKeyUsable(key: KeyRecord, nowMs: number): boolean {
  const isRevoked = key.revokedAtMs !== undefined && key.revokedAtMs <= nowMs
  const isExpired = key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs
  return !isRevoked && !isExpired
}

/**
 * All keys of a node, in memory.
 *
 * A text of the shape of a key takes the same steps whatever it is (valid, wrong secret, unknown id, revoked, expired): one
 * hash, one look-up, one comparison in constant time, then one decision.
 */
export class MemoryKeyRing implements KeyRing {
  readonly #components: Required<KeyRingComponents>
  readonly #keys = new Map<string, KeyRecord>()
  readonly #uses = new Map<string, number>()

  constructor(components: KeyRingComponents) {
    this.#components = { parse: parseApiKey, isEqual: timingSafeEqual, ...components }
  }

  authenticate(text: string): Principal | undefined {
    const { parse, isEqual, nowMs } = this.#components
    const key = parse(text)
    if (key === undefined) return undefined
    const record = this.#keys.get(key.id) ?? NOBODY
    const isSecret = isEqual(key.secretHash, record.secretHash)
    const now = nowMs()
    const isUsable = isKeyUsable(record, now)
    if (!(isSecret && isUsable)) return undefined
    this.#uses.set(record.id, now)
    // Scopes of a record were checked against API_SCOPES when it was made.
    return { keyId: record.id, account: record.account, scopes: record.scopes as readonly ApiScope[] }
  }

  /** Takes a key, or its new state; it counts from the next request on. */
  put(key: KeyRecord): void {
    this.#keys.set(key.id, key)
  }

  /** Forgets a key. */
  remove(id: string): void {
    this.#keys.delete(id)
    this.#uses.delete(id)
  }

  /** Uses since the last call, in ms by key id. */
  takeUses(): Map<string, number> {
    const uses = new Map(this.#uses)
    this.#uses.clear()
    return uses
  }

  /** When a key was used, if that was since the last {@link takeUses}. */
  lastUseOf(id: string): number | undefined {
    return this.#uses.get(id)
  }
}
