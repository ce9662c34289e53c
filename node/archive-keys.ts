import { IDENTITIES_LIMIT, Unsealer } from '#storage'

/** A key of a region's archive: of the founding, or of a later committee. */
export type ArchiveKey = {
  /** Epoch of the committee that it was made for; sealed bills are made for it from then on. */
  readonly epoch: number
  /** `AGE-SECRET-KEY-1…` */
  readonly identity: string
  /** `age1…`; of epoch 0 it is the one that the charter names. */
  readonly recipient: string
}

/**
 * Most archive keys that a region has: each change of its committee makes one, and a file that none opens is tried with
 * all of them.
 */
export const ARCHIVE_KEYS_LIMIT = IDENTITIES_LIMIT

/**
 * The archive keys that a member of a region holds, by epoch. A file is sealed for the newest whose epoch has begun, and
 * opened with any: what an earlier committee archived stays readable, and who left it has no key for what comes after.
 */
export class ArchiveKeys {
  /** Newest first. */
  readonly #keys: readonly ArchiveKey[]
  /** By the key that is tried first. */
  readonly #unsealers = new Map<ArchiveKey, Unsealer>()

  /** @param keys at least the one of epoch 0, at most {@link ARCHIVE_KEYS_LIMIT}, one for an epoch. */
  constructor(keys: readonly ArchiveKey[]) {
    this.#keys = keys.toSorted((a, b) => b.epoch - a.epoch)
  }

  #at(epoch: number): ArchiveKey {
    const key = this.#keys.find((it) => it.epoch <= epoch)
    if (key === undefined) throw new TypeError('a region has an archive key from its first epoch on')
    return key
  }

  /** Recipient that is sealed for in an epoch. */
  recipientAt(epoch: number): string {
    return this.#at(epoch).recipient
  }

  /**
   * The contents of an age file for the region.
   *
   * @param epoch when it was most likely sealed: the key of that time is tried first, then the others, newest first.
   * @throws {SealingError} as `unseal`.
   */
  async open(sealed: Uint8Array, epoch: number): Promise<Uint8Array> {
    return this.#unsealerFor(this.#at(epoch)).open(sealed)
  }

  #unsealerFor(first: ArchiveKey): Unsealer {
    const known = this.#unsealers.get(first)
    if (known !== undefined) return known
    const keys = [first, ...this.#keys.filter((it) => it !== first)]
    const unsealer = new Unsealer(keys.map(({ identity }) => identity))
    this.#unsealers.set(first, unsealer)
    return unsealer
  }
}
