import type { CID } from 'multiformats/cid'
import { LIMITS } from '#protocol'
import type { Archive } from '#storage'
import type { RegionContext } from './region-context.ts'

/** Stored bills, opened with the region's archive keys where they are sealed. */
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
   * @throws {ArchiveError | SealingError} when blocks are missing, or the file cannot be opened with an archive key.
   */
  async readPlain(cid: CID, visibility: 'public' | 'sealed', signal: AbortSignal): Promise<Uint8Array> {
    const stored = await this.#archive.readBill(cid, { maxBytes: LIMITS.sealedBillBytes, signal, offline: true })
    return visibility === 'sealed' ? this.#context.archive.open(stored, this.#context.epoch) : stored
  }
}
