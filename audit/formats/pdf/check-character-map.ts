import { rejection, review } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import { placeOf } from './frame.ts'

/** Codes that all ranges of one character map may cover: two bytes have 65,536, and maps repeat some. */
const MAX_CODES = 4 * 65_536
/** Hex digits of what a range is mapped to: each code of it is a text of that length. A letter with accents has 16. */
const MAX_TEXT_DIGITS = 32
/** Steps of a code, and of one that has more than two bytes. */
const [CODE_STEPS, SPARSE_STEPS] = [3, 10] as const
/** Ranges of lengths of codes; each character of a text is looked for in all. Real maps have up to 10. */
const MAX_CODESPACES = 64
const BEGIN = /begin(bf|cid|codespace)range/g
const TOKEN =
  /[\0\t\n\f\r ]*(?:<([\dA-Fa-f\0\t\n\f\r ]{0,4096})>|(\[)|(\])|(\d{1,9})(?![^\0\t\n\f\r <[\]])|(end(?:bf|cid|codespace)range)(?![!-~])|($))/y

type Token = { readonly digits?: string; readonly word: string }

/**
 * Checks that a character map (Adobe Technical Note 5014) does not count up to millions: a range costs as much as it
 * says. Ranges that are not written plainly are refused, since readers differ in how they go on.
 *
 * @returns steps that its ranges take beside its length.
 * @throws {Refusal} ERR_BILL_TOO_LARGE, ERR_BILL_CONTAINER.
 */
export function checkCharacterMap(unpacked: Uint8Array, place: number): number {
  const buffer = Buffer.from(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength)
  if (buffer.indexOf('range', 0, 'latin1') < 0) return 0
  const text = buffer.toString('latin1')
  const found = { codes: 0, codespaces: 0, steps: 0 }
  for (const begin of text.matchAll(BEGIN)) {
    const kind = begin[1] ?? ''
    for (const token of rangeTokens(text, begin.index + begin[0].length, place)) {
      if (token.word === `end${kind}range` || token.word === 'end of text') break
      readRange(token, kind, found, place)
    }
  }
  return found.steps
}

type Found = { codes: number; codespaces: number; steps: number; low?: number; high?: number; isInArray?: boolean }

/** Takes the next token of `low high text`, `low high [texts]` or, for code spaces, `low high`. */
function readRange({ digits, word }: Token, kind: string, found: Found, place: number): void {
  if (found.isInArray === true) {
    if (word === ']') clearRange(found)
    return
  }
  if (found.low === undefined || (found.high === undefined && kind !== 'codespace')) {
    if (digits === undefined) throw refuseRanges(place)
    const code = codeOf(digits)
    if (found.low === undefined) {
      found.low = code
      return
    }
    found.high = code
    const codes = Math.max(0, code - found.low + 1)
    found.codes += codes
    // Each code is put into two maps, and made a text; maps beyond two bytes are looked through by the texts of their codes.
    found.steps += codes * (code > 0xffff ? SPARSE_STEPS : CODE_STEPS)
    if (found.codes > MAX_CODES) {
      throw rejection('ERR_BILL_TOO_LARGE', 'character map has more codes than any font', placeOf(place))
    }
    return
  }
  if (kind === 'codespace') {
    found.codespaces += 1
    if (digits === undefined) throw refuseRanges(place)
    if (found.codespaces > MAX_CODESPACES) {
      throw rejection('ERR_BILL_TOO_LARGE', 'character map has more kinds of codes than any font', placeOf(place))
    }
  } else if (word === '[') {
    found.isInArray = true
    return
  } else if (digits !== undefined && digits.length > MAX_TEXT_DIGITS) {
    throw rejection('ERR_BILL_TOO_LARGE', 'character map has a longer text for a range than any font', placeOf(place))
  } else if (digits === undefined && !/^\d/.test(word)) throw refuseRanges(place)
  clearRange(found)
}

function clearRange(found: Found): void {
  delete found.low
  delete found.high
  found.isInArray = false
}

function* rangeTokens(text: string, from: number, place: number): Generator<Token> {
  let at = from
  for (;;) {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (match === null) throw refuseRanges(place)
    at = TOKEN.lastIndex
    const [, hex, open, close, number, end] = match
    if (hex !== undefined) yield { word: '', digits: hex.replaceAll(/[\0\t\n\f\r ]/g, '') }
    else yield { word: open ?? close ?? number ?? end ?? 'end of text' }
  }
}

/** pdf.js takes the last four bytes of a code. */
function codeOf(hex: string): number {
  const whole = hex.length % 2 === 0 ? hex : `${hex}0`
  return Buffer.from(whole.slice(-8).padStart(8, '0'), 'hex').readUInt32BE()
}

function refuseRanges(place: number): Refusal {
  return review('ERR_BILL_CONTAINER', 'ranges of a character map are not written plainly', placeOf(place))
}
