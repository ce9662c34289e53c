import { CodedError } from '#protocol'

/** Failures of data sets. */
export type DatasetFailure =
  /** A file of a set is missing, too large or not JSON: the checkout is damaged, install again. */
  | { readonly code: 'ERR_DATASET_UNREADABLE'; readonly dataset: string }
  /** A set's bytes do not give the hash or the CID of its manifest: somebody changed a figure; install again. */
  | {
      readonly code: 'ERR_DATASET_CID_MISMATCH'
      readonly dataset: string
      readonly expected: string
      readonly actual: string
    }
  /** A set has the right hash and the wrong shape (`place` says where), or two sets have one name: build it again. */
  | { readonly code: 'ERR_DATASET_SHAPE'; readonly dataset: string; readonly place: string }
  /** A source table for the build has an unexpected row or is not the one that was reviewed; `row` counts from 1. */
  | { readonly code: 'ERR_DATASET_SOURCE'; readonly file: string; readonly row: number }

/** Error of `datasets/`. */
export class DatasetError extends CodedError<DatasetFailure> {}
