import type { FilePlace } from '#protocol'
import { placeOf } from '../xml-reader.ts'
import type { XmlElement } from '../xml-reader.ts'
import { isGsrn } from './identifiers.ts'
import type { Printed, PrintedPeriod } from './model.ts'
import { POINT_SCHEMES } from './tables/identifiers.ts'
import { textOf } from './xml-path.ts'
import type { XmlPath } from './xml-path.ts'

/** Namespace of common parts of UBL 2 (OASIS UBL 2.1, the same in 2.0 to 2.4). */
export const UBL = 'urn:oasis:names:specification:ubl:schema:xsd:'
/** Namespaces of the aggregates, texts and extensions of every UBL 2 document. */
export const UBL_COMMON: readonly string[] = [
  `${UBL}CommonAggregateComponents-2`,
  `${UBL}CommonBasicComponents-2`,
  `${UBL}CommonExtensionComponents-2`,
]

/** The one period of a document; several that differ, or one without both dates, are none. @throws {Refusal} ERR_BILL_NAMESPACE. */
export function readPeriod(path: XmlPath, parent: XmlElement): PrintedPeriod | undefined {
  const period = readLinePeriod(path, parent, undefined)
  return period === undefined || isIncomplete(period) ? undefined : period
}

/**
 * Period of a line; `undefined` when it states none, or the same date as the period around it and no other. One that is
 * stated in part, or several that differ, has an empty text: another period must not stand in for it.
 *
 * @throws {Refusal} ERR_BILL_NAMESPACE.
 */
export function readLinePeriod(
  path: XmlPath,
  parent: XmlElement,
  around: PrintedPeriod | undefined,
): PrintedPeriod | undefined {
  const periods = path.all(parent, 'InvoicePeriod').map((element) => ({
    place: placeOf(element),
    start: path.printed(element, 'StartDate'),
    end: path.printed(element, 'EndDate'),
  }))
  const [first] = periods.filter(({ start, end }) => start !== undefined || end !== undefined)
  if (first === undefined) return undefined
  const isOne = periods.every(({ start, end }) => start?.text === first.start?.text && end?.text === first.end?.text)
  return completePeriod(isOne ? first : { place: first.place }, around)
}

/** A period of its dates, as {@link readLinePeriod} has it. */
export function completePeriod(
  {
    place,
    start,
    end,
  }: { readonly place: FilePlace; readonly start?: Printed | undefined; readonly end?: Printed | undefined },
  around: PrintedPeriod | undefined,
): PrintedPeriod | undefined {
  const isStated = start !== undefined || end !== undefined
  const fits = (own: Printed | undefined, outer: Printed | undefined): boolean =>
    own === undefined || own.text === outer?.text
  const isPart = start === undefined || end === undefined
  if (isStated && isPart && around !== undefined && fits(start, around.start) && fits(end, around.end)) return undefined
  const none = { text: '', place }
  return { start: start ?? none, end: end ?? none }
}

/** True for a period of which a date is not stated. */
export function isIncomplete({ start, end }: PrintedPeriod): boolean {
  return start.text === '' || end.text === ''
}

/** Delivery locations that are metering points (SEeF 2.0, OIOUBL). @throws {Refusal} ERR_BILL_NAMESPACE. */
export function readDeliveryPoints(path: XmlPath, parent: XmlElement): readonly string[] {
  return path
    .all(parent, 'Delivery')
    .map((delivery) => path.at(delivery, 'DeliveryLocation', 'ID'))
    .filter((id) => isGsrnOrScheme(textOf(id), id?.attributes.get('schemeID')))
    .map(textOf)
    .filter((text) => text !== undefined)
}

/** The one country of several addresses, ISO 3166-1 alpha-2. */
export function countryCode(codes: readonly string[]): string | undefined {
  const [code] = codes
  return code !== undefined && /^[A-Z]{2}$/.test(code) && codes.every((one) => one === code) ? code : undefined
}

/** True if a number is a metering point by its scheme, or by the form and check digit of a GSRN. */
export function isGsrnOrScheme(id: string | undefined, scheme: string | undefined): boolean {
  return id !== undefined && (POINT_SCHEMES.has(scheme ?? '') || isGsrn(id))
}

/**
 * True if the object of a line (EN 16931 BT-128) is a metering point: its scheme says so, or it has none and the type of
 * an invoiced object (UNTDID 1001: 130), which a utility has no other use for.
 */
export function isLinePoint(id: string | undefined, scheme: string | undefined, type: string | undefined): boolean {
  return isGsrnOrScheme(id, scheme) || (id !== undefined && scheme === undefined && type === '130')
}
