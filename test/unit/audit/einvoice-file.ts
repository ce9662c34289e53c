import { extractBill } from '#audit'
import { formatDecimal, utf8 } from '#protocol'
import type { Extraction, Facts } from '#protocol'

/** One line of a made-up invoice; what is left out is not in the file. */
export type TestLine = {
  id?: string
  quantity?: string
  unit?: string
  name?: string
  description?: string
  note?: string
  period?: readonly [start: string, end: string]
  price?: string
  base?: readonly [quantity: string, unit: string]
  amount?: string
  charge?: string
  allowance?: string
  /** Object of the line with its scheme, as EN 16931 BT-128 has it; an empty scheme is left out. */
  point?: readonly [id: string, scheme: string]
  properties?: Readonly<Record<string, string>>
  code?: string
  classes?: readonly (readonly [list: string, code: string])[]
}

/** A made-up invoice in no syntax; each syntax below writes the same one. */
export type TestInvoice = {
  number?: string
  type?: string
  profile?: string
  notes?: readonly string[]
  currency?: string
  payable?: string
  period?: readonly [start: string, end: string]
  points?: readonly string[]
  supplier?: { name?: string; scheme?: string; id?: string; vat?: string }
  account?: string
  country?: string
  precedes?: readonly string[]
  lines: readonly TestLine[]
}

const MONTH = ['2024-03-01', '2024-03-31'] as const

/** A plain bill of one month; fields of `changes` replace it. */
export function bill(lines: readonly TestLine[], changes: Partial<TestInvoice> = {}): TestInvoice {
  return {
    number: 'R-1001',
    type: '380',
    profile: 'urn:cen.eu:en16931:2017',
    currency: 'EUR',
    payable: '119.00',
    period: MONTH,
    points: ['DE0009990000000000000000000000017'],
    supplier: { name: 'Beispielwerke AG', scheme: '0204', id: '991-12345-06' },
    account: 'K 4711',
    country: 'DE',
    ...changes,
    lines: lines.map((line, index) => ({ id: String(index + 1), ...line })),
  }
}

/** A line in kWh. */
export function kWh(name: string, quantity: string, more: TestLine = {}): TestLine {
  return { name, quantity, unit: 'KWH', ...more }
}

function tag(name: string, text: string | undefined, attributes = ''): string {
  return text === undefined ? '' : `<${name}${attributes}>${escapeXml(text)}</${name}>`
}

function group(name: string, content: string): string {
  return content === '' ? '' : `<${name}>${content}</${name}>`
}

/** Text of an element or attribute. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

/** Choices of {@link ublFile}. */
export type UblInit = {
  root?: 'Invoice' | 'CreditNote'
  /** Prefixes of aggregates and texts; an empty one is the default namespace of the root and not possible. */
  cac?: string
  cbc?: string
  /** XML in front of everything else inside the root: extensions. */
  extensions?: string
  /** XML behind everything else. */
  more?: string
}

