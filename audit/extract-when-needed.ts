import type { Extraction } from '#protocol'
import { TRUST_NOBODY } from './origin/trust-list.ts'
import type { TrustList } from './origin/trust-list.ts'

/**
 * Facts of a bill, read in the calling thread: `extractBill` of `extract.ts`, whose readers are loaded with the first bill.
 *
 * Pure. A bad bill never makes it throw: the verdict says what is wrong, with code and place.
 */
export async function extractBill(bytes: Uint8Array, trust: TrustList = TRUST_NOBODY): Promise<Extraction> {
  const extract = await import('./extract.ts')
  return extract.extractBill(bytes, trust)
}
