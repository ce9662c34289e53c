import { z } from 'zod'
import { FACTOR_UNITS, parseInteger } from '#protocol'
import type { Place } from '#protocol'
import { AuditError } from '../audit-error.ts'
import { withoutAbsent } from './absent.ts'
import type { When } from './apportion.ts'
import { INSTRUMENT_KINDS } from './instrument.ts'

/** Longest request line that is read: a hundred instruments fill half of it. */
const MAX_REQUEST_CHARS = 65_536
/** Most instruments of a request; a year of monthly certificates of several plants. */
const MAX_INSTRUMENTS = 100
/** Most calendar years for which a request states readings. */
const MAX_READING_YEARS = 100

/** Fields whose numbers are amounts: their digits count, not their binary value. */
const AMOUNT_FIELDS: ReadonlySet<string> = new Set(['amount', 'kWh', 'value', 'volumeCorrection'])

const codeShape = z.string().regex(/^[A-Za-z-]{2,6}$/)
const eiaShape = z.union([
  z.number().int().min(1),
  z
    .string()
    .regex(/^\d{1,7}$/)
    .transform(parseInteger),
])
const yearShape = z.number().int().min(1900).max(2199)
const idShape = z.string().min(1).max(128)

/** An amount with its unit, both as texts. */
export const quantityShape = z.strictObject({ amount: z.string(), unit: z.string() })

/** Fields that requests of all commodities have. */
export const commonShape = z.strictObject({
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
  year: yearShape.optional(),
  period: z.strictObject({ start: z.string().max(32), end: z.string().max(32) }).optional(),
  dataset: z.string().min(1).max(64).optional(),
})

const instrumentShape = z.strictObject({
  kind: z.enum(INSTRUMENT_KINDS),
  id: idShape,
  energy: quantityShape.optional(),
  rate: z.strictObject({ value: z.string(), unit: z.enum(FACTOR_UNITS) }),
  country: codeShape,
  year: yearShape,
  retirement: z.strictObject({ registry: idShape, id: idShape }).optional(),
})

/** Request for electricity. */
export const electricityShape = commonShape.extend({
  commodity: z.literal('electricity').optional(),
  energy: quantityShape,
  method: z.string().min(1).max(64).optional(),
  readings: z
    .array(z.strictObject({ year: yearShape, kWh: z.string() }))
    .min(1)
    .max(MAX_READING_YEARS)
    .optional(),
  greenTariff: z.boolean().optional(),
  instruments: z.array(instrumentShape).max(MAX_INSTRUMENTS).optional(),
})

/** Request for electricity. */
export type ElectricityRequest = z.infer<typeof electricityShape>

/**
 * The JSON value of a request; amounts that are numbers become the texts of their digits.
 *
 * @throws {AuditError} ERR_ESTIMATE_REQUEST.
 */
export function parseRequestJson(requestJson: string): unknown {
  if (requestJson.length > MAX_REQUEST_CHARS) {
    throw badRequest('', `request has ${requestJson.length} characters, at most ${MAX_REQUEST_CHARS}`)
  }
  try {
    return JSON.parse(requestJson, keepAmountText)
  } catch {
    throw badRequest('', 'request is not JSON')
  }
}

/** JSON.parse reviver that keeps an amount's digits as written: a binary float would change `0.1`. */
function keepAmountText(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return AMOUNT_FIELDS.has(key) && typeof value === 'number' ? (context?.source ?? value) : value
}

/**
 * A request of one shape; a field that the shape does not have is an error that names it.
 *
 * @throws {AuditError} ERR_ESTIMATE_REQUEST.
 */
export function parseRequest<S extends z.ZodType>(shape: S, value: unknown): z.infer<S> {
  const result = shape.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  throw badRequest([...(issue?.path ?? []), ...keys].join('.'), issue?.message ?? 'wrong shape')
}

/**
 * Year or period of a request, whichever it has.
 *
 * @throws {AuditError} ERR_ESTIMATE_REQUEST when it has neither or both.
 */
export function whenOf(request: z.infer<typeof commonShape>): When {
  const { year, period } = request
  if (period !== undefined && year === undefined) return { service: period }
  if (year !== undefined && period === undefined) return { year }
  throw badRequest('year', 'give either year or period')
}

/**
 * Place of a request; one that names anything of the US without a country is in the US.
 *
 * @throws {AuditError} ERR_ESTIMATE_REQUEST when it is empty.
 */
export function placeOf(place: z.infer<typeof commonShape>['place']): Place {
  const { utility, zip, subregion, state, nerc, country } = place
  const isUnitedStates = [utility, zip, subregion, state, nerc].some((field) => field !== undefined)
  if (country === undefined && !isUnitedStates) throw badRequest('place', 'place is empty')
  return withoutAbsent({ country: country ?? 'US', utility, zip, subregion, state, nerc })
}

/** The error of a request that is not one; `path` names the field. */
export function badRequest(path: string, message: string): AuditError {
  return new AuditError(path === '' ? message : `${path}: ${message}`, { code: 'ERR_ESTIMATE_REQUEST', path })
}
