import { timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { fromHex, sha256, toHex, utf8 } from '#protocol'

/**
 * What a key may do. `bills:write` hands in bills, `bills:read` reads the account's bills, `proofs:read` their proofs alone;
 * `review` reads and enters, as one of the auditor's people, what is under review; `admin` sees the bills of all accounts and
 * administers accounts and keys.
 */
export const API_SCOPES = ['bills:write', 'bills:read', 'proofs:read', 'review', 'admin'] as const
/** One right of a key. */
export type ApiScope = (typeof API_SCOPES)[number]

/** Scopes of the first releases, as `api-keys.json` may still have them, and what they are today. */
const FORMER_SCOPES: Readonly<Record<string, readonly ApiScope[]>> = {
  submit: ['bills:write'],
  read: ['bills:read', 'proofs:read'],
}

const scopesShape = z
  .array(z.string())
  .min(1)
  .max(16)
  .transform((names) => [...new Set(names.flatMap((name): readonly string[] => FORMER_SCOPES[name] ?? [name]))])
  .pipe(z.array(z.enum(API_SCOPES)))

/** Schema of a key in `api-keys.json`: without its secret. Former names of scopes are read as what they are today. */
export const apiKeyRecordShape = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  /** SHA-256 of the secret's text, `0x` hex. */
  secretHash: z.string().regex(/^0x[0-9a-f]{64}$/),
  account: z
    .string()
    .min(1)
    .max(64)
    .regex(/^\P{Cc}+$/u),
  scopes: scopesShape,
  /** ISO 8601, UTC. */
  createdAt: z.string(),
})

/** A key as `api-keys.json` has it. */
export type ApiKeyRecord = z.infer<typeof apiKeyRecordShape>

/** Random bytes and time of a new key. */
export type ApiKeyInit = {
  /** 6 random bytes. */
  readonly id: Uint8Array
  /** 32 random bytes. */
  readonly secret: Uint8Array
  readonly account: string
  readonly scopes: readonly ApiScope[]
  /** ISO 8601, UTC. */
  readonly createdAt: string
}

/** What {@link parseApiKey} reads from a key's text. */
export type ApiKeyText = {
  readonly id: string
  /** SHA-256 of the secret's text. */
  readonly secretHash: Uint8Array
}

const KEY_TEXT = /^kw_([0-9a-f]{12})_([0-9a-f]{64})$/

/** A new key: the text that its owner keeps, and the record that the node keeps. */
export function createApiKey(init: ApiKeyInit): { text: string; record: ApiKeyRecord } {
  const id = toHex(init.id).slice(2)
  const secret = toHex(init.secret).slice(2)
  return {
    text: `kw_${id}_${secret}`,
    record: {
      id,
      secretHash: toHex(sha256(utf8(secret))),
      account: init.account,
      scopes: [...init.scopes],
      createdAt: init.createdAt,
    },
  }
}

/** Id and hash of the secret of a key's text; `undefined` for what has not the shape of a key. */
export function parseApiKey(text: string): ApiKeyText | undefined {
  const [, id, secret] = KEY_TEXT.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secretHash: sha256(utf8(secret)) }
}

/** A text without the secrets of keys in it: somebody put one into a path, and what was refused is told and logged. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(/(kw_[0-9a-f]{12}_)[0-9a-f]{8,}/g, '$1…')
}

/**
 * The record that a key's text belongs to.
 *
 * Hashes are compared in constant time, and an unknown id costs the same comparison as a wrong secret.
 */
export function findApiKey(records: readonly ApiKeyRecord[], text: string): ApiKeyRecord | undefined {
  const key = parseApiKey(text)
  if (key === undefined) return undefined
  const record = records.find((candidate) => candidate.id === key.id)
  const expected = record === undefined ? new Uint8Array(32) : fromHex(record.secretHash, 32)
  return timingSafeEqual(key.secretHash, expected) ? record : undefined
}
