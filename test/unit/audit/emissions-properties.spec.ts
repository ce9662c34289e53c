import assert from 'node:assert/strict'
import fc from 'fast-check'
import { computeActivity, computeEmissions } from '#audit'
import type { Activity, EmissionsInput, Instrument, When } from '#audit'
import {
  addRationals,
  compareRationals,
  formatCivilDate,
  makeDecimal,
  makeRational,
  multiplyRationals,
  parseCivilDate,
  parseDecimal,
  rationalOfDecimal,
  roundHalfEven,
  spanOfYear,
} from '#protocol'
import type { ActivityDerivation, Decimal, Derivation, Rational } from '#protocol'
import { published as source } from './fixed-factors-published.ts'
import { fixedFactors } from './fixed-factors.ts'

const PLACES = [{ country: 'US', subregion: 'CAMX' }, { country: 'GB' }, { country: 'FR' }]
const ZERO = makeRational(0n)
const FIRST_DAY = parseCivilDate('2019-01-01')
const LAST_DAY = parseCivilDate('2023-06-30')

const places = fc.constantFrom(...PLACES)
const days = fc.integer({ min: FIRST_DAY, max: LAST_DAY })
const lengths = fc.integer({ min: 1, max: 900 })
const units = fc.bigInt({ min: 0n, max: 10n ** 15n })
/** Micro-kWh and more: every amount is a whole number of 10^-6 kWh. */
const amountOf = (u: bigint): Decimal => makeDecimal(u, -6)
const service = (start: number, length: number): When => {
  return { service: { start: formatCivilDate(start), end: formatCivilDate(start + length) } }
}

function compute(place: EmissionsInput['place'], u: bigint, more: When & Partial<EmissionsInput>): Derivation {
  return computeEmissions({ ...more, place, energy: { value: amountOf(u), unit: 'kWh' }, source })
}

/** All exact figures of a derivation: location, market, and each line upstream. */
function figuresOf({ exact, market, upstream }: Derivation): Rational[] {
  return [exact, market?.exact ?? ZERO, ...upstream.map((line) => line.exact)]
}

function added(a: readonly Rational[], b: readonly Rational[]): Rational[] {
  assert.equal(a.length, b.length)
  return a.map((value, index) => addRationals(value, b[index] ?? ZERO))
}

