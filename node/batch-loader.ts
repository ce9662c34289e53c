import { decode as decodeCbor } from '@ipld/dag-cbor'
import type { CID } from 'multiformats/cid'
import {
  billOfEntry,
  claimIdOf,
  claimShape,
  decodeBatch,
  digestOf,
  equalBytes,
  leafOf,
  parseShape,
  ProtocolError,
  verifyBatchMatches,
} from '#protocol'
import type { Announcement, Batch, Claim } from '#protocol'
import type { Archive } from '#storage'
import type { RegionContext } from './region-context.ts'
import type { BillSearch } from './withdrawals/bill-searches.ts'

/** Brings blocks and bills from peers into the block store; each is checked against its CID before it is stored. */
export type FetchBlocks = (
  roots: readonly CID[],
  options: { readonly from: readonly string[]; readonly signal: AbortSignal },
) => Promise<void>

/** What the loader asks about bills that their own sponsor has withdrawn. */
export type WithdrawnBills = {
  /** True if the bytes of a bill are gone everywhere. */
  isWithdrawn(bill: CID, sponsor: Uint8Array): Promise<boolean>
  /** Notes that bills are looked for. @returns what ends it. */
  beginSearch(search: BillSearch): () => void
}

const NONE_WITHDRAWN: WithdrawnBills = { isWithdrawn: async () => false, beginSearch: () => () => undefined }

/** A batch with its claims opened. */
export type LoadedBatch = {
  readonly announcement: Announcement
  readonly digest: Uint8Array
  readonly batch: Batch
  /** In batch order. */
  readonly claims: readonly Claim[]
  readonly leaves: readonly Uint8Array[]
  readonly claimIds: readonly Uint8Array[]
}

/** Gets announced batches and the bills that they speak of. */
export class BatchLoader {
  readonly #context: RegionContext
  readonly #archive: Archive
  readonly #fetch: FetchBlocks
  /** Peers to ask, the sponsor first. */
  readonly #peersFor: (sponsor: Uint8Array) => readonly string[]
  readonly #withdrawals: WithdrawnBills

  constructor(init: {
    context: RegionContext
    archive: Archive
    fetch: FetchBlocks
    peersFor: (sponsor: Uint8Array) => readonly string[]
    /** @default none is withdrawn */
    withdrawals?: WithdrawnBills
  }) {
    this.#context = init.context
    this.#archive = init.archive
    this.#fetch = init.fetch
    this.#peersFor = init.peersFor
    this.#withdrawals = init.withdrawals ?? NONE_WITHDRAWN
  }

  /**
   * The announced batch with its claims; sealed claims are opened with the archive key and must have the public leaves.
   *
   * @throws {ProtocolError} when the batch contradicts its announcement, or a sealed claim its leaf: no node can accept it.
   */
  async load(announcement: Announcement, signal: AbortSignal): Promise<LoadedBatch> {
    const from = this.#peersFor(announcement.sponsor)
    await this.#fetch([announcement.batch], { from, signal })
    const batch = decodeBatch(await this.#archive.getBlock(announcement.batch))
    verifyBatchMatches(this.#context.domain, announcement, batch)
    return this.open(announcement, batch, await this.#openSealed(batch))
  }

  /** The batch with claims that are known already: the sponsor's own. */
  open(
    announcement: Announcement,
    batch: Batch,
    sealedClaims: readonly Claim[],
    knownLeaves?: readonly Uint8Array[],
  ): LoadedBatch {
    const { domain } = this.#context
    let nextSealed = 0
    const claims: Claim[] = []
    const leaves: Uint8Array[] = []
    for (const entry of batch.entries) {
      const claim = entry.kind === 'public' ? entry.claim : sealedClaims[nextSealed++]
      if (claim === undefined) throw mismatch('a sealed claim is missing')
      const leaf = knownLeaves?.[claims.length] ?? leafOf(domain, batch.region, claim)
      if (entry.kind === 'sealed' && (!equalBytes(leaf, entry.leaf) || !claim.bill.equals(entry.bill))) {
        throw mismatch('a sealed claim differs from its leaf or bill')
      }
      claims.push(claim)
      leaves.push(leaf)
    }
    // Two equal leaves would let one certificate fit two bitmaps; an honest sponsor's salts never repeat.
    if (new Set(leaves.map((leaf) => leaf.join())).size !== leaves.length) throw mismatch('two claims have one leaf')
    if (nextSealed !== sealedClaims.length) throw mismatch('there are more sealed claims than entries')
    const claimIds = claims.map((claim) => claimIdOf(domain, batch.region, claim))
    return { announcement, digest: digestOf(announcement.batch), batch, claims, leaves, claimIds }
  }

  /** Leaves of claims of this region. */
  leavesOf(claims: readonly Claim[]): Uint8Array[] {
    return claims.map((claim) => leafOf(this.#context.domain, this.#context.region.name, claim))
  }

  /**
   * Brings the bills of a batch into the archive, but for those that its sponsor has withdrawn: a withdrawal that comes while
   * they are looked for ends the search for what it names.
   *
   * @param isCertified a quorum has certified the batch.
   */
  async fetchBills(loaded: LoadedBatch, signal: AbortSignal, isCertified = false): Promise<void> {
    const { sponsor } = loaded.announcement
    const { entries } = loaded.batch
    const wanted = new Map(entries.map((entry) => [billOfEntry(entry).toString(), billOfEntry(entry)]))
    const sealed = entries.filter(({ kind }) => kind === 'sealed').map((entry) => billOfEntry(entry).toString())
    // Each turn begins with a withdrawal that is news and names a bill of the batch: there is an end to them.
    for (;;) {
      const changed = new AbortController()
      const search = { sponsor, bills: new Set(sealed), isCertified, onWithdrawn: () => changed.abort() }
      // Begun before looking at what is known: what comes between is not missed.
      const endSearch = this.#withdrawals.beginSearch(search)
      try {
        for (const bill of await this.listWithdrawn(loaded)) wanted.delete(bill.toString())
        const ended = AbortSignal.any([signal, changed.signal])
        await this.#fetch([...wanted.values()], { from: this.#peersFor(sponsor), signal: ended })
        return
      } catch (cause) {
        if (!changed.signal.aborted || signal.aborted) throw cause
      } finally {
        endSearch()
      }
    }
  }

  /** Sealed bills of a batch that its own sponsor has withdrawn. */
  async listWithdrawn({ batch, announcement }: LoadedBatch): Promise<CID[]> {
    const withdrawn: CID[] = []
    for (const entry of batch.entries) {
      if (entry.kind === 'sealed' && (await this.#withdrawals.isWithdrawn(entry.bill, announcement.sponsor)))
        withdrawn.push(entry.bill)
    }
    return withdrawn
  }

  async #openSealed(batch: Batch): Promise<Claim[]> {
    if (batch.sealed === null) return []
    let value: unknown
    try {
      value = decodeCbor(await this.#context.archive.open(batch.sealed, batch.epoch))
    } catch (cause) {
      throw mismatch('the sealed part cannot be read', cause)
    }
    if (!Array.isArray(value)) throw mismatch('the sealed part is no list')
    return value.map((claim: unknown) => parseShape(claimShape, claim, 'sealed claim'))
  }
}

function mismatch(message: string, cause?: unknown): ProtocolError {
  return new ProtocolError(`batch: ${message}`, { code: 'ERR_PROTOCOL_MISMATCH', place: 'sealed' }, { cause })
}
