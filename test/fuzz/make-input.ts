import { mutateBytes } from './mutate-bytes.ts'
import { mutateTable } from './mutate-table.ts'
import { mutateXml } from './mutate-xml.ts'
import { Prng, seedOfInput } from './prng.ts'
import type { Seed } from './seeds.ts'

/** Bytes of an input at most: copies of copies grow, and limits of size have tests of their own. */
const MAX_INPUT_BYTES = 1_000_000
/** Changes of one input at most; most inputs have one or two, so that they stay near something that is read. */
const MAX_CHANGES = 6

/** An input with what it was made from. */
export type FuzzInput = { readonly bytes: Uint8Array; readonly name: string; readonly seed: number }

/** Files to make inputs from: three of four inputs come from the repository's own. */
export type Seeds = { readonly own: readonly Seed[]; readonly real: readonly Seed[] }

/** The input of a run with that index; the same for the same seed and files. */
export function makeInput(seeds: Seeds, seed: number, index: number): FuzzInput {
  const inputSeed = seedOfInput(seed, index)
  const random = new Prng(inputSeed)
  const from = seeds.real.length === 0 || !random.once(4) ? seeds.own : seeds.real
  const first = random.pick(from)
  const second = random.pick(seeds.own)
  let bytes: Uint8Array = first.bytes
  let changes = 1
  while (changes < MAX_CHANGES && random.once(2)) changes += 1
  for (let change = 0; change < changes && bytes.length <= MAX_INPUT_BYTES; change += 1) {
    bytes = changed(bytes, first.shape, second.bytes, random)
  }
  return { bytes: bytes.subarray(0, MAX_INPUT_BYTES), name: first.name, seed: inputSeed }
}

/** Text changes for text, and now and then bytes for everything. */
function changed(bytes: Uint8Array, shape: Seed['shape'], other: Uint8Array, random: Prng): Uint8Array {
  if (shape === 'bytes' || random.once(8)) return mutateBytes(bytes, other, random)
  const [text, otherText] = [new TextDecoder().decode(bytes), new TextDecoder().decode(other)]
  const mutated = shape === 'xml' ? mutateXml(text, otherText, random) : mutateTable(text, otherText, random)
  return new TextEncoder().encode(mutated)
}
