import assert from 'node:assert/strict'
import { formatDecimal } from '#protocol'
import { bill, ciiFile, extract, factsOf, figures, kWh, refusal, ublFile } from './einvoice-file.ts'
import type { TestLine } from './einvoice-file.ts'

function priced(quantity: string, price: string, amount: string, more: TestLine = {}): string {
  return ublFile(bill([kWh('Wirkarbeit', quantity, { price, amount, ...more })]))
}

async function flags(text: string): Promise<readonly string[]> {
  return (await factsOf(text))[0]?.flags.filter((flag) => flag !== 'kind-unstated') ?? []
}

async function imported(unit: string, quantity: string, name = 'Gasverbrauch'): Promise<string> {
  const [facts] = await factsOf(ublFile(bill([{ name, quantity, unit }])))
  return facts === undefined ? '' : `${formatDecimal(facts.import.value)} ${facts.import.unit}`
}

describe('figures of an e-invoice', () => {
  it('hold when quantity times price is the amount, to half a unit of its last digit', async () => {
    assert.deepEqual(await flags(priced('1701', '0.275', '467.78')), [])
    assert.deepEqual(await flags(priced('1701', '0.275', '467.77')), [])
    assert.deepEqual(await flags(priced('935', '0.2185', '204.3')), [])
    assert.deepEqual(await flags(priced('90', '1585', '390.82', { base: ['365', 'KWH'] })), [])
    assert.deepEqual(await flags(priced('1000', '250', '250.00', { base: ['1', 'MWH'] })), [])
    assert.deepEqual(await flags(priced('1000', '0.25', '250.00', { base: ['1', 'C62'] })), [])
    assert.deepEqual(await flags(priced('1000', '0.25', '255.00', { charge: '7.00', allowance: '2.00' })), [])
  })

  it('need a person when they contradict each other', async () => {
    const conflict = 'needs-review ERR_BILL_ARITHMETIC LineExtensionAmount'
    assert.equal(await refusal(priced('10000', '0.0520', '52.00')), conflict)
    assert.equal(await refusal(priced('1701', '0.275', '468.64')), conflict)
    assert.equal(await refusal(priced('1701', '0.275', '466.91')), conflict)
    assert.equal(await refusal(priced('1000', '0.25', '250.00', { base: ['100', 'KWH'] })), conflict)
    assert.equal(await refusal(priced('1000', '0.25', '250.00', { base: ['1', 'MTQ'] })), conflict)
    assert.equal(await refusal(priced('1000', '0', '250.00')), conflict)
    assert.equal(await refusal(priced('1000', '0.25', '250.00', { base: ['0', 'KWH'] })), conflict)
    const { reason } = await extract(priced('10000', '0.0520', '52.00'))
    assert.match(reason?.message ?? '', /10000 KWH x 0\.0520 is not 52\.00/)
  })

  it('may differ by the last digit of a price that is fine enough, and say so', async () => {
    assert.deepEqual(await flags(priced('1701', '0.275', '467.79')), ['price-rounded'])
    assert.deepEqual(await flags(priced('1701', '0.275', '466.93')), ['price-rounded'])
    const coarse = priced('1701', '0.3', '467.78')
    assert.equal(await refusal(coarse), 'needs-review ERR_BILL_ARITHMETIC LineExtensionAmount')
  })

  it('are not refused for a levy, which no figure depends on', async () => {
    const lines = [kWh('Wirkarbeit', '10'), kWh('Stromsteuer', '10', { price: '1', amount: '11.00' })]
    assert.deepEqual(await flags(ublFile(bill(lines))), ['arithmetic-conflict', 'arithmetic-unchecked'])
  })

  it('hold in a Cross Industry Invoice that repeats the price as its base quantity', async () => {
    const line = kWh('Wirkarbeit', '16000', { price: '0.00880', amount: '140.80', base: ['0.00880', 'KWH'] })
    assert.deepEqual(await flags(ciiFile(bill([line]))), [])
    const other = { ...line, base: ['0.00881', 'KWH'] as const }
    assert.equal(await refusal(ciiFile(bill([other]))), 'needs-review ERR_BILL_ARITHMETIC LineTotalAmount')
  })
})

