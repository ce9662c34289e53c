import type { XmlElement } from '../xml-reader.ts'
import type { InvoiceLine, ItemCode, PrintedPeriod, PrintedPrice } from './model.ts'
import { isLinePoint, readDeliveryPoints, readLinePeriod, readPeriod } from './ubl-parts.ts'
import { placeInLine, textOf } from './xml-path.ts'
import type { XmlPath } from './xml-path.ts'

/**
 * Lines of a UBL invoice or credit note. A line with sub-lines (XRechnung extension) is their sum: only the innermost
 * lines are read.
 *
 * @throws {Refusal} ERR_BILL_NAMESPACE, ERR_BILL_UNSTATED for a doubled element.
 */
export function readUblLines(path: XmlPath, root: XmlElement): readonly InvoiceLine[] {
  const document = readPeriod(path, root)
  return ['InvoiceLine', 'CreditNoteLine']
    .flatMap((local) => path.all(root, local))
    .flatMap((line) => leavesOf(path, line, { document }))
}

/** What a line has of those around it where it says nothing else. */
type Around = Pick<InvoiceLine, 'period' | 'point'> & { readonly document: PrintedPeriod | undefined }

function leavesOf(path: XmlPath, line: XmlElement, around: Around): readonly InvoiceLine[] {
  const inner = ['SubInvoiceLine', 'SubCreditNoteLine'].flatMap((local) => path.all(line, local))
  if (inner.length === 0) return [readLine(path, line, around)]
  const [period, point] = [
    readLinePeriod(path, line, around.period ?? around.document) ?? around.period,
    readPoint(path, line) ?? around.point,
  ]
  const own = {
    document: around.document,
    ...(period === undefined ? {} : { period }),
    ...(point === undefined ? {} : { point }),
  }
  return inner.flatMap((sub) => leavesOf(path, sub, own))
}

function readLine(path: XmlPath, line: XmlElement, around: Around): InvoiceLine {
  const id = path.text(line, 'ID')
  const item = path.one(line, 'Item')
  const quantity = path.quantity(line, 'InvoicedQuantity') ?? path.quantity(line, 'CreditedQuantity')
  const period = readLinePeriod(path, line, around.period ?? around.document) ?? around.period
  const point = readPoint(path, line) ?? around.point
  const price = readPrice(path, line)
  const amount = path.printed(line, 'LineExtensionAmount')
  return {
    id: id ?? '',
    element: line.local,
    place: placeInLine(line, id),
    ...(quantity === undefined ? {} : { quantity: { ...quantity, place: placeOfQuantity(quantity.place, id) } }),
    texts: [...path.texts(item, 'Name'), ...path.texts(item, 'Description')],
    notes: path.texts(line, 'Note'),
    codes: readCodes(path, item),
    properties: path.all(item, 'AdditionalItemProperty').map((property) => ({
      name: path.text(property, 'Name') ?? '',
      value: path.text(property, 'Value') ?? '',
    })),
    ...(period === undefined ? {} : { period }),
    ...(point === undefined ? {} : { point }),
    ...(price === undefined ? {} : { price }),
    ...(amount === undefined ? {} : { amount }),
    charges: path.all(line, 'AllowanceCharge').flatMap((charge) => {
      const sum = path.printed(charge, 'Amount')
      return sum === undefined ? [] : [{ amount: sum, isCharge: path.text(charge, 'ChargeIndicator') === 'true' }]
    }),
  }
}

function placeOfQuantity(place: InvoiceLine['place'], id: string | undefined): InvoiceLine['place'] {
  return id === undefined ? place : { ...place, path: `${place.path ?? ''} of line ${id.slice(0, 40)}` }
}

function readPrice(path: XmlPath, line: XmlElement): PrintedPrice | undefined {
  const price = path.one(line, 'Price')
  const amount = path.printed(price, 'PriceAmount')
  const base = path.quantity(price, 'BaseQuantity')
  return amount === undefined ? undefined : { amount, ...(base === undefined ? {} : { base }) }
}

function readCodes(path: XmlPath, item: XmlElement | undefined): readonly ItemCode[] {
  const own = path.text(item, 'SellersItemIdentification', 'ID')
  const classes = path
    .all(item, 'CommodityClassification')
    .flatMap((one) => [...path.all(one, 'ItemClassificationCode'), ...path.all(one, 'CommodityCode')])
    .map((element) => ({ list: element.attributes.get('listID') ?? '', code: textOf(element) ?? '' }))
    .filter(({ list, code }) => list !== '' && code !== '')
  return [...(own === undefined ? [] : [{ list: '', code: own }]), ...classes]
}

/** The object that a line is about (EN 16931 BT-128), when its scheme says that it is a metering point. */
function readPoint(path: XmlPath, line: XmlElement): string | undefined {
  const named = path
    .all(line, 'DocumentReference')
    .map((document) => ({ id: path.one(document, 'ID'), type: path.text(document, 'DocumentTypeCode') }))
    .find(({ id, type }) => isLinePoint(textOf(id), id?.attributes.get('schemeID'), type))
  return textOf(named?.id) ?? readDeliveryPoints(path, line)[0]
}
