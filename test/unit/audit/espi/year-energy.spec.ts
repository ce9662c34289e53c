import assert from 'node:assert/strict'
import fc from 'fast-check'
import { extractBill } from '#audit'
import {
  addRationals,
  decodeCanonical,
  encodeFacts,
  formatRational,
  makeRational,
  multiplyRationals,
  parseRational,
  toHex,
  toWh,
  utf8,
} from '#protocol'
import type { Facts, Rational } from '#protocol'
import {
  blockEntry,
  entry,
  feedOf,
  greenButtonEntries,
  greenButtonFile,
  NEW_YEAR_S,
  summaryEntry,
} from '../green-button-file.ts'
import type { MadeFile, MadeReading } from '../green-button-file.ts'

const HOUR_S = 3_600
const DAY_S = 24 * HOUR_S
const UP = 'User/7/UsagePoint/01/MeterReading/1/IntervalBlock'

function factsOf(made: MadeFile | string): Facts {
  const { bills, verdict, reason } = extractBill(utf8(typeof made === 'string' ? made : greenButtonFile(made)))
  assert.equal(verdict, 'facts', JSON.stringify(reason))
  const [facts] = bills
  assert.ok(facts)
  return facts
}

/** Readings one after another from `start`, as [hours, value]. */
function chain(start: number, parts: readonly (readonly [hours: number, value: number | bigint])[]): MadeReading[] {
  let at = start
  return parts.map(([hours, value]) => {
    const reading = { start: at, durationS: hours * HOUR_S, value: String(value) }
    at += hours * HOUR_S
    return reading
  })
}

function daysOf(start: number, count: number, value = 24): MadeReading[] {
  return chain(
    start,
    Array.from({ length: count }, () => [24, value] as const),
  )
}

