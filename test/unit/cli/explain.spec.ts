import assert from 'node:assert/strict'
import fc from 'fast-check'
import { makeDecimal, makeRational, multiplyRationals, roundHalfEven } from '#protocol'
import type { Derivation, GridLoss, MarketResult, Rational } from '#protocol'
import { explanationToJson } from '../../../node/cli/explain/explain-json.ts'
import type { Explained } from '../../../node/cli/explain/explained.ts'
import { rowLines } from '../../../node/cli/explain/rows.ts'
import { explain, isConsistent } from '../../../node/cli/explain/sections.ts'
import { checkEquations, readExplanation, recomputeFootprint, resultOf } from '../../support/explanation-reader.ts'
import type { ReadSection } from '../../support/explanation-reader.ts'
import {
  handMadeBill,
  handMadeDerivation,
  handMadeFacts,
  handMadeFactor,
  handMadePart,
  sumOfParts,
} from '../../support/hand-made.ts'

function textOf(explained: Explained, width: number): string {
  const lines = explain(explained).flatMap(({ title, rows }) => [
    title,
    ...rows.flatMap((row) => rowLines(row, width, (text) => text)),
  ])
  return lines.join('\n')
}

function read(explained: Explained, width = 80): ReadSection[] {
  return readExplanation(textOf(explained, width))
}

function rowsOf(sections: readonly ReadSection[], title: string): string[] {
  const section = sections.find((candidate) => candidate.title.startsWith(title))
  return (section?.rows ?? []).map(({ label, text }) => `${label}: ${text}`)
}

const [first, second] = [handMadeFactor(), handMadeFactor({ year: 2023, value: '700.5', version: 'Example grid 2023' })]

