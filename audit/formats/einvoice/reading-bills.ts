import { isEnergy } from '#protocol'
import type { Commodity, Facts } from '#protocol'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection, review } from '../refusal.ts'
import { buildFacts } from './build-facts.ts'
import type { Extractor } from './build-facts.ts'
import { checkRole, findCorrection } from './corrections.ts'
import { classifyLine } from './classify-line.ts'
import { splitWords, wordList } from './match-words.ts'
import { periodsOfReadings } from './meet-readings.ts'
import type { PointRegisters, Register } from './meter-registers.ts'
import type { EndDate, Invoice } from './model.ts'
import { sumMetered } from './sums.ts'

/** Registers that only electricity has: times of day. */
const ELECTRIC_REGISTERS = wordList('laag|hoog|dal|piek|ht|nt|hochtarif*|niedertarif*|electricity|el|peak|off peak')

/**
 * Facts of a document whose lines state no energy: a statement of meters (UBL UtilityStatement), or an invoice whose lines
 * are money only and whose extension has the readings.
 *
 * @throws {Refusal} ERR_BILL_UNSTATED without commodity, and as `readBills`.
 */
export function billsOfReadings(
  invoice: Invoice,
  points: readonly PointRegisters[],
  how: { readonly end: EndDate; readonly extractor: Extractor },
): { readonly bills: readonly Facts[]; readonly isCorrection: boolean } {
  checkRole(invoice)
  const isCharged = invoice.lines.length > 0 && invoice.endDate === undefined
  const found = findCorrection(invoice, [])
  const isCredit = found.corrects !== undefined && (found.isCredit || invoice.payable?.text.startsWith('-') === true)
  const correction = { ...found, isCredit }
  const payees = invoice.lines.map((line) => classifyLine(line, true).payee).filter((payee) => payee !== undefined)
  const bills = points.flatMap((one) => {
    const commodity = commodityOf(one, invoice)
    const imports = one.registers.filter(({ isExport }) => !isExport)
    const exports = one.registers.filter(({ isExport }) => isExport)
    return periodsOfReadings(imports).map(({ days, metered, registers }) => {
      const given = exports.filter((register) => register.days.start === days.start && register.days.end === days.end)
      const exported =
        given.length === 0
          ? undefined
          : sumMetered(
              given.map((register) => register.metered),
              one.source.place,
            )
      return buildFacts(
        {
          commodity,
          ...(one.point === undefined ? {} : { point: one.point }),
          days,
          end: how.end,
          imported: metered,
          ...(exported !== undefined && isEnergy(exported) ? { exported } : {}),
          counted: [],
          repeated: [],
          registers,
          payees,
          isMeasured: true,
          correction,
          country: one.source.country,
          flags: isCharged ? ['money-only'] : [],
        },
        invoice,
        how.extractor,
      )
    })
  })
  if (bills.length > EXTRACTION_LIMITS.bills) {
    throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.bills} points and periods`, invoice.place)
  }
  return { bills, isCorrection: correction.corrects !== undefined }
}

/** What a meter counted: as the statement says, by the lines beside it, or by registers that only electricity has. */
function commodityOf({ source, registers }: PointRegisters, invoice: Invoice): Commodity {
  if (source.commodity !== undefined) return source.commodity
  const named = new Set(
    invoice.lines.map((line) => classifyLine(line, true).commodity).filter((one) => one !== undefined),
  )
  const [only] = named
  if (only !== undefined && named.size === 1) return only
  if (registers.length > 0 && registers.every(isElectric)) return 'electricity'
  throw review('ERR_BILL_UNSTATED', 'readings of a meter do not say of which commodity', source.place)
}

function isElectric({ reading, metered }: Register): boolean {
  return isEnergy(metered) && ELECTRIC_REGISTERS.find(splitWords(reading.register)) !== undefined
}
