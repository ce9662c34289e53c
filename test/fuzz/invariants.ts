import {
  addRationals,
  compareRationals,
  decodeCanonical,
  encodeFacts,
  isEnergy,
  makeRational,
  parseCivilDate,
  parseRational,
  toHex,
  toWh,
} from '#protocol'
import type { Extraction, Facts, PartialReading } from '#protocol'

const VERDICTS: ReadonlySet<string> = new Set(['facts', 'correction', 'needs-review', 'reject', 'unsupported'])
/** Longest period of a bill: ten years and a bit. */
const MAX_DAYS = 3_700
/** Bytes of one facts record; real ones have about 500. */
const MAX_FACTS_BYTES = 100_000
/** Longest message of a reason; longer ones repeat the file. */
const MAX_MESSAGE_CHARS = 600

/** What is wrong with a result, in words; nothing when it is sound. */
export function findFaults(result: Extraction): string[] {
  const { verdict, reason, bills, format, read } = result
  const hasBills = bills.length > 0
  const isFacts = verdict === 'facts' || verdict === 'correction'
  return [
    ...check(VERDICTS.has(verdict), `verdict ${verdict}`),
    ...check(/^[a-z0-9][a-z0-9+-]*$/.test(format), `format ${format}`),
    ...check(
      isFacts === (hasBills || (verdict === 'facts' && read !== undefined)),
      `${verdict} with ${bills.length} bills`,
    ),
    ...check(hasBills === (reason === undefined), `${verdict} ${reason === undefined ? 'without' : 'with'} a reason`),
    ...check(read === undefined || (verdict === 'facts' && !hasBills), `figures beside ${verdict}`),
    ...(read === undefined ? [] : faultsOfReadings(read)),
    ...(reason === undefined ? [] : faultsOfReason(reason, verdict)),
    ...bills.flatMap(faultsOfFacts),
    ...faultsOfOrder(bills),
  ]
}

/** The result as a text: equal for equal results. */
export function textOfResult(result: Extraction): string {
  const bills = result.bills.map((facts) => toHex(encodeFacts(facts)))
  // What extraction read of a bill that it leaves to a person has exact figures as well.
  return JSON.stringify({ ...result, origin: undefined, bills }, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
}

function faultsOfReason(reason: NonNullable<Extraction['reason']>, verdict: string): string[] {
  const { code, message, place } = reason
  const numbers = [place?.line, place?.column].filter((number) => number !== undefined)
  // What is over a limit as a whole, or of a kind that is not read, has no place of its own.
  const needsPlace = verdict !== 'unsupported' && code !== 'ERR_BILL_TOO_LARGE'
  return [
    ...check(/^ERR_BILL_[A-Z][A-Z_]*$/.test(code), `code ${code}`),
    ...check(message !== '' && message.length <= MAX_MESSAGE_CHARS, `message of ${message.length} characters`),
    ...check(!needsPlace || place !== undefined, `${code} without a place: ${message}`),
    ...check(
      numbers.every((number) => Number.isSafeInteger(number) && number >= 1),
      `place ${JSON.stringify(place)}`,
    ),
    ...check((place?.path ?? '').length <= MAX_MESSAGE_CHARS, 'path as long as the file'),
  ]
}

function faultsOfFacts(facts: Facts): string[] {
  const { service, readings, flags, money } = facts
  const [start, end] = [dayOf(service.start), dayOf(service.end)]
  return [
    ...check(facts.import.value.u >= 0n, 'negative import'),
    ...check((facts.export?.value.u ?? 0n) >= 0n, 'negative export'),
    ...check(
      start !== undefined && end !== undefined && start < end && end - start <= MAX_DAYS,
      `period ${service.start} to ${service.end}`,
    ),
    ...check((service.startUtc ?? '') <= (service.endUtc ?? '~'), 'instants run backwards'),
    ...check(isSortedOnce(flags), `flags ${flags.join(' ')}`),
    ...check(
      flags.every((flag) => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(flag)),
      `flag that is no code: ${flags.join(' ')}`,
    ),
    ...check(money === undefined || /^[A-Z]{3}$/.test(money.currency), `currency ${money?.currency}`),
    ...check(
      readings === undefined || (readings.count >= 1 && readings.gaps >= 0 && readings.duplicates >= 0),
      'counts of readings',
    ),
    ...check(readings === undefined || readings.seriesHash.length === 32, 'hash of readings'),
    ...check(Object.keys(facts.sources).length > 0, 'no sources'),
    ...faultsOfYears(facts),
    ...faultsOfBytes(facts),
  ]
}

/** What a file states where no claim can be made of it: at least one figure, at least one fact missing, none of both. */
function faultsOfReadings(read: readonly PartialReading[]): string[] {
  return [
    ...check(read.length > 0, 'no figures'),
    ...read.flatMap(({ import: imported, export: exported, produced, service, missing, flags = [] }) => {
      const figures = [imported, exported, produced].filter((figure) => figure !== undefined)
      return [
        ...check(figures.length > 0, 'a bill without a figure'),
        ...check(
          figures.every(({ value }) => value.u >= 0n),
          'negative figure',
        ),
        ...check(missing.length > 0 && isSortedOnce(missing), `missing ${missing.join(' ')}`),
        ...check(missing.includes('import') === (imported === undefined), 'import stated and missing'),
        ...check(missing.includes('service') === (service === undefined), 'period stated and missing'),
        ...check(isSortedOnce(flags), `flags ${flags.join(' ')}`),
      ]
    }),
  ]
}

/** The energy of the years is that of the bill. */
function faultsOfYears({ readings, import: imported }: Facts): string[] {
  if (readings?.whByYear === undefined) return []
  if (!isEnergy(imported)) return ['energy by year of a volume']
  const total = readings.whByYear.map(({ wh }) => parseRational(wh)).reduce(addRationals, makeRational(0n))
  return check(compareRationals(total, toWh(imported)) === 0, 'years do not add up to the import')
}

function faultsOfBytes(facts: Facts): string[] {
  try {
    decodeCanonical(encodeFacts(facts), MAX_FACTS_BYTES)
    return []
  } catch (thrown) {
    return [`facts have no canonical bytes: ${String(thrown)}`]
  }
}

/** Bills of one point stand together, in order of their start. */
function faultsOfOrder(bills: readonly Facts[]): string[] {
  const keyOf = ({ point, account }: Facts): string => point ?? `account ${account ?? ''}`
  const left = new Set<string>()
  const isOrdered = bills.every((facts, index) => {
    const previous = bills[index - 1]
    if (previous === undefined) return true
    if (keyOf(previous) === keyOf(facts)) return previous.service.start <= facts.service.start
    left.add(keyOf(previous))
    return !left.has(keyOf(facts))
  })
  const keys = bills.map((facts) => `${keyOf(facts)} ${facts.service.start}`)
  return check(isOrdered, `bills out of order: ${keys.slice(0, 6).join(' | ')}`)
}

function isSortedOnce(flags: readonly string[]): boolean {
  return flags.every((flag, index) => index === 0 || (flags[index - 1] ?? '') < flag)
}

function dayOf(text: string): number | undefined {
  try {
    return parseCivilDate(text)
  } catch {
    return undefined
  }
}

function check(isSound: boolean, fault: string): string[] {
  return isSound ? [] : [fault.slice(0, 300)]
}
