import { z } from 'zod'
import { fromHex, orderBytes, toHex, utf8 } from './bytes.ts'
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

/** Longest text, before and after it is composed: some letters become several. */
const TEXT_LENGTH = 200
/** Longest number, in characters: more digits than any meter has. */
const DECIMAL_LENGTH = 32

/** Printable text of a bill, as it is compared: composed (NFC), with single blanks inside and none around. */
const textShape = textOf((text) => text.normalize('NFC').replace(/\s+/gu, ' ').trim())

/** Numbers of points and accounts are printed in groups and typed without: blanks and what is not seen mean nothing, nor does case. */
const numberShape = textOf((text) =>
  text
    .replace(/[\s\p{Cf}]+/gu, '')
    .toUpperCase()
    .normalize('NFC'),
)

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
    utility: z
      .strictObject({ id: numberShape.optional(), name: textShape.optional() })
      // Empty, it would be another entry than without it, and say the same.
      .refine(({ id, name }) => id !== undefined || name !== undefined, 'expected an id or a name')
      .optional(),
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
  .refine(isEachOnce, {
    message: 'one bill is there twice: point or account, commodity and period are the same',
    path: ['service'],
  })

/** What a person read from a bill. No name of the person and no time: equal readings are equal bytes. */
export type ReviewEntry = z.output<typeof reviewEntryShape>
type EntryBill = z.output<typeof entryBillShape>

/**
 * The entry that a JSON value says: one bill, or a list of them in any order.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_SCHEMA with the first field that is wrong.
 */
export function parseReviewEntry(value: unknown): ReviewEntry {
  const bills = parseShape(reviewEntryShape, Array.isArray(value) ? value : [value], 'entry')
  const ordered = bills.map((bill) => ({ bill, key: orderKey(bill) }))
  ordered.sort((a, b) => orderBytes(a.key[0], b.key[0]) || orderBytes(a.key[1], b.key[1]))
  return ordered.map(({ bill }) => bill)
}

// By what identifies a bill and then by all that it says, so that the order never depends on how it was typed.
function orderKey(bill: EntryBill): readonly [Uint8Array, Uint8Array] {
  const { point = '', account = '', commodity, service } = bill
  return [utf8([point, account, commodity, service.start, service.end].join('\0')), encodeCanonical(hashBill(bill))]
}

/** The facts of an entry, in the order of their claims. */
export function factsOfEntry(entry: ReviewEntry): Facts[] {
  return entry.map(factsOfBill)
}

function factsOfBill({ utility, service, import: imported, export: exported, place, ...rest }: EntryBill): Facts {
  return {
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
  }
}

/** SHA-256 of an entry: over the hashes of its facts, each in a list with the claim that it replaces where it does. */
export function hashReviewEntry(entry: ReviewEntry): Uint8Array {
  return sha256(encodeCanonical(entry.map(hashBill)))
}

function hashBill(bill: EntryBill): Uint8Array | readonly [Uint8Array, Uint8Array] {
  const hash = sha256(encodeFacts(factsOfBill(bill)))
  return bill.supersedes === undefined ? hash : [hash, fromHex(bill.supersedes)]
}

function replacesEachOnce(bills: readonly { readonly supersedes?: string | undefined }[]): boolean {
  const replaced = bills.map(({ supersedes }) => supersedes).filter((claimId) => claimId !== undefined)
  return new Set(replaced).size === replaced.length
}

// What claims of such bills are told apart by: the point, else utility and account. Of two that are of one period, the
// second could never be certified beside the first. Bills that name neither differ if anything in them does.
function isEachOnce(bills: readonly EntryBill[]): boolean {
  const keys = bills.map((bill) => {
    const { point, account, utility, commodity, service } = bill
    const period = [commodity, service.start, service.end]
    if (point !== undefined) return JSON.stringify(['point', point, ...period])
    if (account !== undefined) return JSON.stringify(['account', account, utility?.id ?? utility?.name, ...period])
    return toHex(encodeCanonical(hashBill(bill)))
  })
  return new Set(keys).size === keys.length
}

function quantityOf({ value, unit }: z.output<typeof energyShape>): Quantity {
  return { value: parseDecimal(value), unit }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Optional fields as absent: encodings tell that from `undefined`. */
function dropUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>
}

/** A text as it is compared: `compose` must change nothing that it has composed. */
function textOf(compose: (text: string) => string): z.ZodType<string, string> {
  return (
    z
      .string()
      .max(TEXT_LENGTH)
      .transform(compose)
      .refine((text) => text.length > 0 && text.length <= TEXT_LENGTH, `expected 1 to ${TEXT_LENGTH} characters`)
      // Half a surrogate pair has no bytes of its own: two texts would be stored as one.
      .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'expected printable text')
  )
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
    return text.length <= DECIMAL_LENGTH && parseDecimal(text).u >= 0n
  } catch {
    return false
  }
}
