import type { XmlElement } from '../xml-reader.ts'
import type { InvoiceLine, ItemCode, PrintedPeriod, PrintedPrice } from './model.ts'
import { readCiiLinePeriod, readCiiPeriod } from './cii-parts.ts'
import type { CiiNames } from './cii-parts.ts'
import { isLinePoint } from './ubl-parts.ts'
import { placeInLine, textOf } from './xml-path.ts'
import type { XmlPath } from './xml-path.ts'

/** Type of a referenced document that is the invoiced object of a line (EN 16931 BT-128). */
const OBJECT = '130'
/** Lines that only group or explain others (Factur-X EXTENDED, BT-X-8). */
const NO_DETAIL: ReadonlySet<string> = new Set(['GROUP', 'INFORMATION'])

/** Groups inside each other that are looked through; a file whose groups name each other in a circle ends here, too. */
const MAX_GROUPS = 8

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
  const all = path.all(transaction, 'IncludedSupplyChainTradeLineItem')
  const document = readCiiPeriod(path, path.one(transaction, names.settlement))
  const groups = new Map<string, XmlElement>()
  for (const line of all) {
    const id = path.text(line, 'AssociatedDocumentLineDocument', 'LineID')
    if (id !== undefined && isGroup(path, line)) groups.set(id, line)
  }
  const aroundOf = (line: XmlElement, depth: number): Around => {
    const id = path.text(line, 'AssociatedDocumentLineDocument', 'ParentLineID')
    const group = id === undefined ? undefined : groups.get(id)
    if (group === undefined || depth >= MAX_GROUPS) return { document }
    const outer = aroundOf(group, depth + 1)
    const settlement = path.one(group, names.lineSettlement)
    return { document, ...readPlace(path, settlement, outer) }
  }
  return all.filter((line) => !isGroup(path, line)).map((line) => readLine(path, names, line, aroundOf(line, 0)))
}

/** What a line has of the groups around it where it says nothing else. */
type Around = Pick<InvoiceLine, 'period' | 'point'> & { readonly document: PrintedPeriod | undefined }

/** Period and point of a line or group, else those around it. */
function readPlace(
  path: XmlPath,
  settlement: XmlElement | undefined,
  around: Around,
): Pick<InvoiceLine, 'period' | 'point'> {
  const period = readCiiLinePeriod(path, settlement, around.period ?? around.document) ?? around.period
  const point = readPoint(path, settlement) ?? around.point
  return { ...(period === undefined ? {} : { period }), ...(point === undefined ? {} : { point }) }
}

function isGroup(path: XmlPath, line: XmlElement): boolean {
  return NO_DETAIL.has(path.text(line, 'AssociatedDocumentLineDocument', 'LineStatusReasonCode') ?? '')
}

function readLine(path: XmlPath, names: CiiNames, line: XmlElement, around: Around): InvoiceLine {
  const document = path.one(line, 'AssociatedDocumentLineDocument')
  const product = path.one(line, 'SpecifiedTradeProduct')
  const settlement = path.one(line, names.lineSettlement)
  const id = path.text(document, 'LineID')
  const quantity = path.quantity(line, names.lineDelivery, 'BilledQuantity')
  const { period, point } = readPlace(path, settlement, around)
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
