import type { Gas } from '#protocol'
import { AuditError } from '../audit-error.ts'
import type { DatasetKind, FactorSource } from './factor-source.ts'

/** The US's own set: direct emissions of generation. */
export const US_DATASET = 'egrid'
/** Great Britain's own set, which also has the lines upstream. */
export const GB_DATASET = 'uk-electricity'
/** The set of all other countries: life-cycle figures, so never used for the US unless asked for. */
const WORLD_DATASET = 'owid'

/** Sets that publish CO2 alone: their result lacks CH4 and N2O, and says so. */
const CO2_ONLY_DATASETS: ReadonlySet<string> = new Set(['india-cea'])

/** A data set that serves a place, possibly one edition of it only. */
export type DatasetChoice = { readonly dataset: string; readonly version?: string }

/**
 * Data sets for a country, the best one first; a result never mixes them. A set that a request names is the only one.
 *
 * @param text short name, publisher's name or edition, in any case.
 * @throws {AuditError} ERR_FACTOR_DATASET_UNKNOWN, ERR_FACTOR_SUPERSEDED (a withdrawn edition).
 */
export function chooseDatasets(
  country: string,
  text: string | undefined,
  source: FactorSource,
): readonly DatasetChoice[] {
  if (text !== undefined) return [getNamedDataset(text, source, 'electricity')]
  if (country === 'US') return [{ dataset: US_DATASET }]
  if (country === 'GB') return [{ dataset: GB_DATASET }, { dataset: WORLD_DATASET }]
  return [{ dataset: WORLD_DATASET }]
}

/** Gas that stands for the emissions in a set: the published CO2e, or CO2 where that is all there is. */
export function gasOf(dataset: string): Gas {
  return CO2_ONLY_DATASETS.has(dataset) ? 'CO2' : 'CO2e'
}

/**
 * The data set that a text names; where sets of both kinds have that name, the one of the given kind.
 *
 * @throws {AuditError} ERR_FACTOR_DATASET_UNKNOWN, ERR_FACTOR_SUPERSEDED.
 */
export function getNamedDataset(text: string, source: FactorSource, kind: DatasetKind): DatasetChoice {
  // A set of the other kind has no factor to give, which is another mistake than a name that nothing has.
  const found = source.findDataset(text, kind) ?? source.findDataset(text)
  if (found === undefined) {
    const dataset = text.slice(0, 64)
    throw new AuditError(`unknown data set ${JSON.stringify(dataset)}`, { code: 'ERR_FACTOR_DATASET_UNKNOWN', dataset })
  }
  if ('refused' in found) {
    throw new AuditError(`${text} must not be used: ${found.refused}`, { code: 'ERR_FACTOR_SUPERSEDED', dataset: text })
  }
  return { dataset: found.name, ...(found.version === undefined ? {} : { version: found.version }) }
}
