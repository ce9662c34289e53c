import { z } from 'zod'
import { fromHex } from './bytes.ts'
import { parseCivilDate } from './civil-date.ts'
import { placeShape } from './claim.ts'
import { encodeCanonical, parseShape } from './codec.ts'
import { formatDecimal, parseDecimal } from './decimal.ts'
import { encodeFacts } from './facts.ts'
import type { Facts } from './facts.ts'
import { sha256 } from './hash.ts'
import { LIMITS } from './limits.ts'
import { FUEL_ENERGY_UNITS } from './units.ts'
import type { Quantity } from './units.ts'

/** Printable text of a bill, as it is compared: composed (NFC), with single blanks inside and none around. */
const textShape = z
  .string()
  .max(200)
  .transform((text) => text.normalize('NFC').replace(/\s+/gu, ' ').trim())
  .refine((text) => text.length > 0 && !/\p{Cc}/u.test(text), 'expected printable text')

/** Numbers of points and accounts are printed in groups and typed without: blanks mean nothing, nor does case. */
const numberShape = textShape.transform((text) => text.replaceAll(' ', '').toUpperCase())

const dayShape = z.string().refine(isCivilDate, 'expected a date from 1990 to 2099, YYYY-MM-DD')

const decimalShape = z
  .string()
  .refine(isPlainDecimal, 'expected a plain decimal number that is not negative, as text')
  .transform((text) => formatDecimal(parseDecimal(text)))

const energyShape = z.strictObject({ value: decimalShape, unit: z.enum(FUEL_ENERGY_UNITS) })

/** What a person can know of one metering point, commodity and period of a bill. */
const entryBillShape = z
  .strictObject({
    commodity: z.enum(['electricity', 'gas', 'heat']),
    point: numberShape.optional(),
    account: numberShape.optional(),
    utility: z.strictObject({ id: numberShape.optional(), name: textShape.optional() }).optional(),
    /** Half-open: `end` is the first day after the period. */
    service: z.strictObject({ start: dayShape, end: dayShape }),
    /** Delivered to the customer, in the unit that is printed. */
    import: energyShape,
    /** Fed into the grid. */
    export: energyShape.optional(),
    kind: z.enum(['actual', 'estimated', 'mixed']),
    place: placeShape,
    /** Claim id of the claim that this bill corrects: the only one whose period it may take. */
    supersedes: z
      .string()
      .regex(/^0x[0-9a-f]{64}$/, 'expected a claim id, 0x and 64 hex digits in lower case')
      .optional(),
  })
  .refine(({ service }) => service.start < service.end, { message: 'end must come after start', path: ['service'] })

/** Schema of what a person enters of one bill: `docs/spec/review.md`. */
export const reviewEntryShape = z
  .array(entryBillShape)
  .min(1)
  .max(LIMITS.billsPerFile)
  .refine(replacesEachOnce, { message: 'two bills replace one claim', path: ['supersedes'] })

/** What a person read from a bill. No name of the person and no time: equal readings are equal bytes. */
export type ReviewEntry = z.output<typeof reviewEntryShape>
type EntryBill = ReviewEntry[number]

/**
 * The entry that a JSON value says: one bill, or a list of them in any order.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_SCHEMA with the first field that is wrong.
 */
export function parseReviewEntry(value: unknown): ReviewEntry {
  const bills = parseShape(reviewEntryShape, Array.isArray(value) ? value : [value], 'entry')
  return bills.toSorted((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1))
}

function orderKey({ point = '', account = '', commodity, service }: EntryBill): string {
  return [point, account, commodity, service.start, service.end].join('\0')
}

/** The facts of an entry, in the order of their claims. */
export function factsOfEntry(entry: ReviewEntry): Facts[] {
  return entry.map(({ utility, service, import: imported, export: exported, place, ...rest }) => ({
    ...dropUndefined({ ...rest, supersedes: undefined }),
    v: 1,
    extractor: { id: 'person', version: '1' },
    format: 'review-1',
    ...(utility === undefined ? {} : { utility: dropUndefined(utility) }),
    service: { ...service, basis: 'printed-exclusive' },
    import: quantityOf(imported),
    ...(exported === undefined ? {} : { export: quantityOf(exported) }),
    place: dropUndefined(place),
    flags: [],
    sources: {},
  }))
}

/** SHA-256 of an entry: over the hashes of its facts, each in a list with the claim that it replaces where it does. */
export function hashReviewEntry(entry: ReviewEntry): Uint8Array {
  const hashes = factsOfEntry(entry).map((facts, index) => {
    const hash = sha256(encodeFacts(facts))
    const supersedes = entry[index]?.supersedes
    return supersedes === undefined ? hash : [hash, fromHex(supersedes)]
  })
  return sha256(encodeCanonical(hashes))
}

function replacesEachOnce(bills: readonly { readonly supersedes?: string | undefined }[]): boolean {
  const replaced = bills.map(({ supersedes }) => supersedes).filter((claimId) => claimId !== undefined)
  return new Set(replaced).size === replaced.length
}

function quantityOf({ value, unit }: z.output<typeof energyShape>): Quantity {
  return { value: parseDecimal(value), unit }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Optional fields as absent: encodings tell that from `undefined`. */
function dropUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>
}

function isCivilDate(text: string): boolean {
  try {
    const day = parseCivilDate(text)
    return day >= parseCivilDate('1990-01-01') && day <= parseCivilDate('2100-01-01')
  } catch {
    return false
  }
}

function isPlainDecimal(text: string): boolean {
  try {
    return parseDecimal(text).u >= 0n && text.length <= 32
  } catch {
    return false
  }
}
