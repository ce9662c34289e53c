import type { XmlElement } from '../xml-reader.ts'
import type { Invoice } from './model.ts'
import { textOf } from './xml-path.ts'

/** Elements that exist to state a period: UBL, CII, FatturaPA. */
const PERIOD_ELEMENTS: ReadonlySet<string> = new Set([
  'InvoicePeriod',
  'BillingSpecifiedPeriod',
  'DataInizioPeriodo',
  'DataFinePeriodo',
])
/** Says when tax is due, and no period (EN 16931 BT-8). */
const TAX_POINT = 'DescriptionCode'

/**
 * Marks a document without any period whose file says something in an element for one: a date alone, several periods, words.
 * Such a document states a period, and nobody has read it.
 */
export function findUnreadPeriod(
  root: XmlElement,
  { period, lines }: Pick<Invoice, 'period' | 'lines'>,
): Pick<Invoice, 'hasUnreadPeriod'> {
  if (period !== undefined || lines.some((line) => line.period !== undefined)) return {}
  return statesPeriod(root, false) ? { hasUnreadPeriod: true } : {}
}

/** Depth is limited by the reader of XML. */
function statesPeriod(element: XmlElement, isInside: boolean): boolean {
  if (element.local === TAX_POINT) return false
  const isPeriod = isInside || PERIOD_ELEMENTS.has(element.local)
  if (isPeriod && textOf(element) !== undefined) return true
  return element.children.some((child) => statesPeriod(child, isPeriod))
}
