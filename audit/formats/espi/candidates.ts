import type { FilePlace } from '#protocol'
import { Refusal, review } from '../refusal.ts'
import { isAside, readMeaning } from './meaning.ts'
import type { SeriesMeaning } from './meaning.ts'
import type { Series } from './series.ts'
import type { ThermEvidence } from './units.ts'

/** Series of one point; real meters have about ten. */
const MAX_SERIES = 64

/** A series whose readings can be counted. */
export type Candidate = { readonly series: Series; readonly meaning: SeriesMeaning }

/** The series of a point by what they can be used for. */
export type Candidates = {
  readonly imports: readonly Candidate[]
  readonly exports: readonly Candidate[]
  readonly flags: readonly string[]
}

/**
 * Sorts the series of one point. Demand, voltage and the like are left alone beside energy; net and total flow are left alone
 * beside energy delivered, since they are made of it; a direction that is not stated is believed of a single series only.
 *
 * @throws {Refusal} what the meaning of a series earns: as it is for a series alone, and for a person to read among others;
 * ERR_BILL_FLOW when energy delivered cannot be told.
 */
export function sortSeries(list: readonly Series[], therm: ThermEvidence, place: FilePlace): Candidates {
  if (list.length > MAX_SERIES) throw severalSeries(list.length, place)
  const asides = list.filter(({ readingType }) => isAside(readingType))
  const counted = list.length === 1 ? list : list.filter(({ readingType }) => !isAside(readingType))
  const read = (counted.length === 0 ? asides : counted).map((series) => candidateOf(series, therm, list.length))
  const flags = new Set<string>(asides.length > 0 && counted.length > 0 ? ['other-quantities-left-out'] : [])

  const stated = read.filter(({ meaning }) => meaning.direction === 'import')
  const exports = read.filter(({ meaning }) => meaning.direction === 'export')
  const unstated = read.filter(({ meaning }) => meaning.direction === 'unstated')
  const derived = read.filter(({ meaning }) => meaning.direction === 'net' || meaning.direction === 'total')
  if (unstated.length > 0 && read.length > 1) {
    throw review('ERR_BILL_FLOW', 'one of several series does not say where the energy went', place)
  }
  if (unstated.length > 0) flags.add('direction-assumed')
  const imports = stated.length > 0 ? stated : unstated
  if (derived.length > 0 && imports.length === 0) {
    throw review('ERR_BILL_FLOW', 'net or total flow: energy delivered cannot be told from it', place)
  }
  for (const { meaning } of derived) flags.add(meaning.direction === 'net' ? 'net-left-out' : 'total-left-out')
  return { imports, exports, flags: [...flags] }
}

function candidateOf(series: Series, therm: ThermEvidence, count: number): Candidate {
  const meaning = readMeaning(series.readingType, series.usagePoint, therm)
  if (!(meaning instanceof Refusal)) return { series, meaning }
  if (count === 1 || meaning.verdict !== 'reject') throw meaning
  // Which of several series is wrong, and whether the others can stand without it, is not for a program to say.
  throw review(meaning.code, meaning.message, meaning.reason.place)
}

/** Refusal of series that would count one energy twice. */
export function severalSeries(count: number, place: FilePlace): Refusal {
  return review('ERR_BILL_SEVERAL_SERIES', `${count} series measure one point; adding them would count twice`, place)
}
