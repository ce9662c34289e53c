import { toGramsPerKWh, toKWh } from '#protocol'
import type { Decimal, FactorUnit, Quantity, Rational } from '#protocol'
import { AuditError } from '../audit-error.ts'
import type { FactorSource } from './factor-source.ts'
import { normalizeCountry } from './place.ts'

/** Kinds of instruments of the market-based method, best first (GHG Protocol Scope 2 Guidance, table 6.3). */
export const INSTRUMENT_KINDS = ['certificate', 'contract', 'supplier-rate'] as const

/** Right to call energy one's own: a certificate (REC, GO, REGO, I-REC), a contract, or the rate of a supplier. */
export type Instrument = {
  readonly kind: (typeof INSTRUMENT_KINDS)[number]
  /** Distinct among the instruments of one computation, whatever the case and the blanks around it. */
  readonly id: string
  /** Energy that it covers at most; a supplier's rate without one covers all that is left. */
  readonly energy?: Quantity
  /** Emissions of the energy that it covers; never negative. */
  readonly rate: { readonly value: Decimal; readonly unit: FactorUnit }
  /** ISO 3166-1 alpha-2 or alpha-3 of the market. */
  readonly country: string
  /** Calendar year of generation, or for which a rate is stated. */
  readonly year: number
  /** Where the certificate was taken out of circulation, once and for one instrument; one that was not covers nothing. */
  readonly retirement?: { readonly registry: string; readonly id: string }
}

/** An instrument ready to be used up. */
export type Cover = {
  readonly kind: Instrument['kind']
  readonly id: string
  readonly year: number
  readonly country: string
  readonly isRetired: boolean
  readonly gramsPerKWh: Rational
  /** Energy that it covers at most, in kWh; `undefined` is without limit. */
  readonly kWh: Rational | undefined
}

/**
 * Instruments in the order in which they are used up: best kind first, then the oldest, of rates the newest, then by id.
 * The order in which they are given never matters.
 *
 * @throws {AuditError} ERR_INSTRUMENT when one is malformed, or two have one id or one retirement.
 */
export function orderInstruments(instruments: readonly Instrument[], source: FactorSource): readonly Cover[] {
  const covers = instruments.map((instrument) => coverOf(instrument, source))
  const ids = new Set<string>()
  const retirements = new Map<string, string>()
  for (const { id, retirement } of instruments) {
    if (ids.has(fold(id))) throw malformed(id, 'is given twice')
    ids.add(fold(id))
    if (retirement === undefined) continue
    const key = JSON.stringify([fold(retirement.registry), fold(retirement.id)])
    const other = retirements.get(key)
    if (other !== undefined) throw malformed(id, `has the retirement of ${JSON.stringify(other)}`)
    retirements.set(key, id)
  }
  return covers.sort(compareCovers)
}

/** What tells ids apart: people copy them with blanks and in either case. */
function fold(id: string): string {
  return id.trim().toLowerCase()
}

function compareCovers(a: Cover, b: Cover): number {
  const byKind = INSTRUMENT_KINDS.indexOf(a.kind) - INSTRUMENT_KINDS.indexOf(b.kind)
  if (byKind !== 0) return byKind
  const byYear = a.kind === 'supplier-rate' ? b.year - a.year : a.year - b.year
  if (byYear !== 0) return byYear
  return a.id < b.id ? -1 : 1
}

function coverOf(instrument: Instrument, source: FactorSource): Cover {
  const { kind, id, energy, rate, country, year, retirement } = instrument
  if (fold(id) === '') throw malformed(id, 'has no id')
  if (energy === undefined && kind !== 'supplier-rate') throw malformed(id, `is a ${kind} without energy`)
  if (energy !== undefined && energy.value.u < 0n) throw malformed(id, 'has negative energy')
  if (rate.value.u < 0n) throw malformed(id, 'has a negative rate')
  return {
    kind,
    id,
    year,
    country: marketCountryOf(id, country, source),
    isRetired: retirement !== undefined,
    gramsPerKWh: toGramsPerKWh(rate.value, rate.unit),
    kWh: energy === undefined ? undefined : toKWh(energy),
  }
}

function marketCountryOf(id: string, country: string, source: FactorSource): string {
  try {
    return normalizeCountry(country, source)
  } catch (cause) {
    if (!(cause instanceof AuditError)) throw cause
    throw malformed(id, `is of an ${cause.message}`)
  }
}

/** The error of a malformed instrument; `problem` completes the sentence. */
function malformed(id: string, problem: string): AuditError {
  return new AuditError(`instrument ${JSON.stringify(id)} ${problem}`, { code: 'ERR_INSTRUMENT', id })
}
