import { workerData } from 'piscina'
import type { Extraction } from '#protocol'
import { extractBill } from './extract.ts'
import type { TrustList } from './origin/trust-list.ts'

/** Given by the host when it starts the worker. */
const trust = workerData as TrustList

/** Bills for a worker, and where it says which of them it is reading; -1 until it has begun. */
export type ExtractTask = { readonly bills: readonly Uint8Array[]; readonly progress: Int32Array<SharedArrayBuffer> }

/** Task of a worker thread: {@link extractBill} of several bills, in their order. */
export async function extractAll({ bills, progress }: ExtractTask): Promise<Extraction[]> {
  const extractions: Extraction[] = []
  for (const [index, bytes] of bills.entries()) {
    Atomics.store(progress, 0, index)
    Atomics.notify(progress, 0)
    extractions.push(await extractBill(bytes, trust))
  }
  return extractions
}
