import {
  addRationals,
  decimalOfRational,
  isEnergy,
  makeRational,
  multiplyRationals,
  rationalOfDecimal,
} from '#protocol'
import type { GreenClaim, Metered, Quantity, Rational } from '#protocol'
import { orderTexts } from '../order-texts.ts'
import { parseFigure } from './figures.ts'
import { cleanName } from './identifiers.ts'
import { splitWords, wordList } from './match-words.ts'
import type { Register } from './meter-registers.ts'
import { GREEN_FUELS, OTHER_FUELS } from './tables/codes.ts'
import { GREEN_EXCEPTIONS, GREEN_WORDS } from './tables/identifiers.ts'

/** Longest evidence in facts. */
const MAX_EVIDENCE_CHARS = 200
/** Characters of a note that are looked at. */
const MAX_NOTE_CHARS = 4_096

const GREEN = wordList(GREEN_WORDS)
const EXCEPTIONS = wordList(GREEN_EXCEPTIONS)
const HUNDRED = makeRational(100n)

/** What a fuel mix of registers says; `undefined` claim and flag where it cannot be added up. */
export type FuelFinding = { readonly claim?: GreenClaim; readonly isUnread: boolean }

/**
 * Energy that a bill calls green by the fuel mix of its registers (SEeF 3): each register's share of its own consumption.
 *
 * Read only when every register has a mix of known fuels that adds up to 100 per cent.
 *
 * @throws {Refusal} ERR_BILL_NUMBER.
 */
export function readFuelMix(registers: readonly Register[]): FuelFinding {
  const imports = registers.filter(({ isExport }) => !isExport)
  if (imports.every(({ reading }) => reading.fuels.length === 0)) return { isUnread: false }
  const shares = imports.map(greenShare)
  const [first] = imports
  if (first === undefined || shares.includes(undefined)) return { isUnread: true }
  const amounts = imports.map(({ metered }, index) => portion(metered, shares[index]))
  const { unit } = first.metered
  if (!isEnergy(first.metered) || imports.some(({ metered }) => metered.unit !== unit)) return { isUnread: true }
  const value = decimalOfRational(amounts.reduce(addRationals, makeRational(0n)))
  if (value === undefined) return { isUnread: true }
  if (value.u === 0n) return { isUnread: false }
  const energy: Quantity = { ...first.metered, value }
  return { claim: { source: 'fuel-mix', energy, evidence: evidenceOf(imports) }, isUnread: false }
}

/** Words of notes or lines in which a bill calls its electricity green: a claim for people, without a quantity. */
export function findGreenNote(texts: readonly string[]): GreenClaim | undefined {
  for (const text of texts) {
    const sentences = text
      .slice(0, MAX_NOTE_CHARS)
      .replaceAll(/[ \t\r\n\u00a0]+/g, ' ')
      .split(/(?<=[.!?]) /)
    const found = sentences.find((sentence) => isGreen(sentence))
    if (found !== undefined) {
      return { source: 'note', evidence: found.normalize('NFC').slice(0, MAX_EVIDENCE_CHARS).trim() }
    }
  }
  return undefined
}

function isGreen(sentence: string): boolean {
  const words = splitWords(sentence)
  return GREEN.find(words) !== undefined && EXCEPTIONS.find(words) === undefined
}

function greenShare({ reading }: Register): Rational | undefined {
  const percents = reading.fuels.map(({ percent }) => rationalOfDecimal(parseFigure(percent).value))
  const total = percents.reduce(addRationals, makeRational(0n))
  const isKnown = reading.fuels.every(({ code }) => GREEN_FUELS.has(code) || OTHER_FUELS.has(code))
  if (!isKnown || percents.some(({ n }) => n < 0n) || total.n !== HUNDRED.n || total.d !== HUNDRED.d) return undefined
  return reading.fuels
    .map(({ code }, index) => (GREEN_FUELS.has(code) ? (percents[index] ?? makeRational(0n)) : makeRational(0n)))
    .reduce(addRationals, makeRational(0n))
}

function portion(metered: Metered, percent: Rational | undefined): Rational {
  const share = percent ?? makeRational(0n)
  return multiplyRationals(rationalOfDecimal(metered.value), makeRational(share.n, share.d * 100n))
}

function evidenceOf(registers: readonly Register[]): string {
  const mixes = registers.map(({ reading }) => {
    const fuels = reading.fuels.map(({ code, percent }) => `${code} ${percent.text} %`)
    return `${cleanName(reading.register) ?? 'register'}: ${fuels.join(', ')}`
  })
  return [...new Set(mixes)].sort(orderTexts).join('; ').slice(0, MAX_EVIDENCE_CHARS)
}
