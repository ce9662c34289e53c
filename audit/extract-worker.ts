import type { Extraction } from '#protocol'
import { extractBill } from './extract.ts'

/** Task of a sandbox worker: {@link extractBill} of several bills, in their order. */
export function extractAll(bills: readonly Uint8Array[]): Extraction[] {
  return bills.map(extractBill)
}
