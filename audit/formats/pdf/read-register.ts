import { compareRationals, makeRational, toWh } from '#protocol'
import type { Decimal, EnergyUnit } from '#protocol'
import { MAX_BILL_WH } from '../limits.ts'
import { review } from '../refusal.ts'
import { parseCommaFigure } from './figures.ts'
import { findAll, groupOf, placeOfLine, refuseFact } from './find-pattern.ts'
import type { Found } from './find-pattern.ts'
import type { TextLine } from './page-lines.ts'
import type { RegisterRow } from './template.ts'

/** Energy of one register of a meter. */
export type Register = { readonly energy: Decimal; readonly meter: string; readonly line: TextLine }

/** Digits of two readings and a factor that stand without blanks between them; meters have up to eight. */
const MAX_DIGITS = 24

/**
 * Energy of a register, checked against its readings; `undefined` when the print has no such row.
 *
 * @throws {Refusal} ERR_BILL_TEMPLATE, ERR_BILL_ARITHMETIC, ERR_BILL_ABSURD (review).
 */
export function readRegister(lines: readonly TextLine[], row: RegisterRow, unit: EnergyUnit): Register | undefined {
  const labels = findAll(lines, row.label)
  const rows = findAll(lines, row.row)
  const [found] = rows
  if (labels.length === 0 && found === undefined) return undefined
  if (found === undefined || rows.length !== 1 || labels.length !== 1) {
    throw refuseFact('register', 'is not one row of this print', labels[0]?.line ?? found?.line)
  }
  const energy = parseCommaFigure(groupOf(found, 'energy'), 'energy of the register', found.line)
  if (!agrees(found, row, energy)) {
    const place = { path: placeOfLine(found.line) }
    throw review('ERR_BILL_ARITHMETIC', 'readings of the register do not differ by its energy', place)
  }
  if (compareRationals(toWh({ value: energy, unit }), makeRational(MAX_BILL_WH)) > 0) {
    throw review('ERR_BILL_ABSURD', 'energy is beyond any customer', { path: placeOfLine(found.line) })
  }
  return { energy, meter: groupOf(found, 'meter'), line: found.line }
}

/** True if the digits can be cut into two readings and a factor with `(latest - previous) x factor = energy`. */
function agrees(found: Found, { order }: RegisterRow, energy: Decimal): boolean {
  const digits = groupOf(found, 'digits')
  const fraction = groupOf(found, 'fraction')
  if (digits.length > MAX_DIGITS || !/^\d+$/.test(digits + fraction)) return false
  // Both sides are multiplied by 10^places, so that only integers are compared.
  const places = 10n ** BigInt(fraction.length)
  const wanted = energy.e >= 0 ? energy.u * 10n ** BigInt(energy.e) * places : undefined
  if (wanted === undefined) return false
  for (let first = 1; first < digits.length - 1; first += 1) {
    for (let second = first + 1; second < digits.length; second += 1) {
      const parts = [digits.slice(0, first), digits.slice(first, second), digits.slice(second)]
      if (!parts.every(isPlain)) continue
      const [a = 0n, b = 0n] = parts.map(BigInt)
      const difference = order === 'previous-latest' ? b - a : a - b
      if (difference * BigInt((parts[2] ?? '') + fraction) === wanted) return true
    }
  }
  return false
}

function isPlain(digits: string): boolean {
  return digits === '0' || !digits.startsWith('0')
}
