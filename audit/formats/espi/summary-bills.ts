import { orderTexts } from '../order-texts.ts'
import { review } from '../refusal.ts'
import type { BillParts } from './bill-parts.ts'
import { labelService, localOffsetOf } from './civil-days.ts'
import type { EspiDocument, UsagePoint, UsageSummary } from './document.ts'
import { indexByLink, namesOf, parentPaths, pickOne, selfOf } from './links.ts'
import { readPaid } from './point-bills.ts'
import type { FileContext } from './point-bills.ts'
import { isSameBill, readSummaryBill } from './summaries.ts'
import type { SummaryBill } from './summaries.ts'
import { isNetMetered } from './tariff-riders.ts'

/** A usage summary with the point that it hangs under. */
export type OwnedSummary = {
  readonly summary: UsageSummary
  readonly usagePoint?: UsagePoint
  /** Link of the point: its own, or what the path of the summary says where the point is not in the file. */
  readonly point?: string
  readonly flags: readonly string[]
}

/**
 * The usage point that each summary hangs under: by link, by path, or the only point of the file.
 *
 * @throws {Refusal} ERR_BILL_LINK for a summary of another point than the only one: it may be the same energy under two names.
 */
export function assignSummaries(document: EspiDocument): OwnedSummary[] {
  const byChild = indexByLink(document.usagePoints, ({ links }) => links.related)
  const bySelf = indexByLink(document.usagePoints, ({ links }) => selfOf(links))
  return document.summaries.map((summary) => {
    const { links } = summary
    const paths = [...parentPaths(links, 'UsageSummary'), ...parentPaths(links, 'ElectricPowerUsageSummary')]
    const found = pickOne({
      index: byChild,
      links: namesOf(links),
      byPath: { index: bySelf, links: paths },
      candidates: document.usagePoints,
    })
    if (found === undefined && document.usagePoints.length === 1) {
      throw review('ERR_BILL_LINK', 'usage summary is of another point than the one in the file', summary.place)
    }
    const point = found === undefined ? onlyOf(paths) : found.item.links.self
    return {
      summary,
      ...(found === undefined ? {} : { usagePoint: found.item }),
      ...(point === undefined ? {} : { point }),
      // The path of a summary's collection names its point as plainly as a link would.
      flags: (found?.flags ?? []).filter((flag) => flag !== 'link-by-path'),
    }
  })
}

type Owned = { readonly owner: OwnedSummary; readonly bill: SummaryBill; readonly isRepeated: boolean }

/**
 * A bill for each usage summary; a repetition gives none.
 *
 * @throws {Refusal} ERR_BILL_SUMMARY_CONFLICT for summaries that contradict each other or overlap, ERR_BILL_FLOW under net
 * metering, and what summaries earn by themselves.
 */
export function readSummaryBills(owners: readonly OwnedSummary[], context: FileContext): BillParts[] {
  const distinct = new Map<string, Owned>()
  for (const owner of owners) {
    const bill = readSummaryBill(owner.summary, owner.usagePoint, context.therm)
    if (isNetMetered(owner.summary)) {
      const message = 'tariff rider of net metering, and no readings: the consumption may be a difference'
      throw review('ERR_BILL_FLOW', message, owner.summary.place)
    }
    const key = `${owner.point ?? ''} ${bill.start} ${bill.end}`
    const known = distinct.get(key)
    if (known !== undefined && !isSameBill(known.bill, bill)) {
      throw review('ERR_BILL_SUMMARY_CONFLICT', 'two summaries of one period differ', bill.summary.place)
    }
    const kept = known === undefined || isPreferred(owner.summary, known.bill.summary) ? { owner, bill } : known
    distinct.set(key, { ...kept, isRepeated: known !== undefined })
  }
  checkNoOverlap([...distinct.values()])
  return [...distinct.values()].map(({ owner, bill, isRepeated }) => {
    const { service, flags } = labelService(bill.start, bill.end, localOffsetOf(context.clocks, owner.usagePoint))
    const paid = readPaid(bill.summary, context, bill.commodity)
    return {
      commodity: bill.commodity,
      service,
      imported: bill.amount,
      kind: bill.kind,
      ...paid.parts,
      flags: [
        ...bill.flags,
        ...owner.flags,
        ...flags,
        ...paid.flags,
        'summary-only',
        ...(isRepeated ? ['duplicates-dropped'] : []),
      ],
      ...(owner.point === undefined ? {} : { point: owner.point }),
      source: { amount: `UsageSummary/${bill.source}`, service: 'UsageSummary/billingPeriod' },
    }
  })
}

/** Of two summaries with one consumption the one that also has an amount, and of two amounts always the same one. */
function isPreferred(a: UsageSummary, b: UsageSummary): boolean {
  const key = ({ billLastPeriod = '', currency = '', riders }: UsageSummary): string =>
    `${billLastPeriod} ${currency} ${JSON.stringify(riders)}`
  return orderTexts(key(a), key(b)) > 0
}

function checkNoOverlap(bills: readonly Owned[]): void {
  const sorted = bills.toSorted(
    (a, b) => orderTexts(a.owner.point ?? '', b.owner.point ?? '') || a.bill.start - b.bill.start,
  )
  sorted.forEach((one, index) => {
    const previous = sorted[index - 1]
    if (previous !== undefined && previous.owner.point === one.owner.point && one.bill.start < previous.bill.end) {
      throw review('ERR_BILL_SUMMARY_CONFLICT', 'billing periods overlap', one.bill.summary.place)
    }
  })
}

function onlyOf(paths: readonly string[]): string | undefined {
  return paths.length === 1 ? paths[0] : undefined
}
