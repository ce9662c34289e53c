/**
 * Emission factors: one folder per source with manifest, licence and figures.
 *
 * Each set is also an IPLD block with a CID, which a charter names (`set-block.ts`). `build.ts` writes the folders from
 * collected source tables by the recipes of `recipes/`, `check.ts` validates them, `ATTRIBUTION.md` says whose figures these
 * are, and `docs/add-a-dataset.md` how to add one.
 */
export { DatasetError } from './dataset-error.ts'
export type { DatasetFailure } from './dataset-error.ts'
export type { NamedDataset } from './dataset-names.ts'
export { Datasets } from './datasets.ts'
export type { ActivityQuery, FactorFilter, FactorQuery, FactorSeriesQuery } from './datasets.ts'
export type { RowStatus } from './electricity-figures.ts'
export type { ListedFactor, UnusableRow } from './electricity-table.ts'
export { datasetCids, loadDatasets } from './load.ts'
export type { DatasetCid, LoadOptions } from './load.ts'
export type { DatasetManifest } from './manifest.ts'
export { parseSourceFigure } from './recipes/source-figure.ts'
export type { FigureStyle, SourceFigure } from './recipes/source-figure.ts'
export type { Utility, ZipPlace } from './reference-tables.ts'
