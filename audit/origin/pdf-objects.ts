import { parseInteger } from '#protocol'
import { ORIGIN_LIMITS } from './constants.ts'
import { hexDigit } from './hex-digit.ts'

/** An object of a PDF (ISO 32000-1 section 7.3) with the bytes that it stands in; text strings are skipped, not read. */
export type PdfValue = { readonly start: number; readonly end: number } & (
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  /** `start` is that of `<`, `end` is after `>`. */
  | { readonly kind: 'hex' }
  | { readonly kind: 'array'; readonly items: readonly PdfValue[] }
  | { readonly kind: 'dictionary'; readonly entries: readonly (readonly [string, PdfValue])[] }
  /** Literal strings, references, `true`, `false`, `null`, and numbers that are not plain digits. */
  | {
      readonly kind: 'other'
      /** Number of the object that a reference is to. */
      readonly reference?: number
      /** What a lenient reader takes such a number for (`+70000`, `7e4`, `700-00`, `70000.`), without its sign, or more. */
      readonly magnitude?: number
    }
)

/** Something that is no object of this grammar; the bytes are then no signature either. Never leaves this folder. */
export class PdfSyntaxError extends Error {}

/** Magnitude of a number that may be of any size. */
const UNBOUNDED = 9_007_199_254_740_991
/** Longest number or keyword. */
const MAX_WORD = 64

/** Bytes that may still be looked at in one file. */
export type PdfBudget = { bytes: number }

const CODE = {
  percent: 0x25,
  open: 0x28,
  close: 0x29,
  slash: 0x2f,
  less: 0x3c,
  greater: 0x3e,
  openArray: 0x5b,
  backslash: 0x5c,
  closeArray: 0x5d,
  hash: 0x23,
} as const

/**
 * The object that begins at an offset, after white space.
 *
 * @param budget what is looked at is taken from it, also when it was no object.
 * @throws {PdfSyntaxError}
 */
export function parsePdfObject(bytes: Uint8Array, offset: number, budget: PdfBudget): PdfValue {
  const parser = new PdfParser(bytes, offset, Math.max(0, budget.bytes))
  try {
    return parser.parse(0)
  } finally {
    budget.bytes -= parser.at - offset
  }
}

/** True for the six white-space bytes of ISO 32000-1 table 1. */
export function isPdfSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0x0c || byte === 0x00
}

/** True for bytes that names and numbers are made of: neither white space nor a delimiter; false after the end. */
export function isPdfRegular(byte: number | undefined): boolean {
  return byte !== undefined && !isPdfSpace(byte) && !'()<>[]{}/%'.includes(String.fromCharCode(byte))
}

class PdfParser {
  readonly #bytes: Uint8Array
  readonly #limit: number
  #at: number
  #tokens = 0

  constructor(bytes: Uint8Array, offset: number, budgetBytes: number) {
    this.#bytes = bytes
    this.#at = offset
    this.#limit = Math.min(bytes.byteLength, offset + Math.min(ORIGIN_LIMITS.pdfObjectBytes, budgetBytes))
  }

  /** Offset of the next byte. */
  get at(): number {
    return this.#at
  }

