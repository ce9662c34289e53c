import assert from 'node:assert/strict'
import fc from 'fast-check'
import { countDaysByYear, formatCivilDate, parseCivilDate, spanOfYear, yearOfDay } from '#protocol'

const days = fc.integer({ min: parseCivilDate('0001-01-01'), max: parseCivilDate('9999-12-31') })

describe('civil date', () => {
  it('counts days from 1970-01-01 as every calendar does', () => {
    assert.equal(parseCivilDate('1970-01-01'), 0)
    assert.equal(parseCivilDate('2000-03-01'), 11_017)
    assert.equal(parseCivilDate('1969-12-31'), -1)
    fc.assert(
      fc.property(days, (day) => {
        const iso = new Date(day * 86_400_000).toISOString().slice(0, 10)
        assert.equal(formatCivilDate(day), iso)
        assert.equal(parseCivilDate(iso), day)
        assert.equal(yearOfDay(day), Number(iso.slice(0, 4)))
      }),
      { numRuns: 500 },
    )
  })

  it('refuses dates that do not exist and other forms', () => {
    const texts = ['2022-02-30', '2023-02-29', '1900-02-29', '2022-13-01', '2022-00-10', '2022-04-31', '2022-1-1']
    for (const text of [
      ...texts,
      '03/27/2022',
      '2022-01-01T00:00:00Z',
      ' 2022-01-01',
      '0000-01-01',
      '',
      '٢٠٢٢-01-01',
    ]) {
      assert.throws(() => parseCivilDate(text), { code: 'ERR_VALUE_DATE' }, text)
    }
    assert.throws(() => formatCivilDate(parseCivilDate('9999-12-31') + 1), { code: 'ERR_VALUE_DATE' })
    assert.throws(() => formatCivilDate(0.5), { code: 'ERR_VALUE_DATE' })
  })

  it('gives each day of a half-open span to its year', () => {
    const span = { start: parseCivilDate('2019-12-15'), end: parseCivilDate('2021-01-02') }
    assert.deepEqual(countDaysByYear(span), [
      { year: 2019, days: 17 },
      { year: 2020, days: 366 },
      { year: 2021, days: 1 },
    ])
    const eve = parseCivilDate('2019-12-31')
    assert.deepEqual(countDaysByYear({ start: eve, end: eve + 1 }), [{ year: 2019, days: 1 }])
    assert.deepEqual(countDaysByYear(spanOfYear(2020)), [{ year: 2020, days: 366 }])
    assert.throws(() => countDaysByYear({ start: 5, end: 5 }), { code: 'ERR_VALUE_PERIOD' })
  })

  it('loses no day, wherever a span is cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30_000 }), fc.integer({ min: 1, max: 2_000 }), (start, length) => {
        const parts = countDaysByYear({ start, end: start + length })
        assert.equal(
          parts.reduce((sum, part) => sum + part.days, 0),
          length,
        )
      }),
    )
  })

  it('gives each day to the fiscal year that it lies in, named by the calendar year in which that begins', () => {
    const span = { start: parseCivilDate('2024-03-31'), end: parseCivilDate('2025-04-02') }
    assert.deepEqual(countDaysByYear(span, 4), [
      { year: 2023, days: 1 },
      { year: 2024, days: 365 },
      { year: 2025, days: 1 },
    ])
    const leap = { start: parseCivilDate('2023-06-30'), end: parseCivilDate('2024-07-01') }
    assert.deepEqual(countDaysByYear(leap, 7), [
      { year: 2022, days: 1 },
      { year: 2023, days: 366 },
    ])
    assert.deepEqual(countDaysByYear(spanOfYear(2024, 4), 4), [{ year: 2024, days: 365 }])
    assert.deepEqual(countDaysByYear(spanOfYear(2023, 7), 7), [{ year: 2023, days: 366 }])
  })

  it('has every day of a span in exactly one year, whichever month a year begins with', () => {
    const months = fc.oneof(fc.constantFrom(1, 4, 7), fc.integer({ min: 1, max: 12 }))
    const starts = fc.integer({ min: parseCivilDate('1899-12-01'), max: parseCivilDate('2101-01-31') })
    fc.assert(
      fc.property(starts, fc.integer({ min: 1, max: 1_500 }), months, (start, length, firstMonth) => {
        const counted = new Map<number, number>()
        for (let day = start; day < start + length; day += 1) {
          const date = new Date(day * 86_400_000)
          const year = date.getUTCFullYear() - (date.getUTCMonth() + 1 < firstMonth ? 1 : 0)
          counted.set(year, (counted.get(year) ?? 0) + 1)
        }
        const expected = [...counted].map(([year, count]) => ({ year, days: count }))
        assert.deepEqual(countDaysByYear({ start, end: start + length }, firstMonth), expected)
      }),
      { numRuns: 200 },
    )
  })
})
