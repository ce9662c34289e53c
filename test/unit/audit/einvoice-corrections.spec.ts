import assert from 'node:assert/strict'
import { formatDecimal } from '#protocol'
import { bill, ciiFile, extract, kWh, refusal, ublFile } from './einvoice-file.ts'

const REVERSED = { precedes: ['Invoice01'], payable: '175.37', currency: 'AUD' }

async function correction(text: string): Promise<string> {
  const { verdict, bills } = await extract(text)
  const [facts] = bills
  assert.ok(facts)
  const money = facts.money === undefined ? '' : formatDecimal(facts.money.payable)
  const credit = facts.flags.includes('credit') ? 'credit' : 'anew'
  return `${verdict} ${facts.kind} ${facts.corrects} ${formatDecimal(facts.import.value)} ${credit} ${money}`
}

describe('corrections by e-invoice', () => {
  it('are credit notes, in both syntaxes', async () => {
    const note = bill([kWh('Electricity charges', '325.2')], { ...REVERSED, type: '381' })
    const expected = 'correction correction Invoice01 325.2 credit -175.37'
    assert.equal(await correction(ublFile(note, { root: 'CreditNote' })), expected)
    assert.equal(await correction(ciiFile(note)), expected)
  })

  it('are invoices with negative energy that name an earlier one', async () => {
    const reversal = bill([kWh('Electricity charges', '-325.2')], { ...REVERSED, payable: '-175.37' })
    assert.equal(await correction(ublFile(reversal)), 'correction correction Invoice01 325.2 credit -175.37')
    const nameless = bill([kWh('Electricity charges', '-325.2')])
    assert.equal(await refusal(ublFile(nameless)), 'needs-review ERR_BILL_NEGATIVE InvoiceLine 1')
  })

  it('are corrected invoices, whose figures replace', async () => {
    const anew = bill([kWh('Electricity charges', '310')], { ...REVERSED, type: '384' })
    assert.equal(await correction(ublFile(anew)), 'correction correction Invoice01 310 anew 175.37')
  })

  it('are not invoices that only refer to an earlier one', async () => {
    const { verdict, bills } = await extract(ublFile(bill([kWh('Electricity charges', '310')], { precedes: ['A'] })))
    assert.equal(verdict, 'facts')
    assert.equal(bills[0]?.corrects, undefined)
  })

  it('need a person when they do not say what they correct, or which way', async () => {
    const lines = [kWh('Electricity charges', '325.2')]
    const [credit, twice] = [bill(lines, { type: '381' }), bill(lines, { type: '381', precedes: ['A', 'B'] })]
    assert.equal(await refusal(ciiFile(credit)), 'needs-review ERR_BILL_CORRECTION CrossIndustryInvoice')
    assert.equal(await refusal(ciiFile(twice)), 'needs-review ERR_BILL_CORRECTION CrossIndustryInvoice')
    const negative = bill([kWh('Electricity charges', '-325.2')], { ...REVERSED, type: '381' })
    assert.match(await refusal(ublFile(negative, { root: 'CreditNote' })), /^needs-review ERR_BILL_CORRECTION/)
    const mixed = [kWh('Electricity charges peak', '-300'), kWh('Electricity charges off-peak', '310')]
    assert.match(await refusal(ublFile(bill(mixed, REVERSED))), /^needs-review ERR_BILL_CORRECTION/)
  })

  it('count what was fed in without its sign', async () => {
    const note = bill([kWh('Electricity charges', '325.2'), kWh('Solar feed-in rebate', '-150')], {
      ...REVERSED,
      type: '381',
    })
    const { bills } = await extract(ublFile(note, { root: 'CreditNote' }))
    assert.equal(formatDecimal(bills[0]?.export?.value ?? { u: 0n, e: 0 }), '150')
  })
})

describe('documents that are no bills', () => {
  it('need a person: money in advance, self-billing, charging of vehicles', async () => {
    const lines = [kWh('Electricity charges', '310')]
    const cases = [
      ['386', 'ERR_BILL_FORECAST'],
      ['325', 'ERR_BILL_FORECAST'],
      ['389', 'ERR_BILL_UNSTATED'],
      ['SARJ', 'ERR_BILL_UNSTATED'],
    ]
    for (const [type = '', code] of cases) {
      assert.equal(await refusal(ublFile(bill(lines, { type }))), `needs-review ${code} Invoice`, type)
    }
    const own = ublFile(bill(lines, { type: '261', precedes: ['A'] }), { root: 'CreditNote' })
    assert.equal(await refusal(own), 'needs-review ERR_BILL_UNSTATED CreditNote')
  })

  it('are rejected without energy, whatever their type', async () => {
    const lines = [{ name: 'Laptop', quantity: '1', unit: 'C62' }]
    for (const type of ['380', '381', '386', '389']) {
      assert.equal(await refusal(ublFile(bill(lines, { type }))), 'reject ERR_BILL_NO_CONSUMPTION Invoice', type)
    }
    assert.equal(await refusal(ublFile(bill([]))), 'reject ERR_BILL_NO_CONSUMPTION Invoice')
  })

  it('are read as metered services (EHF, type 82)', async () => {
    const { verdict } = await extract(ublFile(bill([kWh('Energiledd', '310')], { type: '82' })))
    assert.equal(verdict, 'facts')
  })
})
