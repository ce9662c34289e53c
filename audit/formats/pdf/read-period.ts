import { formatCivilDate, parseCivilDate, parseInteger, ValueError } from '#protocol'
import type { Service } from '#protocol'
import { review } from '../refusal.ts'
import { findAll, groupOf, placeOfLine, refuseFact } from './find-pattern.ts'
import type { Found } from './find-pattern.ts'
import type { TextLine } from './page-lines.ts'
import type { BillTemplate } from './template.ts'

/** Period of service, and where it stands. */
export type Period = { readonly service: Service; readonly line: TextLine }

/** A bill of more days is no bill of one month or two, and its dates were found in a wrong place. */
const MAX_DAYS = 400
const FIRST_DAY = parseCivilDate('1990-01-01')
const LAST_DAY = parseCivilDate('2100-01-01')

/**
 * Days of reading: from the previous one, up to and without the latest.
 *
 * Other dates may stand side by side, too: what counts are two dates as far apart as the print says.
 *
 * @throws {Refusal} ERR_BILL_TEMPLATE, ERR_BILL_PERIOD (review).
 */
export function readPeriod(lines: readonly TextLine[], template: BillTemplate): Period {
  const candidates = findAll(lines, template.period).flatMap(periodOf)
  const parts = template.dayParts === undefined ? [] : findAll(lines, template.dayParts)
  const days = parts.reduce((sum, part) => sum + parseInteger(groupOf(part, 'days')), 0)
  const [found, second] = candidates.filter(({ length }) => template.dayParts === undefined || length === days)
  if (found === undefined) {
    const line = candidates[0]?.line ?? lines[0]
    const place = { path: line === undefined ? 'page 1' : placeOfLine(line) }
    throw review('ERR_BILL_PERIOD', 'no two dates of reading are as far apart as the print says', place)
  }
  const other = second === undefined || isSamePeriod(found.service, second.service) ? undefined : second
  if (other !== undefined) throw refuseFact('period', 'is not the only one', other.line)
  return { service: found.service, line: found.line }
}

function isSamePeriod(a: Service, b: Service): boolean {
  return a.start === b.start && a.end === b.end
}

function periodOf(found: Found): (Period & { readonly length: number })[] {
  const start = dayOf(groupOf(found, 'start'))
  const end = dayOf(groupOf(found, 'end'))
  if (start === undefined || end === undefined || start >= end || end - start > MAX_DAYS) return []
  const { days } = found.groups
  if (days !== undefined && parseInteger(days) !== end - start) return []
  const service = { start: formatCivilDate(start), end: formatCivilDate(end), basis: 'reading-dates' } as const
  return [{ service, line: found.line, length: end - start }]
}

/** Day number of `DD/MM/YYYY` or `DD.MM.YYYY`; `undefined` for dates that no calendar has. */
function dayOf(text: string): number | undefined {
  const [, day = '', month = '', year = ''] = /^(\d{2})[/.](\d{2})[/.](\d{4})$/.exec(text) ?? []
  try {
    const found = parseCivilDate(`${year}-${month}-${day}`)
    return found >= FIRST_DAY && found <= LAST_DAY ? found : undefined
  } catch (thrown) {
    if (thrown instanceof ValueError) return undefined
    throw thrown
  }
}
