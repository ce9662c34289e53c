import { workerData } from 'piscina'
import type { Extraction } from '#protocol'
import { extractBill } from './extract.ts'
import type { TrustList } from './origin/trust-list.ts'

/** Given by the sandbox when it starts the worker. */
const trust = workerData as TrustList

/** Task of a sandbox worker: {@link extractBill} of several bills, in their order. */
export async function extractAll(bills: readonly Uint8Array[]): Promise<Extraction[]> {
  const extractions: Extraction[] = []
  for (const bytes of bills) extractions.push(await extractBill(bytes, trust))
  return extractions
}
