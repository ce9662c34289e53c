import type { Extraction } from '#protocol'
import { extractBill } from './extract.ts'

/** Task of a sandbox worker: {@link extractBill}. */
export function extract(bytes: Uint8Array): Extraction {
  return extractBill(bytes)
}
