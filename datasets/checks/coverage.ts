import type { ElectricityFigures } from '../electricity-figures.ts'
import type { Figures, FiguresKind } from '../figures.ts'
import type { Finding } from './finding.ts'

/** Sets by name. */
export type NamedFigures = ReadonlyMap<string, Figures>

/** The fifty states and the federal district: eGRID has them all, every year. */
const STATES =
  'AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY'.split(
    ' ',
  )
/** Subregions of eGRID in every edition; PRMS came with 2019. */
const MIN_SUBREGIONS = 26

/** What sets say of each other, and whole sets of places. A set that is not there is not missed here. */
export function checkCoverage(sets: NamedFigures): Finding[] {
  return [...checkGaps(sets), ...checkEgrid(sets), ...checkPlaces(sets), ...checkPotentials(sets)]
}

function ofKind<K extends FiguresKind>(sets: NamedFigures, kind: K): [string, Extract<Figures, { kind: K }>][] {
  const isWanted = (entry: [string, Figures]): entry is [string, Extract<Figures, { kind: K }>] =>
    entry[1].kind === kind
  return [...sets].filter(isWanted)
}

/** Years with a usable CO2e of average generation, for each region of a type. */
function yearsByRegion(figures: ElectricityFigures, type: string): Map<string, Set<number>> {
  const years = new Map<string, Set<number>>()
  for (const [index, regionType, region, firstYear, values] of figures.rows) {
    const group = figures.groups[index]
    const isFootprint = group?.method === 'location' && group.use === 'generation' && group.gas === 'CO2e'
    if (group?.status !== 'usable' || !isFootprint || regionType !== type) continue
    const known = years.get(region) ?? new Set<number>()
    values.forEach((value, i) => value !== null && known.add(firstYear + i))
    years.set(region, known)
  }
  return years
}

/** A country, state or subregion that has the year before and the year after, and not the one between. */
function checkGaps(sets: NamedFigures): Finding[] {
  const findings: Finding[] = []
  for (const [set, figures] of ofKind(sets, 'electricity')) {
    for (const type of ['country', 'state', 'subregion', 'province']) {
      for (const [region, years] of yearsByRegion(figures, type)) {
        const gap = [...years].map((year) => year + 1).find((year) => !years.has(year) && years.has(year + 1))
        if (gap !== undefined)
          findings.push({ set, check: 'coverage', place: `${type} ${region}`, message: `lacks ${gap}` })
      }
    }
  }
  return findings
}

function checkEgrid(sets: NamedFigures): Finding[] {
  const figures = sets.get('egrid')
  if (figures?.kind !== 'electricity') return []
  const states = yearsByRegion(figures, 'state')
  const subregions = yearsByRegion(figures, 'subregion')
  const findings: Finding[] = []
  const report = (place: string, message: string): void => {
    findings.push({ set: 'egrid', check: 'coverage', place, message })
  }
  for (const year of yearsByRegion(figures, 'country').get('US') ?? []) {
    const missing = STATES.filter((state) => states.get(state)?.has(year) !== true)
    if (missing.length > 0) report(`year ${year}`, `lacks the states ${missing.join(', ')}`)
    const count = [...subregions.values()].filter((years) => years.has(year)).length
    if (count < MIN_SUBREGIONS) report(`year ${year}`, `has ${count} subregions, ${MIN_SUBREGIONS} are expected`)
  }
  return findings
}

/** A place that a crosswalk leads to must have a factor and a grid loss. */
function checkPlaces(sets: NamedFigures): Finding[] {
  const egrid = sets.get('egrid')
  const losses = ofKind(sets, 'grid-loss')[0]?.[1]
  if (egrid?.kind !== 'electricity') return []
  const states = yearsByRegion(egrid, 'state')
  const subregions = yearsByRegion(egrid, 'subregion')
  const withLoss = new Set(losses?.rows.map((row) => row[1]))
  const findings: Finding[] = []
  const named = [
    ...ofKind(sets, 'utility-subregion').map(([set, { rows }]) => ({
      set,
      states: rows.map((row) => row[1]),
      subregions: rows.map((row) => row[2]),
    })),
    ...ofKind(sets, 'zip-subregion').map(([set, { rows }]) => ({
      set,
      states: rows.flatMap((row) => row[1]),
      subregions: rows.flatMap((row) => row[2]),
    })),
  ]
  for (const { set, ...places } of named) {
    for (const state of new Set(places.states)) {
      if (!states.has(state))
        findings.push({ set, check: 'coverage', place: state, message: 'is a state without a factor' })
    }
    for (const subregion of new Set(places.subregions)) {
      const report = (message: string): unknown => findings.push({ set, check: 'coverage', place: subregion, message })
      if (!subregions.has(subregion)) report('is a subregion without a factor')
      if (losses !== undefined && !withLoss.has(subregion)) report('is a subregion without a grid loss')
    }
  }
  return findings
}

/** Gases are added up with potentials that some set has. */
function checkPotentials(sets: NamedFigures): Finding[] {
  const potentials = ofKind(sets, 'gwp')[0]?.[1]
  if (potentials === undefined) return []
  const known = new Set(potentials.rows.map((row) => row[0]))
  return ofKind(sets, 'activities').flatMap(([set, { editions }]) =>
    editions
      .filter(({ gwpSet }) => !known.has(gwpSet.split(' ', 1)[0] ?? ''))
      .map(({ version, gwpSet }): Finding => {
        return { set, check: 'coverage', place: version, message: `uses ${gwpSet}, which no set explains` }
      }),
  )
}
