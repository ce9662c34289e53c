import { createHmac } from 'node:crypto'

/** Bytes of a secret: the specification asks for 24 to 64. */
export const SECRET_BYTES = 32

/** A secret as its owner keeps it (Standard Webhooks 1.0.0, "Signature scheme"). */
export function formatSecret(secret: Uint8Array): string {
  return `whsec_${Buffer.from(secret).toString('base64')}`
}

/**
 * Value of the header `webhook-signature` (Standard Webhooks 1.0.0, symmetric, `v1`): HMAC-SHA256 over
 * `id.timestamp.body`, one for each secret that counts, with a blank between.
 *
 * @param id has no full stop, so that nothing else gives the same bytes.
 * @param timestampS seconds since 1970, of this attempt.
 */
export function signWebhook(secrets: readonly Uint8Array[], id: string, timestampS: number, body: string): string {
  const sign = (secret: Uint8Array): string =>
    createHmac('sha256', secret).update(`${id}.${timestampS}.${body}`).digest('base64')
  return secrets.map((secret) => `v1,${sign(secret)}`).join(' ')
}
