import type { EntryLinks } from './document.ts'

/** Several items under one link; kept as a mark, not as a list, so that repeated links cost nothing. */
const AMBIGUOUS = Symbol('ambiguous')

/** Items by link; several under one link are a mark. */
export type LinkIndex<T> = ReadonlyMap<string, T | typeof AMBIGUOUS>

/** Items by their links. */
export function indexByLink<T>(items: readonly T[], linksOf: (item: T) => readonly string[]): LinkIndex<T> {
  const index = new Map<string, T | typeof AMBIGUOUS>()
  for (const item of items) {
    for (const link of linksOf(item)) {
      const known = index.get(link)
      index.set(link, known === undefined || known === item ? item : AMBIGUOUS)
    }
  }
  return index
}

/** Own link as a list. */
export function selfOf({ self }: EntryLinks): string[] {
  return self === undefined ? [] : [self]
}

/** Names under which a parent may link to an entry: the entry itself, or the collection that it is in. */
export function namesOf(links: EntryLinks): string[] {
  return [...selfOf(links), ...links.ups]
}

/**
 * Links of the parent by the resource paths of ESPI: `…/UsagePoint/7/MeterReading/1` is in `…/UsagePoint/7`, and so is the
 * collection `…/UsagePoint/7/MeterReading` (REQ.21, resource identifiers).
 *
 * @param resource name of the child's resource in the path.
 */
export function parentPaths(links: EntryLinks, resource: string): string[] {
  const found = new Set<string>()
  for (const name of namesOf(links)) {
    const at = name.lastIndexOf(`/${resource}`)
    const rest = at > 0 ? name.slice(at + resource.length + 1) : '?'
    // The rest is empty for the collection, and one id for the resource.
    if (rest === '' || (rest.startsWith('/') && rest.length > 1 && !rest.includes('/', 1))) found.add(name.slice(0, at))
  }
  return [...found]
}

/** How an item was found. */
export type Pick<T> = { readonly item: T; readonly flags: readonly string[] }

/** Where to look for the item that an entry leads to. */
export type PickInit<T> = {
  readonly index: LinkIndex<T>
  readonly links: readonly string[]
  /** Items by their own link, and the links that the resource path names; for parents that do not link to their children. */
  readonly byPath?: { readonly index: LinkIndex<T>; readonly links: readonly string[] }
  readonly candidates: readonly T[]
}

/**
 * The only item under any of the links; without one, the only item that the resource path names (`link-by-path`), or the
 * only candidate of the file (`link-fallback`) unless the path names another one; else `undefined`.
 */
export function pickOne<T>({ index, links, byPath, candidates }: PickInit<T>): Pick<T> | undefined {
  const linked = lookUp(index, links)
  if (linked !== undefined) return linked === AMBIGUOUS ? undefined : { item: linked, flags: [] }
  const named = byPath === undefined ? undefined : lookUp(byPath.index, byPath.links)
  if (named !== undefined) return named === AMBIGUOUS ? undefined : { item: named, flags: ['link-by-path'] }
  const [only] = candidates
  if (only === undefined || candidates.length !== 1 || isElsewhere(byPath)) return undefined
  return { item: only, flags: ['link-fallback'] }
}

/** True if a resource path names an id that no item has: what it belongs to is not in the file. Paths before it may differ. */
function isElsewhere<T>(byPath: PickInit<T>['byPath']): boolean {
  if (byPath === undefined || byPath.links.length === 0 || byPath.index.size === 0) return false
  const known = new Set([...byPath.index.keys()].map(idOf))
  return !byPath.links.some((link) => known.has(idOf(link)))
}

function idOf(link: string): string {
  return link.slice(link.lastIndexOf('/') + 1)
}

function lookUp<T>(index: LinkIndex<T>, links: readonly string[]): T | typeof AMBIGUOUS | undefined {
  let found: T | typeof AMBIGUOUS | undefined
  for (const link of links) {
    const item = index.get(link)
    if (item === undefined || item === found) continue
    if (found !== undefined) return AMBIGUOUS
    found = item
  }
  return found
}