function shuffled<T>(items: readonly T[], keys: readonly number[]): T[] {
  return items
    .map((item, index) => ({ item, key: keys[index % keys.length] ?? 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

describe('energy of readings by calendar year', () => {
  it('divides a reading across New Year by its seconds, as an exact fraction', () => {
    const start = NEW_YEAR_S - DAY_S + 8 * HOUR_S
    // 18 h before, 9 h across midnight (6 before, 3 after), 21 h after.
    const readings = chain(start, [
      [18, 180],
      [9, 100],
      [21, 210],
    ])
    const { readings: found, flags } = factsOf({ readings, tzOffset: '-28800' })
    assert.deepEqual(found?.whByYear, [
      { year: 2022, wh: '740/3' },
      { year: 2023, wh: '730/3' },
    ])
    assert.deepEqual(flags, [])
  })

  it('applies the power of ten, and divides one long reading over three years, the leap day too', () => {
    const start = NEW_YEAR_S - DAY_S
    const readings = chain(start, [[24 * (1 + 365 + 366 + 1), 733_000]])
    const { readings: found } = factsOf({ readings, readingType: { powerOfTenMultiplier: '-3' } })
    assert.deepEqual(found?.whByYear, [
      { year: 2022, wh: '1/1' },
      { year: 2023, wh: '365/1' },
      { year: 2024, wh: '366/1' },
      { year: 2025, wh: '1/1' },
    ])
  })

  it('keeps a year without consumption as zero', () => {
    const readings = chain(NEW_YEAR_S - DAY_S, [
      [24, 5],
      [24, 0],
    ])
    assert.deepEqual(factsOf({ readings }).readings?.whByYear, [
      { year: 2022, wh: '5/1' },
      { year: 2023, wh: '0/1' },
    ])
  })

  it('gives a reading of no length to the year that begins there, and at the end of the series to the last', () => {
    const readings = [
      ...daysOf(NEW_YEAR_S - DAY_S, 366, 1),
      { start: NEW_YEAR_S, durationS: 0, value: '7' },
      { start: NEW_YEAR_S + 365 * DAY_S, durationS: 0, value: '70' },
    ]
    assert.deepEqual(factsOf({ readings }).readings?.whByYear, [
      { year: 2022, wh: '1/1' },
      { year: 2023, wh: '442/1' },
    ])
  })

  it('is there for the energy delivered, and never nets what was fed in', () => {
    const up = 'User/7/UsagePoint/01/MeterReading'
    const fed = [
      entry({ self: `${up}/2`, up, related: [`${up}/2/IntervalBlock`, 'ReadingType/2'] }, '<MeterReading/>'),
      entry(
        { self: 'ReadingType/2' },
        '<ReadingType><accumulationBehaviour>4</accumulationBehaviour><flowDirection>19</flowDirection><powerOfTenMultiplier>0</powerOfTenMultiplier><uom>72</uom></ReadingType>',
      ),
      blockEntry(`${up}/2/IntervalBlock`, daysOf(NEW_YEAR_S - DAY_S, 2, 9)),
    ]
    const facts = factsOf({ readings: daysOf(NEW_YEAR_S - DAY_S, 2, 4), entries: fed })
    assert.deepEqual(facts.readings?.whByYear, [
      { year: 2022, wh: '4/1' },
      { year: 2023, wh: '4/1' },
    ])
    assert.equal(facts.export?.value.u, 18n)
  })

  it('is absent without a mark when one year is all there is, and when a file has summaries only', () => {
    const inside = factsOf({ readings: daysOf(NEW_YEAR_S, 365) })
    assert.deepEqual([inside.readings?.whByYear, inside.flags], [undefined, []])
    const head = greenButtonEntries().filter((one) => one.includes('<UsagePoint ') || one.includes('<LocalTime'))
    const summary = summaryEntry({ start: NEW_YEAR_S - DAY_S, durationS: 31 * DAY_S, last: '5' })
    const { readings, flags } = factsOf(feedOf([...head, summary]))
    assert.deepEqual([readings, flags], [undefined, ['summary-only']])
  })

  it('is left out and flagged when it is not sure which clock the year ended by', () => {
    const around = (shiftS: number): MadeReading[] => daysOf(NEW_YEAR_S - 31 * DAY_S + shiftS, 62)
    const quarter = { start: NEW_YEAR_S, durationS: 900, value: '1' }
    const cases: Readonly<Record<string, MadeFile | string>> = {
      'no offset': feedOf(greenButtonEntries({ readings: around(0) }).filter((one) => !one.includes('<LocalTime'))),
      'two offsets': {
        readings: around(0),
        entries: [entry({}, '<TimeConfiguration><tzOffset>3600</tzOffset></TimeConfiguration>')],
      },
      'offset beyond any on Earth': { readings: around(0), tzOffset: '90000' },
      'local time as UTC beside an offset': { readings: around(0), tzOffset: '-21600' },
      'local time as UTC beside an offset, in summer': {
        readings: daysOf(NEW_YEAR_S - 214 * DAY_S, 365),
        tzOffset: '-21600',
      },
      'offset an hour short': { readings: around(HOUR_S), tzOffset: '0' },
      'offset with the wrong sign': { readings: around(5 * HOUR_S), tzOffset: '18000' },
      'offset of the neighbouring zone': { readings: around(5 * HOUR_S), tzOffset: '-21600' },
      'southern summer: 23:00 in December is midnight': { readings: around(-HOUR_S), tzOffset: '0' },
      'southern summer, seen at the end only': {
        readings: chain(NEW_YEAR_S - 180 * DAY_S, [[24 * 239 - 1, 1]]),
      },
      'a quarter of an hour of the next year': {
        readings: [...daysOf(NEW_YEAR_S - 366 * DAY_S, 366), quarter],
      },
    }
    for (const [name, made] of Object.entries(cases)) {
      const { readings, flags, service } = factsOf(made)
      assert.equal(readings?.whByYear, undefined, name)
      assert.ok(flags.includes('readings-not-by-year'), name)
      assert.notEqual(service.start.slice(0, 4), service.end.slice(0, 4), name)
    }
  })

  it('reads northern bills whose first or last day is in summer', () => {
    const october = NEW_YEAR_S - 92 * DAY_S
    const autumn = chain(october + 4 * HOUR_S, [[24 * 92 + 1, 93], ...daysOf(0, 31).map(() => [24, 1] as const)])
    assert.deepEqual(factsOf({ readings: autumn, tzOffset: '-18000' }).readings?.whByYear, [
      { year: 2022, wh: '93/1' },
      { year: 2023, wh: '31/1' },
    ])
    const summerToSummer = chain(NEW_YEAR_S - 184 * DAY_S - HOUR_S, [[24 * 365, 24 * 365]])
    assert.deepEqual(factsOf({ readings: summerToSummer }).readings?.whByYear, [
      { year: 2022, wh: `${24 * 184 + 1}/1` },
      { year: 2023, wh: `${24 * 181 - 1}/1` },
    ])
  })
})

/** Series around several New Years: whole days at both ends, intervals of quarters of an hour, any offset. */
const series = fc
  .record({
    firstDay: fc.integer({ min: -400, max: -1 }),
    quarters: fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 30 }),
    values: fc.array(fc.bigInt({ min: 0n, max: 10n ** 8n }), { minLength: 32, maxLength: 32 }),
    power: fc.integer({ min: -9, max: 1 }),
    offsetS: fc.integer({ min: -48, max: 56 }).map((quarters) => quarters * 900),
    keys: fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
  })
  .map(({ firstDay, quarters, values, power, offsetS, keys }) => {
    const start = NEW_YEAR_S + firstDay * DAY_S - offsetS
    const used = quarters.reduce((sum, count) => sum + count, 0)
    const lengths = [...quarters, 96 - (used % 96)]
    let at = start
    const readings = lengths.map((count, index): MadeReading => {
      const reading = { start: at, durationS: count * 900, value: String(values[index] ?? 0n) }
      at += count * 900
      return reading
    })
    const made = { readings, tzOffset: String(offsetS), readingType: { powerOfTenMultiplier: String(power) } }
    return { made, readings, offsetS, power, keys }
  })

/** The same energy, found quarter by quarter with the calendar of the machine. */
function countQuarters(readings: readonly MadeReading[], offsetS: number, power: number): [number, string][] {
  const sums = new Map<number, Rational>()
  const scale = power < 0 ? makeRational(1n, 10n ** BigInt(-power)) : makeRational(10n ** BigInt(power))
  for (const { start, durationS, value } of readings) {
    const each = multiplyRationals(makeRational(BigInt(value) * 900n, BigInt(durationS)), scale)
    const quarters = new Map<number, bigint>()
    for (let at = start; at < start + durationS; at += 900) {
      const year = new Date((at + offsetS) * 1_000).getUTCFullYear()
      quarters.set(year, (quarters.get(year) ?? 0n) + 1n)
    }
    for (const [year, count] of quarters) {
      const share = multiplyRationals(each, makeRational(count))
      sums.set(year, addRationals(sums.get(year) ?? makeRational(0n), share))
    }
  }
  return [...sums].sort(([a], [b]) => a - b).map(([year, wh]) => [year, formatRational(wh)])
}

describe('energy by year of any series', () => {
  it('adds up to the import exactly, year by year as counted one by one', () => {
    let several = 0
    fc.assert(
      fc.property(series, ({ made, readings, offsetS, power }) => {
        const facts = factsOf(made)
        const byYear = facts.readings?.whByYear
        const counted = countQuarters(readings, offsetS, power)
        assert.ok(!facts.flags.includes('readings-not-by-year'))
        if (counted.length === 1) return assert.equal(byYear, undefined)
        several += 1
        assert.deepEqual(
          byYear?.map(({ year, wh }) => [year, wh]),
          counted,
        )
        const total = (byYear ?? []).map(({ wh }) => parseRational(wh)).reduce(addRationals, makeRational(0n))
        return assert.deepEqual(total, toWh(facts.import))
      }),
      { numRuns: 150 },
    )
    assert.ok(several > 20)
  })

  it('is the same, byte for byte, when the file repeats, reorders or splits its readings', () => {
    fc.assert(
      fc.property(series, ({ made, readings, keys }) => {
        const plain = factsOf(made)
        const mixed = shuffled(readings, keys)
        const cut = 1 + ((keys[0] ?? 0) % readings.length)
        const split = greenButtonEntries({
          ...made,
          readings: mixed.slice(0, cut),
          entries: cut < mixed.length ? [blockEntry(UP, mixed.slice(cut))] : [],
        })
        const other = factsOf(feedOf(shuffled(split, keys.toReversed())))
        assert.equal(toHex(encodeFacts(other)), toHex(encodeFacts(plain)))
        const doubled = factsOf({ ...made, readings: [...readings, ...mixed] })
        assert.deepEqual(doubled.readings?.whByYear, plain.readings?.whByYear)
        assert.equal(doubled.readings?.duplicates, readings.length)
      }),
      { numRuns: 60 },
    )
  })

  it('is in the bytes of the facts, as texts', () => {
    const facts = factsOf({ readings: daysOf(NEW_YEAR_S - DAY_S, 2, 3) })
    const block = decodeCanonical(encodeFacts(facts), 4_096) as { readings: { whByYear: unknown } }
    assert.deepEqual(block.readings.whByYear, [
      { wh: '3/1', year: 2022 },
      { wh: '3/1', year: 2023 },
    ])
  })
})
