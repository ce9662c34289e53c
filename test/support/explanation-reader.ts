/*
 * Reads the text of `kwitness explain` as a person with paper and pencil does, and calculates again. Nothing here is
 * shared with the code that prints it: own parser, own fractions, own constants.
 */
import assert from 'node:assert/strict'

/** A fraction; not reduced. */
type Fraction = { readonly over: bigint; readonly under: bigint }

/** A labelled row, its lines joined. */
type ReadRow = { readonly label: string; readonly text: string; readonly depth: 0 | 1 }

/** Rows below one heading. */
export type ReadSection = { readonly title: string; readonly rows: readonly ReadRow[] }

const LABEL_CHARS = 11

/** Sections and rows of an explanation as it is printed, without colour. */
export function readExplanation(text: string): ReadSection[] {
  const sections: { title: string; rows: { label: string; text: string; depth: 0 | 1 }[] }[] = []
  for (const line of text.split('\n')) {
    const blanks = /^ */.exec(line)?.[0].length ?? 0
    if (line === '') continue
    const rows = sections.at(-1)?.rows
    if (blanks === 0) sections.push({ title: line, rows: [] })
    else if (blanks > 4) {
      const row = rows?.at(-1)
      assert.ok(row, `a line that continues nothing: ${line}`)
      row.text += ` ${line.trim()}`
    } else {
      const depth = blanks === 2 ? 0 : 1
      const label = line.slice(blanks, blanks + LABEL_CHARS).trim()
      rows?.push({ label, text: line.slice(blanks + LABEL_CHARS).trim(), depth })
    }
  }
  return sections
}

/** Fraction of a printed number: `12`, `1.25`, `2621/3`. */
function fractionOf(text: string): Fraction {
  const [, whole = '', decimals = '', under = '1'] = /^(\d+)(?:\.(\d+))?(?:\/(\d+))?$/.exec(text) ?? []
  assert.notEqual(whole, '', `not a number: ${text}`)
  return { over: BigInt(whole + decimals), under: 10n ** BigInt(decimals.length) * BigInt(under) }
}

/** Product of fractions. */
function times(...factors: readonly Fraction[]): Fraction {
  return factors.reduce((a, b) => ({ over: a.over * b.over, under: a.under * b.under }))
}

/** Quotient of fractions. */
function by(a: Fraction, b: Fraction): Fraction {
  return { over: a.over * b.under, under: a.under * b.over }
}

/** Sum of fractions; zero of none. */
function plus(...terms: readonly Fraction[]): Fraction {
  return terms.reduce((a, b) => ({ over: a.over * b.under + b.over * a.under, under: a.under * b.under }), whole(0n))
}

/** Difference of fractions. */
function minus(a: Fraction, b: Fraction): Fraction {
  return plus(a, { over: -b.over, under: b.under })
}

/** A whole number. */
function whole(value: bigint): Fraction {
  return { over: value, under: 1n }
}

/** True if fractions are the same number. */
function isSame(a: Fraction, b: Fraction): boolean {
  return a.over * b.under === b.over * a.under
}

/** Nearest whole number; of two, the even one. */
function nearest({ over, under }: Fraction): bigint {
  const floor = over / under
  const rest = 2n * (over - floor * under)
  if (rest === under) return floor + (floor % 2n)
  return rest > under ? floor + 1n : floor
}

/** Value of a printed expression with `x`, `/`, `+`, `-` and parentheses; words such as units count nothing. */
function evaluate(expression: string): Fraction {
  const found = expression.match(/\d+(?:\.\d+)?(?:\/\d+)?|[()+/-]|[A-Za-z][A-Za-z0-9/-]*/g) ?? []
  const tokens = found.filter((token) => token === 'x' || !/^[A-Za-z]/.test(token))
  const factor = (): Fraction => {
    const token = tokens.shift() ?? ''
    if (token !== '(') return fractionOf(token)
    const inner = sum()
    assert.equal(tokens.shift(), ')', expression)
    return inner
  }
  const product = (): Fraction => {
    let value = factor()
    while (tokens[0] === 'x' || tokens[0] === '/')
      value = tokens.shift() === 'x' ? times(value, factor()) : by(value, factor())
    return value
  }
  const sum = (): Fraction => {
    let value = product()
    while (tokens[0] === '+' || tokens[0] === '-') {
      value = tokens.shift() === '+' ? plus(value, product()) : minus(value, product())
    }
    return value
  }
  const value = sum()
  assert.deepEqual(tokens, [], expression)
  return value
}