describe('an explanation', () => {
  it('divides energy by days with the numbers of the bill, and rounds once', () => {
    const parts = [handMadePart(makeRational(500n), first), handMadePart(makeRational(500n), second)]
    const sections = read(handMadeBill(handMadeDerivation(parts)))
    assert.ok(rowsOf(sections, 'Footprint').includes('energy: 1000 kWh x 10 / 20 = 500 kWh'))
    assert.equal(checkEquations(sections), 7)
    assert.equal(recomputeFootprint(sections), resultOf(sections, 'Footprint'))
  })

  it('divides energy by readings with the energy that they have in each year', () => {
    const byYear = [
      { year: 2022, wh: '700000/1' },
      { year: 2023, wh: '500000/3' },
    ]
    const facts = handMadeFacts({
      readings: { count: 40, duplicates: 0, gaps: 0, seriesHash: new Uint8Array(32), whByYear: byYear },
    })
    const parts = [handMadePart(makeRational(10_500n, 13n), first), handMadePart(makeRational(2_500n, 13n), second)]
    const sections = read(handMadeBill(handMadeDerivation(parts, { apportioned: 'readings' }), facts))
    const rows = rowsOf(sections, 'Footprint')
    assert.ok(
      rows.some((row) => row.startsWith('energy: 1000 kWh x 700000 / (2600000/3) = 10500/13 kWh')),
      rows.join('\n'),
    )
    assert.ok(rows.includes('2022: 700000 of 2600000/3 Wh of the readings'), rows.join('\n'))
    assert.ok(rows.some((row) => row.startsWith('energy: 1000 kWh x (500000/3) / (2600000/3) = 2500/13 kWh')))
    checkEquations(sections)
  })

  it('converts the energy that the bill prints', () => {
    const facts = handMadeFacts({ import: { value: makeDecimal(1n, 0), unit: 'GJ' } })
    const kWh = makeRational(2_500n, 9n)
    const sections = read(handMadeBill(handMadeDerivation([handMadePart(kWh, first)]), facts))
    assert.ok(rowsOf(sections, 'Bill').includes('in kWh: 1 GJ x 2500 / 9 = 2500/9 kWh (about 277.777778 kWh)'))
    checkEquations(sections)
    assert.equal(recomputeFootprint(sections), resultOf(sections, 'Footprint'))
  })

  it('keeps losses of the grid out of the footprint, and divides by what is left', () => {
    const gridLoss: GridLoss = {
      dataset: 'Example losses',
      version: '2022',
      regionType: 'country',
      region: 'US',
      year: 2022,
      fraction: '0.051',
      cid: 'bafylosses',
    }
    const part = handMadePart(makeRational(1_000n), first)
    const exact = multiplyRationals(sumOfParts([part]), makeRational(51n, 949n))
    const upstream: Derivation['upstream'] = [
      {
        name: 'losses',
        parts: [{ year: 2022, kWh: part.kWh, factor: first, gridLoss, vintage: 'exact' }],
        exact,
        gramsCO2e: roundHalfEven(exact),
      },
    ]
    const explained = handMadeBill(handMadeDerivation([part], { upstream }))
    const sections = read(explained)
    const rows = rowsOf(sections, 'Beside the footprint, Scope 3: losses')
    assert.ok(
      rows.some((row) => row.includes('x 0.051 / (1 - 0.051) =')),
      rows.join('\n'),
    )
    checkEquations(sections)
    assert.ok(textOf(explained, 80).includes('losses bafylosses'))
  })

  it('says that the bill calls its electricity green', () => {
    const facts = handMadeFacts({ greenClaim: { source: 'note' } })
    const text = textOf(handMadeBill(handMadeDerivation([handMadePart(makeRational(1n), first)]), facts), 80)
    assert.match(text, /tariff +the bill calls its electricity green/)
  })

  it('shows what covers the energy in the market-based method, and why something does not', () => {
    const [kWh, rest] = [makeRational(300n), makeRational(700n)]
    const gramsPerKWh = makeRational(80_012_500n * 45_359_237n, 10n ** 13n)
    const exact = multiplyRationals(rest, gramsPerKWh)
    const market: MarketResult = {
      parts: [
        { year: 2022, kWh, source: 'certificate', instrument: 'GO-1', gramsPerKWh: makeRational(0n) },
        { year: 2022, kWh: rest, source: 'location', gramsPerKWh, factor: first },
      ],
      statements: ['certificate-not-retired:GO-2', 'no-residual-mix'],
      exact,
      gramsCO2e: roundHalfEven(exact),
    }
    const explained = handMadeBill(handMadeDerivation([handMadePart(makeRational(1_000n), first)], { market }))
    const sections = read(explained)
    const text = rowsOf(sections, 'Footprint: market-based').join('\n')
    assert.match(text, /2022: certificate GO-1\ngrams: 300 kWh x 0 g\/kWh = 0 g/)
    assert.match(text, /GO-2 covers nothing: it is not retired.*\(certificate-not-retired\)/)
    assert.match(text, /no residual mix.*\(no-residual-mix\)/)
    assert.ok(checkEquations(sections) > 3)
    assert.equal(explanationToJson(explained).market?.parts[1]?.grams, '254051.416532375')
  })

  it('says which place was declared, which factor is of an earlier year, and which figure is secondary', () => {
    const factor = handMadeFactor({ trust: 'secondary' })
    const part = handMadePart(makeRational(1_000n), factor, { year: 2024, vintage: 'fallback' })
    const text = textOf(handMadeBill(handMadeDerivation([part], { flags: ['factor-secondary'] })), 200)
    assert.match(text, /declared by the holder, not in the bill/)
    assert.match(text, /for 2024 none is published yet, 2022 is the latest before it/)
    assert.match(text, /copied out of the publisher's document.*\(factor-secondary\)/)
  })

  it('never passes on control characters of a bill', () => {
    const facts = handMadeFacts({ point: 'EX\u{1B}[2J', utility: { name: 'a\nb' }, sources: { import: '\u{7}' } })
    const text = textOf(handMadeBill(handMadeDerivation([handMadePart(makeRational(1n), first)]), facts), 80)
    assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}/u)
  })

  it('notices a derivation that does not add up', () => {
    const good = handMadeDerivation([handMadePart(makeRational(1n), first)])
    assert.ok(isConsistent(handMadeBill(good)))
    assert.ok(!isConsistent(handMadeBill({ ...good, exact: makeRational(1n) })))
  })

  it('prints true equations for any energy, any days and any factor, at any width', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 15n })
    const days = fc.integer({ min: 1, max: 400 })
    const value = fc
      .bigInt({ min: 0n, max: 10n ** 7n })
      .map((n) => `${n / 1000n}.${String(n % 1000n).padStart(3, '0')}`)
    const unit = fc.constantFrom('g/kWh', 'kg/kWh', 'lb/MWh')
    const property = fc.property(
      amount,
      days,
      days,
      value,
      value,
      unit,
      fc.integer({ min: 60, max: 200 }),
      (...given) => {
        const [energy, a, b, one, other, of, width] = given
        const all = makeRational(energy, 1_000n)
        const share = (some: number): Rational => multiplyRationals(all, makeRational(BigInt(some), BigInt(a + b)))
        const parts = [
          handMadePart(share(a), { ...first, value: one, unit: of }, { days: a }),
          handMadePart(share(b), { ...second, value: other, unit: of }, { days: b }),
        ]
        const facts = handMadeFacts({ import: { value: makeDecimal(energy, -3), unit: 'kWh' } })
        const sections = read(handMadeBill(handMadeDerivation(parts), facts), width)
        checkEquations(sections)
        assert.equal(recomputeFootprint(sections), resultOf(sections, 'Footprint'))
      },
    )
    fc.assert(property, { numRuns: 200 })
  })
})

describe('the JSON of an explanation', () => {
  it('has every step as exact text', () => {
    const parts = [
      handMadePart(makeRational(1_000n, 3n), first),
      handMadePart(makeRational(2_000n, 3n), second, { days: 20 }),
    ]
    const json = explanationToJson(handMadeBill(handMadeDerivation(parts)))
    assert.equal(json.parts[0]?.share, '1/3')
    assert.equal(json.parts[0]?.kWh, '1000/3')
    assert.equal(json.parts[0]?.factor.gramsPerKWh, '362.93059504625')
    assert.equal(json.parts[0]?.factor.publisher, 'Example Office')
    assert.equal(json.placeFrom, 'declared')
    assert.deepEqual(json.rules, { version: 'rules-1', vectors: 'bafyvectors' })
    assert.deepEqual(
      json.datasets.map(({ name }) => name),
      ['example'],
    )
    assert.match(json.exact, /^\d+\/\d+$/)
    assert.doesNotThrow(() => JSON.stringify(json))
  })
})
