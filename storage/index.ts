export { ClaimsByBill } from './claims-by-bill.ts'
export { Bucket, Database, keyOfNumber } from './database.ts'
export type { KeyRange, Write } from './database.ts'
export { Store } from './buckets.ts'
export type * from './records.ts'
export { StorageError } from './storage-error.ts'
export type { StorageFailure } from './storage-error.ts'
export { openBlockStore, BlockStore } from './block-store.ts'
export type { Block } from './block-store.ts'
export { Archive, verifyBlock } from './archive.ts'
export type { ArchiveComponents, ArchiveHost, ReadOptions } from './archive.ts'
export { findPinRoots } from './archive-pins.ts'
export { ArchiveError } from './archive-error.ts'
export type { ArchiveFailure } from './archive-error.ts'
export {
  checkRecipient,
  fromArmor,
  generateArchiveKey,
  IDENTITIES_LIMIT,
  isAgeFile,
  recipientOf,
  seal,
  SealingError,
  toArmor,
  unseal,
  Unsealer,
} from './sealing.ts'
export type { SealingFailure } from './sealing.ts'