/** Checks one row `left = right (about …)`; returns its value. */
function checkEquation({ label, text }: ReadRow): Fraction {
  const [, equation = '', about] = /^(.+?)(?: \(about ([\d.]+) \S+\))?$/.exec(text) ?? []
  const [left = '', right = '', ...more] = equation.split(' = ')
  assert.deepEqual(more, [], `${label}: ${text}`)
  const value = evaluate(right)
  assert.ok(isSame(evaluate(left), value), `${label}: ${text}`)
  if (about !== undefined) {
    const places = about.split('.')[1]?.length ?? 0
    const off = minus(fractionOf(about), value)
    const limit = { over: 1n, under: 2n * 10n ** BigInt(places) }
    const distance = off.over < 0n ? { ...off, over: -off.over } : off
    assert.ok(minus(limit, distance).over >= 0n, `${label}: about ${about} is not near ${right}`)
  }
  return value
}

/** Checks every equation of an explanation; returns how many there are. */
export function checkEquations(sections: readonly ReadSection[]): number {
  const rows = sections.flatMap(({ rows }) => rows).filter(({ text }) => text.includes(' = '))
  rows.forEach(checkEquation)
  return rows.length
}

/** kWh in one of the units that the sample bills use: SI, 1 kWh = 3,600,000 J. */
const KWH: Readonly<Record<string, Fraction>> = {
  Wh: { over: 1n, under: 1_000n },
  kWh: whole(1n),
  MWh: whole(1_000n),
  GJ: { over: 10n ** 9n, under: 3_600_000n },
}
/** g/kWh in one of the units of factors: 1 lb = 453.59237 g. */
const GRAMS: Readonly<Record<string, Fraction>> = {
  'g/kWh': whole(1n),
  'kg/kWh': whole(1_000n),
  'lb/MWh': { over: 45_359_237n, under: 100_000_000n },
}

function rowOf(rows: readonly ReadRow[], label: string): ReadRow {
  const row = rows.find((candidate) => candidate.label === label)
  assert.ok(row, `no row ${label}`)
  return row
}

/** Energy of the bill in kWh, from its printed amount and unit. */
function energyOf(sections: readonly ReadSection[]): Fraction {
  const bill = sections.find(({ title }) => title.startsWith('Bill '))
  const [amount = '', unit = ''] = rowOf(bill?.rows ?? [], 'energy').text.split(' ')
  return times(fractionOf(amount), KWH[unit] ?? assert.fail(`unit ${unit}`))
}

/** Grams per kWh of a printed factor. */
function factorOf(row: ReadRow): Fraction {
  const [value = '', unit = ''] = row.text.split(' ')
  return times(fractionOf(value), GRAMS[unit] ?? assert.fail(`unit ${unit}`))
}

/** The rows of each year: the year's own row, and those below it. */
function yearsOf(rows: readonly ReadRow[]): (readonly ReadRow[])[] {
  const years: ReadRow[][] = []
  for (const row of rows) {
    if (row.depth === 0 && /^\d{4}$/.test(row.label)) years.push([row])
    else if (row.depth === 1) years.at(-1)?.push(row)
  }
  return years
}

/** Each step must start from what the steps before it say: the same factor, the same energy, the same grams per kWh. */
function checkSteps(below: readonly ReadRow[]): void {
  const factor = rowOf(below, 'factor')
  const [value = '', unit = ''] = factor.text.split(' ')
  const inGrams = below.find(({ label }) => label === 'in g/kWh')
  const gramsPerKWh = inGrams === undefined ? fractionOf(value) : checkEquation(inGrams)
  if (inGrams !== undefined) assert.ok(inGrams.text.startsWith(`${value} ${unit} x `), inGrams.text)
  const energy = rowOf(below, 'energy').text
  const kWh = energy.includes(' = ') ? checkEquation(rowOf(below, 'energy')) : evaluate(energy)
  const [left = ''] = rowOf(below, 'grams').text.split(' = ')
  const [first = '', second = ''] = left.split(' x ')
  assert.ok(isSame(evaluate(first), kWh) && isSame(evaluate(second), gramsPerKWh), rowOf(below, 'grams').text)
}

/** Footprint by the printed days, energy and published factors alone, calculated from nothing else that is printed. */
export function recomputeFootprint(sections: readonly ReadSection[]): bigint {
  const kWh = energyOf(sections)
  const section = sections.find(({ title }) => title.startsWith('Footprint: location-based'))
  const grams = yearsOf(section?.rows ?? []).map(([year, ...below]) => {
    checkSteps(below)
    const [, some, all] = /^(\d+) of (\d+) days/.exec(year?.text ?? '') ?? []
    const share = some === undefined ? whole(1n) : by(fractionOf(some), fractionOf(all ?? ''))
    return times(kWh, share, factorOf(rowOf(below, 'factor')))
  })
  return nearest(plus(...grams))
}

/** The printed result of a section, without separators. */
export function resultOf(sections: readonly ReadSection[], title: string): bigint {
  const section = sections.find((candidate) => candidate.title.startsWith(title))
  const [, digits = ''] = /^([\d,]+) g CO2e/.exec(rowOf(section?.rows ?? [], 'result').text) ?? []
  return BigInt(digits.replaceAll(',', ''))
}
