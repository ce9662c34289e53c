import assert from 'node:assert/strict'
import { formatDecimal } from '#protocol'
import { bill, extract, factsOf, figures, kWh, refusal, ublFile } from './einvoice-file.ts'
import type { TestLine } from './einvoice-file.ts'

const POINT = '871694831000290806'
const SEEF =
  'urn:cen.eu:en16931:2017#compliant#urn:fdc:nen.nl:nlcius:v1.0#conformant#urn:fdc:energie-efactuur.nl:invoice:v3.1'

type TestReading = {
  register: string
  previous?: string
  latest?: string
  unit?: string
  consumed?: string
  start?: string
  end?: string
  fuels?: Readonly<Record<string, string>>
  method?: string
}

function reading(init: TestReading): string {
  const {
    register,
    previous,
    latest,
    unit = 'KWH',
    consumed,
    start = '2024-03-01',
    end = '2024-03-31',
    fuels,
    method,
  } = init
  const figure = (name: string, text: string | undefined): string =>
    text === undefined ? '' : `<seef:${name} unitCode="${unit}">${text}</seef:${name}>`
  const mix = Object.entries(fuels ?? {}).map(
    ([code, percent]) =>
      `<seef:FuelType><seef:FuelTypeCode>${code}</seef:FuelTypeCode><seef:Percentage>${percent}</seef:Percentage></seef:FuelType>`,
  )
  return [
    '<seef:MeterReading>',
    `<seef:MeterReadingTypeCode>${register}</seef:MeterReadingTypeCode>`,
    `<seef:PreviousMeterReadingDate>${start}</seef:PreviousMeterReadingDate>`,
    figure('PreviousMeterQuantity', previous),
    `<seef:LatestMeterReadingDate>${end}</seef:LatestMeterReadingDate>`,
    figure('LatestMeterQuantity', latest),
    method === undefined ? '' : `<seef:LatestMeterReadingMethodCode>${method}</seef:LatestMeterReadingMethodCode>`,
    consumed === undefined ? '' : `<seef:ConsumptionQuantity>${consumed}</seef:ConsumptionQuantity>`,
    mix.length === 0 ? '' : `<seef:FuelMix>${mix.join('')}</seef:FuelMix>`,
    '</seef:MeterReading>',
  ].join('')
}

function extension(
  readings: readonly TestReading[],
  meter = '<seef:MeterNumber>40222431</seef:MeterNumber>',
  version = '3.1',
): string {
  const namespace = `urn:www.energie-efactuur.nl:profile:invoice:ver${version}`
  return `<ext:UBLExtensions><ext:UBLExtension><ext:ExtensionContent><seef:SEEFExtensionWrapper xmlns:seef="${namespace}"><seef:UtilityConsumptionPoint><cbc:ID>${POINT}</cbc:ID><seef:UtilityMeter>${meter}${readings.map(reading).join('')}</seef:UtilityMeter></seef:UtilityConsumptionPoint></seef:SEEFExtensionWrapper></ext:ExtensionContent></ext:UBLExtension></ext:UBLExtensions>`
}

const LOW: TestReading = { register: 'LAAG', previous: '100', latest: '500', consumed: '400' }
const HIGH: TestReading = { register: 'HOOG', previous: '1000', latest: '1600', consumed: '600' }
const LINES: readonly TestLine[] = [
  kWh('Artikel 1', '400', { code: 'LEVD', point: [POINT, 'AVE'], classes: [['CG', 'SUPPLY']] }),
  kWh('Artikel 2', '600', { code: 'LEVP', point: [POINT, 'AVE'], classes: [['CG', 'SUPPLY']] }),
  kWh('Artikel 3', '1000', { code: 'EB2', point: [POINT, 'AVE'] }),
  kWh('Artikel 4', '1000', { code: 'ODE2', point: [POINT, 'AVE'] }),
]

function seef(readings: readonly TestReading[], init: { lines?: readonly TestLine[]; meter?: string } = {}): string {
  const invoice = bill(init.lines ?? LINES, { profile: SEEF, points: [] })
  return ublFile(invoice, { extensions: extension(readings, init.meter) })
}

