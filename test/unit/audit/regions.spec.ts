import assert from 'node:assert/strict'
import { computeEmissions } from '#audit'
import { parseDecimal } from '#protocol'
import type { Derivation, Place } from '#protocol'
import { published as source } from './fixed-factors-published.ts'

const energy = { value: parseDecimal('1000'), unit: 'kWh' } as const
const utility = { eia: 14_328, state: 'CA' }

/** Puerto Rico by each name that it has. */
const PUERTO_RICO: readonly Place[] = [
  { country: 'PR' },
  { country: 'US', state: 'PR' },
  { country: 'US', subregion: 'PRMS' },
  { country: 'US', nerc: 'PR' },
]

function compute(place: Omit<Place, 'country'> & { country?: string }, year = 2020): Derivation {
  return computeEmissions({ place: { country: 'US', ...place }, year, energy, source })
}

function levelOf(place: Parameters<typeof compute>[0], year = 2020): string {
  const { level, foundBy, parts, flags } = compute(place, year)
  return [level, parts[0]?.factor.region, foundBy, ...flags].join(' ')
}

describe('levels of a place in the US', () => {
  it('go from utility over postal code, subregion, state and NERC region to the country', () => {
    assert.equal(levelOf({ utility, zip: '90001', subregion: 'CAMX', state: 'CA' }), 'subregion CAMX utility')
    assert.equal(levelOf({ zip: '90001', subregion: 'CAMX', state: 'CA' }), 'subregion CAMX zip')
    assert.equal(levelOf({ subregion: 'CAMX', state: 'CA' }), 'subregion CAMX subregion')
    assert.equal(levelOf({ state: 'CA' }), 'state CA state')
    assert.equal(levelOf({ nerc: 'WECC' }, 2019), 'nerc WECC nerc')
    assert.equal(levelOf({}), 'country US country')
  })

  it('take the state of a utility that no table places in a subregion', () => {
    assert.equal(levelOf({ utility: { eia: 99, state: 'CA' } }), 'state CA state')
    assert.equal(levelOf({ utility: { eia: 99, state: 'CA' }, zip: '90001' }), 'subregion CAMX zip')
  })

  it('take the predominant subregion of a postal code that spans several, and say so', () => {
    assert.equal(levelOf({ zip: '89439' }), 'subregion NWPP zip zip-several-subregions')
    assert.equal(levelOf({ zip: '89439', subregion: 'CAMX' }), 'subregion CAMX subregion')
    assert.equal(levelOf({ zip: '89439', utility }), 'subregion CAMX utility')
  })

  it('do not warn of several subregions where a coarser level was used', () => {
    assert.equal(levelOf({ zip: '89439', state: 'CA' }, 2018), 'state CA state')
  })

  it('prefer a utility to a postal code of elsewhere, and say so', () => {
    assert.equal(levelOf({ zip: '89501', utility }), 'subregion CAMX utility zip-differs-from-utility')
    assert.equal(levelOf({ zip: '89439', utility }), 'subregion CAMX utility')
  })

  it('flag an unknown postal code beside something better, and refuse it alone', () => {
    assert.equal(levelOf({ zip: '00000', state: 'CA' }), 'state CA state zip-unknown')
    assert.throws(() => compute({ zip: '00000' }), { code: 'ERR_PLACE_UNKNOWN' })
  })

  it('flag figures that somebody copied out of a document', () => {
    assert.equal(levelOf({ nerc: 'WECC' }, 2020), 'nerc WECC nerc factor-secondary')
  })

  it('keep a subregion and a NERC region of one name apart', () => {
    const valueOf = (place: Parameters<typeof compute>[0]): string | undefined => {
      return compute(place, 2018).parts[0]?.factor.value
    }
    assert.equal(valueOf({ subregion: 'FRCC' }), '936.145')
    assert.equal(valueOf({ nerc: 'FRCC' }), '936.176')
  })

  it('fall back to a coarser level rather than to a later year', () => {
    assert.equal(levelOf({ subregion: 'NWPP', state: 'CA' }, 2019), 'state CA state')
    assert.equal(levelOf({ nerc: 'WECC' }, 2018), 'country US country')
  })
})

