import assert from 'node:assert/strict'
import { computeEmissions } from '#audit'
import type { EmissionsInput, Instrument } from '#audit'
import { formatRational, parseDecimal } from '#protocol'
import type { MarketResult } from '#protocol'
import { published as source } from './fixed-factors-published.ts'

type Options = Partial<Pick<EmissionsInput, 'instruments' | 'isGreenTariff' | 'method' | 'dataset'>> & {
  readonly country?: string
  readonly state?: string
  readonly service?: { readonly start: string; readonly end: string }
}

/** 1000 kWh in France 2019 (59.79 g/kWh) unless told otherwise. */
function market({ country = 'FR', state, service, ...options }: Options): MarketResult | undefined {
  const place = { country, ...(state === undefined ? {} : { state }) }
  const when = service === undefined ? { year: 2019 } : { service }
  return computeEmissions({ ...options, ...when, place, energy: kWh('1000'), source }).market
}

function kWh(amount: string): { value: ReturnType<typeof parseDecimal>; unit: 'kWh' } {
  return { value: parseDecimal(amount), unit: 'kWh' }
}

function rate(value: string): Instrument['rate'] {
  return { value: parseDecimal(value), unit: 'g/kWh' }
}

function certificate(id: string, amount: string, more: Partial<Instrument> = {}): Instrument {
  return {
    kind: 'certificate',
    id,
    energy: kWh(amount),
    rate: rate('0'),
    country: 'FR',
    year: 2019,
    retirement: { registry: 'registry', id: `of ${id}` },
    ...more,
  }
}

function contract(id: string, amount: string, more: Partial<Instrument> = {}): Instrument {
  return { kind: 'contract', id, energy: kWh(amount), rate: rate('20'), country: 'FR', year: 2019, ...more }
}

function supplier(id: string, more: Partial<Instrument> = {}): Instrument {
  return { kind: 'supplier-rate', id, rate: rate('45.5'), country: 'FR', year: 2019, ...more }
}

function taken(registry: string, id: string): Pick<Instrument, 'retirement'> {
  return { retirement: { registry, id } }
}

function partsOf(result: MarketResult | undefined): string[] {
  return (result?.parts ?? []).map((part) => {
    return [part.year, part.source, part.instrument ?? '-', formatRational(part.kWh)].join(' ')
  })
}

describe('the market-based result', () => {
  it('is left out where nothing could make it differ', () => {
    assert.equal(market({}), undefined)
    assert.equal(market({ instruments: [] }), undefined)
    assert.equal(market({ isGreenTariff: false, method: 'location' }), undefined)
  })

  it('takes the location’s factor and says that there is no residual mix', () => {
    const result = market({ method: 'market' })
    assert.deepEqual(partsOf(result), ['2019 location - 1000/1'])
    assert.deepEqual([result?.gramsCO2e, result?.statements], [59_790n, ['no-residual-mix']])
  })

  it('covers by certificates, then contracts, then the supplier’s rate for all the rest', () => {
    const instruments = [supplier('S'), contract('P', '300'), certificate('C', '250')]
    const result = market({ instruments })
    assert.deepEqual(partsOf(result), [
      '2019 certificate C 250/1',
      '2019 contract P 300/1',
      '2019 supplier-rate S 450/1',
    ])
    // 250 x 0 + 300 x 20 + 450 x 45.5
    assert.deepEqual([result?.gramsCO2e, result?.statements], [26_475n, []])
  })

  it('never changes the location-based result', () => {
    const plain = computeEmissions({ place: { country: 'FR' }, year: 2019, energy: kWh('1000'), source })
    const dual = computeEmissions({
      place: { country: 'FR' },
      year: 2019,
      energy: kWh('1000'),
      source,
      instruments: [certificate('C', '1000')],
    })
    const { market: result, ...rest } = dual
    assert.deepEqual(rest, plain)
    assert.equal(result?.gramsCO2e, 0n)
  })

  it('covers no more than was used', () => {
    const result = market({ instruments: [certificate('A', '700'), certificate('B', '700'), contract('P', '10')] })
    assert.deepEqual(partsOf(result), ['2019 certificate A 700/1', '2019 certificate B 300/1'])
    assert.deepEqual(result?.statements, ['instrument-unused:P'])
  })

  it('takes the residual mix of the set, and of the country where the level is a grid', () => {
    const service = { start: '2024-08-01', end: '2024-09-01' }
    const australia = { country: 'AU', state: 'NSW', dataset: 'australia-nga', service }
    const result = market(australia)
    assert.deepEqual(partsOf(result), ['2024 residual-mix - 1000/1'])
    assert.deepEqual([result?.gramsCO2e, result?.statements], [810_000n, []])
    assert.equal(result?.parts[0]?.factor?.region, 'AU')
  })

  it('uses a certificate up over the years of a period', () => {
    const service = { start: '2018-12-31', end: '2019-01-02' }
    const result = market({ service, instruments: [certificate('C', '600', { year: 2018 })] })
    assert.deepEqual(partsOf(result), ['2018 certificate C 500/1', '2019 certificate C 100/1', '2019 location - 400/1'])
  })
})

