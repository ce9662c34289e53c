import { divideFloor } from '#protocol'
import { isPdfRegular } from '../../origin/pdf-objects.ts'

/** What reading a content stream once takes, from its bytes alone (ISO 32000-1 section 7.8.2). */
export type ContentSteps = {
  /** Steps of the stream itself, without what it draws. */
  readonly steps: number
  /** How often it draws what has a name in its resources. */
  readonly draws: ReadonlyMap<string, number>
  /** How often it draws what cannot be told from here. */
  readonly unknownDraws: number
  /** States that are saved and not yet restored, at most. */
  readonly savedStates: number
  /** Those that are still saved at its end: the next stream of a page goes on with them. */
  readonly leftStates: number
  /** How often it saves one. */
  readonly saves: number
  /** True when the last byte stands in a string or a comment, or parts a word: the next stream of a page goes on there. */
  readonly isOpen: boolean
}

/** Sixteenths of a step: bytes that are skipped, bytes of shown text, and words. */
const [SKIPPED, SHOWN, WORD] = [1, 8, 16] as const
/** Steps of saving a state where none is saved, and at most. */
const [SAVE_STEPS, MAX_SAVE_STEPS] = [4, 100] as const
const [LF, CR, PERCENT, OPEN, CLOSE, SLASH, LESS, GREATER, HASH, BACKSLASH] = [
  0x0a, 0x0d, 0x25, 0x28, 0x29, 0x2f, 0x3c, 0x3e, 0x23, 0x5c,
] as const
const [LETTER_B, LETTER_D, LETTER_I, LETTER_Q, LETTER_SMALL_O, LETTER_SMALL_Q] = [
  0x42, 0x44, 0x49, 0x51, 0x6f, 0x71,
] as const
const IS_REGULAR = Uint8Array.from({ length: 256 }, (_, byte) => (isPdfRegular(byte) ? 1 : 0))

/**
 * Counts the steps of a content stream without running it. Where pdf.js could read it in two ways, the one that takes
 * longer is counted: letters without blanks between them may be an operator each (`qQqQ`).
 */
export function countSteps(bytes: Uint8Array): ContentSteps {
  return new StepCounter(bytes).count()
}

