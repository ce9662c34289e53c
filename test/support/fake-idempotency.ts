import { ApiError } from '#api'
import type { IdempotencyView } from '#api'
import { equalBytes } from '#protocol'

/** Remembers in memory which named request gave which bill. */
export function createFakeIdempotency(): IdempotencyView {
  const done = new Map<string, { fingerprint: Uint8Array; cid: string }>()
  return {
    async once({ account, key, fingerprint }, run) {
      const known = done.get(`${account} ${key}`)
      if (known === undefined) {
        const cid = await run()
        done.set(`${account} ${key}`, { fingerprint, cid })
        return { cid, isRepeated: false }
      }
      if (equalBytes(known.fingerprint, fingerprint)) return { cid: known.cid, isRepeated: true }
      throw new ApiError('this Idempotency-Key was used for another request', { code: 'ERR_API_IDEMPOTENCY' })
    },
  }
}
