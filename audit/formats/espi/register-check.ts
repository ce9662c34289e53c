import { compareRationals, makeDecimal, makeRational, rationalOfDecimal, subtractRationals } from '#protocol'
import type { Rational } from '#protocol'
import { review } from '../refusal.ts'
import type { Candidate } from './candidates.ts'
import { placeOfReading } from './document.ts'
import type { Reading } from './document.ts'
import type { SeriesMeaning } from './meaning.ts'
import { sumBetween } from './reconcile.ts'
import type { RunningSums } from './reconcile.ts'
import { orderRegister } from './register.ts'

/** At which instant of its own time a register reading stands. */
type Instant = (reading: Reading) => number
const INSTANTS: readonly Instant[] = [({ start }) => start, ({ start, durationS }) => start + durationS]

/**
 * Compares a register with the interval readings beside it: between the same two instants both must show the same energy.
 *
 * The longest time that both cover is compared, with register figures taken at the beginning of their time, and then at its
 * end: ESPI does not say which. A register that counts in larger units may differ by less than one of them.
 *
 * @param sums the interval readings, each run by its boundaries.
 * @returns `register-agrees`, or `register-not-compared` when there is no time that both cover.
 * @throws {Refusal} ERR_BILL_READINGS_CONFLICT when they contradict each other, and what the register earns by itself.
 */
export function compareRegister(register: Candidate, sums: readonly RunningSums[], meaning: SeriesMeaning): string {
  const { ordered } = orderRegister(register.series.readings)
  if (register.meaning.unit !== meaning.unit) return 'register-not-compared'
  let contradiction: Reading | undefined
  for (const running of sums) {
    for (const instant of INSTANTS) {
      const window = widestWindow(ordered, running, instant)
      if (window === undefined) continue
      const counted = scaled(window.counted, meaning.power)
      const shown = scaled(BigInt(window.last.value - window.first.value), register.meaning.power)
      if (isSame(counted, shown, register.meaning.power, meaning.power)) return 'register-agrees'
      contradiction ??= window.last
    }
  }
  if (contradiction === undefined) return 'register-not-compared'
  const message = 'register and interval readings of the same time differ'
  throw review('ERR_BILL_READINGS_CONFLICT', message, placeOfReading(contradiction))
}

type Window = { readonly first: Reading; readonly last: Reading; readonly counted: bigint }

/** The first and the last figure of the register that are at boundaries of readings which tile the time between. */
function widestWindow(ordered: readonly Reading[], running: RunningSums, instant: Instant): Window | undefined {
  const inside = ordered.filter((reading) => running.has(instant(reading)))
  const [first, last] = [inside[0], inside.at(-1)]
  if (first === undefined || last === undefined || instant(first) >= instant(last)) return undefined
  const counted = sumBetween(running, instant(first), instant(last))
  return counted === undefined ? undefined : { first, last, counted }
}

function scaled(value: bigint, power: number): Rational {
  return rationalOfDecimal(makeDecimal(value, power))
}

function isSame(counted: Rational, shown: Rational, registerPower: number, power: number): boolean {
  const difference = subtractRationals(counted, shown)
  if (difference.n === 0n) return true
  if (registerPower <= power) return false
  const step = scaled(1n, registerPower)
  const size = makeRational(difference.n < 0n ? -difference.n : difference.n, difference.d)
  return compareRationals(size, step) < 0
}
