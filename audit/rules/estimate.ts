import { z } from 'zod'
import {
  CodedError,
  decimalOfRational,
  errorCodeOf,
  formatDecimal,
  formatRational,
  parseDecimal,
  parseEnergyUnit,
} from '#protocol'
import type { Derivation, Factor, Place, Rational } from '#protocol'
import { AuditError } from '../audit-error.ts'
import { computeEmissions } from './emissions.ts'
import type { When } from './emissions.ts'
import type { FactorSource } from './factor-source.ts'

/** Longest request line that is read. */
const MAX_REQUEST_CHARS = 16_384

const codeShape = z.string().regex(/^[A-Za-z-]{2,6}$/)
const eiaShape = z.union([
  z.number().int().min(1),
  z
    .string()
    .regex(/^\d{1,7}$/)
    .transform(Number),
])

const requestShape = z.strictObject({
  place: z.strictObject({
    utility: z.strictObject({ eia: eiaShape, state: codeShape }).optional(),
    zip: z
      .string()
      .regex(/^\d{5}$/)
      .optional(),
    subregion: codeShape.optional(),
    state: codeShape.optional(),
    nerc: codeShape.optional(),
    country: codeShape.optional(),
  }),
  year: z.number().int().min(1900).max(2199).optional(),
  period: z.strictObject({ start: z.string().max(32), end: z.string().max(32) }).optional(),
  energy: z.strictObject({ amount: z.string(), unit: z.string() }),
  dataset: z.string().min(1).max(64).optional(),
  method: z.string().min(1).max(64).optional(),
})

type EstimateRequest = z.infer<typeof requestShape>

/** Answer to one estimate; field by field what `kwitness estimate --json` prints. */
export type EstimateResponse =
  | {
      readonly gramsCO2e: string
      /** Grams before rounding, `p/q` in lowest terms. */
      readonly exact: string
      readonly parts: readonly {
        readonly year: number
        readonly factor: Pick<Factor, 'dataset' | 'version' | 'regionType' | 'region' | 'year' | 'value' | 'unit'>
        /** Exact decimal text, or `p/q` where the decimal expansion does not end. */
        readonly kWh: string
        readonly vintage: 'exact' | 'fallback'
      }[]
      readonly level: string
    }
  | { readonly error: { readonly code: string; readonly message: string } }

/**
 * Answer to one request, given as JSON text; never throws.
 *
 * `energy.amount` may be a string or a JSON number. A number is taken by its text, not by its binary value, so that
 * `250.5` and `"250.5"` are the same; exponents are refused in both.
 */
export function estimate(requestJson: string, source: FactorSource): EstimateResponse {
  try {
    return answerOf(computeEmissions(inputOf(parseRequest(requestJson), source)))
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown
    return { error: { code: errorCodeOf(thrown), message: thrown.message } }
  }
}

/** {@link estimate} as one line of JSON, without the line end. */
export function estimateLine(requestJson: string, source: FactorSource): string {
  return JSON.stringify(estimate(requestJson, source))
}

function parseRequest(requestJson: string): EstimateRequest {
  let value: unknown
  try {
    value = requestJson.length > MAX_REQUEST_CHARS ? undefined : JSON.parse(requestJson, keepAmountText)
  } catch {
    throw badRequest('', 'request is not JSON')
  }
  const result = requestShape.safeParse(value)
  if (!result.success) {
    const issue = result.error.issues[0]
    throw badRequest(issue?.path.join('.') ?? '', issue?.message ?? 'wrong shape')
  }
  return result.data
}

/** JSON.parse reviver that keeps an amount's digits as written: a binary float would change `0.1`. */
function keepAmountText(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return key === 'amount' && typeof value === 'number' ? (context?.source ?? value) : value
}

function inputOf(request: EstimateRequest, source: FactorSource): Parameters<typeof computeEmissions>[0] {
  const { amount, unit } = request.energy
  return {
    place: placeOf(request.place),
    energy: { value: parseDecimal(amount), unit: parseEnergyUnit(unit) },
    source,
    ...whenOf(request),
    ...(request.dataset === undefined ? {} : { dataset: request.dataset }),
    ...(request.method === undefined ? {} : { method: request.method }),
  }
}

function whenOf(request: EstimateRequest): When {
  const { year, period } = request
  if (period !== undefined && year === undefined) return { service: period }
  if (year !== undefined && period === undefined) return { year }
  throw badRequest('year', 'give either year or period')
}

/** A place that names anything of the US without a country is in the US. */
function placeOf(place: EstimateRequest['place']): Place {
  const { utility, zip, subregion, state, nerc, country } = place
  const isUnitedStates = utility !== undefined || zip !== undefined || subregion !== undefined || state !== undefined
  if (nerc !== undefined && !isUnitedStates) {
    throw new AuditError('rules-1 has no factors of NERC regions; name the state, the subregion or the utility', {
      code: 'ERR_FACTOR_NOT_AVAILABLE',
      place: nerc,
    })
  }
  if (country === undefined && !isUnitedStates) throw badRequest('place', 'place is empty')
  return {
    country: country ?? 'US',
    ...(utility === undefined ? {} : { utility }),
    ...(zip === undefined ? {} : { zip }),
    ...(subregion === undefined ? {} : { subregion }),
    ...(state === undefined ? {} : { state }),
  }
}

function answerOf(derivation: Derivation): EstimateResponse {
  return {
    gramsCO2e: derivation.gramsCO2e.toString(),
    exact: formatRational(derivation.exact),
    parts: derivation.parts.map(({ year, factor, kWh, vintage }) => ({
      year,
      factor: {
        dataset: factor.dataset,
        version: factor.version,
        regionType: factor.regionType,
        region: factor.region,
        year: factor.year,
        value: factor.value,
        unit: factor.unit,
      },
      kWh: formatEnergy(kWh),
      vintage,
    })),
    level: derivation.level,
  }
}

function formatEnergy(kWh: Rational): string {
  const decimal = decimalOfRational(kWh)
  return decimal === undefined ? formatRational(kWh) : formatDecimal(decimal)
}

function badRequest(path: string, message: string): AuditError {
  return new AuditError(path === '' ? message : `${path}: ${message}`, { code: 'ERR_ESTIMATE_REQUEST', path })
}
