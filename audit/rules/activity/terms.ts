import { makeRational, parseDecimal, rationalOfDecimal } from '#protocol'
import type { ActivityFactor, ActivityTerm, Rational } from '#protocol'
import { AuditError } from '../../audit-error.ts'
import type { FactorSource } from '../factor-source.ts'

const GRAMS = { g: makeRational(1n), kg: makeRational(1_000n) } as const

/** Fuels whose CO2 the EPA's hub lists as of biomass: the category of stationary ones, and two of vehicles. */
const BIOMASS_CATEGORY = 'Stationary combustion: Biomass Fuels'
const BIOMASS_VEHICLE_FUELS: ReadonlySet<string> = new Set(['Biodiesel (100%)', 'Ethanol (100%)'])

/**
 * Gases of one figure with their global warming potentials; a published CO2e and CO2 count as they are.
 *
 * @throws {AuditError} ERR_FACTOR_NOT_AVAILABLE when the set of potentials that the figure names does not have the gas.
 */
export function termsOf(factors: readonly ActivityFactor[], source: FactorSource): readonly ActivityTerm[] {
  return factors.map((factor) => ({ factor, gwp: gwpOf(factor, source) }))
}

function gwpOf({ gas, gwpSet, dataset, year }: ActivityFactor, source: FactorSource): string {
  if (gas === 'CO2e' || gas === 'CO2') return '1'
  const gwp = source.findGwp(gwpSet, gas)
  if (gwp !== undefined) return gwp
  throw new AuditError(`no global warming potential of ${gas} in ${JSON.stringify(gwpSet)}`, {
    code: 'ERR_FACTOR_NOT_AVAILABLE',
    place: dataset,
    year,
  })
}

/** What the grams of CO2e of one gas are the product of: amount x factor x GWP. */
export function factorsOfTerm(amount: Rational, { factor, gwp }: ActivityTerm): [Rational, ...Rational[]] {
  const value = rationalOfDecimal(parseDecimal(factor.value))
  return [amount, value, GRAMS[factor.mass], rationalOfDecimal(parseDecimal(gwp))]
}

/** CO2 of biomass was in the air not long ago: it is stated outside the scopes (GHG Protocol Corporate Standard, 4). */
export function isBiogenic({ factor: { gas, item } }: ActivityTerm): boolean {
  if (gas !== 'CO2') return false
  if (item.category.startsWith(BIOMASS_CATEGORY)) return true
  return item.category.startsWith('Mobile combustion') && BIOMASS_VEHICLE_FUELS.has(item.name)
}
