import assert from 'node:assert/strict'
import { computeEmissions } from '#audit'
import type { EmissionsInput, When } from '#audit'
import { formatRational, makeRational, multiplyRationals, parseDecimal, subtractRationals } from '#protocol'
import type { Derivation, Rational } from '#protocol'
import { published as source } from './fixed-factors-published.ts'
import { fixedFactors } from './fixed-factors.ts'

type Case = When & { place: EmissionsInput['place']; dataset?: string; kWh?: string }

function compute({ kWh = '1000', ...rest }: Case): Derivation {
  return computeEmissions({ ...rest, energy: { value: parseDecimal(kWh), unit: 'kWh' }, source })
}

function linesOf(given: Case): string[] {
  return compute(given).upstream.map(({ name, gramsCO2e }) => `${name} ${gramsCO2e}`)
}

describe('upstream lines of electricity in the US', () => {
  it('are the losses E f GGL / (1 - GGL), of the subregion when that is the level', () => {
    // 1000 kWh x 453.59237 x 0.455251 g = 206498.3800... ; x 0.051 / 0.949 = 11097.3800...
    const derivation = compute({ place: { country: 'US', subregion: 'CAMX' }, year: 2019 })
    const [line] = derivation.upstream
    const expected = multiplyRationals(derivation.exact, makeRational(51n, 949n))
    assert.deepEqual(line?.exact, expected)
    assert.equal(line?.gramsCO2e, 11_097n)
    assert.equal(line?.parts[0]?.gridLoss?.region, 'CAMX')
  })

  it('take the loss of the country for a state, a NERC region and the country', () => {
    for (const place of [{ state: 'CA' }, { nerc: 'WECC' }, {}]) {
      const [line] = compute({ place: { country: 'US', ...place }, year: 2019 }).upstream
      assert.deepEqual([line?.parts[0]?.gridLoss?.region, line?.parts[0]?.gridLoss?.fraction], ['US', '0.051'])
    }
  })

  it('stand only beside figures of eGRID: its losses are no share of a life cycle', () => {
    assert.deepEqual(linesOf({ place: { country: 'US' }, year: 2019 }), ['losses 21676'])
    assert.deepEqual(linesOf({ place: { country: 'US' }, year: 2019, dataset: 'owid' }), [])
  })

  it('are never part of the footprint', () => {
    const without = fixedFactors([
      { dataset: 'egrid', regionType: 'country', region: 'US', year: 2019, value: '889.214', unit: 'lb/MWh' },
    ])
    const energy = { value: parseDecimal('1000'), unit: 'kWh' } as const
    const plain = computeEmissions({ place: { country: 'US' }, year: 2019, energy, source: without })
    assert.deepEqual(plain.upstream, [])
    assert.deepEqual(plain.exact, compute({ place: { country: 'US' }, year: 2019 }).exact)
  })

  it('take a loss of an earlier year, marked, and never of a later one', () => {
    const [line] = compute({ place: { country: 'US' }, year: 2020 }).upstream
    assert.deepEqual([line?.parts[0]?.gridLoss?.year, line?.parts[0]?.vintage], [2019, 'fallback'])
    const early = fixedFactors([{ dataset: 'egrid', regionType: 'country', region: 'US', year: 2017, value: '400' }], {
      losses: [{ regionType: 'country', region: 'US', year: 2018, fraction: '0.05' }],
    })
    const energy = { value: parseDecimal('1'), unit: 'kWh' } as const
    const service = { start: '2017-12-01', end: '2018-02-01' }
    assert.deepEqual(computeEmissions({ place: { country: 'US' }, service, energy, source: early }).upstream, [])
  })

  it('follow each part of a period across years', () => {
    const service = { start: '2018-12-31', end: '2019-01-02' }
    const { parts, upstream } = compute({ place: { country: 'US', state: 'CA' }, service, kWh: '2' })
    const [line] = upstream
    assert.deepEqual(
      line?.parts.map((part) => [part.year, formatRational(part.kWh), part.gridLoss?.fraction]),
      [
        [2018, '1/1', '0.0487'],
        [2019, '1/1', '0.051'],
      ],
    )
    assert.deepEqual(
      line?.parts.map(({ factor }) => factor),
      parts.map(({ factor }) => factor),
    )
  })
})

describe('upstream lines of electricity in Great Britain', () => {
  const GB = { country: 'GB' }

  it('are losses, the way to the tank, and the way to the tank of the losses', () => {
    assert.deepEqual(linesOf({ place: GB, year: 2019 }), [
      'losses 21700',
      'well-to-tank 35650',
      'well-to-tank-losses 3030',
    ])
    assert.equal(compute({ place: GB, year: 2019 }).gramsCO2e, 255_600n)
  })

  it('are left out one by one where a part has no figure: missing is not zero', () => {
    assert.deepEqual(linesOf({ place: GB, year: 2016 }), [])
    const service = { start: '2016-12-31', end: '2017-01-02' }
    assert.deepEqual(linesOf({ place: GB, service }), [])
    const line = compute({ place: GB, year: 2020 }).upstream.find(({ name }) => name === 'well-to-tank-losses')
    assert.equal(line?.parts[0]?.vintage, 'fallback')
  })

  it('are not taken beside the figures of another set', () => {
    assert.deepEqual(linesOf({ place: GB, year: 2015 }), [])
    assert.deepEqual(linesOf({ place: GB, year: 2019, dataset: 'owid' }), [])
  })
})

describe('upstream lines elsewhere', () => {
  it('are none', () => {
    assert.deepEqual(linesOf({ place: { country: 'FR' }, year: 2019 }), [])
    assert.deepEqual(linesOf({ place: { country: 'IN' }, year: 2023, dataset: 'india-cea' }), [])
  })
})

describe('losses', () => {
  const E = makeRational(1000n)
  const f = makeRational(2n, 5n)
  const loss = makeRational(51n, 1000n)

  it('are neither E f GGL nor E f (1 + GGL): a division by 1 - GGL, as errors of peers teach', () => {
    const usual = fixedFactors([{ dataset: 'egrid', regionType: 'country', region: 'US', year: 2019, value: '0.4' }], {
      losses: [{ regionType: 'country', region: 'US', year: 2019, fraction: '0.051' }],
    })
    const energy = { value: parseDecimal('1000'), unit: 'kWh' } as const
    const { exact, upstream } = computeEmissions({ place: { country: 'US' }, year: 2019, energy, source: usual })
    const scope2 = multiplyRationals(E, f)
    const multiplied = multiplyRationals(scope2, loss)
    const divided = (value: Rational): Rational => makeRational(value.n * 1000n, value.d * 949n)
    assert.deepEqual(exact, scope2)
    assert.notDeepEqual(upstream[0]?.exact, multiplied)
    assert.deepEqual(upstream[0]?.exact, subtractRationals(divided(scope2), scope2))
  })
})
