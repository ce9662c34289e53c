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

function findEdition({ name, editions, withdrawn }: DatasetNames, wanted: string): NamedDataset | undefined {
  const isExact = (edition: string): boolean => {
    const full = edition.toLowerCase()
    return full === wanted || full.replace(/\s*\([^)]*\)$/, '') === wanted
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