describe('figures of electricity', () => {
  it('add up over split energy, exactly: location, market and every line upstream', () => {
    fc.assert(
      fc.property(places, units, units, days, lengths, (place, a, b, start, length) => {
        const of = (u: bigint): Rational[] => {
          return figuresOf(compute(place, u, { ...service(start, length), method: 'market' }))
        }
        assert.deepEqual(added(of(a), of(b)), of(a + b))
      }),
    )
  })

  it('add up over split periods when energy is split by days, exactly', () => {
    fc.assert(
      fc.property(places, units, days, lengths, lengths, (place, u, start, first, second) => {
        const of = (from: number, length: number): Rational[] => {
          return figuresOf(compute(place, u * BigInt(length), { ...service(from, length), method: 'market' }))
        }
        assert.deepEqual(added(of(start, first), of(start + first, second)), of(start, first + second))
      }),
    )
  })

  it('add up over the years of readings: the whole is the bills of each year alone', () => {
    const weights = fc.array(fc.bigInt({ min: 1n, max: 10n ** 9n }), { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(places, weights, fc.bigInt({ min: 0n, max: 10n ** 6n }), (place, kWhOfYears, scale) => {
        const years = kWhOfYears.map((_, index) => 2019 + index)
        const end = spanOfYear(years.at(-1) ?? 2019).end
        const readings = years.map((year, index) => ({ year, weight: makeRational(kWhOfYears[index] ?? 0n) }))
        const total = kWhOfYears.reduce((sum, kWh) => sum + kWh, 0n)
        const period = service(FIRST_DAY, end - FIRST_DAY)
        const whole = compute(place, total * scale, { ...period, readings, method: 'market' })
        const alone = years.map((year, index) =>
          figuresOf(compute(place, (kWhOfYears[index] ?? 0n) * scale, { year, method: 'market' })),
        )
        assert.equal(whole.apportioned, 'readings')
        assert.deepEqual(alone.reduce(added), figuresOf(whole))
      }),
    )
  })

  it('never get less with more energy', () => {
    fc.assert(
      fc.property(places, units, units, days, lengths, (place, u, more, start, length) => {
        const of = (amount: bigint): Derivation =>
          compute(place, amount, { ...service(start, length), method: 'market' })
        const [less, greater] = [of(u), of(u + more)]
        assert.ok(less.gramsCO2e <= greater.gramsCO2e)
        figuresOf(less).forEach((value, index) => {
          assert.ok(compareRationals(value, figuresOf(greater)[index] ?? ZERO) <= 0)
        })
      }),
    )
  })

  it('do not depend on the order of readings', () => {
    const weights = fc.shuffledSubarray([2019, 2020, 2021], { minLength: 3 })
    fc.assert(
      fc.property(places, weights, units, (place, years, u) => {
        const period = service(FIRST_DAY, spanOfYear(2021).end - FIRST_DAY)
        const of = (order: readonly number[]): Derivation => {
          return compute(place, u, {
            ...period,
            readings: order.map((year) => ({ year, weight: makeRational(BigInt(year - 2000)) })),
          })
        }
        assert.deepEqual(of(years), of([2019, 2020, 2021]))
      }),
    )
  })

  it('are rounded once, at the end', () => {
    const halves = fixedFactors([
      { dataset: 'owid', regionType: 'country', region: 'FR', year: 2018, value: '0.5' },
      { dataset: 'owid', regionType: 'country', region: 'FR', year: 2019, value: '0.5' },
      { dataset: 'owid', regionType: 'country', region: 'FR', year: 2020, value: '0.5' },
    ])
    // A kWh in each of three years: 0.5 + 0.5 + 0.5 is 1.5, which is even at 2; three rounded halves would be 0.
    const readings = [2018, 2019, 2020].map((year) => ({ year, weight: makeRational(1n) }))
    const given = { place: { country: 'FR' }, ...service(parseCivilDate('2018-06-01'), 800), readings, source: halves }
    const energy = { value: parseDecimal('3'), unit: 'kWh' } as const
    assert.equal(computeEmissions({ ...given, energy }).gramsCO2e, 2n)
    fc.assert(
      fc.property(places, units, days, lengths, (place, u, start, length) => {
        const { exact, gramsCO2e, market, upstream } = compute(place, u, {
          ...service(start, length),
          method: 'market',
        })
        assert.equal(gramsCO2e, roundHalfEven(exact))
        assert.equal(market?.gramsCO2e, roundHalfEven(market?.exact ?? ZERO))
        for (const line of upstream) assert.equal(line.gramsCO2e, roundHalfEven(line.exact))
      }),
    )
  })
})

describe('figures of activities', () => {
  const ACTIVITIES: readonly [string, (u: bigint) => Activity][] = [
    ['GB', (u) => ({ commodity: 'gas', energy: { value: amountOf(u), unit: 'therm-ec' } })],
    ['US', (u) => ({ commodity: 'gas', energy: { value: amountOf(u), unit: 'kWh' } })],
    [
      'US',
      (u) => ({
        commodity: 'fuel',
        fuel: { name: 'Ethanol (100%)', category: 'Stationary combustion: Biomass Fuels - Liquid' },
        volume: { value: amountOf(u), unit: 'litre' },
      }),
    ],
    [
      'GB',
      (u) => ({
        commodity: 'flight',
        flight: { haul: 'short', class: 'economy', radiativeForcing: true },
        distance: { value: amountOf(u), unit: 'mile' },
        passengers: 3,
      }),
    ],
  ]
  const activities = fc.constantFrom(...ACTIVITIES)
  const start = fc.integer({ min: parseCivilDate('2025-01-01'), max: parseCivilDate('2026-12-31') })

  const compute = ([country, of]: (typeof ACTIVITIES)[number], u: bigint, when: When): Rational[] => {
    const derivation: ActivityDerivation = computeActivity({ place: { country }, activity: of(u), source, ...when })
    const { exact, gramsCO2e, biogenicCO2, wellToTank } = derivation
    assert.equal(gramsCO2e, roundHalfEven(exact))
    return [exact, biogenicCO2?.exact ?? ZERO, wellToTank?.exact ?? ZERO]
  }

  it('add up over split amounts and split periods, exactly, and never get less with more', () => {
    fc.assert(
      fc.property(activities, units, units, start, lengths, lengths, (activity, a, b, from, first, second) => {
        const when = service(from, first)
        const sum = compute(activity, a + b, when)
        assert.deepEqual(added(compute(activity, a, when), compute(activity, b, when)), sum)
        compute(activity, a, when).forEach((value, index) => {
          assert.ok(compareRationals(value, sum[index] ?? ZERO) <= 0)
        })
        const per = (length: number): bigint => a * BigInt(length)
        assert.deepEqual(
          added(compute(activity, per(first), when), compute(activity, per(second), service(from + first, second))),
          compute(activity, per(first + second), service(from, first + second)),
        )
      }),
    )
  })
})

describe('figures of the market', () => {
  const kinds = fc.constantFrom('certificate', 'contract', 'supplier-rate' as const)
  const instruments: fc.Arbitrary<Instrument[]> = fc.uniqueArray(
    fc
      .record({
        kind: kinds,
        id: fc.string({ minLength: 1, maxLength: 3 }).filter((id) => id.trim() !== ''),
        u: units,
        rate: fc.bigInt({ min: 0n, max: 900n }),
        country: fc.constantFrom('FR', 'DE', 'US'),
        year: fc.integer({ min: 2018, max: 2022 }),
        isRetired: fc.boolean(),
      })
      .map(({ kind, id, u, rate, country, year, isRetired }): Instrument => ({
        kind,
        id,
        country,
        year,
        rate: { value: makeDecimal(rate, 0), unit: 'g/kWh' },
        ...(kind === 'supplier-rate' ? {} : { energy: { value: amountOf(u), unit: 'kWh' } }),
        ...(isRetired ? { retirement: { registry: 'r', id } } : {}),
      })),
    { selector: ({ id }) => id.trim().toLowerCase(), maxLength: 8 },
  )
  const FR = { country: 'FR' }

  it('cover all energy of each year and no more, and no instrument more than it has', () => {
    fc.assert(
      fc.property(instruments, units, days, lengths, (given, u, from, length) => {
        const { parts, market } = compute(FR, u, { ...service(from, length), instruments: given, method: 'market' })
        const sumOf = (pieces: readonly { readonly kWh: Rational }[]): Rational => {
          return pieces.map(({ kWh }) => kWh).reduce(addRationals, ZERO)
        }
        for (const { year, kWh } of parts) {
          assert.deepEqual(sumOf((market?.parts ?? []).filter((piece) => piece.year === year)), kWh)
        }
        for (const { id, energy } of given) {
          const covered = sumOf((market?.parts ?? []).filter(({ instrument }) => instrument === id))
          if (energy !== undefined) assert.ok(compareRationals(covered, rationalOfDecimal(energy.value)) <= 0)
        }
        for (const { kWh } of market?.parts ?? []) assert.ok(kWh.n >= 0n)
      }),
    )
  })

  it('do not depend on the order of instruments', () => {
    const shuffled = instruments.chain((given) =>
      fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length })),
    )
    fc.assert(
      fc.property(shuffled, units, days, lengths, ([given, other], u, from, length) => {
        const of = (list: Instrument[]): Derivation => compute(FR, u, { ...service(from, length), instruments: list })
        assert.deepEqual(of(given), of(other))
      }),
    )
  })

  it('never get less with more energy', () => {
    fc.assert(
      fc.property(instruments, units, units, days, lengths, (given, u, more, from, length) => {
        const of = (amount: bigint): Rational => {
          const { market } = compute(FR, amount, { ...service(from, length), instruments: given, method: 'market' })
          return market?.exact ?? ZERO
        }
        assert.ok(compareRationals(of(u), of(u + more)) <= 0)
      }),
    )
  })

  it('add up over split energy when the instruments are split with it, exactly', () => {
    fc.assert(
      fc.property(
        instruments,
        units,
        fc.bigInt({ min: 1n, max: 9n }),
        days,
        lengths,
        (given, u, times, from, length) => {
          const of = (scale: bigint): Rational => {
            const scaled = given.map((one) => {
              if (one.energy === undefined) return one
              const { value, unit } = one.energy
              return { ...one, energy: { value: makeDecimal(value.u * scale, value.e), unit } }
            })
            const all = { ...service(from, length), instruments: scaled, method: 'market' }
            return compute(FR, u * scale, all).market?.exact ?? ZERO
          }
          assert.deepEqual(of(times), multiplyRationals(of(1n), makeRational(times)))
        },
      ),
    )
  })
})
