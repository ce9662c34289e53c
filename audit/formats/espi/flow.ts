import type { FilePlace } from '#protocol'
import { review } from '../refusal.ts'
import { severalSeries } from './candidates.ts'
import type { Candidate } from './candidates.ts'
import type { LocalOffset } from './civil-days.ts'
import type { SeriesMeaning } from './meaning.ts'
import { checkNoRegister, sumRun } from './readings.ts'
import type { ReadingSum } from './readings.ts'
import { runningSums } from './reconcile.ts'
import { orderRegister, readRegister } from './register.ts'
import { compareRegister } from './register-check.ts'
import { mergeParts } from './time-of-use.ts'
import type { Merged } from './time-of-use.ts'
import { orderReadings } from './timeline.ts'

/** Energy of one direction at one point. */
export type Flow = {
  readonly meaning: SeriesMeaning
  /** By ascending start; several where whole days are missing. */
  readonly sums: readonly ReadingSum[]
  /** `IntervalReading`, or the difference of a register. */
  readonly source: string
  readonly flags: readonly string[]
}

/**
 * What the series of one direction add up to; `undefined` when there is none. Interval readings are what counts; a register
 * beside them must show the same, and alone its difference counts. Series of times of use add up, or agree with their total.
 *
 * @throws {Refusal} ERR_BILL_SEVERAL_SERIES when series would count one energy twice; ERR_BILL_READINGS_CONFLICT when a
 * register contradicts the readings; and what readings and registers earn by themselves.
 */
export function readFlow(candidates: readonly Candidate[], offset: LocalOffset, place: FilePlace): Flow | undefined {
  const deltas = candidates.filter(({ meaning }) => meaning.accumulation === 'delta')
  const dials = candidates.filter(({ meaning }) => meaning.accumulation === 'register')
  const registers = dials.filter(({ meaning }) => meaning.part === '')
  const flags = candidates.flatMap(({ series, meaning }) => [...series.flags, ...meaning.flags])
  if (dials.length > registers.length) flags.push('parts-left-out')
  const [delta] = deltas
  if (delta === undefined) {
    if (registers.length === 1 || dials.length === 0) return registerFlow(registers[0], flags)
    throw severalSeries(dials.length, place)
  }
  if (deltas.length === 1 && delta.meaning.part !== '') {
    throw review('ERR_BILL_SEVERAL_SERIES', `series is limited to ${delta.meaning.part}: the rest is not here`, place)
  }
  const merged = deltas.length === 1 ? mergedOfOne(delta) : mergeParts(deltas, place)
  const { meaning } = merged.candidate
  const { defaultQuality } = merged
  const { runs, duplicates } = orderReadings(merged.readings, offset)
  const sums = runs.map((run) => {
    if (!meaning.isAccumulationStated) checkNoRegister(run.readings)
    return sumRun(run, meaning, { duplicates, defaultQuality })
  })
  const running = registers.length === 0 ? [] : sums.map(({ ordered }) => runningSums(ordered))
  const checks = registers.map((register) => compareRegister(register, running, meaning))
  return { meaning, sums, source: 'IntervalReading', flags: [...flags, ...merged.flags, ...checks] }
}

function mergedOfOne(candidate: Candidate): Merged {
  const { readings, readingType } = candidate.series
  return { candidate, readings, defaultQuality: readingType.defaultQuality, flags: [] }
}

function registerFlow(register: Candidate | undefined, flags: readonly string[]): Flow | undefined {
  if (register === undefined) return undefined
  const { meaning, series } = register
  const sum = readRegister(orderRegister(series.readings), meaning, series.readingType.defaultQuality)
  return { meaning, sums: [sum], source: 'IntervalReading of a register', flags }
}
