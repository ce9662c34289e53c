import { nmiChecksum } from '../nem12/nmi.ts'
import { rejection, review } from '../refusal.ts'
import { splitWords, wordList } from './match-words.ts'
import type { WordTable } from './match-words.ts'
import type { InvoiceLine } from './model.ts'
import {
  CHANNEL_SCHEMES,
  METER_PROPERTIES,
  METER_TEXTS,
  POINT_PROPERTIES,
  POINT_TEXTS,
  SCHEME_ALIASES,
} from './tables/identifiers.ts'

/** Longest number or name of a point, meter, account or supplier. */
const MAX_NAME_CHARS = 128
/** Characters of a text in which a number is looked for. */
const MAX_SEARCHED_CHARS = 1_000

type WordList = WordTable<{ readonly words: string }>

type PropertyNames = { readonly list: WordList; readonly form?: RegExp }

const POINT_NAMES: readonly PropertyNames[] = POINT_PROPERTIES.map(({ names, ...rest }) => ({
  list: wordList(wholeOf(names)),
  ...rest,
}))
const METER_NAMES: readonly PropertyNames[] = [{ list: wordList(wholeOf(METER_PROPERTIES)) }]

/**
 * Metering point that a line names: a property of its item, an element for it, or a form in its texts.
 *
 * @throws {Refusal} ERR_BILL_UNSTATED when properties name two, ERR_BILL_FIELD.
 */
export function findLinePoint(line: InvoiceLine): string | undefined {
  const found =
    findProperty(line, POINT_NAMES) ?? line.point ?? findInTexts([...line.texts, ...line.notes], POINT_TEXTS)
  return found === undefined ? undefined : normalisePoint(found, line)
}

/** Number of the meter that a line names. @throws {Refusal} as {@link findLinePoint}. */
export function findLineMeter(line: InvoiceLine): string | undefined {
  const found = findProperty(line, METER_NAMES) ?? findInTexts([...line.texts, ...line.notes], METER_TEXTS)
  return found === undefined ? undefined : normaliseNumber(found, line)
}

/** Metering points that notes of a document name by a form that means nothing else. */
export function findPointsInNotes(notes: readonly string[]): readonly string[] {
  return notes.map((note) => findInTexts([note], POINT_TEXTS)).filter((point) => point !== undefined)
}

/**
 * One spelling of a metering point: no blanks, capitals, without the words that some print in front, an Australian NMI
 * without its checksum when it holds (AEMO, National Metering Identifier Procedure).
 *
 * @throws {Refusal} ERR_BILL_FIELD when it is too long or does not print.
 */
export function normalisePoint(text: string, at: Pick<InvoiceLine, 'place'>): string {
  const named = text.replace(/^(?:NMI|EAN|GSRN|POD|CUPS|MPAN|ICP)[: ]+(?=\S)/, '')
  const point = normaliseNumber(named, at)
  return /^[0-9A-HJ-NP-Z]{10}[0-9]$/.test(point) &&
    text !== named &&
    String(nmiChecksum(point.slice(0, 10))) === point.slice(10)
    ? point.slice(0, 10)
    : point
}

/** A number of a customer, meter or point: no blanks, capitals. @throws {Refusal} ERR_BILL_FIELD. */
export function normaliseNumber(text: string, at: Pick<InvoiceLine, 'place'>): string {
  const number = text
    .replaceAll(/[ \t\r\n\u00a0]/g, '')
    .normalize('NFC')
    .toUpperCase()
  // Printable characters only: two spellings that look alike must not be two meters.
  if (number.length === 0 || number.length > MAX_NAME_CHARS || /[\p{C}\p{Z}]/u.test(number)) {
    throw rejection('ERR_BILL_FIELD', 'an identifier is too long or has characters that do not print', at.place)
  }
  return number
}

/** A name on one line, cut to what facts hold; `undefined` when nothing printable is left. */
export function cleanName(text: string | undefined): string | undefined {
  const name = (text ?? '')
    .normalize('NFC')
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
    .slice(0, MAX_NAME_CHARS)
    .trim()
  return name === '' ? undefined : name
}

/** `scheme:value` of an organisation; older names of schemes become their ISO 6523 code, channels are no ids. */
export function supplierIdOf(scheme: string | undefined, value: string | undefined): string | undefined {
  if (scheme === undefined || scheme === '' || value === undefined || CHANNEL_SCHEMES.has(scheme)) return undefined
  const cleaned = cleanName(value)?.replaceAll(' ', '')
  const code = SCHEME_ALIASES.get(scheme) ?? cleanName(scheme)
  return cleaned === undefined || code === undefined ? undefined : `${code}:${cleaned}`
}

/**
 * True if a number is a GSRN with its check digit (GS1 General Specifications 7.9): 18 digits that are one by chance only
 * once in ten, so it is believed only where the file gives it no other meaning.
 */
export function isGsrn(text: string): boolean {
  if (!/^[0-9]{18}$/.test(text)) return false
  const weighted = Array.from(text.slice(0, 17)).reduce(
    (sum, digit, index) => sum + digitOf(digit) * (index % 2 === 0 ? 3 : 1),
    0,
  )
  return (10 - (weighted % 10)) % 10 === digitOf(text.slice(17))
}

function digitOf(character: string): number {
  return character.charCodeAt(0) - 0x30
}

function findProperty(line: InvoiceLine, names: readonly PropertyNames[]): string | undefined {
  const named = line.properties.map(({ name, value }) => ({ words: splitWords(name), value }))
  for (const { list, form } of names) {
    const fitting = named.filter(
      ({ words, value }) => list.find(words) !== undefined && (form?.test(value) ?? value !== ''),
    )
    const values = new Set(fitting.map(({ value }) => value))
    if (values.size > 1) {
      throw review(
        'ERR_BILL_UNSTATED',
        'line has two properties of one name that identify a point or meter',
        line.place,
      )
    }
    for (const value of values) return value
  }
  return undefined
}

function findInTexts(texts: readonly string[], forms: readonly RegExp[]): string | undefined {
  for (const text of texts) {
    for (const form of forms) {
      const found = form.exec(text.slice(0, MAX_SEARCHED_CHARS))?.[1]
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** Names of properties are compared as wholes: `Zählpunkt` is one, `Zählpunkt der Werbeanzeige` is none. */
function wholeOf(words: string): string {
  return words
    .split('|')
    .map((word) => `=${word}`)
    .join('|')
}