describe('certificates', () => {
  const refused: Record<string, [Partial<Instrument>, string]> = {
    'that are of the next year': [{ year: 2020 }, 'certificate-year:C'],
    'that are two years old': [{ year: 2017 }, 'certificate-year:C'],
    'of the US': [{ country: 'US' }, 'certificate-other-market:C'],
    'of Great Britain, which left the market': [{ country: 'GB' }, 'certificate-other-market:C'],
    'of Switzerland, which is not in it': [{ country: 'CH' }, 'certificate-other-market:C'],
  }
  for (const [title, [more, statement]] of Object.entries(refused)) {
    it(`cover nothing ${title}`, () => {
      const result = market({ instruments: [certificate('C', '1000', more)] })
      assert.deepEqual(partsOf(result), ['2019 location - 1000/1'])
      assert.deepEqual(result?.statements, [statement, 'no-residual-mix'])
    })
  }

  it('cover nothing unless they are retired', () => {
    const { retirement: _, ...held } = certificate('C', '1000')
    assert.deepEqual(market({ instruments: [held] })?.statements, ['certificate-not-retired:C', 'no-residual-mix'])
  })

  it('cover from anywhere in the European market, of the year or the one before', () => {
    for (const country of ['DE', 'NO', 'IS', 'LI', 'DEU']) {
      for (const year of [2018, 2019]) {
        const result = market({ instruments: [certificate('C', '1000', { country, year })] })
        assert.deepEqual(result?.statements, [], `${country} ${year}`)
      }
    }
  })

  it('are used oldest first, then by id', () => {
    const instruments = [certificate('B', '400'), certificate('A', '400'), certificate('Z', '400', { year: 2018 })]
    assert.deepEqual(partsOf(market({ instruments })), [
      '2019 certificate Z 400/1',
      '2019 certificate A 400/1',
      '2019 certificate B 200/1',
    ])
  })
})

describe('contracts and rates', () => {
  it('do not cover what was used before their year, nor another market', () => {
    for (const more of [{ year: 2020 }, { country: 'US' }]) {
      const result = market({ instruments: [contract('P', '10', more), supplier('S', more)] })
      assert.deepEqual(partsOf(result), ['2019 location - 1000/1'])
      assert.deepEqual(result?.statements, ['instrument-unused:P', 'instrument-unused:S', 'no-residual-mix'])
    }
  })

  it('take the newest rate that is not later than the year', () => {
    const rates = [supplier('old', { year: 2017 }), supplier('new'), supplier('next', { year: 2020 })]
    const result = market({ instruments: rates })
    assert.deepEqual(partsOf(result), ['2019 supplier-rate new 1000/1'])
    assert.deepEqual(result?.statements, ['instrument-unused:next', 'instrument-unused:old'])
  })

  it('of an earlier year cover, and say so once', () => {
    const service = { start: '2018-12-31', end: '2019-01-02' }
    const both = market({ service, instruments: [contract('P', '600', { year: 2018 }), supplier('S', { year: 2017 })] })
    assert.deepEqual(partsOf(both), ['2018 contract P 500/1', '2019 contract P 100/1', '2019 supplier-rate S 400/1'])
    assert.deepEqual(both?.statements, ['instrument-earlier-year:P', 'instrument-earlier-year:S'])
    const inItsYear = market({ service, instruments: [contract('P', '500', { year: 2018 }), supplier('S')] })
    assert.deepEqual(inItsYear?.statements, [])
  })

  it('limit a rate to its energy where it states one', () => {
    const result = market({ instruments: [supplier('S', { energy: kWh('100') })] })
    assert.deepEqual(partsOf(result), ['2019 supplier-rate S 100/1', '2019 location - 900/1'])
  })
})

describe('a claim of green electricity', () => {
  it('covers nothing by itself', () => {
    const result = market({ isGreenTariff: true })
    assert.deepEqual(partsOf(result), ['2019 location - 1000/1'])
    assert.deepEqual(result?.statements, ['green-tariff-not-covered', 'no-residual-mix'])
    assert.equal(result?.gramsCO2e, 59_790n)
  })

  it('is no claim any more when retired certificates cover all of it', () => {
    assert.deepEqual(market({ isGreenTariff: true, instruments: [certificate('C', '1000')] })?.statements, [])
    const partly = market({ isGreenTariff: true, instruments: [certificate('C', '999'), supplier('S')] })
    assert.deepEqual(partly?.statements, ['green-tariff-not-covered'])
  })
})

describe('malformed instruments', () => {
  const { energy: _, ...boundless } = certificate('C', '1')
  const malformed: Record<string, Instrument[]> = {
    'two of one id': [certificate('C', '1'), contract('C', '1')],
    'a certificate without energy': [boundless],
    'a contract without energy': [{ ...boundless, kind: 'contract' }],
    'two ids that differ in case and blanks': [certificate('C', '1'), contract(' c\t', '1')],
    'two certificates of one retirement': [
      certificate('C', '1', taken('R', '1')),
      certificate('D', '1', taken('R', '1')),
    ],
    'two retirements that differ in case and blanks': [
      certificate('C', '1', taken('R', 'a1')),
      certificate('D', '1', taken(' r', 'A1 ')),
    ],
    'an id of blanks': [contract(' ', '1')],
    'the country UK': [certificate('C', '1', { country: 'UK' })],
    'negative energy': [certificate('C', '-1')],
    'a negative rate': [certificate('C', '1', { rate: rate('-1') })],
    'no id': [certificate('', '1')],
    'an unknown country': [certificate('C', '1', { country: 'XYZ' })],
  }
  it('are not certificates with one number in two registries', () => {
    const instruments = [certificate('C', '500', taken('R', '1')), certificate('D', '500', taken('S', '1'))]
    assert.deepEqual(market({ instruments })?.statements, [])
  })

  for (const [title, instruments] of Object.entries(malformed)) {
    it(`are refused: ${title}`, () => {
      assert.throws(() => market({ instruments }), { code: 'ERR_INSTRUMENT' })
    })
  }
})
