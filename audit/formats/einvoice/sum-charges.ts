import type { FilePlace, Metered } from '#protocol'
import { orderTexts } from '../order-texts.ts'
import { review } from '../refusal.ts'
import { findLineMeter } from './identifiers.ts'
import type { MeteredLine } from './metered-lines.ts'
import { compareMetered, magnitudeOf, signOf, sumMetered } from './sums.ts'

/** Energy of one period and the lines it was read from. */
export type ChargeSum = {
  readonly metered: Metered
  readonly counted: readonly MeteredLine[]
  /** Lines that only say the same again. */
  readonly repeated: readonly MeteredLine[]
}

/** Lines with one name, their registers and price blocks added. */
type Charge = { readonly name: string; readonly lines: readonly MeteredLine[]; readonly metered: Metered }

/**
 * Energy that lines of one point and period state: registers of one charge add up, charges with different names are
 * about the same energy and must agree.
 *
 * @throws {Refusal} ERR_BILL_LINES when they do not agree, or one line seems to stand twice.
 */
export function sumCharges(lines: readonly MeteredLine[]): ChargeSum {
  const charges = chargesOf(lines)
  const [first, ...others] = charges
  if (first === undefined) throw new TypeError('sum of no lines')
  // Day and night may be equal by chance: registers are parts of the whole, however their prices are named.
  const parts = charges.length === lines.length ? sumRegisters(lines) : undefined
  if (parts !== undefined) return parts
  if (others.every((other) => isEqual(other, first))) {
    if (others.length > 0) checkOneThing(charges)
    return { metered: first.metered, counted: first.lines, repeated: others.flatMap((charge) => charge.lines) }
  }
  return sumOverTotal(lines) ?? sumRegisters(lines) ?? refuse(lines)
}

/** Equal quantities of two meters, or under names that differ in a number only, may be two things that are equal by chance. */
function checkOneThing(charges: readonly Charge[]): void {
  const meters = new Set<string>()
  const names = new Set<string>()
  for (const { name, lines, metered } of charges) {
    if (signOf(metered) === 0) return
    for (const { line } of lines) {
      const meter = findLineMeter(line)
      if (meter !== undefined) meters.add(meter)
    }
    const numberless = name.replaceAll(/[0-9]+/g, '#')
    if (names.has(numberless) || meters.size > 1) {
      const message = 'lines of two meters or places state the same quantity: once, or twice the energy'
      throw review('ERR_BILL_LINES', message, placeOf(lines))
    }
    names.add(numberless)
  }
}

/** Lines whose registers differ add up even where each has a name of its own (day units, night rate). */
function sumRegisters(lines: readonly MeteredLine[]): ChargeSum | undefined {
  const registers = new Set(lines.map(({ meaning }) => meaning.register))
  if (registers.size !== lines.length || registers.has('')) return undefined
  return { metered: sumMetered(lines.map(magnitude), placeOf(lines)), counted: lines, repeated: [] }
}

/** One line without register may be the total of all others, which are registers. */
function sumOverTotal(lines: readonly MeteredLine[]): ChargeSum | undefined {
  const totals = lines.filter(({ meaning }) => meaning.register === '')
  const registers = lines.filter(({ meaning }) => meaning.register !== '')
  const [total] = totals
  if (total === undefined || totals.length > 1 || registers.length === 0) return undefined
  const parts = sumRegisters(registers)
  if (parts === undefined || compareMetered(parts.metered, magnitude(total)) !== 0) return undefined
  return { ...parts, repeated: totals }
}

function chargesOf(lines: readonly MeteredLine[]): readonly Charge[] {
  const byName = new Map<string, MeteredLine[]>()
  for (const line of lines) {
    const same = byName.get(line.meaning.charge)
    if (same === undefined) byName.set(line.meaning.charge, [line])
    else same.push(line)
  }
  const charges = [...byName].map(([name, own]) => {
    checkTwice(own)
    return { name, lines: own, metered: sumMetered(own.map(magnitude), placeOf(own)) }
  })
  return charges.toSorted((a, b) => orderTexts(a.name, b.name))
}

/** Two lines of one name, register and quantity: a price in two parts, or a quantity that is billed twice. */
function checkTwice(lines: readonly MeteredLine[]): void {
  const seen = new Set<string>()
  for (const line of lines) {
    if (signOf(line.metered) === 0) continue
    const { value, unit } = magnitude(line)
    const key = `${line.meaning.register} ${value.u} ${value.e} ${unit}`
    if (seen.has(key)) {
      const message = 'two lines of one period have the same name and quantity: parts of a price, or twice the energy'
      throw review('ERR_BILL_LINES', message, line.line.place)
    }
    seen.add(key)
  }
}

function refuse(lines: readonly MeteredLine[]): never {
  const quantities = lines.slice(0, 6).map(({ line }) => `${line.id} (${line.quantity?.text.slice(0, 24) ?? ''})`)
  const message = `lines of one period state different energy, and no rule says which repeat it: ${quantities.join(', ')}`
  throw review('ERR_BILL_LINES', message.slice(0, 300), placeOf(lines))
}

function isEqual(a: Charge, b: Charge): boolean {
  return compareMetered(a.metered, b.metered) === 0
}

function magnitude({ metered }: MeteredLine): Metered {
  return magnitudeOf(metered)
}

function placeOf(lines: readonly MeteredLine[]): FilePlace {
  return lines[0]?.line.place ?? {}
}
