import { MAX_DECIMAL_CHARS, formatDecimal, makeDecimal, parseInteger } from '#protocol'

/** What a cell of a source says: a figure as plain decimal text, that there is none, or something nobody can read. */
export type SourceFigure =
  | { readonly kind: 'figure'; readonly value: string }
  | { readonly kind: 'not-available' }
  | { readonly kind: 'unreadable'; readonly why: string }

/** How a source writes numbers. */
export type FigureStyle = {
  /** The source groups digits by thousands with a comma (`1,106.45`). @default false, since elsewhere it is a decimal comma */
  readonly hasThousands?: boolean
}

/** Digits that a spreadsheet keeps: what follows them in a file is the binary number's shadow (0.41204999999999997). */
const SPREADSHEET_DIGITS = 15

/** Ways of sources to print that there is no figure. None of them is zero. */
const NOT_AVAILABLE: ReadonlySet<string> = new Set([
  '',
  '-',
  '--',
  '–',
  '—',
  'none',
  'na',
  'n/a',
  'nan',
  'null',
  '#n/a',
])

const PLAIN = /^(-?)(\d+)(?:\.(\d+))?$/
const GROUPED = /^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/
const SCIENTIFIC = /^(-?)(\d)(?:\.(\d+))?[eE]([+-]?\d{1,2})$/

/**
 * A cell of a source as exact decimal text. Up to 15 significant digits are the publisher's text and stay as they are;
 * more are a float artefact and become 15, half to even. Scientific notation is written out. Whatever can be read in two
 * ways is unreadable: the build stops, and a person decides.
 */
export function parseSourceFigure(cell: string, { hasThousands = false }: FigureStyle = {}): SourceFigure {
  const text = cell.trim()
  if (NOT_AVAILABLE.has(text.toLowerCase())) return { kind: 'not-available' }
  if (text.length > MAX_DECIMAL_CHARS) return { kind: 'unreadable', why: 'too long for a number' }
  const scientific = SCIENTIFIC.exec(text)
  if (scientific !== null) return { kind: 'figure', value: writeOut(scientific) }
  if (text.includes(',')) {
    if (!GROUPED.test(text)) return { kind: 'unreadable', why: 'a comma that does not group thousands' }
    if (!hasThousands) return { kind: 'unreadable', why: 'a comma in a source that does not group thousands' }
    return { kind: 'figure', value: withoutArtefact(text.replaceAll(',', '')) }
  }
  if (!PLAIN.test(text)) return { kind: 'unreadable', why: 'not a number' }
  return { kind: 'figure', value: withoutArtefact(text) }
}

/** Digits and exponent written out as plain decimal text. */
function writeOut([, sign = '', whole = '', fraction = '', power = '0']: RegExpExecArray): string {
  const digits = BigInt(whole + fraction)
  const text = formatDecimal(
    makeDecimal(sign === '-' ? -digits : digits, parseInteger(power.replace('+', '')) - fraction.length),
  )
  return withoutArtefact(text)
}

function withoutArtefact(text: string): string {
  const [, sign = '', whole = '', fraction = ''] = PLAIN.exec(text) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  const surplus = digits.length - SPREADSHEET_DIGITS
  if (surplus <= 0) return text
  const unit = 10n ** BigInt(surplus)
  const all = BigInt(digits)
  const rest = all % unit
  const kept = all / unit
  const isUp = 2n * rest > unit || (2n * rest === unit && kept % 2n === 1n)
  const rounded = formatDecimal(makeDecimal(isUp ? kept + 1n : kept, surplus - fraction.length))
  return sign + rounded
}
