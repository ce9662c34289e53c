import { CodedError } from '#protocol'

/** Failures of the store. */
export type StorageFailure =
  /** Another process has the data directory open: stop it, or use another directory. */
  | { readonly code: 'ERR_STORAGE_LOCKED'; readonly path: string }
  /** The store cannot be opened or read: disk, permissions, or damage. */
  | { readonly code: 'ERR_STORAGE_BROKEN'; readonly path: string }
  /** The store was written for another network or by another format version. */
  | { readonly code: 'ERR_STORAGE_FOREIGN'; readonly path: string }
  /** A record that must exist is absent. */
  | { readonly code: 'ERR_STORAGE_ABSENT'; readonly bucket: string }

/** Error of the database half of `storage/`. */
export class StorageError extends CodedError<StorageFailure> {}