  parse(depth: number): PdfValue {
    this.#skipSpace()
    this.#tokens += 1
    if (depth > ORIGIN_LIMITS.pdfDepth || this.#tokens > ORIGIN_LIMITS.pdfTokens) throw new PdfSyntaxError('too deep')
    return this.#parseValue(depth)
  }

  #parseValue(depth: number): PdfValue {
    const start = this.#at
    switch (this.#peek()) {
      case CODE.slash:
        return this.#parseName()
      case CODE.open:
        this.#skipLiteral()
        return { kind: 'other', start, end: this.#at }
      case CODE.openArray:
        return this.#parseArray(depth)
      case CODE.less:
        return this.#peek(1) === CODE.less ? this.#parseDictionary(depth) : this.#parseHex()
      default:
        return this.#parseWord()
    }
  }

  #parseDictionary(depth: number): PdfValue {
    const start = this.#at
    this.#at += 2
    const entries: [string, PdfValue][] = []
    for (;;) {
      this.#skipSpace()
      if (this.#peek() === CODE.greater && this.#peek(1) === CODE.greater) break
      if (this.#peek() !== CODE.slash) throw new PdfSyntaxError('key of a dictionary is no name')
      const { name } = this.#parseName()
      entries.push([name, this.parse(depth + 1)])
    }
    this.#at += 2
    return { kind: 'dictionary', entries, start, end: this.#at }
  }

  #parseArray(depth: number): PdfValue {
    const start = this.#at
    this.#at += 1
    const items: PdfValue[] = []
    for (;;) {
      this.#skipSpace()
      if (this.#peek() === CODE.closeArray) break
      items.push(this.parse(depth + 1))
    }
    this.#at += 1
    return { kind: 'array', items, start, end: this.#at }
  }

  #parseName(): PdfValue & { kind: 'name' } {
    const start = this.#at
    this.#at += 1
    const chars: number[] = []
    while (isPdfRegular(this.#peekOrEnd())) {
      const byte = this.#peek()
      const escaped = byte === CODE.hash ? this.#escapedByte() : undefined
      chars.push(escaped ?? byte)
      this.#at += escaped === undefined ? 1 : 3
      if (chars.length > 127) throw new PdfSyntaxError('name is too long')
    }
    return { kind: 'name', name: String.fromCharCode(...chars), start, end: this.#at }
  }

  #escapedByte(): number | undefined {
    const [high, low] = [hexDigit(this.#peek(1)), hexDigit(this.#peek(2))]
    return high === undefined || low === undefined ? undefined : high * 16 + low
  }

  #parseHex(): PdfValue {
    const start = this.#at
    this.#at += 1
    while (this.#peek() !== CODE.greater) {
      if (hexDigit(this.#peek()) === undefined && !isPdfSpace(this.#peek())) throw new PdfSyntaxError('no hex digit')
      this.#at += 1
    }
    this.#at += 1
    return { kind: 'hex', start, end: this.#at }
  }

  #skipLiteral(): void {
    let open = 0
    do {
      const byte = this.#peek()
      if (byte === CODE.open) open += 1
      if (byte === CODE.close) open -= 1
      this.#at += byte === CODE.backslash ? 2 : 1
    } while (open > 0)
  }

  /** A number, a keyword, or a reference `12 0 R`, which is told from two numbers by its last word. */
  #parseWord(): PdfValue {
    const start = this.#at
    const word = this.#takeWord()
    if (!/^\d{1,15}$/.test(word)) {
      const magnitude = magnitudeOf(word)
      return { kind: 'other', start, end: this.#at, ...(magnitude === undefined ? {} : { magnitude }) }
    }
    const end = this.#at
    this.#skipSpace()
    if (isDigit(this.#peekOrEnd())) {
      this.#takeWord()
      this.#skipSpace()
      if (this.#peekOrEnd() === 0x52 && !isPdfRegular(this.#bytes[this.#at + 1])) {
        this.#at += 1
        return { kind: 'other', reference: parseInteger(word), start, end: this.#at }
      }
    }
    this.#at = end
    return { kind: 'integer', value: parseInteger(word), start, end }
  }

  #takeWord(): string {
    const start = this.#at
    while (isPdfRegular(this.#peekOrEnd()) && this.#at - start < MAX_WORD) this.#at += 1
    // A longer one would go on as another word here, and as the same one in other readers.
    if (this.#at === start || this.#at - start === MAX_WORD) throw new PdfSyntaxError('no object')
    return String.fromCharCode(...this.#bytes.subarray(start, this.#at))
  }

  #skipSpace(): void {
    for (;;) {
      if (isPdfSpace(this.#peekOrEnd())) this.#at += 1
      else if (this.#peekOrEnd() === CODE.percent) this.#skipComment()
      else return
    }
  }

  #skipComment(): void {
    for (;;) {
      const byte = this.#peekOrEnd()
      if (byte === undefined || byte === 0x0a || byte === 0x0d) return
      this.#at += 1
    }
  }

  #peek(ahead = 0): number {
    const at = this.#at + ahead
    const byte = at < this.#limit ? this.#bytes[at] : undefined
    if (byte !== undefined) return byte
    throw new PdfSyntaxError('object has no end')
  }

  #peekOrEnd(): number | undefined {
    return this.#at < this.#limit ? this.#bytes[this.#at] : undefined
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

/** Upper bound of a number in a spelling other than plain digits; `undefined` for other words. */
function magnitudeOf(word: string): number | undefined {
  if (!/^[+-]*\.?\d/.test(word)) return undefined
  const [whole = ''] = word.replaceAll(/[+-]/g, '').split('.', 1)
  return /^\d{0,15}$/.test(whole) && !/e/i.test(word) ? parseInteger(`0${whole}`) : UNBOUNDED
}
