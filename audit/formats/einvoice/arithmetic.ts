import {
  addRationals,
  compareRationals,
  divideRationals,
  isEnergy,
  makeRational,
  multiplyRationals,
  rationalOfDecimal,
  subtractRationals,
  toVolume,
  toWh,
} from '#protocol'
import type { Metered, Rational } from '#protocol'
import { review } from '../refusal.ts'
import { findFigure, halfUnitOf } from './figures.ts'
import type { Figure } from './figures.ts'
import { isMetered, parseMetered } from './measure-units.ts'
import type { InvoiceLine, PrintedPrice } from './model.ts'

/** What the figures of a line say of each other. */
export type ArithmeticFinding =
  /** Quantity times price is the amount, to half a unit of its last digit. */
  | 'exact'
  /** It is, within the last digit of the price: the amount was computed with more digits than are printed. */
  | 'price-rounded'
  /** Price or amount is missing or zero. */
  | 'unchecked'
  /** It is not. */
  | 'conflict'

/** A price is too coarse to prove a quantity when half a unit of its last digit is more than this part of it. */
const MAX_PRICE_DOUBT = makeRational(1n, 100n)
const ZERO = makeRational(0n)

/**
 * Checks quantity x price / base quantity + charges - allowances = amount (EN 16931 BR-CO-… and Peppol R120).
 *
 * Some writers of CII repeat the price as its base quantity; such a base is none.
 */
export function checkArithmetic(line: InvoiceLine): ArithmeticFinding {
  const quantity = findFigure(line.quantity)
  const price = findFigure(line.price?.amount)
  const amount = findFigure(line.amount)
  if (quantity === undefined || price === undefined || amount === undefined || line.price === undefined)
    return 'unchecked'
  const goods = subtractRationals(rationalOfDecimal(amount.value), sumCharges(line))
  if (price.value.u === 0n && goods.n === 0n) return 'unchecked'
  const bases = findBases(line.price, line.quantity?.unitCode ?? '', price)
  const findings = bases.map((base) => compareAmounts({ quantity, price, amount, goods, base }))
  return (['exact', 'price-rounded'] as const).find((finding) => findings.includes(finding)) ?? 'conflict'
}

/**
 * {@link checkArithmetic} of a line on whose quantity a fact depends.
 *
 * @throws {Refusal} ERR_BILL_ARITHMETIC: one of the three figures is wrong, and it may be the energy.
 */
export function requireArithmetic(line: InvoiceLine): ArithmeticFinding {
  const finding = checkArithmetic(line)
  if (finding !== 'conflict') return finding
  const { quantity, price, amount } = line
  const base = price?.base === undefined ? '' : ` / ${price.base.text}`
  const product = `${quantity?.text ?? ''} ${quantity?.unitCode ?? ''} x ${price?.amount.text ?? ''}${base}`
  const message = `quantity, price and amount contradict each other: ${product.slice(0, 120)} is not ${amount?.text.slice(0, 40) ?? ''}`
  throw review('ERR_BILL_ARITHMETIC', message, amount?.place ?? line.place)
}

function compareAmounts(figures: {
  readonly quantity: Figure
  readonly price: Figure
  readonly amount: Figure
  readonly goods: Rational
  readonly base: Rational
}): ArithmeticFinding {
  const { quantity, price, amount, goods, base } = figures
  const units = divideRationals(rationalOfDecimal(quantity.value), base)
  const product = multiplyRationals(units, rationalOfDecimal(price.value))
  const difference = magnitudeOf(subtractRationals(product, goods))
  const rounding = halfUnitOf(amount)
  if (compareRationals(difference, rounding) <= 0) return 'exact'
  const doubt = halfUnitOf(price)
  const isFine =
    compareRationals(doubt, multiplyRationals(magnitudeOf(rationalOfDecimal(price.value)), MAX_PRICE_DOUBT)) <= 0
  const slack = addRationals(rounding, multiplyRationals(magnitudeOf(units), doubt))
  return isFine && compareRationals(difference, slack) <= 0 ? 'price-rounded' : 'conflict'
}

/** How many units of the quantity one price is for; more than one answer where the base only repeats the price. */
function findBases(printed: PrintedPrice, unitCode: string, price: Figure): readonly Rational[] {
  const one = makeRational(1n)
  const base = findFigure(printed.base)
  if (base === undefined || printed.base === undefined) return [one]
  const value = rationalOfDecimal(base.value)
  if (value.n <= 0n) return []
  const isRepeated = compareRationals(value, rationalOfDecimal(price.value)) === 0
  const { unitCode: baseUnit } = printed.base
  if (baseUnit === '' || baseUnit === unitCode) return isRepeated ? [value, one] : [value]
  const quantityUnit = { text: '1', place: printed.base.place, unitCode }
  // A base in pieces is one in the unit of the line: the check itself proves it or fails.
  if (!isMetered(printed.base) || !isMetered(quantityUnit)) return [value]
  const factor = divideMetered(parseMetered({ ...printed.base, text: '1' }), parseMetered(quantityUnit))
  return factor === undefined ? [] : [multiplyRationals(value, factor)]
}

function divideMetered(a: Metered, b: Metered): Rational | undefined {
  if (isEnergy(a) && isEnergy(b)) return divideRationals(toWh(a), toWh(b))
  if (!isEnergy(a) && !isEnergy(b)) return divideRationals(toVolume(a, 'litre'), toVolume(b, 'litre'))
  return undefined
}

function sumCharges(line: InvoiceLine): Rational {
  return line.charges.reduce((sum, { amount, isCharge }) => {
    const value = findFigure(amount)?.value
    if (value === undefined) return sum
    return isCharge ? addRationals(sum, rationalOfDecimal(value)) : subtractRationals(sum, rationalOfDecimal(value))
  }, ZERO)
}

function magnitudeOf(value: Rational): Rational {
  return value.n < 0n ? { n: -value.n, d: value.d } : value
}
