import type { ActivityFigures } from '../activity-figures.ts'
import type { ElectricityFigures } from '../electricity-figures.ts'
import type { Figures } from '../figures.ts'
import type { GridLossFigures, ZipSubregionFigures } from '../reference-figures.ts'

/** One figure of a set, or one place, utility or postal code, with all that makes it different from any other. */
export type ListedFigure = {
  /** Index in `rows`. */
  readonly row: number
  readonly key: string
  /** Edition; a figure may change only with it. */
  readonly edition: string
  readonly value: string
  /** False for rows that are kept only to explain a refusal. */
  readonly isUsable: boolean
}

/** All figures of a set of any kind, one by one. */
export function listFigures(figures: Figures): ListedFigure[] {
  switch (figures.kind) {
    case 'electricity':
      return listElectricity(figures)
    case 'activities':
      return listActivities(figures)
    case 'grid-loss':
      return listGridLosses(figures)
    case 'zip-subregion':
      return listZips(figures)
    case 'utilities':
      return figures.rows.map(([eia, state, edition, name, ownership, nerc], row) => ({
        row,
        key: `${eia}|${state}`,
        edition: figures.editions[edition] ?? '',
        value: `${name}|${figures.ownerships[ownership] ?? ''}|${nerc}`,
        isUsable: true,
      }))
    case 'utility-subregion':
      return figures.rows.map(([eia, state, value], row) => listed(row, `${eia}|${state}`, figures.edition, value))
    case 'gwp':
      return figures.rows.map(([name, gas, value], row) => listed(row, `${name}|${gas}`, figures.edition, value))
    default:
      return figures satisfies never
  }
}

function listed(row: number, key: string, edition: string, value: string): ListedFigure {
  return { row, key, edition, value, isUsable: true }
}

function listElectricity(figures: ElectricityFigures): ListedFigure[] {
  return figures.rows.flatMap(([index, regionType, region, firstYear, values], row) => {
    const group = figures.groups[index]
    const isUsable = group?.status === 'usable'
    const edition = group?.version ?? ''
    // One usable figure a key, whatever its edition; of unusable ones one in each edition.
    const head = `${isUsable ? '' : `${edition}|`}${regionType}|${region}`
    const tail = `${group?.method ?? ''}|${group?.use ?? ''}|${group?.gas ?? ''}`
    return values.flatMap((value, i) =>
      value === null ? [] : [{ row, key: `${head}|${firstYear + i}|${tail}`, edition, value, isUsable }],
    )
  })
}

function listActivities(figures: ActivityFigures): ListedFigure[] {
  const editions = new Map(figures.editions.map(({ year, version }) => [year, version]))
  return figures.rows.flatMap(
    ([scope, category, group, name, detail, variant, per, gas, mass, firstYear, values], row) => {
      const item = [scope, category, group, name, detail, variant, per].join('|')
      return values.flatMap((value, i) => {
        const year = firstYear + i
        return value === null
          ? []
          : [listed(row, `${item}|${gas}|${year}`, editions.get(year) ?? '', `${value} ${mass}`)]
      })
    },
  )
}

function listGridLosses(figures: GridLossFigures): ListedFigure[] {
  const editions = new Map(figures.editions.map(({ year, version }) => [year, version]))
  return figures.rows.flatMap(([regionType, region, firstYear, values], row) =>
    values.flatMap((value, i) => {
      const year = firstYear + i
      return value === null ? [] : [listed(row, `${regionType}|${region}|${year}`, editions.get(year) ?? '', value)]
    }),
  )
}

function listZips(figures: ZipSubregionFigures): ListedFigure[] {
  return figures.rows.flatMap(([prefix, states, subregions, endings], row) =>
    (endings.match(/\d\d/g) ?? []).map((ending) =>
      listed(row, prefix + ending, figures.edition, `${states.join('+')}|${subregions.join('+')}`),
    ),
  )
}