describe('meter readings of SEeF', () => {
  it('are what the lines bill: codes of articles tell registers from levies', async () => {
    const [facts, ...others] = await factsOf(seef([LOW, HIGH]))
    assert.ok(facts)
    assert.deepEqual(others, [])
    const { import: imported, point, meter, kind, utility } = facts
    assert.deepEqual([formatDecimal(imported.value), point, meter, kind], ['1000', POINT, '40222431', 'actual'])
    assert.equal(utility?.role, 'supply')
    assert.deepEqual(facts.flags, ['arithmetic-unchecked'])
  })

  it('are read in every version of the extension, with and without wrapper', async () => {
    for (const version of ['1.0.0', '2.0', '3.0']) {
      const invoice = bill(LINES, { profile: SEEF, points: [] })
      const wrapped = ublFile(invoice, { extensions: extension([LOW, HIGH], undefined, version) })
      assert.equal((await factsOf(wrapped))[0]?.meter, '40222431')
      const bare = wrapped
        .replace(/<seef:SEEFExtensionWrapper[^>]*>/, '')
        .replace('</seef:SEEFExtensionWrapper>', '')
        .replace(
          '<seef:UtilityConsumptionPoint>',
          `<seef:UtilityConsumptionPoint xmlns:seef="urn:www.energie-efactuur.nl:profile:invoice:ver${version}">`,
        )
      assert.equal((await factsOf(bare))[0]?.meter, '40222431')
    }
  })

  it('need a person when they are not what the lines bill, or contradict themselves', async () => {
    const conflict = 'needs-review ERR_BILL_READINGS_CONFLICT MeterReading'
    assert.equal(await refusal(seef([LOW])), conflict)
    assert.equal(await refusal(seef([LOW, { ...HIGH, latest: '1601', consumed: '601' }])), conflict)
    assert.equal(
      await refusal(seef([LOW, { ...HIGH, latest: '900', consumed: '600' }])),
      'needs-review ERR_BILL_READINGS_CONFLICT ConsumptionQuantity',
    )
    assert.equal(await refusal(seef([LOW, HIGH, HIGH])), conflict)
    assert.equal(await refusal(seef([LOW, { register: 'HOOG', previous: '1600', latest: '1000' }])), conflict)
    const { reason } = await extract(seef([LOW]))
    assert.match(reason?.message ?? '', /400 kWh.*1000 kWh/)
  })

  it('beside lines without a period need a person: they have dates that are not those of the lines', async () => {
    const { period, ...undated } = bill(LINES, { profile: SEEF, points: [] })
    assert.ok(period)
    const alone = await extract(ublFile(undated))
    assert.deepEqual([alone.verdict, alone.reason?.code, alone.read?.length], ['facts', 'ERR_BILL_UNSTATED', 1])
    const { verdict, reason, read } = await extract(ublFile(undated, { extensions: extension([LOW, HIGH]) }))
    assert.deepEqual([verdict, reason?.code, read], ['needs-review', 'ERR_BILL_UNSTATED', undefined])
  })

  it('need a person at a point that no line bills: what it used would be lost', async () => {
    const file = seef([LOW, HIGH])
    const point = /<seef:UtilityConsumptionPoint>.*<\/seef:UtilityConsumptionPoint>/s.exec(file)?.[0] ?? ''
    const second = point.replace(POINT, '871694831000290813').replace('40222431', '40222432')
    const both = file.replace(point, point + second)
    assert.equal(await refusal(both), 'needs-review ERR_BILL_READINGS_CONFLICT UtilityConsumptionPoint')
    const idle = second.replaceAll(
      /<seef:(Previous|Latest)MeterQuantity[^>]*>[0-9]+/g,
      '<seef:$1MeterQuantity unitCode="KWH">7',
    )
    const nothing = idle.replaceAll(/<seef:ConsumptionQuantity>[0-9]+/g, '<seef:ConsumptionQuantity>0')
    assert.deepEqual(await figures(file.replace(point, point + nothing)), [
      'electricity 2024-03-01..2024-04-01 1000 kWh',
    ])
  })

  it('need a person when a meter has two numbers', async () => {
    const twice = '<seef:MeterNumber>40222431</seef:MeterNumber>'.repeat(2)
    assert.equal(await refusal(seef([LOW, HIGH], { meter: twice })), 'needs-review ERR_BILL_UNSTATED UtilityMeter')
  })

  it('are multiplied by the constant of the meter, and leave power and reactive energy out', async () => {
    const meter = '<seef:MeterNumber>7</seef:MeterNumber><seef:MeterConstant>40</seef:MeterConstant>'
    const readings = [
      { register: 'LAAG', previous: '10', latest: '20' },
      { register: 'HOOG', previous: '10', latest: '25' },
      { register: 'MAXBELASTING', previous: '0', latest: '81', unit: 'KWT' },
      { register: 'BLINDINTEGRAAL', previous: '0', latest: '6054', unit: 'K3' },
    ]
    assert.deepEqual(await figures(seef(readings, { meter })), ['electricity 2024-03-01..2024-04-01 1000 kWh'])
  })

  it('state what was fed in', async () => {
    const back = { register: 'TERUGLEVERING LAAG', previous: '0', latest: '77' }
    assert.deepEqual(await figures(seef([LOW, HIGH, back])), [
      'electricity 2024-03-01..2024-04-01 1000 kWh, export 77 kWh',
    ])
    const paid = kWh('Teruglevering', '-77', { point: [POINT, 'AVE'] })
    assert.deepEqual(await figures(seef([LOW, HIGH, back], { lines: [...LINES, paid] })), [
      'electricity 2024-03-01..2024-04-01 1000 kWh, export 77 kWh',
    ])
    const other = kWh('Teruglevering', '-78', { point: [POINT, 'AVE'] })
    assert.match(await refusal(seef([LOW, HIGH, back], { lines: [...LINES, other] })), /ERR_BILL_READINGS_CONFLICT/)
  })

  it('need a person where a register may count what a plant made: it is no consumption', async () => {
    for (const register of ['Egenproduktion', 'Solceller', 'PV', 'Eigenverbrauch', 'Opwek']) {
      const verdict = await refusal(seef([LOW, { ...HIGH, register }]))
      assert.equal(verdict, 'needs-review ERR_BILL_GENERATION MeterReading', register)
    }
  })

  it('of each month belong to the lines of that month', async () => {
    const month = (start: string, end: string): Pick<TestReading, 'start' | 'end'> => ({ start, end })
    const lines = [
      kWh('A', '300', { code: 'LEVD', period: ['2024-03-01', '2024-03-31'] }),
      kWh('A', '100', { code: 'LEVD', period: ['2024-04-01', '2024-04-30'] }),
    ]
    const invoice = bill(lines, { profile: SEEF, points: [POINT] })
    const readings = [
      {
        ...LOW,
        latest: '400',
        consumed: '300',
        ...month('2024-03-01', '2024-03-31'),
        fuels: { SOLAR: '10', FOSSIL: '90' },
      },
      { ...LOW, previous: '400', consumed: '100', ...month('2024-04-01', '2024-04-30'), fuels: { WIND: '100' } },
    ]
    const facts = await factsOf(ublFile(invoice, { extensions: extension(readings) }))
    assert.deepEqual(
      facts.map(({ greenClaim }) => formatDecimal(greenClaim?.energy?.value ?? { u: -1n, e: 0 })),
      ['30', '100'],
    )
    const whole = [{ ...LOW, start: '2024-03-01', end: '2024-04-30' }]
    assert.equal((await factsOf(ublFile(invoice, { extensions: extension(whole) }))).length, 2)
  })

  it('stand alone where the lines are money only, as a credit does', async () => {
    const money = [
      {
        name: 'Netbeheer',
        quantity: '1',
        unit: 'C62',
        price: '-507.95',
        amount: '-507.95',
        classes: [['CG', 'NETMNGT']] as const,
      },
    ]
    const credit = bill(money, { profile: SEEF, points: [], type: '384', precedes: ['N-1'], payable: '-614.62' })
    const { verdict, bills } = await extract(ublFile(credit, { extensions: extension([LOW, HIGH]) }))
    assert.equal(verdict, 'correction')
    const [facts] = bills
    assert.ok(facts)
    assert.deepEqual([facts.kind, facts.corrects, formatDecimal(facts.import.value)], ['correction', 'N-1', '1000'])
    assert.deepEqual(facts.flags, ['credit', 'money-only'])
    assert.equal(facts.utility?.role, 'grid')
    const nameless = bill(money, { profile: SEEF, points: [], type: '384' })
    assert.match(await refusal(ublFile(nameless, { extensions: extension([LOW, HIGH]) })), /ERR_BILL_CORRECTION/)
    const odd = [{ ...LOW, register: 'TELWERK 1' }]
    assert.match(await refusal(ublFile(credit, { extensions: extension(odd) })), /ERR_BILL_UNSTATED/)
    const [twice, back] = [
      [LOW, HIGH, HIGH],
      [LOW, { register: 'HOOG', previous: '1600', latest: '1300' }],
    ]
    assert.match(await refusal(ublFile(credit, { extensions: extension(twice) })), /ERR_BILL_READINGS_CONFLICT/)
    assert.match(await refusal(ublFile(credit, { extensions: extension(back) })), /ERR_BILL_READINGS_CONFLICT/)
  })
})

