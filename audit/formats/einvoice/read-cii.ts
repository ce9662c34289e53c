import { placeOf } from '../xml-reader.ts'
import type { XmlElement } from '../xml-reader.ts'
import { supplierIdOf } from './identifiers.ts'
import { readCiiPeriod } from './cii-parts.ts'
import type { CiiNames } from './cii-parts.ts'
import type { Invoice } from './model.ts'
import { readCiiLines } from './read-cii-line.ts'
import { countryCode, isGsrnOrScheme } from './ubl-parts.ts'
import { textOf, XmlPath } from './xml-path.ts'
import { findUnreadPeriod } from './unread-period.ts'

type Flavour = {
  readonly uri: string
  readonly local: string
  readonly others: readonly string[]
  readonly names: CiiNames
}

const UNCEFACT = 'urn:un:unece:uncefact:data:standard:'
const FLAVOURS: readonly Flavour[] = [
  {
    // UN/CEFACT D16B and later: EN 16931, XRechnung, Factur-X, ZUGFeRD 2.
    uri: `${UNCEFACT}CrossIndustryInvoice:100`,
    local: 'CrossIndustryInvoice',
    others: ['ReusableAggregateBusinessInformationEntity:100', 'UnqualifiedDataType:100', 'QualifiedDataType:100'],
    names: {
      context: 'ExchangedDocumentContext',
      document: 'ExchangedDocument',
      transaction: 'SupplyChainTradeTransaction',
      agreement: 'ApplicableHeaderTradeAgreement',
      delivery: 'ApplicableHeaderTradeDelivery',
      settlement: 'ApplicableHeaderTradeSettlement',
      summation: 'SpecifiedTradeSettlementHeaderMonetarySummation',
      lineAgreement: 'SpecifiedLineTradeAgreement',
      lineDelivery: 'SpecifiedLineTradeDelivery',
      lineSettlement: 'SpecifiedLineTradeSettlement',
      lineSummation: 'SpecifiedTradeSettlementLineMonetarySummation',
    },
  },
  {
    // ZUGFeRD 1.0.
    uri: 'urn:ferd:CrossIndustryDocument:invoice:1p0',
    local: 'CrossIndustryDocument',
    others: ['ReusableAggregateBusinessInformationEntity:12', 'UnqualifiedDataType:15', 'QualifiedDataType:12'],
    names: {
      context: 'SpecifiedExchangedDocumentContext',
      document: 'HeaderExchangedDocument',
      transaction: 'SpecifiedSupplyChainTradeTransaction',
      agreement: 'ApplicableSupplyChainTradeAgreement',
      delivery: 'ApplicableSupplyChainTradeDelivery',
      settlement: 'ApplicableSupplyChainTradeSettlement',
      summation: 'SpecifiedTradeSettlementMonetarySummation',
      lineAgreement: 'SpecifiedSupplyChainTradeAgreement',
      lineDelivery: 'SpecifiedSupplyChainTradeDelivery',
      lineSettlement: 'SpecifiedSupplyChainTradeSettlement',
      lineSummation: 'SpecifiedTradeSettlementMonetarySummation',
    },
  },
]

/** Type of a referenced document that is the invoiced object (UNTDID 1001: 130), for a utility the metering point. */
const OBJECT = '130'

/** True for the root of a Cross Industry Invoice that this version reads. */
export function isCii(root: { readonly uri: string; readonly local: string }): boolean {
  return findFlavour(root) !== undefined
}

/**
 * A Cross Industry Invoice (UN/CEFACT D16B; ZUGFeRD 1.0).
 *
 * @throws {Refusal} ERR_BILL_NAMESPACE, ERR_BILL_UNSTATED for a doubled element.
 */