class StepCounter {
  readonly #bytes: Uint8Array
  readonly #draws = new Map<string, number>()
  #at = 0
  #sixteenths = 0
  #unknownDraws = 0
  #saved = 0
  #mostSaved = 0
  #saves = 0
  /** Name that stands directly before the next word. */
  #name: string | undefined
  #isOpen = false
  /** Behind an inline image, whose end readers find in different ways: what is a string is then no longer known. */
  #isBlind = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  count(): ContentSteps {
    // A word may begin in the stream before this one.
    if (this.#bytes[0] === LETTER_I || this.#bytes[0] === LETTER_SMALL_O) this.#isOpen = true
    const { length } = this.#bytes
    while (this.#at < length) this.#takeToken(this.#bytes[this.#at] ?? 0)
    const last = this.#bytes[length - 1]
    if (last === LETTER_B || last === LETTER_D) this.#isOpen = true
    return {
      steps: divideFloor(this.#sixteenths, 16) + 1,
      draws: this.#draws,
      unknownDraws: this.#unknownDraws,
      savedStates: this.#mostSaved,
      leftStates: this.#saved,
      saves: this.#saves,
      isOpen: this.#isOpen,
    }
  }

  #takeToken(byte: number): void {
    if (IS_REGULAR[byte] === 1) {
      if (isNumeric(byte)) this.#takeNumber()
      else this.#takeWord()
      return
    }
    if (byte === SLASH) {
      this.#takeName()
      return
    }
    if (byte === OPEN && !this.#isBlind) this.#takeString()
    else if (byte === PERCENT && !this.#isBlind) this.#takeComment()
    else if (byte === LESS && !this.#isBlind && this.#bytes[this.#at + 1] !== LESS) this.#takeHex()
    else {
      const isBlank = byte <= 0x20
      this.#sixteenths += isBlank ? SKIPPED : WORD
      this.#at += byte === LESS && this.#bytes[this.#at + 1] === LESS ? 2 : 1
      if (!isBlank) this.#name = undefined
    }
  }

  /** `1.2.3` and `1+2` are several numbers. */
  #takeNumber(): void {
    this.#sixteenths += WORD
    this.#name = undefined
    for (; isNumeric(this.#bytes[this.#at]); this.#at += 1) {
      this.#sixteenths += isDigit(this.#bytes[this.#at]) ? SKIPPED : WORD
    }
  }

  #takeWord(): void {
    const start = this.#at
    let states = 0
    while (IS_REGULAR[this.#bytes[this.#at] ?? 0x20] === 1) {
      const byte = this.#bytes[this.#at]
      const next = this.#bytes[this.#at + 1]
      if (byte === LETTER_SMALL_Q) states += 1
      if (byte === LETTER_D && next === LETTER_SMALL_O) this.#noteDraw(start)
      if (byte === LETTER_B && next === LETTER_I) this.#isBlind = true
      this.#at += 1
    }
    const size = this.#at - start
    this.#sixteenths += size * WORD
    this.#name = undefined
    if (size === 1 && this.#bytes[start] === LETTER_Q && !this.#isBlind) this.#saved = Math.max(0, this.#saved - 1)
    this.#saveStates(states)
  }

  /** Each saved state inherits from the one before: the first takes 5 us, one of a thousand about 100. */
  #saveStates(count: number): void {
    for (let state = 0; state < count; state += 1) {
      this.#sixteenths += WORD * Math.min(MAX_SAVE_STEPS, SAVE_STEPS * (1 + this.#saved))
      this.#saved += 1
    }
    this.#saves += count
    this.#mostSaved = Math.max(this.#mostSaved, this.#saved)
  }

  /** What `Do` draws is told only where it is a word of its own and its name stands directly before it. */
  #noteDraw(start: number): void {
    const isAlone = this.#at === start && IS_REGULAR[this.#bytes[start + 2] ?? 0x20] !== 1
    const name = isAlone && !this.#isBlind ? this.#name : undefined
    if (name === undefined) this.#unknownDraws += 1
    else this.#draws.set(name, (this.#draws.get(name) ?? 0) + 1)
  }

  #takeName(): void {
    const start = this.#at + 1
    this.#at = start
    let hasEscape = false
    while (IS_REGULAR[this.#bytes[this.#at] ?? 0x20] === 1) {
      hasEscape ||= this.#bytes[this.#at] === HASH
      this.#at += 1
    }
    // Behind an inline image a name may be part of anything.
    this.#sixteenths += WORD + (this.#at - start) * (this.#isBlind ? WORD : SKIPPED)
    const name = Buffer.from(this.#bytes.subarray(start, this.#at)).toString('latin1')
    this.#name = hasEscape ? unescapeName(name) : name
    if (!this.#isBlind) return
    for (const _ of name.matchAll(/Do/g)) this.#unknownDraws += 1
    this.#saveStates(name.split('q').length - 1)
  }

  #takeString(): void {
    this.#name = undefined
    this.#sixteenths += WORD
    let depth = 0
    for (; this.#at < this.#bytes.length; this.#at += 1) {
      const byte = this.#bytes[this.#at]
      this.#sixteenths += SHOWN
      if (byte === BACKSLASH) this.#at += 1
      else if (byte === OPEN) depth += 1
      else if (byte === CLOSE) depth -= 1
      if (depth === 0) break
    }
    this.#isOpen ||= depth > 0
    this.#at += 1
  }

  #takeHex(): void {
    this.#name = undefined
    const end = this.#bytes.indexOf(GREATER, this.#at)
    this.#isOpen ||= end < 0
    const next = end < 0 ? this.#bytes.length : end + 1
    this.#sixteenths += WORD + (next - this.#at) * WORD
    this.#at = next
  }

  #takeComment(): void {
    const start = this.#at
    while (this.#at < this.#bytes.length && this.#bytes[this.#at] !== LF && this.#bytes[this.#at] !== CR) this.#at += 1
    this.#isOpen ||= this.#at >= this.#bytes.length
    this.#sixteenths += (this.#at - start) * SKIPPED
  }
}

/** Bytes that numbers begin with. */
function isNumeric(byte: number | undefined): boolean {
  return isDigit(byte) || byte === 0x2b || byte === 0x2d || byte === 0x2e
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function unescapeName(name: string): string {
  return name.replaceAll(/#([\dA-Fa-f]{2})/g, (_, hex: string) => Buffer.from(hex, 'hex').toString('latin1'))
}
