import assert from 'node:assert/strict'
import fc from 'fast-check'
import { computeEmissions, estimateLine, estimate } from '#audit'
import type { EmissionsInput, When } from '#audit'
import {
  addRationals,
  compareRationals,
  encodeDerivation,
  formatCivilDate,
  formatRational,
  makeDecimal,
  makeRational,
  parseCivilDate,
  parseDecimal,
  roundHalfEven,
  toHex,
} from '#protocol'
import type { Derivation, Rational } from '#protocol'
import { fixedFactors } from './fixed-factors.ts'

const source = fixedFactors(
  [
    { dataset: 'egrid', regionType: 'country', region: 'US', year: 2019, value: '400' },
    { dataset: 'egrid', regionType: 'country', region: 'US', year: 2020, value: '380' },
    { dataset: 'egrid', regionType: 'state', region: 'CA', year: 2019, value: '200' },
    { dataset: 'egrid', regionType: 'state', region: 'CA', year: 2021, value: '210.5' },
    { dataset: 'egrid', regionType: 'subregion', region: 'CAMX', year: 2020, value: '233.333' },
    { dataset: 'owid', regionType: 'country', region: 'IN', year: 2018, value: '710.01' },
    { dataset: 'owid', regionType: 'country', region: 'US', year: 2019, value: '440' },
  ],
  { utilities: { '1|CA': 'CAMX' } },
)

const IN = { country: 'IN' }

type ComputeInput = {
  readonly place: EmissionsInput['place']
  readonly kWh: string
  readonly dataset?: string
} & When

function compute({ kWh, ...rest }: ComputeInput): Derivation {
  return computeEmissions({ ...rest, energy: { value: parseDecimal(kWh), unit: 'kWh' }, source })
}

const days = fc.integer({ min: parseCivilDate('2019-01-01'), max: parseCivilDate('2024-12-31') })
const energies = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 15n }), fc.integer({ min: -9, max: 3 }))
  .map(([u, e]) => makeDecimal(u, e))

function exactOf(start: number, end: number, value: ReturnType<typeof makeDecimal>): Rational {
  const service = { start: formatCivilDate(start), end: formatCivilDate(end) }
  return computeEmissions({ place: { country: 'US' }, service, energy: { value, unit: 'Wh' }, source }).exact
}

