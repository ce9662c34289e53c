import { createSandbox, extractBill } from '#audit'
import { madeGreenButton } from './made-green-button.ts'
import type { BenchOptions, BenchResult } from './results.ts'

/** Times of each file; the first third only warms up. */
const RUNS = 90
/** Heap limits that are tried, in MiB. */
const HEAP_STEP_MB = 8
const MAX_HEAP_MB = 512

/**
 * Speed of reading Green Button files in the thread that asks, and the smallest heap of a worker in which a file of the
 * largest size can be read.
 */
export async function benchExtract({ progress }: BenchOptions): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  for (const [name, sizeBytes] of [
    ['extract_10kb_ms', 10_000],
    ['extract_1mb_ms', 1_000_000],
  ] as const) {
    progress(`${sizeBytes} bytes, ${RUNS} times`)
    results.push({ name, value: await medianMs(madeGreenButton(sizeBytes)), unit: 'ms' })
  }
  progress('20 MB in sandboxes of less and less memory')
  results.push({ name: 'extract_20mb_heap_mb', value: await findHeap(madeGreenButton(20_000_000)), unit: 'MiB' })
  return results
}

async function medianMs(bytes: Uint8Array): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run += 1) {
    const start = performance.now()
    const { verdict } = await extractBill(bytes)
    times.push(performance.now() - start)
    if (verdict !== 'facts') throw new Error(`the bench's own file is ${verdict}`)
  }
  const warm = times.slice(RUNS / 3).sort((a, b) => a - b)
  return warm[Math.floor(warm.length / 2)] ?? 0
}

/** Smallest heap of a sandbox, in steps, in which the file can be read. */
async function findHeap(bytes: Uint8Array): Promise<number> {
  let [fails, works] = [0, MAX_HEAP_MB]
  while (works - fails > HEAP_STEP_MB) {
    const middle = Math.round((fails + works) / 2 / HEAP_STEP_MB) * HEAP_STEP_MB
    if (await isEnough(bytes, middle)) works = middle
    else fails = middle
  }
  return works
}

/** Reads the file as a node does, in a sandbox of that size. */
async function isEnough(bytes: Uint8Array, memoryMb: number): Promise<boolean> {
  const sandbox = createSandbox({ workers: 1, memoryMb, timeoutMs: 120_000 })
  try {
    return (await sandbox.extract(bytes, new AbortController().signal)).verdict === 'facts'
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_AUDIT_MEMORY') return false
    throw thrown
  } finally {
    await sandbox.close()
  }
}
