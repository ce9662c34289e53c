import { extractBill } from '#audit'
import { encodeFacts, extractionToJson, toHex, utf8 } from '#protocol'
import type { Facts, FactsJson } from '#protocol'
import { blockEntry, entry, feedOf } from '../green-button-file.ts'
import type { MadeReading } from '../green-button-file.ts'

/** 2023-01-01T05:00:00Z: midnight in New York, where these files are from. */
export const MIDNIGHT_S = 1_672_549_200
export const HOUR_S = 3_600
export const DAY_S = 24 * HOUR_S

/** A series of a made-up point. */
export type MadeSeries = {
  /** Fields of the reading type; an ordinary series of electricity delivered where left out, no field where `undefined`. */
  readonly type?: Readonly<Record<string, string | undefined>>
  readonly readings: readonly MadeReading[]
}

/** A made-up metering point. */
export type MadePoint = {
  readonly id?: string
  readonly kind?: string | undefined
  readonly series?: readonly MadeSeries[]
  readonly summaries?: readonly string[]
  readonly tzOffset?: string
}

/** Hours with these values, one after another. */
export function hours(values: readonly number[], start = MIDNIGHT_S): MadeReading[] {
  return values.map((value, index) => ({ start: start + index * HOUR_S, durationS: HOUR_S, value: String(value) }))
}

/** Days with these values, one after another. */
export function days(values: readonly number[], start = MIDNIGHT_S): MadeReading[] {
  return values.map((value, index) => ({ start: start + index * DAY_S, durationS: DAY_S, value: String(value) }))
}

/** Figures of a register, one at each hour, of no length. */
export function dial(values: readonly number[], start = MIDNIGHT_S, durationS = 0): MadeReading[] {
  return values.map((value, index) => ({ start: start + index * HOUR_S, durationS, value: String(value) }))
}

/** Entries of one point. */
export function pointEntries(made: MadePoint): string[] {
  const id = made.id ?? '1'
  const point = `Customer/5/UsagePoint/${id}`
  const kind = 'kind' in made ? made.kind : '0'
  const category = kind === undefined ? '' : `<ServiceCategory><kind>${kind}</kind></ServiceCategory>`
  const clock = `LocalTimeParameters/${id}`
  return [
    entry(
      { self: point, related: [`${point}/MeterReading`, `${point}/UsageSummary`, clock] },
      `<UsagePoint>${category}</UsagePoint>`,
    ),
    entry(
      { self: clock },
      `<LocalTimeParameters><tzOffset>${made.tzOffset ?? '-18000'}</tzOffset></LocalTimeParameters>`,
    ),
    ...(made.series ?? []).flatMap(({ type, readings }, index) => {
      const meter = `${point}/MeterReading/${index}`
      const readingType = `ReadingType/${id}-${index}`
      return [
        entry(
          { self: meter, ups: [`${point}/MeterReading`], related: [`${meter}/IntervalBlock`, readingType] },
          '<MeterReading/>',
        ),
        entry({ self: readingType }, `<ReadingType>${fieldsOf(type)}</ReadingType>`),
        blockEntry(`${meter}/IntervalBlock`, readings),
      ]
    }),
    ...(made.summaries ?? []).map((fields, index) =>
      entry(
        { self: `${point}/UsageSummary/${index}`, ups: [`${point}/UsageSummary`] },
        `<UsageSummary>${fields}</UsageSummary>`,
      ),
    ),
  ]
}

function fieldsOf(type: MadeSeries['type'] = {}): string {
  const all = {
    accumulationBehaviour: '4',
    commodity: '1',
    flowDirection: '1',
    powerOfTenMultiplier: '0',
    uom: '72',
    ...type,
  }
  const stated = Object.entries(all).filter(([, value]) => value !== undefined)
  return stated.map(([name, value]) => `<${name}>${value}</${name}>`).join('')
}

/** Fields of a usage summary. */
export function summary(made: {
  readonly start?: number
  readonly durationS: number
  readonly last?: string
  readonly current?: string
  readonly uom?: string
  readonly power?: string
  readonly extra?: string
}): string {
  const measure = (name: string, value: string | undefined): string =>
    value === undefined
      ? ''
      : `<${name}><powerOfTenMultiplier>${made.power ?? '0'}</powerOfTenMultiplier><uom>${made.uom ?? '72'}</uom><value>${value}</value></${name}>`
  return (
    `<billingPeriod><duration>${made.durationS}</duration><start>${made.start ?? MIDNIGHT_S}</start></billingPeriod>` +
    measure('overallConsumptionLastPeriod', made.last) +
    measure('currentBillingPeriodOverAllConsumption', made.current) +
    (made.extra ?? '')
  )
}

/** A file of these points. */
export function fileOf(...points: readonly MadePoint[]): string {
  return feedOf(points.flatMap(pointEntries))
}

/** Bills of a file as facts; a file without facts is an error with its code. */
export async function factsOf(text: string): Promise<readonly Facts[]> {
  const { verdict, reason, bills } = await extractBill(utf8(text))
  if (verdict !== 'facts') throw new Error(`${verdict} ${reason?.code}: ${reason?.message}`)
  return bills
}

/** The only bill of a file, as JSON. */
export async function billOf(text: string): Promise<FactsJson> {
  const extraction = await extractBill(utf8(text))
  const { bills, verdict, reason } = extractionToJson(extraction)
  const [bill] = bills
  if (bill === undefined || bills.length > 1) throw new Error(`${verdict} ${reason?.code}, ${bills.length} bills`)
  return bill
}

/** Bytes of the facts of a file, as texts. */
export async function bytesOf(text: string): Promise<string[]> {
  return (await factsOf(text)).map((facts) => toHex(encodeFacts(facts)))
}

/** Verdict and code of a file that gives no facts. */
export async function refusal(text: string): Promise<string> {
  const { verdict, reason, bills } = await extractBill(utf8(text))
  if (bills.length > 0 || reason?.message === undefined) throw new Error(`${verdict} with ${bills.length} bills`)
  return `${verdict} ${reason.code}`
}
