import type { XmlElement } from '../xml-reader.ts'
import { isGsrn } from './identifiers.ts'
import type { PrintedPeriod } from './model.ts'
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

/** The one period of a document or line; several that differ are none. @throws {Refusal} ERR_BILL_NAMESPACE. */
export function readPeriod(path: XmlPath, parent: XmlElement): PrintedPeriod | undefined {
  const periods = path.all(parent, 'InvoicePeriod').map((element) => ({
    start: path.printed(element, 'StartDate'),
    end: path.printed(element, 'EndDate'),
  }))
  const [first] = periods
  const isOne = periods.every(({ start, end }) => start?.text === first?.start?.text && end?.text === first?.end?.text)
  if (first?.start === undefined || first.end === undefined || !isOne) return undefined
  return { start: first.start, end: first.end }
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
