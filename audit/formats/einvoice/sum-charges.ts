import type { FilePlace, Metered } from '#protocol'
import { orderTexts } from '../order-texts.ts'
import { review } from '../refusal.ts'
import type { MeteredLine } from './metered-lines.ts'
import { moneySignOf } from './money-sign.ts'
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
 * Energy that lines of one point and period state: registers of one charge add up. Lines that repeat the energy by their
 * names (transport, taxes, levies, standing charges) are not among these: charges with different names are several things,
 * even where they are equal, or parts of one price, and no rule knows which.
 *
 * @throws {Refusal} ERR_BILL_LINES for charges with different names, or when one line seems to stand twice.
 */
export function sumCharges(lines: readonly MeteredLine[]): ChargeSum {
  const charges = chargesOf(lines)
  const [first, ...others] = charges
  if (first === undefined) throw new TypeError('sum of no lines')
  // Day and night may be equal by chance: registers are parts of the whole, however their prices are named.
  const parts = charges.length === lines.length ? sumRegisters(lines) : undefined
  if (parts !== undefined) return parts
  const total = sumOverTotal(lines)
  if (total !== undefined) return total
  if (others.every((other) => isEqual(other, first))) {
    checkOneThing(charges)
    return { metered: first.metered, counted: first.lines, repeated: others.flatMap((charge) => charge.lines) }
  }
  return sumRegisters(lines) ?? refuse(lines)
}

/**
 * Equal quantities under different names: 500 kWh for the household and 500 kWh for its heating, or two parts of the price of
 * 500 kWh. Only money tells, where one charge is paid and the other is received: then one is a fee on the other.
 */
function checkOneThing(charges: readonly Charge[]): void {
  const seen: Charge[] = []
  for (const charge of charges) {
    if (signOf(charge.metered) === 0) return
    const other = seen.find((one) => directionOf(one) * directionOf(charge) !== -1)
    if (other !== undefined) refuseEqual(other.lines, charge.lines)
    seen.push(charge)
  }
}

/** 1 when all lines of a charge are paid by the customer, -1 when all are paid to it, else 0. */
function directionOf({ lines }: Charge): -1 | 0 | 1 {
  const signs = new Set(lines.map(moneySignOf))
  const [sign = 0] = signs
  return signs.size === 1 ? sign : 0
}

function refuseEqual(...charges: readonly (readonly MeteredLine[])[]): never {
  const [first, second] = charges.toSorted((a, b) => (placeOf(a).line ?? 0) - (placeOf(b).line ?? 0))
  const names = [first, second].map((lines) => `line ${lines?.[0]?.line.id.slice(0, 40) ?? ''}`)
  const message = `${names.join(' and ')} have different names and the same quantity: a person must tell whether it is one energy or two`
  throw review('ERR_BILL_LINES', message, placeOf(second ?? []))
}

/** Lines whose registers differ add up even where each has a name of its own (day units, night rate). */
function sumRegisters(lines: readonly MeteredLine[]): ChargeSum | undefined {
  const registers = new Set(lines.map(({ meaning }) => meaning.register))
  if (registers.size !== lines.length || registers.has('')) return undefined
  return { metered: sumMetered(lines.map(magnitude), placeOf(lines)), counted: lines, repeated: [] }
}

/**
 * One line without register is the total of all others, which are registers.
 *
 * @throws {Refusal} ERR_BILL_LINES when it equals one of them: a total of one, or a register of its own that is equal by chance.
 */
function sumOverTotal(lines: readonly MeteredLine[]): ChargeSum | undefined {
  const totals = lines.filter(({ meaning }) => meaning.register === '')
  const registers = lines.filter(({ meaning }) => meaning.register !== '')
  const [total] = totals
  if (total === undefined || totals.length > 1 || registers.length === 0) return undefined
  const parts = sumRegisters(registers)
  if (parts === undefined || compareMetered(parts.metered, magnitude(total)) !== 0) return undefined
  const used = registers.filter(({ metered }) => signOf(metered) !== 0)
  const [only, second] = used
  if (only !== undefined && second === undefined) refuseEqual([total], [only])
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
