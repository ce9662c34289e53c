import { placeOf } from '../xml-reader.ts'
import type { XmlElement } from '../xml-reader.ts'
import { supplierIdOf } from './identifiers.ts'
import type { Invoice } from './model.ts'
import { readSeefPoints } from './read-seef.ts'
import { readUblLines } from './read-ubl-line.ts'
import { countryCode, isGsrnOrScheme, readDeliveryPoints, readPeriod, UBL, UBL_COMMON } from './ubl-parts.ts'
import { CUSTOMER_SCHEMES } from './tables/identifiers.ts'
import { textOf, XmlPath } from './xml-path.ts'
import { findUnreadPeriod } from './unread-period.ts'

/** Document type code of an invoiced object (UNTDID 1001: 130), which for a utility is the metering point. */
const OBJECT = '130'

/** True for the root of a UBL 2 invoice or credit note. */
export function isUblInvoice({ uri, local }: { readonly uri: string; readonly local: string }): boolean {
  return (local === 'Invoice' || local === 'CreditNote') && uri === `${UBL}${local}-2`
}

/**
 * A UBL 2 invoice or credit note with all extensions that this version knows.
 *
 * @throws {Refusal} ERR_BILL_NAMESPACE, ERR_BILL_UNSTATED for a doubled element.
 */
export function readUblInvoice(root: XmlElement): Invoice {
  const path = new XmlPath(new Set([...UBL_COMMON, root.uri]))
  const number = path.text(root, 'ID')
  const currency = path.text(root, 'DocumentCurrencyCode')
  const payable = path.printed(root, 'LegalMonetaryTotal', 'PayableAmount')
  const { account, meter, point } = readCustomer(path, root)
  const period = readPeriod(path, root)
  const country = readCountry(path, root)
  const lines = readUblLines(path, root)
  return {
    element: root.local,
    place: placeOf(root),
    profile: [path.text(root, 'CustomizationID'), path.text(root, 'ProfileID')].join(' '),
    ...(number === undefined ? {} : { number }),
    typeCode: path.text(root, 'InvoiceTypeCode') ?? path.text(root, 'CreditNoteTypeCode') ?? '',
    isCreditNote: root.local === 'CreditNote',
    isTest: false,
    precedes: readPreceding(path, root),
    ...(currency === undefined ? {} : { currency }),
    ...(payable === undefined ? {} : { payable }),
    supplier: readSupplier(path, root),
    ...(account === undefined ? {} : { account }),
    ...(meter === undefined ? {} : { meter }),
    notes: path.texts(root, 'Note'),
    ...(period === undefined ? findUnreadPeriod(root, { lines }) : { period }),
    points: [...readPoints(path, root), ...(point === undefined ? [] : [point])],
    ...(country === undefined ? {} : { country }),
    lines,
    metered: readSeefPoints(path, root),
  }
}

function readPreceding(path: XmlPath, root: XmlElement): readonly string[] {
  const references = path.all(root, 'BillingReference')
  return ['InvoiceDocumentReference', 'CreditNoteDocumentReference', 'SelfBilledInvoiceDocumentReference']
    .flatMap((kind) => references.flatMap((reference) => path.all(reference, kind)))
    .map((document) => path.text(document, 'ID'))
    .filter((id) => id !== undefined)
}

function readSupplier(path: XmlPath, root: XmlElement): Invoice['supplier'] {
  const party = path.at(root, 'AccountingSupplierParty', 'Party')
  const [legal] = path.all(party, 'PartyLegalEntity')
  const names = path.all(party, 'PartyName').map((element) => path.text(element, 'Name'))
  const name = path.text(legal, 'RegistrationName') ?? names.find((text) => text !== undefined)
  const ids = [
    path.one(legal, 'CompanyID'),
    ...path.all(party, 'PartyIdentification').map((element) => path.one(element, 'ID')),
  ].map((element) => supplierIdOf(element?.attributes.get('schemeID'), textOf(element)))
  const vat = path
    .all(party, 'PartyTaxScheme')
    .filter((scheme) => path.text(scheme, 'TaxScheme', 'ID') === 'VAT')
    .map((scheme) => supplierIdOf('vat', path.text(scheme, 'CompanyID')))
  const id = [...ids, ...vat].find((found) => found !== undefined)
  return { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) }
}

/** What the document calls the customer: number, point and meter, each by an own scheme or the lack of one. */
type CustomerIds = { readonly account?: string; readonly point?: string; readonly meter?: string }

function readCustomer(path: XmlPath, root: XmlElement): CustomerIds {
  const customer = path.one(root, 'AccountingCustomerParty')
  const ids = path
    .all(path.one(customer, 'Party'), 'PartyIdentification')
    .map((element) => path.one(element, 'ID'))
    .map((id) => ({ scheme: id?.attributes.get('schemeID'), text: textOf(id) }))
  const named = (what: 'point' | 'meter' | 'account'): string | undefined =>
    ids.find(({ scheme }) => scheme !== undefined && CUSTOMER_SCHEMES.get(scheme) === what)?.text
  const account =
    path.text(customer, 'SupplierAssignedAccountID') ??
    named('account') ??
    ids.find(({ scheme, text }) => scheme === undefined && text !== undefined)?.text
  const [point, meter] = [named('point'), named('meter')]
  return {
    ...(account === undefined ? {} : { account }),
    ...(point === undefined ? {} : { point }),
    ...(meter === undefined ? {} : { meter }),
  }
}

function readPoints(path: XmlPath, root: XmlElement): readonly string[] {
  const documents = path.all(root, 'AdditionalDocumentReference')
  const objects = documents.filter((document) => path.text(document, 'DocumentTypeCode') === OBJECT)
  const named = (objects.length > 0 ? objects : documents.filter((document) => isNamedPoint(path, document)))
    .map((document) => path.text(document, 'ID'))
    .filter((id) => id !== undefined)
  return [...new Set([...named, ...readDeliveryPoints(path, root)])]
}

/** A document without a type is the point when its scheme says so, or its number has the form and check digit of one. */
function isNamedPoint(path: XmlPath, document: XmlElement): boolean {
  const id = path.one(document, 'ID')
  if (path.one(document, 'Attachment') !== undefined || path.text(document, 'DocumentTypeCode') !== undefined)
    return false
  return isGsrnOrScheme(textOf(id), id?.attributes.get('schemeID'))
}

function readCountry(path: XmlPath, root: XmlElement): string | undefined {
  const codes = path
    .all(root, 'Delivery')
    .map((delivery) => path.text(delivery, 'DeliveryLocation', 'Address', 'Country', 'IdentificationCode'))
    .filter((code) => code !== undefined)
  return countryCode(codes)
}
