import { encodeCanonical } from './codec.ts'
import type { ActivityFactor, Factor, GridLoss, Place, RegionType } from './factor.ts'
import { formatRational } from './rational.ts'
import type { Rational } from './rational.ts'
import type { ActivityUnit } from './units.ts'

/** `exact`: the factor is for the year of consumption; `fallback`: for the latest earlier year published. */
export type Vintage = 'exact' | 'fallback'

/** Share of a bill in one year, with the factor that applies. */
export type DerivationPart = {
  /** Year of consumption, as the data set counts years; by the calendar year in which it begins. */
  readonly year: number
  /** Civil days of the period in that year. */
  readonly days: number
  /** Energy of the part, exactly. */
  readonly kWh: Rational
  readonly factor: Factor
  readonly vintage: Vintage
}

/** What decided the region whose factors were used. */
export type FoundBy = 'utility' | 'zip' | 'subregion' | 'state' | 'nerc' | 'country'

/** A Scope 3 figure beside the footprint, never inside it. */
export type UpstreamLine = {
  /** `losses`: transmission and distribution; `well-to-tank`: fuel before the plant; the third is of the second for the losses. */
  readonly name: 'losses' | 'well-to-tank' | 'well-to-tank-losses'
  readonly parts: readonly {
    readonly year: number
    readonly kWh: Rational
    readonly factor: Factor
    /** Share lost, where the source states a share: grams = kWh x factor x share / (1 - share). */
    readonly gridLoss?: GridLoss
    readonly vintage: Vintage
  }[]
  readonly exact: Rational
  readonly gramsCO2e: bigint
}

/** What covers a part of the energy in the market-based method, best first (GHG Protocol Scope 2 Guidance, table 6.3). */
export const MARKET_SOURCES = ['certificate', 'contract', 'supplier-rate', 'residual-mix', 'location'] as const
/** What covers a part of the energy in the market-based method. */
export type MarketSource = (typeof MARKET_SOURCES)[number]

/** One piece of the energy with what covers it. */
export type MarketPart = {
  readonly year: number
  readonly kWh: Rational
  readonly source: MarketSource
  /** Id of the certificate, contract or rate; absent for factors of data sets. */
  readonly instrument?: string
  /** Rate of the instrument or of the factor. */
  readonly gramsPerKWh: Rational
  /** Factor of the residual mix or of the location. */
  readonly factor?: Factor
}

/** Market-based result (GHG Protocol Scope 2), always reported beside the location-based one. */
export type MarketResult = {
  readonly parts: readonly MarketPart[]
  /** What a reader must know: instruments that cover nothing and why, a residual mix that does not exist. */
  readonly statements: readonly string[]
  readonly exact: Rational
  readonly gramsCO2e: bigint
}

/** How grams follow from electricity, with every input named. */
export type Derivation = {
  readonly rules: string
  readonly place: Place
  /** The energy as the bill has it, in kWh. */
  readonly kWh: Rational
  /** By what the energy was spread over the years. */
  readonly apportioned: 'one-year' | 'readings' | 'days'
  readonly parts: readonly DerivationPart[]
  /** Kind of area whose factors were used, the same for all parts. */
  readonly level: RegionType
  /** What decided that area. */
  readonly foundBy: FoundBy
  /** What a reader must know, sorted: `zip-several-subregions`, `factor-secondary` and so on. */
  readonly flags: readonly string[]
  /** Grams of CO2e before rounding. */
  readonly exact: Rational
  /** `exact` rounded once, half to even. */
  readonly gramsCO2e: bigint
  /** Scope 3 lines that the data sets have for the place. */
  readonly upstream: readonly UpstreamLine[]
  /** Present when there is an instrument, a residual mix or a claim of green electricity to decide on. */
  readonly market?: MarketResult
}

/** One gas of an activity: grams = amount x factor x GWP; the CO2 of biomass counts in `biogenicCO2` alone. */
export type ActivityTerm = {
  readonly factor: ActivityFactor
  /** Global warming potential as decimal text; `1` for CO2 and for a published CO2e. */
  readonly gwp: string
}

/** One step from a printed amount to the unit of a factor: from x by = to, exactly. */
export type Conversion = {
  readonly why: 'definition' | 'heat-content' | 'volume-correction' | 'passengers'
  readonly from: { readonly amount: Rational; readonly unit: string }
  readonly by: Rational
  readonly to: { readonly amount: Rational; readonly unit: string }
}

/** How grams follow from an activity beyond electricity: gas, heat, fuel, travel. */
export type ActivityDerivation = {
  readonly rules: string
  readonly country: string
  /** What was done to the amount before a factor could apply, in order. */
  readonly conversions: readonly Conversion[]
  /** Amount in the unit of the factor. */
  readonly amount: Rational
  readonly unit: ActivityUnit
  readonly parts: readonly {
    readonly year: number
    readonly days: number
    readonly amount: Rational
    readonly terms: readonly ActivityTerm[]
    readonly vintage: Vintage
  }[]
  readonly flags: readonly string[]
  readonly exact: Rational
  readonly gramsCO2e: bigint
  /** CO2 from biomass, outside the scopes and never in `gramsCO2e`. */
  readonly biogenicCO2?: { readonly exact: Rational; readonly grams: bigint }
  /** Scope 3: the fuel before it is burnt; absent where the data set has none. */
  readonly wellToTank?: { readonly exact: Rational; readonly gramsCO2e: bigint }
}

/** Canonical DAG-CBOR of a derivation of either kind, for hashing: fractions and grams are texts (`p/q`, decimal). */
export function encodeDerivation(derivation: Derivation | ActivityDerivation): Uint8Array {
  return encodeCanonical({ v: 2, ...(plain(derivation) as object) })
}

/** Fractions as `p/q`, big integers as decimal text, absent fields left out; everything else as it is. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  if (isRational(value)) return formatRational(value)
  const kept = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(kept.map(([name, field]: [string, unknown]) => [name, plain(field)]))
}

function isRational(value: object): value is Rational {
  return 'n' in value && 'd' in value && typeof value.n === 'bigint' && typeof value.d === 'bigint'
}
