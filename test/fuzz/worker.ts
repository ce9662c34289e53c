import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { extractBill } from '#audit'
import { readKnownFlags } from './documented-flags.ts'
import { runFuzz } from './run-fuzz.ts'
import { readSeeds } from './seeds.ts'

/** Inputs between two lines of progress. */
const PROGRESS = 10_000

const { inputs, seed, first, out, at } = workerData as {
  readonly inputs: number
  readonly seed: number
  readonly first: number
  readonly out: string
  readonly at: Int32Array
}
const say = (message: object): void => parentPort?.postMessage(message, [])

const report = await runFuzz({
  seeds: readSeeds(),
  seed,
  inputs,
  first,
  extract: (bytes) => extractBill(bytes),
  isKnownFlag: readKnownFlags(),
  onInput: (index) => {
    Atomics.store(at, 0, index)
    if (index > first && (index - first) % PROGRESS === 0) say({ line: `${index - first} of ${inputs}\n` })
  },
  onFailure: ({ index, seed: inputSeed, file, faults }, input) => {
    const path = join(out, `${seed}-${index}`)
    writeFileSync(path, input.bytes)
    say({ line: `input ${index} (seed ${inputSeed}, from ${file}): ${faults.join('; ')}; written to ${path}\n` })
  },
})
say({ report })
