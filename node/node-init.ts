import type { Logger } from 'pino'
import type { ApiKeyRecord } from '#api'
import type { NamedTrustList } from '#audit'
import type { Charter } from '#protocol'
import type { ArchiveKey } from './archive-keys.ts'
import type { ChainInit } from './anchoring/anchoring.ts'
import type { AnchorPace } from './anchoring/transmitter.ts'
import type { DiskSpace } from './service/disk.ts'
import type { TlsFiles } from './tls-files.ts'

/** Everything that an auditor is started with; secrets are already opened. */
export type NodeInit = {
  readonly dataDir: string
  readonly charter: Charter
  readonly region: string
  /** 32-byte key of the auditor. */
  readonly privateKey: Uint8Array
  /** 32-byte key that pays for anchors; without it the node signs anchors and does not send them. */
  readonly payerKey?: Uint8Array
  readonly regionSecret: Uint8Array
  /** The region's archive keys, by epoch. */
  readonly archiveKeys: readonly ArchiveKey[]
  /** Whose signatures make a bill `utility-signed`; the charter names its CID. @default the shipped list: nobody's */
  readonly trust?: NamedTrustList
  readonly listen: readonly string[]
  readonly bootstrap: readonly string[]
  readonly chain: ChainInit
  readonly anchor: AnchorPace
  /** Keys of `api-keys.json`: those that the store does not know are taken over at the start. @default none */
  readonly apiKeys?: readonly ApiKeyRecord[]
  /** Whether strangers may ask for blocks by HTTP. @default true */
  readonly gateway?: boolean
  /** Whether webhooks may reach addresses that are not public, and plain http. @default not */
  readonly webhooks?: { readonly allowPrivate: boolean }
  /** Certificate of the API, where it has one: a renewal that failed is told. */
  readonly tls?: Pick<TlsFiles, 'problem'>
  /** Space on the disk of a folder. @default what the file system says */
  readonly readDiskSpace?: (folder: string) => Promise<DiskSpace>
  readonly batch: { readonly lingerMs: number }
  readonly sync: { readonly intervalMs: number }
  readonly log: Logger
}