export function readCii(root: XmlElement): Invoice {
  const flavour = findFlavour(root)
  if (flavour === undefined) throw new TypeError('not a Cross Industry Invoice')
  const { names, others, uri } = flavour
  const path = new XmlPath(new Set([uri, ...others.map((name) => UNCEFACT + name)]))
  const document = path.one(root, names.document)
  const transaction = path.one(root, names.transaction)
  const agreement = path.one(transaction, names.agreement)
  const settlement = path.one(transaction, names.settlement)
  const number = path.text(document, 'ID')
  const currency = path.text(settlement, 'InvoiceCurrencyCode')
  const payable = path.printed(settlement, names.summation, 'DuePayableAmount')
  const account = path.text(agreement, 'BuyerTradeParty', 'ID')
  const period = readCiiPeriod(path, settlement)
  const country = readCountry(path, path.one(transaction, names.delivery))
  const lines = readCiiLines(path, names, transaction)
  return {
    element: root.local,
    place: placeOf(root),
    profile: readProfile(path, path.one(root, names.context)),
    ...(number === undefined ? {} : { number }),
    typeCode: path.text(document, 'TypeCode') ?? '',
    isCreditNote: false,
    isTest: path.text(root, names.context, 'TestIndicator', 'Indicator') === 'true',
    precedes: path
      .all(settlement, 'InvoiceReferencedDocument')
      .map((one) => path.text(one, 'IssuerAssignedID') ?? path.text(one, 'ID'))
      .filter((id) => id !== undefined),
    ...(currency === undefined ? {} : { currency }),
    ...(payable === undefined ? {} : { payable }),
    supplier: readSeller(path, path.one(agreement, 'SellerTradeParty')),
    ...(account === undefined ? {} : { account }),
    notes: path.all(document, 'IncludedNote').flatMap((note) => path.texts(note, 'Content')),
    ...(period === undefined ? findUnreadPeriod(root, { lines }) : { period }),
    points: readObjects(path, agreement),
    ...(country === undefined ? {} : { country }),
    lines,
    metered: [],
  }
}

function readProfile(path: XmlPath, context: XmlElement | undefined): string {
  return ['GuidelineSpecifiedDocumentContextParameter', 'BusinessProcessSpecifiedDocumentContextParameter']
    .map((name) => path.text(context, name, 'ID') ?? '')
    .join(' ')
}

function readSeller(path: XmlPath, seller: XmlElement | undefined): Invoice['supplier'] {
  const name = path.text(seller, 'Name')
  const elements = [path.at(seller, 'SpecifiedLegalOrganization', 'ID'), ...path.all(seller, 'GlobalID')]
  const ids = elements.map((element) => supplierIdOf(element?.attributes.get('schemeID'), textOf(element)))
  const vat = path
    .all(seller, 'SpecifiedTaxRegistration')
    .map((registration) => path.one(registration, 'ID'))
    .filter((id) => id?.attributes.get('schemeID') === 'VA')
    .map((id) => supplierIdOf('vat', textOf(id)))
  const id = [...ids, ...vat].find((found) => found !== undefined)
  return { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) }
}

/** Invoiced objects of the document, or documents without a type that have the form of a metering point. */
function readObjects(path: XmlPath, agreement: XmlElement | undefined): readonly string[] {
  const documents = path.all(agreement, 'AdditionalReferencedDocument').map((document) => ({
    id: path.text(document, 'IssuerAssignedID') ?? path.text(document, 'ID'),
    type: path.text(document, 'TypeCode'),
    scheme: path.text(document, 'ReferenceTypeCode'),
    isAttached: path.one(document, 'AttachmentBinaryObject') !== undefined,
  }))
  const objects = documents.filter(({ type }) => type === OBJECT)
  const found =
    objects.length > 0
      ? objects
      : documents.filter(
          ({ id, type, scheme, isAttached }) => type === undefined && !isAttached && isGsrnOrScheme(id, scheme),
        )
  return [...new Set(found.map(({ id }) => id).filter((id) => id !== undefined))]
}

function readCountry(path: XmlPath, delivery: XmlElement | undefined): string | undefined {
  const code = path.text(delivery, 'ShipToTradeParty', 'PostalTradeAddress', 'CountryID')
  return countryCode(code === undefined ? [] : [code])
}

function findFlavour(root: { readonly uri: string; readonly local: string }): Flavour | undefined {
  return FLAVOURS.find(({ uri, local }) => uri === root.uri && local === root.local)
}