describe('places that cannot be', () => {
  const conflicts: Record<string, Parameters<typeof compute>[0]> = {
    'a utility of California in Nevada': { utility, state: 'NV' },
    'a utility of CAMX in NWPP': { utility, subregion: 'NWPP' },
    'a postal code of California in Nevada': { zip: '90001', state: 'NV' },
    'a postal code of California with a utility of Nevada': { zip: '90001', utility: { eia: 99, state: 'NV' } },
    'a postal code of CAMX in NWPP': { zip: '90001', subregion: 'NWPP' },
    'a subregion of the US in France': { country: 'FR', subregion: 'CAMX' },
    'a NERC region in France': { country: 'FR', nerc: 'WECC' },
    'a NERC region of the mainland in Puerto Rico': { country: 'PR', nerc: 'WECC' },
    'a NERC region beside a state': { state: 'CA', nerc: 'WECC' },
    'a NERC region beside a subregion': { subregion: 'CAMX', nerc: 'WECC' },
    'a NERC region beside a postal code': { zip: '90001', nerc: 'WECC' },
    'a NERC region beside an unknown postal code': { zip: '00000', nerc: 'WECC' },
    'a NERC region beside a utility': { utility, nerc: 'WECC' },
    'a subregion in which no postal code of the state lies': { subregion: 'PRMS', state: 'CA' },
    'such a subregion with the state of a utility that no table has': {
      subregion: 'PRMS',
      utility: { eia: 99, state: 'CA' },
    },
    'such a subregion with an unknown postal code': { subregion: 'PRMS', state: 'CA', zip: '00000' },
    'a utility of the US in France': { country: 'FR', utility },
  }
  for (const [title, place] of Object.entries(conflicts)) {
    it(`are refused: ${title}`, () => {
      assert.throws(() => compute(place), { code: 'ERR_PLACE_CONFLICT' })
    })
  }

  it('are refused when no set knows the region', () => {
    for (const place of [
      { state: 'XX' },
      { subregion: 'XXXX' },
      { nerc: 'XXXX' },
      { country: 'FRAN' },
      { country: 'F' },
      { state: 'XX', subregion: 'CAMX' },
    ]) {
      assert.throws(() => compute(place), { code: 'ERR_PLACE_UNKNOWN' }, JSON.stringify(place))
    }
  })
})

describe('a place in the United Kingdom', () => {
  it('is in GB, and whoever writes UK is told', () => {
    assert.throws(() => compute({ country: 'UK' }), { code: 'ERR_PLACE_UNKNOWN', message: /\bGB\b/ })
  })
})

describe('levels outside the US', () => {
  it('are the country, whatever the state, unless the set has provinces or grids', () => {
    const inAustralia = { place: { country: 'AU', state: 'NSW' }, year: 2025, energy, source, dataset: 'australia-nga' }
    const { level, foundBy, parts } = computeEmissions(inAustralia)
    assert.deepEqual([level, foundBy, parts[0]?.factor.region], ['grid', 'state', 'AU-NSW'])
    const elsewhere = { place: { country: 'AU', state: 'ACT' }, year: 2025, energy, source, dataset: 'australia-nga' }
    assert.equal(computeEmissions(elsewhere).level, 'country')
    assert.equal(levelOf({ country: 'FR', state: 'IDF' }), 'country FR country')
  })

  it('take Puerto Rico for a state of the US', () => {
    assert.deepEqual(compute({ country: 'PR' }).place, { country: 'US', state: 'PR' })
    assert.equal(levelOf({ country: 'PR' }), 'state PR state')
  })

  it('never take the sum of the US for Puerto Rico, by whatever name', () => {
    for (const place of [
      ...PUERTO_RICO,
      { country: 'US', zip: '00601' },
      { country: 'US', utility: { eia: 99, state: 'PR' } },
    ]) {
      const title = JSON.stringify(place)
      assert.equal(compute(place).parts[0]?.factor.value, '1608.496', title)
      assert.throws(() => compute(place, 2018), { code: 'ERR_FACTOR_NOT_AVAILABLE' }, title)
    }
    assert.equal(levelOf({ country: 'PR', nerc: 'PR' }), 'nerc PR nerc')
  })

  it('take the figure of Puerto Rico, and not of the US, from a set of countries that a request names', () => {
    for (const place of PUERTO_RICO) {
      const { parts, level, upstream } = computeEmissions({ place, year: 2020, energy, source, dataset: 'owid' })
      assert.deepEqual([level, parts[0]?.factor.region, parts[0]?.factor.value], ['country', 'PR', '668.59'])
      assert.deepEqual(upstream, [], 'the losses of the US are not those of Puerto Rico')
    }
    assert.throws(() => computeEmissions({ place: { country: 'PR' }, year: 2019, energy, source, dataset: 'owid' }), {
      code: 'ERR_FACTOR_NOT_AVAILABLE',
    })
  })
})
