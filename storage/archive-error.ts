import { CodedError } from '#protocol'

/** Failures of the archive: blocks, bills, pins. */
export type ArchiveFailure =
  /** Bytes of a block do not hash to its CID: the disk or a peer altered them. Restore the block from another node. */
  | { readonly code: 'ERR_ARCHIVE_HASH'; readonly cid: string }
  /** A block is not here, and was not found at any peer before the signal ended the search. */
  | { readonly code: 'ERR_ARCHIVE_ABSENT'; readonly cid: string }
  /** A bill or block is larger than the caller reads. */
  | { readonly code: 'ERR_ARCHIVE_TOO_LARGE'; readonly cid: string; readonly limitBytes: number }
  /** A CID of a kind that the archive does not read (hash other than sha2-256, unknown codec), or a file too deep. */
  | { readonly code: 'ERR_ARCHIVE_KIND'; readonly cid: string }
  /** Blocks could not be written: the disk is full or broken. The blocks are kept in memory and tried again. */
  | { readonly code: 'ERR_ARCHIVE_WRITE' }

/** Error of the archive half of `storage/`. */
export class ArchiveError extends CodedError<ArchiveFailure> {}
