import { formatRational, parseDecimal, parseEnergyUnit, rationalOfDecimal } from '#protocol'
import type { Derivation, Factor, GridLoss, MarketSource, Quantity, UpstreamLine, Vintage } from '#protocol'
import { withoutAbsent } from './absent.ts'
import { listCalendarYears } from './apportion.ts'
import type { ReadingWeight, When } from './apportion.ts'
import { computeEmissions } from './emissions.ts'
import { badRequest, placeOf, whenOf } from './estimate-request.ts'
import type { ElectricityRequest } from './estimate-request.ts'
import { formatExact } from './exact-text.ts'
import type { FactorSource } from './factor-source.ts'
import type { Instrument } from './instrument.ts'

/** A factor in an answer. */
type FactorJson = Pick<Factor, 'dataset' | 'version' | 'regionType' | 'region' | 'year' | 'value' | 'unit'>

/** A figure in an answer: whole grams, and the fraction `p/q` before rounding. */
type FigureJson = { readonly gramsCO2e: string; readonly exact: string }

/** Answer for electricity; `kWh` and `gramsPerKWh` are exact decimal texts, or `p/q` where the expansion does not end. */
export type ElectricityAnswer = FigureJson & {
  readonly parts: readonly {
    readonly year: number
    readonly factor: FactorJson
    readonly kWh: string
    readonly vintage: Vintage
  }[]
  readonly level: string
  readonly foundBy: string
  readonly apportioned: string
  readonly flags: readonly string[]
  readonly upstream: readonly (FigureJson & {
    readonly name: string
    readonly parts: readonly {
      readonly year: number
      readonly kWh: string
      readonly factor: FactorJson
      readonly gridLoss?: Pick<GridLoss, 'dataset' | 'version' | 'region' | 'year' | 'fraction'>
      readonly vintage: Vintage
    }[]
  })[]
  readonly market?: FigureJson & {
    readonly parts: readonly {
      readonly year: number
      readonly kWh: string
      readonly source: MarketSource
      readonly instrument?: string
      readonly gramsPerKWh: string
    }[]
    readonly statements: readonly string[]
  }
}

/**
 * Answer to a request for electricity.
 *
 * @throws {AuditError} as `computeEmissions`, and ERR_ESTIMATE_REQUEST.
 * @throws {ValueError} as `computeEmissions`, and ERR_VALUE_DECIMAL, ERR_VALUE_UNIT, ERR_VALUE_UNIT_AMBIGUOUS.
 */
export function answerElectricity(request: ElectricityRequest, source: FactorSource): ElectricityAnswer {
  const when = whenOf(request)
  const { dataset, method, readings, greenTariff, instruments } = request
  const options = withoutAbsent({
    dataset,
    method,
    readings: readings === undefined ? undefined : weightsOf(readings, when),
    isGreenTariff: greenTariff,
    instruments: instruments?.map(instrumentOf),
  })
  const place = placeOf(request.place)
  return answerOf(computeEmissions({ ...when, ...options, place, energy: energyOf(request.energy), source }))
}

function energyOf({ amount, unit }: { readonly amount: string; readonly unit: string }): Quantity {
  return { value: parseDecimal(amount), unit: parseEnergyUnit(unit) }
}

function weightsOf(readings: NonNullable<ElectricityRequest['readings']>, when: When): ReadingWeight[] {
  const expected = listCalendarYears(when)
  const given = readings.map(({ year }) => year).sort((a, b) => a - b)
  if (given.length !== expected.length || given.some((year, index) => year !== expected[index])) {
    throw badRequest('readings', `give the calendar years of the period, each once: ${expected.join(', ')}`)
  }
  return readings.map(({ year, kWh }) => ({ year, weight: rationalOfDecimal(parseDecimal(kWh)) }))
}

function instrumentOf(given: NonNullable<ElectricityRequest['instruments']>[number]): Instrument {
  const { energy, rate, ...rest } = given
  return withoutAbsent({
    ...rest,
    rate: { value: parseDecimal(rate.value), unit: rate.unit },
    energy: energy === undefined ? undefined : energyOf(energy),
  })
}

function answerOf(derivation: Derivation): ElectricityAnswer {
  const { parts, level, foundBy, apportioned, flags, upstream, market } = derivation
  return {
    ...figureOf(derivation),
    parts: parts.map(({ year, factor, kWh, vintage }) => ({
      year,
      factor: factorOf(factor),
      kWh: formatExact(kWh),
      vintage,
    })),
    level,
    foundBy,
    apportioned,
    flags,
    upstream: upstream.map((line) => ({ name: line.name, ...figureOf(line), parts: line.parts.map(linePartOf) })),
    ...(market === undefined ? {} : { market: marketOf(market) }),
  }
}

function linePartOf({
  year,
  kWh,
  factor,
  gridLoss,
  vintage,
}: UpstreamLine['parts'][number]): ElectricityAnswer['upstream'][number]['parts'][number] {
  const head = { year, kWh: formatExact(kWh), factor: factorOf(factor) }
  if (gridLoss === undefined) return { ...head, vintage }
  const { dataset, version, region, year: lossYear, fraction } = gridLoss
  return { ...head, gridLoss: { dataset, version, region, year: lossYear, fraction }, vintage }
}

function marketOf(market: NonNullable<Derivation['market']>): NonNullable<ElectricityAnswer['market']> {
  return {
    ...figureOf(market),
    parts: market.parts.map(({ year, kWh, source, instrument, gramsPerKWh }) => ({
      year,
      kWh: formatExact(kWh),
      source,
      ...(instrument === undefined ? {} : { instrument }),
      gramsPerKWh: formatExact(gramsPerKWh),
    })),
    statements: market.statements,
  }
}

function figureOf({ gramsCO2e, exact }: Pick<Derivation, 'gramsCO2e' | 'exact'>): FigureJson {
  return { gramsCO2e: gramsCO2e.toString(), exact: formatRational(exact) }
}

function factorOf({ dataset, version, regionType, region, year, value, unit }: Factor): FactorJson {
  return { dataset, version, regionType, region, year, value, unit }
}
