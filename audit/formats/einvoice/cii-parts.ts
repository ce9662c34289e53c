import { placeOf } from '../xml-reader.ts'
import type { XmlElement } from '../xml-reader.ts'
import type { Printed, PrintedPeriod } from './model.ts'
import { completePeriod, isIncomplete } from './ubl-parts.ts'
import { textOf } from './xml-path.ts'
import type { XmlPath } from './xml-path.ts'

/** Names of the groups that two generations of the Cross Industry Invoice call differently. */
export type CiiNames = {
  readonly context: string
  readonly document: string
  readonly transaction: string
  readonly agreement: string
  readonly delivery: string
  readonly settlement: string
  readonly summation: string
  readonly lineAgreement: string
  readonly lineDelivery: string
  readonly lineSettlement: string
  readonly lineSummation: string
}

/** Period of a document; `undefined` without both dates. @throws {Refusal} ERR_BILL_NAMESPACE, ERR_BILL_UNSTATED. */
export function readCiiPeriod(path: XmlPath, parent: XmlElement | undefined): PrintedPeriod | undefined {
  const period = readCiiLinePeriod(path, parent, undefined)
  return period === undefined || isIncomplete(period) ? undefined : period
}

/** Period of a line, with empty texts as `readLinePeriod` has them. @throws {Refusal} ERR_BILL_NAMESPACE, ERR_BILL_UNSTATED. */
export function readCiiLinePeriod(
  path: XmlPath,
  parent: XmlElement | undefined,
  around: PrintedPeriod | undefined,
): PrintedPeriod | undefined {
  const period = path.one(parent, 'BillingSpecifiedPeriod')
  const [start, end] = ['StartDateTime', 'EndDateTime'].map((name) => readDate(path.at(period, name, 'DateTimeString')))
  if (period === undefined || (start === undefined && end === undefined)) return undefined
  return completePeriod({ place: placeOf(period), start, end }, around)
}

/** A date of format 102 (CCYYMMDD) as ISO 8601; other formats stay as they are, and are refused where a fact needs them. */
function readDate(element: XmlElement | undefined): Printed | undefined {
  const text = textOf(element)
  if (element === undefined || text === undefined) return undefined
  const digits = element.attributes.get('format') === '102' ? /^(\d{4})(\d{2})(\d{2})$/.exec(text) : null
  return { text: digits === null ? text : `${digits[1]}-${digits[2]}-${digits[3]}`, place: placeOf(element) }
}
