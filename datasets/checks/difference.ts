import type { Figures } from '../figures.ts'
import type { Finding } from './finding.ts'
import { listFigures } from './list-figures.ts'
import type { ListedFigure } from './list-figures.ts'

/** How a set differs from an earlier version of it. */
export type SetDifference = {
  /** Figures that are gone, or changed without a new edition: each needs a person who says why. */
  readonly findings: readonly Finding[]
  /** New figures, by year; under `''` those that have none. */
  readonly added: ReadonlyMap<string, number>
  /** Figures that a new edition replaced. */
  readonly revised: number
}

/** Findings that are listed; more than these are counted. */
const MAX_LISTED = 20

/**
 * Compares a set with an earlier version of it, figure by figure. Data sets only grow: a new year and a new edition are
 * expected, while a figure that disappears, or changes under the name of the same edition, is a finding.
 */
export function compareSet(set: string, before: Figures, after: Figures | undefined): SetDifference {
  if (after === undefined) return { findings: [found(set, 'set', 'is gone')], added: new Map(), revised: 0 }
  if (before.kind !== after.kind) {
    const kind = found(set, 'kind', `was ${before.kind}, is ${after.kind}`)
    return { findings: [kind], added: new Map(), revised: 0 }
  }
  const old = new Map(listUsable(before).map((figure) => [figure.key, figure]))
  const now = new Map(listUsable(after).map((figure) => [figure.key, figure]))
  const findings: Finding[] = []
  let revised = 0
  for (const [key, { value, edition }] of old) {
    const current = now.get(key)
    if (current === undefined) findings.push(found(set, key, `is gone; it was ${value} in ${edition}`))
    else if (current.value === value) continue
    else if (current.edition !== edition) revised += 1
    else findings.push(found(set, key, `was ${value}, is ${current.value}, both in ${edition}`))
  }
  const added = new Map<string, number>()
  for (const { key } of now.values()) {
    if (old.has(key)) continue
    const year = /\|(\d{4})(?:\||$)/.exec(key)?.[1] ?? ''
    added.set(year, (added.get(year) ?? 0) + 1)
  }
  const rest = findings.length - MAX_LISTED
  const listed = rest > 0 ? [...findings.slice(0, MAX_LISTED), found(set, 'figures', `and ${rest} more`)] : findings
  return { findings: listed, added, revised }
}

function listUsable(figures: Figures): ListedFigure[] {
  return listFigures(figures).filter(({ isUsable }) => isUsable)
}

function found(set: string, place: string, message: string): Finding {
  return { set, check: 'difference', place, message }
}
