import { encodeCanonical } from './codec.ts'
import { formatDecimal } from './decimal.ts'
import type { Decimal } from './decimal.ts'
import type { Place } from './factor.ts'
import { decimalOfRational } from './rational.ts'
import { isEnergy, toKWh } from './units.ts'
import type { Metered, Quantity } from './units.ts'

/** What the bill is for. */
export type Commodity = 'electricity' | 'gas' | 'heat' | 'water'

/** How the energy was found: read from a meter, estimated, both, foreseen, or a correction of another bill. */
export type FactsKind = 'actual' | 'estimated' | 'mixed' | 'forecast' | 'correction'

/** How the file states the service period. */
export type ServiceBasis = 'epoch' | 'printed-exclusive' | 'printed-inclusive' | 'reading-dates'

/** Service period. */
export type Service = {
  /** First civil day, `YYYY-MM-DD`. */
  readonly start: string
  /** First civil day after the period, `YYYY-MM-DD` (half-open). */
  readonly end: string
  /** Exact instants, ISO 8601 with `Z`, when the file has them. */
  readonly startUtc?: string
  readonly endUtc?: string
  readonly basis: ServiceBasis
}

/** What the file says of its readings. */
export type Readings = {
  readonly count: number
  /** Identical readings that were dropped. */
  readonly duplicates: number
  /** Places where time is missing between two readings. */
  readonly gaps: number
  /** SHA-256 over the lines `start,duration,u,e,quality\n` by ascending start: comparable without the load curve. */
  readonly seriesHash: Uint8Array
  /**
   * Energy of the readings in each calendar year of the service address, exact, in Wh as `p/q`; only where the period
   * spans several years. A reading across midnight of New Year's Eve is divided by its seconds.
   */
  readonly whByYear?: readonly { readonly year: number; readonly wh: string }[]
}

/** Money of a bill as printed. */
export type Money = {
  /** ISO 4217, three letters. */
  readonly currency: string
  /** Amount to pay for this bill; negative for a credit. */
  readonly payable: Decimal
}

/** What the bill says of the origin of its electricity: a claim of its writer, which covers nothing by itself. */
export type GreenClaim = {
  /** Where the bill says it: a fuel mix of its fields, a note in its text, a tariff rider. */
  readonly source: 'fuel-mix' | 'note' | 'rider'
  /** Energy that the bill calls green, where it says how much. */
  readonly energy?: Quantity
  /** Words of the bill, at most 200 characters. */
  readonly evidence?: string
}

/** What extraction reads from a bill, for one metering point and one service period. */
export type Facts = {
  readonly v: 1
  readonly extractor: { readonly id: string; readonly version: string }
  readonly format: string
  readonly commodity: Commodity
  readonly utility?: {
    readonly id?: string
    readonly name?: string
    readonly role?: 'supply' | 'grid' | 'both' | 'unknown'
  }
  /** Normalised metering point. */
  readonly point?: string
  readonly account?: string
  readonly meter?: string
  readonly service: Service
  /** Energy, or volume of gas or water, delivered to the customer; never negative. */
  readonly import: Metered
  /** Energy fed into the grid; never negative, never subtracted. */
  readonly export?: Quantity
  readonly kind: FactsKind
  /** Where the energy was used, when the file itself says so. */
  readonly place?: Place
  /** The bill calls its electricity green (GHG Protocol Scope 2: nothing is covered without a retired certificate). */
  readonly greenClaim?: GreenClaim
  /** Present when the figures stand where the template of one utility's print expects them; a weaker reading. */
  readonly method?: 'template'
  /** Number of the invoice. */
  readonly invoice?: string
  /** Number of the invoice that this one corrects. */
  readonly corrects?: string
  readonly money?: Money
  /** Remarks of the extractor, sorted, without repetition. */
  readonly flags: readonly string[]
  readonly readings?: Readings
  /** For each fact the element or column that it was read from. */
  readonly sources: Readonly<Record<string, string>>
}

