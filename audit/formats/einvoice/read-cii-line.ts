import type { XmlElement } from '../xml-reader.ts'
import type { InvoiceLine, ItemCode, PrintedPrice } from './model.ts'
import { readCiiPeriod } from './cii-parts.ts'
import type { CiiNames } from './cii-parts.ts'
import { isLinePoint } from './ubl-parts.ts'
import { placeInLine, textOf } from './xml-path.ts'
import type { XmlPath } from './xml-path.ts'

/** Type of a referenced document that is the invoiced object of a line (EN 16931 BT-128). */
const OBJECT = '130'
/** Lines that only group or explain others (Factur-X EXTENDED, BT-X-8). */
const NO_DETAIL: ReadonlySet<string> = new Set(['GROUP', 'INFORMATION'])

/**
 * Lines of a Cross Industry Invoice, without those that group or explain others.
 *
 * @throws {Refusal} ERR_BILL_NAMESPACE, ERR_BILL_UNSTATED for a doubled element.
 */
export function readCiiLines(
  path: XmlPath,
  names: CiiNames,
  transaction: XmlElement | undefined,
): readonly InvoiceLine[] {
  return path
    .all(transaction, 'IncludedSupplyChainTradeLineItem')
    .filter((line) => !NO_DETAIL.has(path.text(line, 'AssociatedDocumentLineDocument', 'LineStatusReasonCode') ?? ''))
    .map((line) => readLine(path, names, line))
}

function readLine(path: XmlPath, names: CiiNames, line: XmlElement): InvoiceLine {
  const document = path.one(line, 'AssociatedDocumentLineDocument')
  const product = path.one(line, 'SpecifiedTradeProduct')
  const settlement = path.one(line, names.lineSettlement)
  const id = path.text(document, 'LineID')
  const quantity = path.quantity(line, names.lineDelivery, 'BilledQuantity')
  const period = readCiiPeriod(path, settlement)
  const point = readPoint(path, settlement)
  const price = readPrice(path, path.at(line, names.lineAgreement, 'NetPriceProductTradePrice'))
  const amount = path.printed(settlement, names.lineSummation, 'LineTotalAmount')
  const notes = path.all(document, 'IncludedNote').flatMap((note) => path.texts(note, 'Content'))
  return {
    id: id ?? '',
    element: 'IncludedSupplyChainTradeLineItem',
    place: placeInLine(line, id),
    ...(quantity === undefined ? {} : { quantity }),
    texts: [...path.texts(product, 'Name'), ...path.texts(product, 'Description')],
    notes,
    codes: readCodes(path, product),
    properties: path.all(product, 'ApplicableProductCharacteristic').map((property) => ({
      name: path.texts(property, 'Description')[0] ?? '',
      value: path.texts(property, 'Value')[0] ?? '',
    })),
    ...(period === undefined ? {} : { period }),
    ...(point === undefined ? {} : { point }),
    ...(price === undefined ? {} : { price }),
    ...(amount === undefined ? {} : { amount }),
    charges: path.all(settlement, 'SpecifiedTradeAllowanceCharge').flatMap((charge) => {
      const sum = path.printed(charge, 'ActualAmount')
      return sum === undefined
        ? []
        : [{ amount: sum, isCharge: path.text(charge, 'ChargeIndicator', 'Indicator') === 'true' }]
    }),
  }
}

function readPrice(path: XmlPath, price: XmlElement | undefined): PrintedPrice | undefined {
  const amount = path.printed(price, 'ChargeAmount')
  const base = path.quantity(price, 'BasisQuantity')
  return amount === undefined ? undefined : { amount, ...(base === undefined ? {} : { base }) }
}

function readCodes(path: XmlPath, product: XmlElement | undefined): readonly ItemCode[] {
  const own = path.text(product, 'SellerAssignedID')
  const classes = path
    .all(product, 'DesignatedProductClassification')
    .map((one) => path.one(one, 'ClassCode'))
    .map((element) => ({ list: element?.attributes.get('listID') ?? '', code: textOf(element) ?? '' }))
    .filter(({ list, code }) => list !== '' && code !== '')
  return [...(own === undefined ? [] : [{ list: '', code: own }]), ...classes]
}

function readPoint(path: XmlPath, settlement: XmlElement | undefined): string | undefined {
  const named = path
    .all(settlement, 'AdditionalReferencedDocument')
    .filter((document) => path.text(document, 'TypeCode') === OBJECT)
    .map((document) => ({
      id: path.text(document, 'IssuerAssignedID'),
      scheme: path.text(document, 'ReferenceTypeCode'),
    }))
  return named.find(({ id, scheme }) => isLinePoint(id, scheme, OBJECT))?.id
}
