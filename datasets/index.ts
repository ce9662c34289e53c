/**
 * Emission factors: one folder per source with manifest, licence and figures.
 *
 * Each set is also an IPLD block (canonical DAG-CBOR of `figures.json`), and a charter names its CID. `build.ts` writes
 * the folders from collected source tables; `ATTRIBUTION.md` says whose figures these are.
 */
export { DatasetError } from './dataset-error.ts'
export type { DatasetFailure } from './dataset-error.ts'
export { Datasets } from './datasets.ts'
export type { FactorQuery } from './datasets.ts'
export { datasetCids, loadDatasets } from './load.ts'
export type { DatasetCid } from './load.ts'