/** Amount in the JSON of `kwitness extract`: exact decimal texts; no `kWh` for volumes, or where its expansion does not end. */
export type QuantityJson = { kWh?: string; value: string; unit: string }

/** Money in the JSON of `kwitness extract`. */
export type MoneyJson = { currency: string; payable: string }

/** One bill in the JSON of `kwitness extract`. */
export type FactsJson = {
  commodity: string
  point?: string
  service: { start: string; end: string; startUtc?: string; endUtc?: string }
  import: QuantityJson
  export?: QuantityJson
  kind: string
  flags: string[]
  method?: 'template'
  invoice?: string
  corrects?: string
  money?: MoneyJson
  greenClaim?: { source: string; energy?: QuantityJson; evidence?: string }
}

/** Canonical DAG-CBOR of facts; a decimal is `{u: decimal text, e: integer}`, absent fields are left out. */
export function encodeFacts(facts: Facts): Uint8Array {
  const { import: imported, export: exported, greenClaim, money, ...rest } = facts
  return encodeCanonical(
    dropAbsent({
      ...rest,
      import: quantityBlock(imported),
      export: exported === undefined ? undefined : quantityBlock(exported),
      greenClaim:
        greenClaim === undefined
          ? undefined
          : { ...greenClaim, energy: greenClaim.energy === undefined ? undefined : quantityBlock(greenClaim.energy) },
      money: money === undefined ? undefined : { currency: money.currency, payable: decimalBlock(money.payable) },
    }),
  )
}

/** The stable JSON of one bill. */
export function factsToJson(facts: Facts): FactsJson {
  return {
    commodity: facts.commodity,
    ...(facts.point === undefined ? {} : { point: facts.point }),
    service: serviceToJson(facts.service),
    import: quantityToJson(facts.import),
    ...(facts.export === undefined ? {} : { export: quantityToJson(facts.export) }),
    kind: facts.kind,
    flags: [...facts.flags],
    ...(facts.method === undefined ? {} : { method: facts.method }),
    ...(facts.invoice === undefined ? {} : { invoice: facts.invoice }),
    ...(facts.corrects === undefined ? {} : { corrects: facts.corrects }),
    ...(facts.money === undefined ? {} : { money: moneyToJson(facts.money) }),
    ...(facts.greenClaim === undefined ? {} : { greenClaim: greenClaimToJson(facts.greenClaim) }),
  }
}

/** The stable JSON of a service period. */
export function serviceToJson({ start, end, startUtc, endUtc }: Service): FactsJson['service'] {
  return {
    start,
    end,
    ...(startUtc === undefined ? {} : { startUtc }),
    ...(endUtc === undefined ? {} : { endUtc }),
  }
}

/** The stable JSON of money. */
export function moneyToJson({ currency, payable }: Money): MoneyJson {
  return { currency, payable: formatDecimal(payable) }
}

function greenClaimToJson({ energy, ...claim }: GreenClaim): NonNullable<FactsJson['greenClaim']> {
  return { ...claim, ...(energy === undefined ? {} : { energy: quantityToJson(energy) }) }
}

/** The stable JSON of an amount. */
export function quantityToJson(quantity: Metered): QuantityJson {
  const kWh = isEnergy(quantity) ? decimalOfRational(toKWh(quantity)) : undefined
  return {
    ...(kWh === undefined ? {} : { kWh: formatDecimal(kWh) }),
    value: formatDecimal(quantity.value),
    unit: quantity.unit,
  }
}

function quantityBlock(quantity: Metered): { unit: string; value: { u: string; e: number } } {
  return { unit: quantity.unit, value: decimalBlock(quantity.value) }
}

function decimalBlock(value: Decimal): { u: string; e: number } {
  return { u: value.u.toString(), e: value.e }
}

/** DAG-CBOR has no `undefined`: such fields are left out, at every depth of plain objects. */
function dropAbsent(value: object): object {
  const kept = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(
    kept.map(([name, field]: [string, unknown]) => [name, isPlainObject(field) ? dropAbsent(field) : field]),
  )
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}
