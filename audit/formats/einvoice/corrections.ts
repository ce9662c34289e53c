import { review } from '../refusal.ts'
import type { MeteredLine } from './metered-lines.ts'
import type { Invoice } from './model.ts'
import { signOf } from './sums.ts'
import { DOCUMENT_ROLES } from './tables/codes.ts'
import type { DocumentRole } from './tables/codes.ts'

/** What a document does to an earlier one. */
export type Correction = {
  /** Number of the invoice that it corrects; absent for a bill of its own. */
  readonly corrects?: string
  /** Its figures are taken back; else they replace. */
  readonly isCredit: boolean
}

/** What kind of document it is. */
export function documentRoleOf(invoice: Invoice): DocumentRole {
  const role = DOCUMENT_ROLES.get(invoice.typeCode) ?? 'bill'
  return invoice.isCreditNote && (role === 'bill' || role === 'correction') ? 'credit' : role
}

/**
 * Refuses documents in which energy is billed that was not used by the customer named in them.
 *
 * @throws {Refusal} ERR_BILL_FORECAST, ERR_BILL_UNSTATED.
 */
export function checkRole(invoice: Invoice): void {
  const role = documentRoleOf(invoice)
  if (role === 'advance') {
    throw review(
      'ERR_BILL_FORECAST',
      `document type ${show(invoice)} asks for money in advance: nothing was used yet`,
      invoice.place,
    )
  }
  if (role === 'self-billed') {
    const message = `document type ${show(invoice)} is written by the customer for the supplier: who used the energy is not stated`
    throw review('ERR_BILL_UNSTATED', message, invoice.place)
  }
  if (role === 'charging') {
    const message = `document type ${show(invoice)} bills the charging of a vehicle, which has no metering point of the customer`
    throw review('ERR_BILL_UNSTATED', message, invoice.place)
  }
}

/**
 * Whether a document states new consumption or corrects another one: by its type, or because consumption in it is
 * negative. Energy is never negative in facts; a credit says so by a flag.
 *
 * @param counted lines of consumption, with their signs.
 * @throws {Refusal} ERR_BILL_CORRECTION when credit and debit are mixed or the corrected invoice is not named once,
 *   ERR_BILL_NEGATIVE for negative consumption in a document that refers to none.
 */
export function findCorrection(invoice: Invoice, counted: readonly MeteredLine[]): Correction {
  const role = documentRoleOf(invoice)
  const negative = counted.find(({ metered }) => signOf(metered) < 0)
  const hasPositive = counted.some(({ metered }) => signOf(metered) > 0)
  if (negative !== undefined && hasPositive) {
    throw review('ERR_BILL_CORRECTION', 'consumption is billed and taken back in one document', negative.line.place)
  }
  if (role === 'bill' && negative === undefined) return { isCredit: false }
  if (role === 'credit' && negative !== undefined) {
    throw review(
      'ERR_BILL_CORRECTION',
      'a credit note has negative consumption: which way it counts is not stated',
      negative.line.place,
    )
  }
  const named = new Set(invoice.precedes)
  const [corrects] = named
  if (role === 'bill' && negative !== undefined && corrects === undefined) {
    throw review(
      'ERR_BILL_NEGATIVE',
      'negative consumption in a document that refers to no earlier invoice',
      negative.line.place,
    )
  }
  if (corrects === undefined || named.size > 1) {
    const message = `document type ${show(invoice)} corrects ${named.size === 0 ? 'an invoice that it does not name' : 'several invoices'}`
    throw review('ERR_BILL_CORRECTION', message, invoice.place)
  }
  return { corrects, isCredit: role === 'credit' || negative !== undefined }
}

function show(invoice: Invoice): string {
  return invoice.typeCode === '' ? invoice.element : JSON.stringify(invoice.typeCode.slice(0, 16))
}