describe('units of an e-invoice', () => {
  it('are codes of UN/ECE Recommendation 20', async () => {
    const cases = [
      ['WHR', '5 Wh'],
      ['KWH', '5 kWh'],
      ['MWH', '5 MWh'],
      ['GWH', '5 GWh'],
      ['JOU', '5 J'],
      ['KJO', '5 kJ'],
      ['3B', '5 MJ'],
      ['GV', '5 GJ'],
      ['BTU', '0.000005 mmBtu'],
      ['N71', '5 therm-ec'],
      ['N72', '5 therm-us'],
      ['MTQ', '5 m3'],
      ['SM3', '5 m3'],
      ['LTR', '5 litre'],
      ['HLT', '500 litre'],
      ['FTQ', '5 scf'],
      ['GLL', '5 gallon-us'],
      ['GLI', '5 gallon-imperial'],
    ]
    for (const [code = '', expected] of cases) assert.equal(await imported(code, '5'), expected, code)
    assert.equal(await imported('D32', '0.01', 'Stromverbrauch'), '10 GWh')
  })

  it('are no energy when they are power, reactive energy or something else', async () => {
    for (const unit of ['KW', 'KWT', 'KVA', 'KVR', 'K3', 'C62', 'DAY', 'Kilowatt']) {
      const text = ublFile(bill([{ name: 'Stromverbrauch', quantity: '5', unit }]))
      assert.equal(await refusal(text), 'reject ERR_BILL_NO_CONSUMPTION Invoice', unit)
    }
  })

  it('need a person when only a person understands them', async () => {
    for (const unit of ['kWh', 'Kwh', 'kwh', 'MWh', 'mWh', 'kW/h', 'GJ', 'MJ', 'therm']) {
      const text = ublFile(bill([{ name: 'Stromverbrauch', quantity: '5', unit }]))
      assert.match(await refusal(text), /^needs-review ERR_BILL_UNIT InvoicedQuantity/, unit)
    }
    const none = ublFile(bill([{ name: 'Stromverbrauch', quantity: '512' }]))
    assert.match(await refusal(none), /^needs-review ERR_BILL_UNIT/)
  })

  it('are joined exactly when registers differ in them', async () => {
    const lines = [kWh('Wirkarbeit HT', '600.5'), { name: 'Wirkarbeit NT', quantity: '0.4', unit: 'MWH' }]
    assert.deepEqual(await figures(ublFile(bill(lines))), ['electricity 2024-03-01..2024-04-01 1000.5 kWh'])
    const odd = [kWh('Wirkarbeit HT', '600'), { name: 'Wirkarbeit NT', quantity: '1', unit: '3B' }]
    assert.equal(await refusal(ublFile(bill(odd))), 'needs-review ERR_BILL_UNIT InvoiceLine 1')
  })
})

describe('numbers of an e-invoice', () => {
  it('keep every digit', async () => {
    assert.equal(await imported('KWH', '12345678901234.000000000000001'.slice(8)), '901234.000000000000001 kWh')
    assert.equal(await imported('KWH', '1000.0000'), '1000 kWh')
    assert.equal(await imported('KWH', '64.'), '64 kWh')
    assert.equal(await imported('KWH', '.5'), '0.5 kWh')
    assert.equal(await imported('KWH', ' \n 7\t'), '7 kWh')
    assert.equal(await imported('KWH', '-0'), '0 kWh')
  })

  it('are refused in any other form', async () => {
    const forms = [
      '1e3',
      '1E3',
      '+5',
      '１２',
      '٥',
      '1 000',
      '1,5',
      '1.000,5',
      '0x1F',
      'Infinity',
      'NaN',
      '1..2',
      '--1',
      '-',
      '.',
      '5%',
    ]
    for (const form of [...forms, '9'.repeat(65)]) {
      const text = ublFile(bill([kWh('Wirkarbeit', form)]))
      assert.equal(await refusal(text), 'reject ERR_BILL_NUMBER InvoicedQuantity of line 1', form)
    }
  })

  it('are refused beyond 100 GWh or a thousand million m3', async () => {
    assert.equal(await imported('GWH', '100'), '100 GWh')
    const large = ublFile(bill([{ name: 'Wirkarbeit', quantity: '100.1', unit: 'GWH' }]))
    assert.match(await refusal(large), /^reject ERR_BILL_ABSURD/)
    const lake = ublFile(bill([{ name: 'Trinkwasser', quantity: '1000000001', unit: 'MTQ' }]))
    assert.match(await refusal(lake), /^reject ERR_BILL_ABSURD/)
  })

  it('do not matter on lines that no fact depends on', async () => {
    const lines = [kWh('Wirkarbeit', '10'), { name: 'Lampe', quantity: '1e3', unit: 'C62', price: '+1', amount: 'x' }]
    assert.deepEqual(await figures(ublFile(bill(lines))), ['electricity 2024-03-01..2024-04-01 10 kWh'])
  })
})
