import type { Extraction } from '#protocol'
import { extractBill } from './extract.ts'

/** Task of a sandbox worker: {@link extractBill} of several bills, in their order. */
export async function extractAll(bills: readonly Uint8Array[]): Promise<Extraction[]> {
  const extractions: Extraction[] = []
  for (const bytes of bills) extractions.push(await extractBill(bytes))
  return extractions
}
