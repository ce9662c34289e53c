import { encodeCanonical } from './codec.ts'
import type { Factor, Place, RegionType } from './factor.ts'
import { formatRational } from './rational.ts'
import type { Rational } from './rational.ts'

/** Share of a bill in one calendar year, with the factor that applies. */
export type DerivationPart = {
  /** Calendar year of consumption. */
  readonly year: number
  /** Civil days of the period in that year. */
  readonly days: number
  /** Energy of the part: the bill's energy x days / all days, exactly. */
  readonly kWh: Rational
  readonly factor: Factor
  /** `exact`: the factor is for the year of consumption; `fallback`: for the latest earlier year published. */
  readonly vintage: 'exact' | 'fallback'
}

/** How grams follow from energy, with every input named. */
export type Derivation = {
  readonly rules: string
  readonly place: Place
  /** The energy as the bill has it, in kWh. */
  readonly kWh: Rational
  readonly parts: readonly DerivationPart[]
  /** Kind of area whose factors were used, the same for all parts. */
  readonly level: RegionType
  /** Grams of CO2e before rounding. */
  readonly exact: Rational
  /** `exact` rounded once, half to even. */
  readonly gramsCO2e: bigint
}

/** Canonical DAG-CBOR of a derivation, for hashing: fractions and grams are texts (`p/q`, decimal). */
export function encodeDerivation(derivation: Derivation): Uint8Array {
  const { country, state, utility, zip, subregion } = derivation.place
  return encodeCanonical({
    v: 1,
    rules: derivation.rules,
    place: {
      country,
      ...(state === undefined ? {} : { state }),
      ...(utility === undefined ? {} : { utility: { eia: utility.eia, state: utility.state } }),
      ...(zip === undefined ? {} : { zip }),
      ...(subregion === undefined ? {} : { subregion }),
    },
    kWh: formatRational(derivation.kWh),
    level: derivation.level,
    parts: derivation.parts.map((part) => ({
      year: part.year,
      days: part.days,
      kWh: formatRational(part.kWh),
      vintage: part.vintage,
      factor: { ...part.factor },
    })),
    exact: formatRational(derivation.exact),
    gramsCO2e: derivation.gramsCO2e.toString(),
  })
}
