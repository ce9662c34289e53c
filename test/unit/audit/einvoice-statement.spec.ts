import assert from 'node:assert/strict'
import { extract, factsOf, figures, refusal } from './einvoice-file.ts'

const UBL = 'urn:oasis:names:specification:ubl:schema:xsd:'
const OIOUBL = 'urn:oioubl:names:specification:oioubl:schema:xsd:'

type Statement = {
  space?: string
  type?: string
  unit?: string
  total?: string
  readings?: string
  more?: string
}

function reading(previous: string, latest: string, delivered: string, unit: string, register = 'Electricity'): string {
  return `<cac:MeterReading><cbc:MeterReadingTypeCode>${register}</cbc:MeterReadingTypeCode>
<cbc:PreviousMeterReadingDate>2023-01-01</cbc:PreviousMeterReadingDate><cbc:PreviousMeterQuantity unitCode="${unit}">${previous}</cbc:PreviousMeterQuantity>
<cbc:LatestMeterReadingDate>2024-01-01</cbc:LatestMeterReadingDate><cbc:LatestMeterQuantity unitCode="${unit}">${latest}</cbc:LatestMeterQuantity>
<cbc:DeliveredQuantity unitCode="${unit}">${delivered}</cbc:DeliveredQuantity></cac:MeterReading>`
}

function statement(init: Statement = {}): string {
  const { space = UBL, type = 'Electricity', unit = 'KWH', total = '5761', more = '' } = init
  const { readings = reading('122604.00', '128365.00', '5761.00', unit) } = init
  return `<?xml version="1.0"?>
<UtilityStatement xmlns="${space}UtilityStatement-2" xmlns:cac="${space}CommonAggregateComponents-2" xmlns:cbc="${space}CommonBasicComponents-2">
<cbc:CustomizationID>OIOUBL-2.1</cbc:CustomizationID><cbc:ID>S-1</cbc:ID>
<cbc:UtilityStatementTypeCode>${type}</cbc:UtilityStatementTypeCode><cbc:DocumentCurrencyCode>DKK</cbc:DocumentCurrencyCode>
<cac:ParentDocumentReference><cbc:ID>F-77</cbc:ID></cac:ParentDocumentReference>
<cac:SenderParty><cac:PartyLegalEntity><cbc:RegistrationName>Prøveværket A/S</cbc:RegistrationName><cbc:CompanyID schemeID="DK:CVR">DK99887766</cbc:CompanyID></cac:PartyLegalEntity></cac:SenderParty>
<cac:ReceiverParty><cac:Contact><cbc:ID>60011</cbc:ID></cac:Contact></cac:ReceiverParty>
<cac:SubscriberConsumption><cac:UtilityConsumptionPoint><cbc:ID>707057500012345670</cbc:ID>
<cbc:TotalDeliveredQuantity unitCode="${unit}">${total}</cbc:TotalDeliveredQuantity>
<cac:Address><cac:Country><cbc:IdentificationCode>DK</cbc:IdentificationCode></cac:Country></cac:Address>
<cac:UtilityMeter><cbc:MeterNumber>61722</cbc:MeterNumber><cbc:MeterConstant>1.000</cbc:MeterConstant>${readings}</cac:UtilityMeter></cac:UtilityConsumptionPoint>
<cac:OnAccountPayment><cbc:EstimatedConsumedQuantity unitCode="KWH">5745.00</cbc:EstimatedConsumedQuantity></cac:OnAccountPayment>
<cac:Consumption><cac:MainPeriod><cbc:StartDate>2023-01-01</cbc:StartDate><cbc:EndDate>2024-01-01</cbc:EndDate></cac:MainPeriod>
<cac:EnergyWaterSupply><cac:ConsumptionReport><cac:ConsumptionHistory><cbc:Quantity unitCode="KWH">7621</cbc:Quantity></cac:ConsumptionHistory></cac:ConsumptionReport></cac:EnergyWaterSupply>
<cac:LegalMonetaryTotal><cbc:PayableAmount currencyID="DKK">10518.01</cbc:PayableAmount></cac:LegalMonetaryTotal></cac:Consumption>
${more}</cac:SubscriberConsumption></UtilityStatement>`
}

function supply(quantity: string, unit: string): string {
  return `<cac:SupplierConsumption><cac:ConsumptionLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="${unit}">${quantity}</cbc:InvoicedQuantity><cac:UtilityItem><cbc:Description>Elforbrug</cbc:Description></cac:UtilityItem></cac:ConsumptionLine></cac:SupplierConsumption>`
}

describe('utility statements', () => {
  it('give what the meters counted, between two readings, and nothing expected or past', async () => {
    for (const space of [UBL, OIOUBL]) {
      const [facts] = await factsOf(statement({ space }))
      assert.ok(facts)
      assert.deepEqual(await figures(statement({ space })), ['electricity 2023-01-01..2024-01-01 5761 kWh'])
      assert.equal(facts.service.basis, 'reading-dates')
      assert.deepEqual(
        [facts.point, facts.meter, facts.account, facts.invoice, facts.place?.country, facts.utility?.id],
        ['707057500012345670', '61722', '60011', 'F-77', 'DK', '0184:DK99887766'],
      )
      assert.deepEqual(facts.flags, [])
    }
  })

  it('are read with a byte order mark', async () => {
    assert.deepEqual(await figures(`\ufeff${statement()}`), ['electricity 2023-01-01..2024-01-01 5761 kWh'])
  })

  it('of heat, gas and water have their own units', async () => {
    const heat = statement({
      type: 'Heating',
      unit: 'MWH',
      total: '12.5',
      readings: reading('1', '13.5', '12.5', 'MWH', 'Heating'),
    })
    assert.deepEqual(await figures(heat), ['heat 2023-01-01..2024-01-01 12.5 MWh'])
    const water = statement({
      type: 'Water',
      unit: 'MTQ',
      total: '81',
      readings: reading('100', '181', '81', 'MTQ', 'Water'),
    })
    assert.deepEqual(await figures(water), ['water 2023-01-01..2024-01-01 81 m3'])
    const unknown = statement({ type: 'Other', readings: reading('1', '2', '1', 'KWH', 'X'), total: '1' })
    assert.equal(await refusal(unknown), 'needs-review ERR_BILL_UNSTATED UtilityConsumptionPoint')
  })

  it('need a person when total, difference and lines disagree', async () => {
    assert.equal(
      await refusal(statement({ total: '5762' })),
      'needs-review ERR_BILL_READINGS_CONFLICT TotalDeliveredQuantity',
    )
    const delivered = statement({ readings: reading('122604', '128365', '5760', 'KWH') })
    assert.equal(await refusal(delivered), 'needs-review ERR_BILL_READINGS_CONFLICT DeliveredQuantity')
    assert.equal((await extract(statement({ more: supply('5761', 'KWH') }))).verdict, 'facts')
    assert.equal(
      await refusal(statement({ more: supply('5000', 'KWH') })),
      'needs-review ERR_BILL_READINGS_CONFLICT MeterReading',
    )
    assert.equal((await extract(statement({ more: supply('5000', 'EA') }))).verdict, 'facts')
  })

  it('give the total where no reading is printed', async () => {
    assert.deepEqual(await figures(statement({ readings: '' })), ['electricity 2023-01-01..2024-01-01 5761 kWh'])
  })
})
