import assert from 'node:assert/strict'
import { decodeCanonical, encodeFacts, factsToJson, parseDecimal } from '#protocol'
import type { Facts } from '#protocol'

const facts: Facts = {
  v: 1,
  extractor: { id: 'test', version: '1' },
  format: 'test',
  commodity: 'electricity',
  service: { start: '2019-01-01', end: '2019-02-01', basis: 'epoch' },
  import: { value: parseDecimal('10.50'), unit: 'MJ' },
  kind: 'actual',
  flags: ['a', 'b'],
  sources: {},
}

describe('facts', () => {
  it('encode a decimal as text and exponent, and leave absent fields out', () => {
    const value = decodeCanonical(encodeFacts(facts), 4_096) as Record<string, unknown>
    assert.deepEqual(value['import'], { unit: 'MJ', value: { u: '105', e: -1 } })
    assert.equal('point' in value, false)
  })

  it('have equal bytes when they are equal, however they were written', () => {
    const reordered: Facts = {
      ...Object.fromEntries(Object.entries(facts).toReversed()),
      import: { unit: 'MJ', value: parseDecimal('10.5') },
    } as Facts
    assert.deepEqual(encodeFacts(reordered), encodeFacts(facts))
    assert.notDeepEqual(
      encodeFacts({ ...facts, import: { value: parseDecimal('10.5'), unit: 'kWh' } }),
      encodeFacts(facts),
    )
    assert.notDeepEqual(
      encodeFacts({ ...facts, export: { value: parseDecimal('1'), unit: 'kWh' } }),
      encodeFacts(facts),
    )
  })

  it('carry the energy of each year as text, and nothing where there is none', () => {
    const whByYear = [
      { year: 2018, wh: '20/3' },
      { year: 2019, wh: '23/6' },
    ]
    const readings: NonNullable<Facts['readings']> = {
      count: 2,
      duplicates: 0,
      gaps: 0,
      seriesHash: new Uint8Array(32),
    }
    const bytes = encodeFacts({ ...facts, readings: { ...readings, whByYear } })
    const block = decodeCanonical(bytes, 4_096) as { readings: Record<string, unknown> }
    assert.deepEqual(block.readings['whByYear'], whByYear)
    const swapped = whByYear.map(({ year, wh }) => ({ wh, year }))
    assert.deepEqual(encodeFacts({ ...facts, readings: { whByYear: swapped, ...readings } }), bytes)
    assert.notDeepEqual(encodeFacts({ ...facts, readings: { ...readings, whByYear: whByYear.slice(1) } }), bytes)

    const absent = { ...readings, whByYear: undefined } as unknown as typeof readings
    const without = encodeFacts({ ...facts, readings: absent })
    assert.deepEqual(without, encodeFacts({ ...facts, readings }))
    const { readings: kept } = decodeCanonical(without, 4_096) as { readings: object }
    assert.deepEqual(Object.keys(kept).toSorted(), ['count', 'duplicates', 'gaps', 'seriesHash'])
  })

  it('carry the energy of each year as text, and nothing where there is none', () => {
    const whByYear = [
      { year: 2018, wh: '20/3' },
      { year: 2019, wh: '23/6' },
    ]
    const readings: NonNullable<Facts['readings']> = {
      count: 2,
      duplicates: 0,
      gaps: 0,
      seriesHash: new Uint8Array(32),
    }
    const bytes = encodeFacts({ ...facts, readings: { ...readings, whByYear } })
    const block = decodeCanonical(bytes, 4_096) as { readings: Record<string, unknown> }
    assert.deepEqual(block.readings['whByYear'], whByYear)
    const swapped = whByYear.map(({ year, wh }) => ({ wh, year }))
    assert.deepEqual(encodeFacts({ ...facts, readings: { whByYear: swapped, ...readings } }), bytes)
    assert.notDeepEqual(encodeFacts({ ...facts, readings: { ...readings, whByYear: whByYear.slice(1) } }), bytes)

    const absent = { ...readings, whByYear: undefined } as unknown as typeof readings
    const without = encodeFacts({ ...facts, readings: absent })
    assert.deepEqual(without, encodeFacts({ ...facts, readings }))
    const { readings: kept } = decodeCanonical(without, 4_096) as { readings: object }
    assert.deepEqual(Object.keys(kept).toSorted(), ['count', 'duplicates', 'gaps', 'seriesHash'])
  })

  it('print kWh only where its decimal expansion ends', () => {
    assert.deepEqual(factsToJson(facts).import, { value: '10.5', unit: 'MJ' })
    const joules = factsToJson({ ...facts, import: { value: parseDecimal('9'), unit: 'MJ' } })
    assert.deepEqual(joules.import, { kWh: '2.5', value: '9', unit: 'MJ' })
  })
})
