import type { Figures } from './figures.ts'

/** Data set that a text names; `refused` tells why a withdrawn edition must not be used. */
export type NamedDataset = { readonly name: string; readonly version?: string } | { readonly refused: string }

/** What a data set may be called. */
export type DatasetNames = {
  /** Short name. */
  readonly name: string
  /** As its publisher writes it. */
  readonly dataset: string
  readonly editions: readonly string[]
  /** Withdrawn editions with the reason. */
  readonly withdrawn: Readonly<Record<string, string>>
}

/**
 * The data set that a text names, in any case: by short name, by the publisher's name, or by an edition. An edition may
 * be named without what it has in brackets (`eGRID2023 rev2`), and by its beginning where that leaves one edition that was
 * not withdrawn (`eGRID2018`). Names come before editions, and the first set before the next.
 */
export function findNamedDataset(sets: readonly DatasetNames[], text: string): NamedDataset | undefined {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return undefined
  const called = sets.find(({ name, dataset }) => name === wanted || dataset.toLowerCase() === wanted)
  if (called !== undefined) return { name: called.name }
  return sets.map((set) => findEdition(set, wanted)).find((found) => found !== undefined)
}

/** What a set may be called; only sets of electricity and of activities are named by their editions. */
export function namesOf(name: string, figures: Figures): DatasetNames {
  return { name, dataset: figures.dataset, editions: editionsOf(figures), withdrawn: withdrawnOf(figures) }
}

/**
 * Two sets of which a text would name both: the later one has a name, or an edition, that names the earlier one already.
 * The first `trusted` sets may share names with each other: one publisher's sets of both kinds do.
 */
export function findClash(
  sets: readonly DatasetNames[],
  trusted: number,
): { readonly name: string; readonly other: string; readonly text: string } | undefined {
  for (const [index, { name, dataset, editions, withdrawn }] of sets.entries()) {
    if (index < trusted) continue
    const texts = [name, dataset, ...editions, ...Object.keys(withdrawn)]
    for (const text of texts.flatMap((full) => [full, withoutBrackets(full)])) {
      const other = sets.slice(0, index).find((set) => findNamedDataset([set], text) !== undefined)
      if (other !== undefined) return { name, other: other.name, text }
    }
  }
  return undefined
}

function editionsOf(figures: Figures): readonly string[] {
  if (figures.kind === 'electricity') return [...new Set(figures.groups.map(({ version }) => version))]
  return figures.kind === 'activities' ? figures.editions.map(({ version }) => version) : []
}

function withdrawnOf(figures: Figures): DatasetNames['withdrawn'] {
  return figures.kind === 'electricity' ? figures.withdrawn : {}
}

function withoutBrackets(edition: string): string {
  return edition.replace(/\s*\([^)]*\)$/, '')
}

function findEdition({ name, editions, withdrawn }: DatasetNames, wanted: string): NamedDataset | undefined {
  const isExact = (edition: string): boolean => {
    const full = edition.toLowerCase()
    return full === wanted || withoutBrackets(full) === wanted
  }
  const refused = Object.entries(withdrawn).find(([edition]) => isExact(edition))
  if (refused !== undefined) return { refused: refused[1] }
  const usable = editions.filter((edition) => withdrawn[edition] === undefined)
  const exact = usable.filter(isExact)
  // Only digits would be a year, and no name.
  const isName = /[a-z]/.test(wanted)
  const begun = isName ? usable.filter((edition) => edition.toLowerCase().startsWith(`${wanted} `)) : []
  const version = exact[0] ?? (begun.length === 1 ? begun[0] : undefined)
  return version === undefined ? undefined : { name, version }
}
