import { formatCivilDate } from '#protocol'
import type { Commodity, Facts, FactsKind, Metered, Quantity } from '#protocol'
import { orderTexts } from '../order-texts.ts'
import type { Correction } from './corrections.ts'
import { parseFigure } from './figures.ts'
import { findGreenNote, readFuelMix } from './green-claims.ts'
import { cleanName, findLineMeter, normaliseNumber } from './identifiers.ts'
import { splitWords, wordList } from './match-words.ts'
import type { MeteredLine } from './metered-lines.ts'
import { kindOf } from './meter-registers.ts'
import type { Register } from './meter-registers.ts'
import type { Days, EndDate, Invoice } from './model.ts'
import { ACTUAL_WORDS, ESTIMATE_WORDS } from './tables/register-words.ts'

/** Which reader found the facts, and the name of its format. */
export type Extractor = { readonly id: string; readonly version: string; readonly format: string }

/** One point, commodity and period, ready to become facts. */
export type Finding = {
  readonly commodity: Commodity
  readonly point?: string
  readonly days: Days
  readonly end: EndDate
  readonly imported: Metered
  readonly exported?: Quantity
  /** Lines that the energy was read from; empty when it was read from meters. */
  readonly counted: readonly MeteredLine[]
  /** Other lines of the same energy. */
  readonly repeated: readonly MeteredLine[]
  readonly registers: readonly Register[]
  /** Who is paid by lines that are money only. */
  readonly payees?: readonly ('supply' | 'grid')[]
  /** The registers measured exactly this energy. */
  readonly isMeasured: boolean
  readonly correction: Correction
  readonly country: string | undefined
  readonly flags: readonly string[]
}

/** Lines that a source names; more would only make it long. */
const MAX_NAMED_LINES = 8
const ESTIMATED = wordList(ESTIMATE_WORDS)
const ACTUAL = wordList(ACTUAL_WORDS)
/** Metering points whose form begins with the country they are in (metering code of DE, AT, LU; Italian and Spanish codes). */
const COUNTRY_POINT =
  /^(?:(DE|AT|LU|CH)[0-9A-Z]{31}|(IT)[0-9]{3}E[0-9]{8}[0-9A-Z]?|(ES)[0-9]{16}[A-Z]{2}(?:[0-9][A-Z])?)$/

/**
 * Facts of one finding.
 *
 * @throws {Refusal} ERR_BILL_FIELD for an identifier that does not print, ERR_BILL_NUMBER for an amount that is no number.
 */
export function buildFacts(finding: Finding, invoice: Invoice, extractor: Extractor): Facts {
  const { commodity, point, days, end, correction } = finding
  const account = invoice.account === undefined ? undefined : normaliseNumber(invoice.account, invoice)
  const meters = metersOf(finding, invoice)
  const [number, corrects] = [cleanName(invoice.number), cleanName(correction.corrects)]
  const kind = readKind(finding)
  const green = commodity === 'electricity' ? readGreen(finding, invoice) : { flags: [] }
  const country = finding.country ?? invoice.country ?? countryOf(point)
  const flags = [
    ...finding.flags,
    ...kind.flags,
    ...green.flags,
    ...(correction.isCredit ? ['credit'] : []),
    ...(meters.size > 1 ? ['several-meters'] : []),
    ...(point === undefined && account === undefined ? ['no-identifier'] : []),
    ...(end.isAssumed === true ? ['end-date-assumed'] : []),
    ...(invoice.isTest ? ['test-document'] : []),
  ]
  const [meter] = meters
  return {
    v: 1,
    extractor: { id: extractor.id, version: extractor.version },
    format: extractor.format,
    commodity,
    utility: utilityOf(finding, invoice),
    ...(point === undefined ? {} : { point }),
    ...(account === undefined ? {} : { account }),
    ...(meter === undefined || meters.size > 1 ? {} : { meter }),
    service: { start: formatCivilDate(days.start), end: formatCivilDate(days.end), basis: end.basis },
    import: finding.imported,
    ...(finding.exported === undefined ? {} : { export: finding.exported }),
    kind: corrects !== undefined ? 'correction' : kind.kind,
    ...(country === undefined ? {} : { place: { country } }),
    ...(green.claim === undefined ? {} : { greenClaim: green.claim }),
    ...(number === undefined ? {} : { invoice: number }),
    ...(corrects === undefined ? {} : { corrects }),
    ...moneyOf(invoice, correction),
    flags: [...new Set(flags)].sort(orderTexts),
    sources: sourcesOf(finding, invoice),
  }
}

function utilityOf(finding: Finding, invoice: Invoice): NonNullable<Facts['utility']> {
  const { id, name } = invoice.supplier
  const cleaned = cleanName(name)
  return {
    ...(id === undefined ? {} : { id }),
    ...(cleaned === undefined ? {} : { name: cleaned }),
    role: roleOf(finding),
  }
}