/** The invoice in UBL 2.1. */
export function ublFile(invoice: TestInvoice, init: UblInit = {}): string {
  const { root = 'Invoice', cac = 'cac', cbc = 'cbc' } = init
  const t = (name: string, text: string | undefined, attributes = ''): string => tag(`${cbc}:${name}`, text, attributes)
  const g = (name: string, ...content: string[]): string => group(`${cac}:${name}`, content.join(''))
  const period = (days: TestInvoice['period']): string =>
    days === undefined ? '' : g('InvoicePeriod', t('StartDate', days[0]), t('EndDate', days[1]))
  const { supplier = {} } = invoice
  const scheme = supplier.scheme === undefined ? '' : ` schemeID="${supplier.scheme}"`
  const head = [
    t('CustomizationID', invoice.profile),
    t('ID', invoice.number),
    t(`${root}TypeCode`, invoice.type),
    ...(invoice.notes ?? []).map((note) => t('Note', note)),
    t('DocumentCurrencyCode', invoice.currency),
    period(invoice.period),
    ...(invoice.precedes ?? []).map((id) => g('BillingReference', g('InvoiceDocumentReference', t('ID', id)))),
    ...(invoice.points ?? []).map((id) => g('AdditionalDocumentReference', t('ID', id), t('DocumentTypeCode', '130'))),
    g(
      'AccountingSupplierParty',
      g(
        'Party',
        supplier.vat === undefined
          ? ''
          : g('PartyTaxScheme', t('CompanyID', supplier.vat), g('TaxScheme', t('ID', 'VAT'))),
        g('PartyLegalEntity', t('RegistrationName', supplier.name), t('CompanyID', supplier.id, scheme)),
      ),
    ),
    g('AccountingCustomerParty', g('Party', g('PartyIdentification', t('ID', invoice.account)))),
    g('Delivery', g('DeliveryLocation', g('Address', g('Country', t('IdentificationCode', invoice.country))))),
    g('LegalMonetaryTotal', t('PayableAmount', invoice.payable, ` currencyID="${invoice.currency ?? ''}"`)),
  ]
  const lines = invoice.lines.map((line) =>
    g(
      `${root}Line`,
      t('ID', line.id),
      t('Note', line.note),
      t(root === 'Invoice' ? 'InvoicedQuantity' : 'CreditedQuantity', line.quantity, unitCode(line.unit)),
      t('LineExtensionAmount', line.amount),
      period(line.period),
      line.point === undefined
        ? ''
        : g('DocumentReference', t('ID', line.point[0], schemeOf(line.point[1])), t('DocumentTypeCode', '130')),
      allowance(t, g, 'true', line.charge),
      allowance(t, g, 'false', line.allowance),
      g(
        'Item',
        t('Description', line.description),
        t('Name', line.name),
        g('SellersItemIdentification', t('ID', line.code)),
        ...(line.classes ?? []).map(([list, code]) =>
          g('CommodityClassification', t('ItemClassificationCode', code, ` listID="${list}"`)),
        ),
        ...Object.entries(line.properties ?? {}).map(([name, value]) =>
          g('AdditionalItemProperty', t('Name', name), t('Value', value)),
        ),
      ),
      g('Price', t('PriceAmount', line.price), t('BaseQuantity', line.base?.[0], unitCode(line.base?.[1]))),
    ),
  )
  const space = 'urn:oasis:names:specification:ubl:schema:xsd:'
  const names = `xmlns="${space}${root}-2" xmlns:${cac}="${space}CommonAggregateComponents-2" xmlns:${cbc}="${space}CommonBasicComponents-2" xmlns:ext="${space}CommonExtensionComponents-2"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} ${names}>\n${[init.extensions ?? '', ...head, ...lines, init.more ?? ''].filter((part) => part !== '').join('\n')}\n</${root}>\n`
}

type Tag = (name: string, text: string | undefined, attributes?: string) => string
type Group = (name: string, ...content: string[]) => string

function allowance(t: Tag, g: Group, isCharge: 'true' | 'false', amount: string | undefined): string {
  return amount === undefined ? '' : g('AllowanceCharge', t('ChargeIndicator', isCharge), t('Amount', amount))
}

function schemeOf(scheme: string): string {
  return scheme === '' ? '' : ` schemeID="${scheme}"`
}

function unitCode(unit: string | undefined): string {
  return unit === undefined ? '' : ` unitCode="${escapeXml(unit)}"`
}