describe('green claims', () => {
  async function claim(fuels: readonly (Readonly<Record<string, string>> | undefined)[]): Promise<string> {
    const [low, high] = fuels
    const readings = [
      { ...LOW, ...(low === undefined ? {} : { fuels: low }) },
      { ...HIGH, ...(high === undefined ? {} : { fuels: high }) },
    ]
    const [facts] = await factsOf(seef(readings))
    const { greenClaim, flags } = facts ?? {}
    const energy = greenClaim?.energy === undefined ? 'none' : formatDecimal(greenClaim.energy.value)
    return `${energy}${flags?.includes('fuel-mix-unread') === true ? ' unread' : ''}`
  }

  it('add the green share of each register', async () => {
    assert.equal(await claim([{ FOSSIL: '100' }, { FOSSIL: '60', SOLAR: '40' }]), '240')
    assert.equal(await claim([{ WIND: '33.3', FOSSIL: '66.7' }, { HYDRO: '100' }]), '733.2')
    assert.equal(await claim([{ FOSSIL: '100' }, { NUCLEAR: '100' }]), 'none')
    assert.equal(await claim([undefined, undefined]), 'none')
  })

  it('are left out when shares are unknown, missing or no whole', async () => {
    assert.equal(await claim([{ FOSSIL: '100' }, { FOSSIL: '60', SOLAR: '30' }]), 'none unread')
    assert.equal(await claim([{ FOSSIL: '100' }, { FOSSIL: '60', MAGIC: '40' }]), 'none unread')
    assert.equal(await claim([{ FOSSIL: '100' }, undefined]), 'none unread')
    assert.equal(await claim([{ FOSSIL: '120', SOLAR: '-20' }, { FOSSIL: '100' }]), 'none unread')
  })

  it('are quoted from notes, without a figure', async () => {
    const notes = ['Elområde 4. 98 % grön el (vattenkraft). Beräknad årsförbrukning: 12.628 kWh.']
    const [facts] = await factsOf(ublFile(bill([kWh('Elförbrukning', '1')], { notes })))
    assert.deepEqual(facts?.greenClaim, { source: 'note', evidence: '98 % grön el (vattenkraft).' })
    const law = ['De opslag duurzame energie (ODE) is verlaagd. Umlage nach dem Erneuerbare-Energien-Gesetz (EEG).']
    const [lawful] = await factsOf(ublFile(bill([kWh('Stromverbrauch', '1')], { notes: law })))
    assert.ok(lawful)
    assert.equal(lawful.greenClaim, undefined)
    const gas = await factsOf(ublFile(bill([kWh('Gasverbrauch', '1')], { notes: ['100 % grön el'] })))
    assert.equal(gas[0]?.greenClaim, undefined)
  })
})

describe('kinds of quantities', () => {
  it('are told by words of the line, and assumed actual otherwise', async () => {
    const kindOf = async (note: string): Promise<string> => {
      const [facts] = await factsOf(ublFile(bill([kWh('Stromverbrauch', '1', { note })])))
      return `${facts?.kind} ${facts?.flags.includes('kind-unstated') === true ? 'unstated' : 'stated'}`
    }
    assert.equal(await kindOf('geschätzt'), 'estimated stated')
    assert.equal(await kindOf('abgelesen am 31.03.2024'), 'actual stated')
    assert.equal(await kindOf('Vielen Dank'), 'actual unstated')
    const lines = [kWh('Wirkarbeit HT', '1', { note: 'geschätzt' }), kWh('Wirkarbeit NT', '1')]
    assert.equal((await factsOf(ublFile(bill(lines))))[0]?.kind, 'mixed')
  })

  it('are those of the readings', async () => {
    const estimated = await factsOf(seef([LOW, { ...HIGH, method: 'Estimated' }]))
    assert.equal(estimated[0]?.kind, 'mixed')
  })
})
