import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stderr, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { makeInput } from './make-input.ts'
import type { FuzzReport } from './run-fuzz.ts'
import { readSeeds } from './seeds.ts'

const USAGE = `usage: npm run fuzz -- [--inputs N] [--seed N] [--first N] [--out DIR] [--json]

Extracts N mutated sample files (default 100000) and holds each result to its invariants. The same seed makes the same inputs;
--first begins at another input, so that --first 4711 --inputs 1 makes one input of a run again. Inputs that fail are written
to DIR, and named with their seed.
`

/** An input that keeps the worker busy for longer hangs: its own limit is a second, on a machine that may be slow. */
const HANG_MS = 20_000
const LOOK_MS = 250

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    out: { type: 'string', default: join(tmpdir(), 'kwitness-fuzz') },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const options = {
  inputs: Number(values.inputs),
  seed: Number(values.seed),
  first: Number(values.first),
  out: values.out,
}
const isUsable = [options.inputs, options.seed, options.first].every(
  (number) => Number.isSafeInteger(number) && number >= 0,
)

if (values.help || !isUsable) {
  stderr.write(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  await mkdir(options.out, { recursive: true })
  const report = await runInWorker()
  const { failures, verdicts, inputs, files, slowestMs } = report
  stdout.write(
    `${inputs} inputs from ${files} files, seed ${options.seed}: ${failures.length} failures, slowest ${slowestMs.toFixed(0)} ms\n` +
      `verdicts: ${Object.entries(verdicts)
        .map(([verdict, count]) => `${verdict} ${count}`)
        .join(', ')}\n`,
  )
  if (values.json) stdout.write(`${JSON.stringify(report)}\n`)
  process.exitCode = failures.length > 0 ? 1 : 0
}

/** Runs all inputs in a worker, so that one that hangs can be ended and named. */
async function runInWorker(): Promise<FuzzReport> {
  const at = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { ...options, at } })
  const { promise, resolve, reject } = Promise.withResolvers<FuzzReport>()
  worker.on('message', (message: { report?: FuzzReport; line?: string }) => {
    if (message.line !== undefined) stderr.write(message.line)
    if (message.report !== undefined) resolve(message.report)
  })
  worker.on('error', reject)
  worker.on('exit', (code) => reject(new Error(`worker ended with ${code} at input ${at[0]}`)))
  let [seen, since] = [-1, performance.now()]
  const watch = setInterval(() => {
    const index = Atomics.load(at, 0)
    if (index !== seen) [seen, since] = [index, performance.now()]
    else if (performance.now() - since > HANG_MS) resolve(reportOfHang(index))
  }, LOOK_MS)
  try {
    return await promise
  } finally {
    clearInterval(watch)
    await worker.terminate()
  }
}

function reportOfHang(index: number): FuzzReport {
  const input = makeInput(readSeeds(), options.seed, index)
  const file = join(options.out, `${options.seed}-${index}`)
  void writeFile(file, input.bytes)
  stderr.write(`input ${index} (seed ${input.seed}, from ${input.name}) hangs; written to ${file}\n`)
  const failure = { index, seed: input.seed, file: input.name, faults: [`no end within ${HANG_MS} ms`] }
  const counts = { verdicts: {}, codes: {}, formats: {} }
  return {
    seed: options.seed,
    inputs: index - options.first + 1,
    files: 0,
    ...counts,
    slowestMs: HANG_MS,
    failures: [failure],
  }
}