/** Who is paid: by codes, else supply for energy and grid for its transport. */
function roleOf({ counted, repeated, payees: paid = [] }: Finding): 'supply' | 'grid' | 'both' | 'unknown' {
  const payees = new Set<string | undefined>([
    ...paid,
    ...[...counted, ...repeated].map(({ meaning }) => {
      if (meaning.payee !== undefined) return meaning.payee
      if (meaning.is === 'network') return 'grid'
      return meaning.is === 'energy' ? 'supply' : undefined
    }),
  ])
  if (payees.has('supply')) return payees.has('grid') ? 'both' : 'supply'
  return payees.has('grid') ? 'grid' : 'unknown'
}

function metersOf({ counted, registers, isMeasured }: Finding, invoice: Invoice): ReadonlySet<string> {
  const read = isMeasured || registers.length > 0 ? registers.map(({ meter }) => meter) : []
  const named = counted.map(({ line }) => findLineMeter(line))
  const known = read.filter((meter) => meter !== undefined)
  if (known.length > 0) return new Set(known)
  const found = named.filter((meter) => meter !== undefined)
  return new Set(found.length > 0 || invoice.meter === undefined ? found : [normaliseNumber(invoice.meter, invoice)])
}

/** By readings, else by words of the counted lines; a bill that says neither is taken as one of actual consumption. */
function readKind({ counted, registers, isMeasured }: Finding): {
  readonly kind: FactsKind
  readonly flags: readonly string[]
} {
  if (isMeasured && registers.length > 0) return { kind: kindOf(registers), flags: [] }
  const words = counted.map(({ line }) => [...line.texts, ...line.notes].slice(0, 6).map(splitWords))
  const estimated = words.filter((texts) => texts.some((text) => ESTIMATED.find(text) !== undefined)).length
  if (estimated > 0) return { kind: estimated === counted.length ? 'estimated' : 'mixed', flags: [] }
  const isRead = words.every((texts) => texts.some((text) => ACTUAL.find(text) !== undefined))
  return { kind: 'actual', flags: isRead ? [] : ['kind-unstated'] }
}

function readGreen(
  finding: Finding,
  invoice: Invoice,
): { readonly claim?: NonNullable<Facts['greenClaim']>; readonly flags: readonly string[] } {
  const fuels = finding.isMeasured ? readFuelMix(finding.registers) : { isUnread: hasFuels(finding) }
  const texts = finding.counted.slice(0, 64).flatMap(({ line }) => [...line.texts, ...line.notes].slice(0, 6))
  const claim = ('claim' in fuels ? fuels.claim : undefined) ?? findGreenNote([...invoice.notes.slice(0, 16), ...texts])
  return { ...(claim === undefined ? {} : { claim }), flags: fuels.isUnread ? ['fuel-mix-unread'] : [] }
}

function hasFuels({ registers }: Finding): boolean {
  return registers.some(({ reading }) => reading.fuels.length > 0)
}

/** What the invoice asks for. @throws {Refusal} ERR_BILL_NUMBER. */
export function moneyOf({ currency, payable }: Invoice, { isCredit }: Correction): Pick<Facts, 'money'> {
  if (currency === undefined || payable === undefined || !/^[A-Z]{3}$/.test(currency)) return {}
  const { u, e } = parseFigure(payable).value
  return { money: { currency, payable: { u: isCredit && u > 0n ? -u : u, e } } }
}

function countryOf(point: string | undefined): string | undefined {
  return COUNTRY_POINT.exec(point ?? '')
    ?.slice(1)
    .find((country) => country !== undefined)
}

function sourcesOf({ counted, registers, isMeasured, point }: Finding, invoice: Invoice): Facts['sources'] {
  const lines = counted.slice(0, MAX_NAMED_LINES).map(({ line }) => {
    const number = line.id === '' ? '' : ` ${JSON.stringify(line.id.slice(0, 40))}`
    return `${line.element}${number}${line.place.line === undefined ? '' : ` (line ${line.place.line})`}`
  })
  const more = counted.length > MAX_NAMED_LINES ? ` and ${counted.length - MAX_NAMED_LINES} more` : ''
  const [reading] = isMeasured ? registers : []
  const meters = reading === undefined ? [] : [`MeterReading (line ${reading.reading.place.line ?? 0})`]
  const [first] = counted
  const period = first?.line.period === undefined ? `${invoice.element} period` : `${first.line.element} period`
  return {
    import: [...lines, ...meters].join(', ') + more,
    service: first === undefined ? 'MeterReading dates' : period,
    ...(point === undefined ? {} : { point: first?.ownPoint === undefined ? invoice.element : first.line.element }),
    ...(invoice.payable === undefined ? {} : { money: `${invoice.element} (line ${invoice.payable.place.line ?? 0})` }),
  }
}
