import assert from 'node:assert/strict'
import type { ListedFactor } from '#datasets'
import { makeRational } from '#protocol'
import type { Factor } from '#protocol'
import type { Choice } from '../../../node/factors/choice.ts'
import { coverageLines, coverageOf } from '../../../node/cli/factors/coverage.ts'
import { yearLines, yearsLines } from '../../../node/cli/factors/factor-lines.ts'
import { tableLines, yearRanges } from '../../../node/cli/table.ts'
import { wrap } from '../../../node/cli/wrap.ts'
import { handMadeFactor } from '../../support/hand-made.ts'

function row(
  region: string,
  year: number,
  fields: Partial<Factor> = {},
  status: ListedFactor['status'] = 'usable',
): ListedFactor {
  const factor = handMadeFactor({ regionType: 'country', region, year, ...fields })
  return { set: 'example', factor, status, ...(status === 'usable' ? {} : { reason: status }) }
}

const listed = [
  row('DE', 2021),
  row('DE', 2022),
  row('DE', 2024, {}, 'preliminary'),
  row('BE', 2021, {}, 'superseded'),
  row('BE', 2021, {}, 'invalid'),
  row('BE', 2022, { trust: 'secondary' }),
  row('BE', 2022, { method: 'operating-margin' }),
  row('BE', 2023, { gas: 'CH4' }),
]

describe('coverage of a data set', () => {
  it('is a table of countries and years, with a mark for what must not be taken', () => {
    const lines = coverageLines(coverageOf(listed), 80)
    assert.deepEqual(lines.slice(-3), ['   21 22 23 24', 'BE  !  2  .  .', 'DE  x  x  .  p'])
    assert.match(lines.join(' '), /! wrong in print; p preliminary; \. nothing/)
  })

  it('is a range of years for each country where the terminal is narrow', () => {
    assert.deepEqual(coverageLines(coverageOf(listed), 12), [
      'BE  secondary 2022; invalid 2021',
      'DE  2021-2022; preliminary 2024',
    ])
  })

  it('tells kinds of regions apart, and years in which only some of them have a figure', () => {
    const states = (['CA', 'NY'] as const).map((region) => row(region, 2022, { regionType: 'state' }))
    const rows = coverageOf([row('US', 2022), ...states, row('CA', 2023, { regionType: 'state' })])
    assert.deepEqual(coverageLines(rows, 80).slice(-3), ['            22 23', 'US           x  .', 'US 2 states  x  +'])
  })

  it('counts CO2 where a set has no CO2e', () => {
    assert.equal(coverageOf([row('IN', 2022, { gas: 'CO2' })]).length, 1)
    assert.deepEqual(coverageOf([]), [])
    assert.deepEqual(coverageLines([], 80), [])
  })
})

const style = { width: 80, bold: (text: string) => text, dim: (text: string) => text }
const setNames = new Map([['bafyexample', 'example']])
const taken: Choice = {
  place: { country: 'US', state: 'EX' },
  factor: handMadeFactor(),
  foundBy: 'state',
  vintage: 'fallback',
  firstMonth: 1,
  flags: ['factor-secondary'],
  upstream: [{ name: 'losses', gramsPerKWh: makeRational(58n, 3n) }],
}

describe('the factor for a place', () => {
  it('is shown in g/kWh and as published, with why it is the one', () => {
    const question = { place: taken.place, year: 2024 }
    const lines = yearLines({ question, taken, next: [], refused: [], setNames }, style)
    assert.equal(lines[0], '362.93059504625 g CO2e/kWh')
    const text = lines.join('\n')
    assert.match(text, /region +state EX: the most precise region/)
    assert.match(text, /published +800\.125 lb\/MWh for 2022/)
    assert.match(text, /for 2024 none is published yet: 2022 is the latest before it/)
    assert.match(
      text,
      /beside it +losses in transmission and distribution: about 19\.333 g\/kWh, not in\n +the footprint/,
    )
    assert.ok(lines.every((line) => line.length <= 80))
  })

  it('comes with the next candidates and how to ask for them', () => {
    const next: Choice[] = [
      { ...taken, place: { country: 'US' }, factor: handMadeFactor({ regionType: 'country', region: 'US' }) },
      { ...taken, dataset: 'owid', factor: handMadeFactor({ cid: 'other', dataset: 'World' }) },
    ]
    const question = { place: taken.place, year: 2022 }
    const text = yearLines({ question, taken, next, refused: [], setNames }, { ...style, width: 120 }).join('\n')
    assert.match(text, /country US +example.*--place US\n/)
    assert.match(text, /World.*--dataset owid/)
  })

  it('says what is in print but never used, rows of one edition as one entry', () => {
    const superseded = { set: 'example', status: 'superseded', reason: 'superseded by another' }
    const refused = [
      { ...superseded, factor: handMadeFactor({ year: 2020 }) },
      { ...superseded, factor: handMadeFactor({ year: 2021 }) },
      {
        ...superseded,
        factor: handMadeFactor({ value: '-17', unit: 'g/kWh' }),
        status: 'invalid',
        reason: 'below nothing',
      },
    ]
    const years = [{ year: 2022, taken }]
    const text = yearsLines({ place: taken.place, years, refused, setNames }, style).join('\n')
    assert.match(text, /2020-2021 {2}2 rows {2}state EX, example Example grid 2022\n {6}superseded by another/)
    assert.match(text, /2022 {2}-17 g\/kWh {2}state EX, .*\n {6}invalid: below nothing/)
    assert.match(text, /later years take that of 2022/)
  })

  it('gives the reason when there is none', () => {
    const none = { code: 'ERR_FACTOR_NOT_AVAILABLE', message: 'no factor for country BE' }
    const report = { place: { country: 'BE' }, years: [], none, refused: [], setNames }
    assert.deepEqual(yearsLines(report, style), ['none: no factor for country BE (ERR_FACTOR_NOT_AVAILABLE)'])
  })
})

describe('tables and sentences', () => {
  it('keep columns one below the other, and painted text as wide as plain', () => {
    const red = { text: 'a', paint: (text: string) => `<${text}>` }
    assert.deepEqual(
      tableLines(
        [
          [red, '1'],
          ['bcd', '100'],
        ],
        [1],
      ),
      ['<a>      1', 'bcd  100'],
    )
    assert.deepEqual(tableLines([]), [])
  })

  it('write years as people do', () => {
    assert.equal(yearRanges([2023, 2018, 2019, 2020]), '2018-2020, 2023')
    assert.equal(yearRanges([]), '')
  })

  it('never cut a word', () => {
    assert.deepEqual(wrap('one bafyreiaaaaaaaaa two', 8), ['one', 'bafyreiaaaaaaaaa', 'two'])
  })
})