/** The invoice as a Cross Industry Invoice D16B; prefixes can be chosen. */
export function ciiFile(invoice: TestInvoice, prefixes: { ram?: string; udt?: string } = {}): string {
  const { ram = 'ram', udt = 'udt' } = prefixes
  const t = (name: string, text: string | undefined, attributes = ''): string => tag(`${ram}:${name}`, text, attributes)
  const g = (name: string, ...content: string[]): string => group(`${ram}:${name}`, content.join(''))
  const date = (name: string, text: string): string =>
    g(name, tag(`${udt}:DateTimeString`, text.replaceAll('-', ''), ' format="102"'))
  const period = (days: TestInvoice['period']): string =>
    days === undefined ? '' : g('BillingSpecifiedPeriod', date('StartDateTime', days[0]), date('EndDateTime', days[1]))
  const object = (id: string, scheme?: string): string =>
    g('AdditionalReferencedDocument', t('IssuerAssignedID', id), t('TypeCode', '130'), t('ReferenceTypeCode', scheme))
  const { supplier = {} } = invoice
  const scheme = supplier.scheme === undefined ? '' : ` schemeID="${supplier.scheme}"`
  const charge = (isCharge: boolean, amount: string | undefined): string =>
    amount === undefined
      ? ''
      : g(
          'SpecifiedTradeAllowanceCharge',
          g('ChargeIndicator', tag(`${udt}:Indicator`, String(isCharge))),
          t('ActualAmount', amount),
        )
  const lines = invoice.lines.map((line) =>
    g(
      'IncludedSupplyChainTradeLineItem',
      g('AssociatedDocumentLineDocument', t('LineID', line.id), g('IncludedNote', t('Content', line.note))),
      g(
        'SpecifiedTradeProduct',
        t('SellerAssignedID', line.code),
        t('Name', line.name),
        t('Description', line.description),
        ...Object.entries(line.properties ?? {}).map(([name, value]) =>
          g('ApplicableProductCharacteristic', t('Description', name), t('Value', value)),
        ),
        ...(line.classes ?? []).map(([list, code]) =>
          g('DesignatedProductClassification', t('ClassCode', code, ` listID="${list}"`)),
        ),
      ),
      g(
        'SpecifiedLineTradeAgreement',
        g(
          'NetPriceProductTradePrice',
          t('ChargeAmount', line.price),
          t('BasisQuantity', line.base?.[0], unitCode(line.base?.[1])),
        ),
      ),
      g('SpecifiedLineTradeDelivery', t('BilledQuantity', line.quantity, unitCode(line.unit))),
      g(
        'SpecifiedLineTradeSettlement',
        period(line.period),
        charge(true, line.charge),
        charge(false, line.allowance),
        g('SpecifiedTradeSettlementLineMonetarySummation', t('LineTotalAmount', line.amount)),
        line.point === undefined ? '' : object(line.point[0], line.point[1] === '' ? undefined : line.point[1]),
      ),
    ),
  )
  const agreement = g(
    'ApplicableHeaderTradeAgreement',
    g(
      'SellerTradeParty',
      t('Name', supplier.name),
      g('SpecifiedLegalOrganization', t('ID', supplier.id, scheme)),
      supplier.vat === undefined ? '' : g('SpecifiedTaxRegistration', t('ID', supplier.vat, ' schemeID="VA"')),
    ),
    g('BuyerTradeParty', t('ID', invoice.account)),
    ...(invoice.points ?? []).map((id) => object(id)),
  )
  const delivery = g(
    'ApplicableHeaderTradeDelivery',
    g('ShipToTradeParty', g('PostalTradeAddress', t('CountryID', invoice.country))),
  )
  const settlement = g(
    'ApplicableHeaderTradeSettlement',
    t('InvoiceCurrencyCode', invoice.currency),
    period(invoice.period),
    g('SpecifiedTradeSettlementHeaderMonetarySummation', t('DuePayableAmount', invoice.payable)),
    ...(invoice.precedes ?? []).map((id) => g('InvoiceReferencedDocument', t('IssuerAssignedID', id))),
  )
  const document = [
    t('ID', invoice.number),
    t('TypeCode', invoice.type),
    ...(invoice.notes ?? []).map((note) => g('IncludedNote', t('Content', note))),
  ].join('\n')
  const space = 'urn:un:unece:uncefact:data:standard:'
  return `<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="${space}CrossIndustryInvoice:100" xmlns:${ram}="${space}ReusableAggregateBusinessInformationEntity:100" xmlns:${udt}="${space}UnqualifiedDataType:100">
<rsm:ExchangedDocumentContext>${g('GuidelineSpecifiedDocumentContextParameter', t('ID', invoice.profile))}</rsm:ExchangedDocumentContext>
<rsm:ExchangedDocument>${document}</rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction>
${lines.join('\n')}
${agreement}${delivery}${settlement}
</rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
`
}

/** Extraction of a text. */
export async function extract(text: string): Promise<Extraction> {
  return extractBill(utf8(text))
}

/** Facts of a text that must have some. */
export async function factsOf(text: string): Promise<readonly Facts[]> {
  const { verdict, reason, bills } = await extract(text)
  if (verdict !== 'facts' && verdict !== 'correction') throw new Error(`${verdict} ${reason?.code}: ${reason?.message}`)
  return bills
}

/** Commodity, days and figures of each bill in a line: `electricity 2024-03-01..2024-04-01 100 kWh`. */
export async function figures(text: string): Promise<readonly string[]> {
  return (await factsOf(text)).map(({ commodity, service, import: imported, export: exported }) => {
    const given = exported === undefined ? '' : `, export ${formatDecimal(exported.value)} ${exported.unit}`
    return `${commodity} ${service.start}..${service.end} ${formatDecimal(imported.value)} ${imported.unit}${given}`
  })
}

/** Verdict, code and place of a refusal: `needs-review ERR_BILL_LINES InvoiceLine 2`; throws when there is none. */
export async function refusal(text: string): Promise<string> {
  const { verdict, reason, bills } = await extract(text)
  if (reason === undefined || bills.length > 0) throw new Error(`no refusal: ${verdict}`)
  if (reason.place?.line === undefined || reason.place.column === undefined)
    throw new Error(`no place: ${reason.message}`)
  return `${verdict} ${reason.code} ${reason.place.path ?? ''}`.trim()
}