describe('rules-1', () => {
  it('takes the most specific level that has every year, and says which', () => {
    const levels = (place: EmissionsInput['place'], year: number): string => {
      const { level, parts } = compute({ place, year, kWh: '1' })
      return `${level} ${parts[0]?.factor.region} ${parts[0]?.factor.year} ${parts[0]?.vintage}`
    }
    const utility = { eia: 1, state: 'CA' }
    assert.equal(levels({ country: 'US', utility }, 2020), 'subregion CAMX 2020 exact')
    assert.equal(levels({ country: 'US', utility }, 2019), 'state CA 2019 exact')
    assert.equal(levels({ country: 'US', utility: { eia: 2, state: 'CA' } }, 2020), 'state CA 2019 fallback')
    assert.equal(levels({ country: 'US', state: 'CA' }, 2020), 'state CA 2019 fallback')
    assert.equal(levels({ country: 'US' }, 2022), 'country US 2020 fallback')
    assert.equal(levels(IN, 2018), 'country IN 2018 exact')
  })

  it('spreads energy by civil days and lets each part take its own year', () => {
    const { parts, exact, gramsCO2e } = compute({
      place: { country: 'US' },
      service: { start: '2019-12-31', end: '2020-01-03' },
      kWh: '3',
    })
    assert.deepEqual(
      parts.map(({ year, days: count, factor }) => [year, count, factor.year]),
      [
        [2019, 1, 2019],
        [2020, 2, 2020],
      ],
    )
    assert.equal(formatRational(exact), '1160/1')
    assert.equal(gramsCO2e, 1160n)
  })

  it('adds up over split energy, exactly', () => {
    fc.assert(
      fc.property(energies, energies, days, fc.integer({ min: 1, max: 900 }), (a, b, start, length) => {
        const whole = addRationals(exactOf(start, start + length, a), exactOf(start, start + length, b))
        const units = makeDecimal(a.u * 10n ** BigInt(a.e + 9) + b.u * 10n ** BigInt(b.e + 9), -9)
        assert.deepEqual(exactOf(start, start + length, units), whole)
      }),
    )
  })

  it('adds up over split periods when the energy is split by days, exactly', () => {
    fc.assert(
      fc.property(
        energies,
        days,
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 1, max: 900 }),
        (value, start, first, second) => {
          const per = (count: number): ReturnType<typeof makeDecimal> => makeDecimal(value.u * BigInt(count), value.e)
          const whole = exactOf(start, start + first + second, per(first + second))
          const cut = start + first
          assert.deepEqual(
            addRationals(exactOf(start, cut, per(first)), exactOf(cut, cut + second, per(second))),
            whole,
          )
        },
      ),
    )
  })

  it('never gives less for more energy', () => {
    fc.assert(
      fc.property(energies, energies, days, (a, b, start) => {
        const [less, more] = [exactOf(start, start + 40, a), exactOf(start, start + 40, makeDecimal(a.u, a.e))]
        const sum = addRationals(more, exactOf(start, start + 40, b))
        assert.ok(compareRationals(sum, less) >= 0)
        assert.equal(roundHalfEven(sum) >= roundHalfEven(less), true)
      }),
    )
  })

  it('does not depend on the order in which parts are added', () => {
    const { parts, exact } = compute({
      place: { country: 'US' },
      service: { start: '2019-07-01', end: '2022-07-01' },
      kWh: '1000.1',
    })
    const grams = parts.map(({ kWh, factor }) => makeRational(kWh.n * BigInt(factor.value), kWh.d))
    assert.equal(new Set(parts.map(({ factor }) => factor.value)).size, 2)
    assert.deepEqual(grams.toReversed().reduce(addRationals), exact)
  })

  it('never uses OWID for the US unless asked, and never mixes sets', () => {
    assert.equal(compute({ place: { country: 'US' }, year: 2019, kWh: '1' }).parts[0]?.factor.dataset, 'egrid')
    const asked = compute({ place: { country: 'US' }, year: 2019, kWh: '1', dataset: 'owid' })
    assert.equal(asked.gramsCO2e, 440n)
    assert.throws(() => compute({ place: IN, year: 2019, kWh: '1', dataset: 'egrid' }), {
      code: 'ERR_FACTOR_NOT_AVAILABLE',
    })
  })

  it('has one encoding for one derivation, and another for another place', () => {
    const bytes = (place: EmissionsInput['place']): string =>
      toHex(encodeDerivation(compute({ place, year: 2019, kWh: '5' })))
    assert.equal(bytes({ country: 'us', state: 'US-CA' }), bytes({ country: 'US', state: 'CA' }))
    assert.notEqual(bytes({ country: 'US', state: 'CA' }), bytes({ country: 'US' }))
  })
})

describe('estimate', () => {
  const request = (energy: string): string => `{"place":{"country":"IND"},"year":2018,"energy":${energy}}`

  it('reads an amount by its text, as a number and as a string', () => {
    const plain = estimateLine(request('{"amount":"0.1","unit":"kWh"}'), source)
    assert.equal(estimateLine(request('{"amount":0.1,"unit":"kWh"}'), source), plain)
    assert.equal(estimateLine(request('{"amount":0.10,"unit":"kWh"}'), source), plain)
    assert.match(plain, /"exact":"71001\/1000"/)
    const long = '0.1000000000000000000000000000001'
    assert.match(estimateLine(request(`{"amount":${long},"unit":"kWh"}`), source), new RegExp(`"kWh":"${long}"`))
    assert.match(estimateLine(request('{"amount":1e3,"unit":"kWh"}'), source), /ERR_VALUE_DECIMAL/)
  })

  it('answers every text with one line, and never throws', () => {
    const codes = ['', '[]', 'null', '{', '{"place":null}', '"x"', 'x'.repeat(20_000), '['.repeat(5_000)].map(
      (text) => {
        const answer = estimate(text, source)
        return 'error' in answer ? answer.error.code : ''
      },
    )
    assert.deepEqual(new Set(codes), new Set(['ERR_ESTIMATE_REQUEST']))
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.ok(!estimateLine(text, source).includes('\n'))
      }),
    )
  })

  it('is not fooled by names that every object has', () => {
    const text = '{"__proto__":{"year":2018},"place":{"country":"IN"},"energy":{"amount":"1","unit":"kWh"}}'
    assert.match(estimateLine(text, source), /ERR_ESTIMATE_REQUEST/)
    const dataset =
      '{"place":{"country":"IN"},"year":2018,"dataset":"constructor","energy":{"amount":"1","unit":"kWh"}}'
    assert.match(estimateLine(dataset, source), /ERR_FACTOR_DATASET_UNKNOWN/)
  })
})
