import { z } from 'zod'
import { LIMITS } from '#protocol'
import { MAX_LISTED_ACTIVITIES } from '../constants.ts'

const year = z.int().min(1_900).max(2_199)
const amount = z
  .union([z.string(), z.number()])
  .describe('Taken by its digits: `250.5` and `"250.5"` are the same; no exponents')
const quantity = z.object({ amount, unit: z.string() })

/** Request of an estimate, field by field that of `kwitness estimate`; the rules check it. */
export const estimateBody = z
  .looseObject({
    commodity: z
      .enum(['electricity', 'gas', 'heat', 'fuel', 'flight', 'travel'])
      .optional()
      .describe('`electricity` if absent'),
    place: z
      .object({
        utility: z
          .object({ eia: z.union([z.int(), z.string()]), state: z.string() })
          .optional()
          .describe('US utility by its EIA number, and the state it serves there'),
        zip: z.string().optional(),
        subregion: z.string().optional().describe('eGRID subregion'),
        state: z.string().optional(),
        nerc: z.string().optional(),
        country: z.string().optional().describe('ISO 3166-1 alpha-2'),
      })
      .describe('Where the energy was used'),
    year: year.optional(),
    period: z
      .object({ start: z.string(), end: z.string() })
      .optional()
      .describe('Instead of `year`: civil days, half-open'),
    dataset: z.string().optional().describe('A data set, or one edition of it; without it the rules choose'),
    energy: quantity.optional(),
    volume: quantity.optional(),
    mass: quantity.optional(),
    distance: quantity.optional(),
    method: z.string().optional(),
    readings: z.array(z.object({ year, kWh: amount })).optional(),
    greenTariff: z.boolean().optional(),
    instruments: z.array(z.looseObject({})).optional(),
  })
  .meta({ id: 'EstimateRequest', description: 'Fields of each commodity: docs/spec/cli-json.md, `kwitness estimate`' })

/** Answer to an estimate. */
export const estimateAnswer = z
  .looseObject({
    gramsCO2e: z.string().describe('Whole grams, as text'),
    exact: z.string().describe('The fraction p/q before rounding'),
    parts: z.array(z.looseObject({ year })),
    flags: z.array(z.string()),
  })
  .meta({ id: 'Estimate', description: 'Field by field what `kwitness estimate --json` prints' })

const countryState = z
  .string()
  .regex(/^[A-Z]{2}(?:-[A-Z]{2,3})?$/, 'expected a country such as DE, or a country and a state such as US-CA')
const yearText = z
  .string()
  .regex(/^(?:19|2[01])\d{2}$/, 'expected four digits')
  .transform(Number)

/** Query of the factors. */
export const factorsQuery = z.strictObject({
  place: countryState.optional().describe('Country, or country and state: DE, US-CA'),
  utility: z
    .string()
    .regex(/^[1-9]\d{0,5}:[A-Z]{2}$/, 'expected an EIA number and a state such as 14328:CA')
    .optional()
    .describe('EIA number of a US utility, and the state it serves there'),
  zip: z
    .string()
    .regex(/^\d{5}$/, 'expected five digits')
    .optional()
    .describe('US postal code'),
  subregion: z
    .string()
    .regex(/^[A-Z]{4}$/, 'expected four capitals')
    .optional()
    .describe('eGRID subregion'),
  nerc: z
    .string()
    .regex(/^[A-Z]{2,4}$/, 'expected two to four capitals')
    .optional(),
  year: yearText.optional().describe('All years without it'),
  dataset: z.string().min(1).max(64).optional().describe('Of this data set, or of this edition of one'),
  activity: z.string().min(1).max(200).optional().describe('Words of fuels, heat and travel, in English: diesel'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_LISTED_ACTIVITIES)
    .default(MAX_LISTED_ACTIVITIES)
    .describe('Most activities of the answer'),
})

const choice = z.looseObject({
  factor: z.looseObject({ dataset: z.string(), year, value: z.string(), unit: z.string() }),
})

/** Answer to a question for factors. */
export const factorsAnswer = z
  .union([
    z.looseObject({ year, place: z.looseObject({}), taken: choice, next: z.array(choice) }),
    z.looseObject({ place: z.looseObject({}), years: z.array(choice) }),
    z.looseObject({
      activities: z.array(z.looseObject({ dataset: z.string() })),
      more: z.int().optional().describe('How many there are beside'),
    }),
  ])
  .meta({ id: 'Factors', description: 'Field by field what `kwitness factors --json` prints' })

/** Query of an explanation. */
export const explainQuery = z.strictObject({
  claim: z.coerce
    .number()
    .int()
    .min(0)
    .max(LIMITS.billsPerFile - 1)
    .optional()
    .describe('Only this bill of the file, from 0'),
})

/** Where the figures of a bill come from. */
export const explanation = z
  .object({
    ok: z.boolean().describe('True if every certified figure is the one that is explained'),
    cid: z.string(),
    bills: z.array(
      z.looseObject({
        ordinal: z.int(),
        facts: z.looseObject({}),
        gramsCO2e: z.string(),
        exact: z.string(),
        certified: z.object({
          equal: z.boolean(),
          checks: z.array(z.looseObject({ name: z.string(), ok: z.boolean(), detail: z.string() })),
        }),
      }),
    ),
  })
  .meta({ id: 'Explanation', description: 'Field by field what `kwitness explain CID --json` prints' })
