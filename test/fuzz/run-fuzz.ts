import type { Extraction } from '#protocol'
import { findFaults, textOfResult } from './invariants.ts'
import { makeInput } from './make-input.ts'
import type { FuzzInput, Seeds } from './make-input.ts'

/** No input may take longer. */
const MAX_MS = 1_000

/** What fuzzing runs on. */
export type FuzzInit = {
  readonly seeds: Seeds
  readonly seed: number
  readonly inputs: number
  /** Index of the first input; the others follow. */
  readonly first?: number
  readonly extract: (bytes: Uint8Array) => Promise<Extraction>
  /** Flags that the documentation has; a flag outside of it is a fault. */
  readonly isKnownFlag?: (flag: string) => boolean
  readonly onInput?: (index: number) => void
  readonly onFailure?: (failure: Failure, input: FuzzInput) => void
}

/** One input that broke an invariant. */
type Failure = {
  readonly index: number
  readonly seed: number
  readonly file: string
  readonly faults: readonly string[]
}

/** What came of a run. */
export type FuzzReport = {
  readonly seed: number
  readonly inputs: number
  readonly files: number
  readonly verdicts: Readonly<Record<string, number>>
  readonly codes: Readonly<Record<string, number>>
  readonly formats: Readonly<Record<string, number>>
  readonly slowestMs: number
  readonly failures: readonly Failure[]
}

/** Extracts mutated files and holds each result to what must be true of every result. */
export async function runFuzz(init: FuzzInit): Promise<FuzzReport> {
  const { seeds, seed, inputs, first = 0 } = init
  const counts = {
    verdicts: new Map<string, number>(),
    codes: new Map<string, number>(),
    formats: new Map<string, number>(),
  }
  const failures: Failure[] = []
  const lost: string[] = []
  const onLost = (reason: unknown): void => void lost.push(String(reason))
  process.on('unhandledRejection', onLost)
  let slowestMs = 0
  try {
    for (let index = first; index < first + inputs; index += 1) {
      init.onInput?.(index)
      const input = makeInput(seeds, seed, index)
      const { faults, result, tookMs } = await tryInput(input, init)
      slowestMs = Math.max(slowestMs, tookMs)
      // Rejections that nobody handles are told at the end of a turn of the event loop.
      if (index % 64 === 0 || index === first + inputs - 1) await new Promise((resolve) => setImmediate(resolve))
      faults.push(...lost.splice(0).map((reason) => `unhandled rejection in the last 64 inputs: ${reason}`))
      if (result !== undefined) {
        count(counts.verdicts, result.verdict)
        count(counts.formats, result.format)
        count(counts.codes, result.reason?.code ?? 'none')
      }
      if (faults.length === 0) continue
      const failure = { index, seed: input.seed, file: input.name, faults }
      failures.push(failure)
      init.onFailure?.(failure, input)
    }
  } finally {
    process.off('unhandledRejection', onLost)
  }
  return {
    seed,
    inputs,
    files: seeds.own.length + seeds.real.length,
    verdicts: sorted(counts.verdicts),
    codes: sorted(counts.codes),
    formats: sorted(counts.formats),
    slowestMs,
    failures,
  }
}

type Tried = { readonly faults: string[]; readonly result?: Extraction; readonly tookMs: number }

async function tryInput({ bytes }: FuzzInput, { extract, isKnownFlag }: FuzzInit): Promise<Tried> {
  try {
    const started = performance.now()
    const result = await extract(bytes)
    let tookMs = performance.now() - started
    const again = performance.now()
    const second = await extract(bytes)
    // A machine that is busy with something else is slow once; a slow input is slow twice.
    tookMs = Math.min(tookMs, performance.now() - again)
    const stated = [...result.bills, ...(result.read ?? [])].flatMap(({ flags: own = [] }) => own)
    const flags = stated.filter((flag) => isKnownFlag?.(flag) === false)
    const faults = [
      ...findFaults(result),
      ...(textOfResult(result) === textOfResult(second) ? [] : ['two results for the same bytes']),
      ...(tookMs > MAX_MS ? [`took ${tookMs.toFixed(0)} ms`] : []),
      ...[...new Set(flags)].map((flag) => `flag ${flag} is not in the documentation`),
    ]
    return { faults, result, tookMs }
  } catch (thrown) {
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    return { faults: [`threw ${text.slice(0, 600)}`], tookMs: 0 }
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]))
}
