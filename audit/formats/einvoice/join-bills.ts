import type { Extraction, Facts, FilePlace } from '#protocol'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { orderTexts } from '../order-texts.ts'
import { Refusal, rejection, review } from '../refusal.ts'
import type { Extractor } from './build-facts.ts'
import type { Invoice } from './model.ts'
import { readBills } from './read-bills.ts'
import type { DocumentBills } from './read-bills.ts'

/**
 * Extraction of the documents of one file, bills by point, commodity and start.
 *
 * @throws {Refusal} as `readBills`; ERR_BILL_NO_CONSUMPTION without any bill; ERR_BILL_CORRECTION for bills beside corrections, ERR_BILL_READINGS_CONFLICT for two
 *   bills of one point and day, ERR_BILL_TOO_LARGE.
 */
export function joinBills(invoices: readonly Invoice[], extractor: Extractor): Extraction {
  const found = invoices.map((invoice) => readOne(invoice, extractor, invoices.length > 1))
  const bills = found.flatMap((one) => one.bills).toSorted((a, b) => orderTexts(keyOf(a), keyOf(b)))
  const place = invoices[0]?.place
  if (bills.length === 0) {
    throw rejection('ERR_BILL_NO_CONSUMPTION', 'file has no document with energy', place ?? { line: 1, column: 1 })
  }
  if (bills.length > EXTRACTION_LIMITS.bills) {
    throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.bills} points and periods`, place)
  }
  if (new Set(found.map(({ isCorrection }) => isCorrection)).size > 1) {
    throw review('ERR_BILL_CORRECTION', 'corrections and ordinary bills are in one file', place)
  }
  checkOverlap(bills, place)
  return { verdict: found[0]?.isCorrection === true ? 'correction' : 'facts', format: extractor.format, bills }
}

/** One document that states too little for a claim says nothing of the others: the file as a whole was not read. */
function readOne(invoice: Invoice, extractor: Extractor, hasOthers: boolean): DocumentBills {
  try {
    return readBills(invoice, extractor)
  } catch (thrown) {
    if (!hasOthers || !(thrown instanceof Refusal) || thrown.verdict !== 'facts') throw thrown
    throw review(thrown.code, thrown.message, thrown.reason.place)
  }
}

/** Bills are in the order of their start; the last one of a group is the one that reaches furthest. */
function checkOverlap(bills: readonly Facts[], place: FilePlace | undefined): void {
  const ends = new Map<string, string>()
  for (const bill of bills) {
    const group = groupOf(bill)
    if ((ends.get(group) ?? '') > bill.service.start) {
      throw review('ERR_BILL_READINGS_CONFLICT', 'two bills of one point are about the same days', place)
    }
    ends.set(group, bill.service.end)
  }
}

function groupOf({ point, account, commodity }: Facts): string {
  return `${point ?? `account ${account ?? ''}`}\n${commodity}`
}

/** Points first, then what has only an account. */
function keyOf(facts: Facts): string {
  return `${facts.point ?? ''}\n${facts.service.start}\n${facts.commodity}\n${groupOf(facts)}`
}
