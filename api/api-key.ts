import { timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { fromHex, sha256, toHex, utf8 } from '#protocol'

/** What a key may do: hand in bills, read bills and proofs, read and enter as one of the auditor's people what is under review. */
export const API_SCOPES = ['submit', 'read', 'review'] as const
/** One right of a key. */
export type ApiScope = (typeof API_SCOPES)[number]

/** Schema of a key as it is stored: without its secret. */
export const apiKeyRecordShape = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  /** SHA-256 of the secret's text, `0x` hex. */
  secretHash: z.string().regex(/^0x[0-9a-f]{64}$/),
  account: z.string().min(1).max(64),
  scopes: z.array(z.enum(API_SCOPES)).min(1),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
})

/** A key as it is stored. */
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

/**
 * The record that a key's text belongs to.
 *
 * Hashes are compared in constant time, and an unknown id costs the same comparison as a wrong secret.
 */
export function findApiKey(records: readonly ApiKeyRecord[], text: string): ApiKeyRecord | undefined {
  const [, id, secret] = KEY_TEXT.exec(text) ?? []
  if (id === undefined || secret === undefined) return undefined
  const record = records.find((candidate) => candidate.id === id)
  const expected = record === undefined ? new Uint8Array(32) : fromHex(record.secretHash, 32)
  const isEqual = timingSafeEqual(sha256(utf8(secret)), expected)
  return isEqual ? record : undefined
}
