import { CodedError } from '#protocol'

/** Failures of data sets. */
export type DatasetFailure =
  /** A file of a shipped set is missing or not JSON: the checkout is damaged, install again. */
  | { readonly code: 'ERR_DATASET_UNREADABLE'; readonly dataset: string }
  /** A shipped set's bytes do not give the CID of its manifest: somebody changed a figure; install again. */
  | {
      readonly code: 'ERR_DATASET_CID_MISMATCH'
      readonly dataset: string
      readonly expected: string
      readonly actual: string
    }
  /** A source file for the build has an unexpected row (bad number, repeated key, missing column). */
  | { readonly code: 'ERR_DATASET_SOURCE'; readonly file: string; readonly row: number }

/** Error of `datasets/`. */
export class DatasetError extends CodedError<DatasetFailure> {}
