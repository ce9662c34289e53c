import type { CID } from 'multiformats/cid'
import { LIMITS } from '#protocol'
import type { Archive } from '#storage'
import { unseal } from '#storage'
import type { RegionContext } from './region-context.ts'

/** First bytes of every age file; a bill that starts with them is sealed. */
const AGE_MAGIC = new TextEncoder().encode('age-encryption.org/')

/** True if bytes are an age file. */
export function isAgeFile(bytes: Uint8Array): boolean {
  return AGE_MAGIC.every((byte, i) => bytes[i] === byte)
}

/** Stored bills, opened with the region's archive key where they are sealed. */
export class BillVault {
  readonly #archive: Archive
  readonly #context: RegionContext

  constructor(archive: Archive, context: RegionContext) {
    this.#archive = archive
    this.#context = context
  }

  /**
   * The bill's own bytes.
   *
   * @throws {ArchiveError | SealError} when blocks are missing, or the file cannot be opened with the archive key.
   */
  async readPlain(cid: CID, visibility: 'public' | 'sealed', signal: AbortSignal): Promise<Uint8Array> {
    const stored = await this.#archive.readBill(cid, { maxBytes: LIMITS.sealedBillBytes, signal, offline: true })
    return visibility === 'sealed' ? unseal(stored, [this.#context.archiveIdentity]) : stored
  }
}
