import { ApiError } from '#api'
import type { AnchorView, BatchView, CommitteeView, MemberView, Page, RegionsView, RegionView } from '#api'
import { cidOfDigest, DAG_CBOR_CODE, digestOf, equalBytes, fromHex, quorumOf, toHex } from '#protocol'
import { keyOfNumber } from '#storage'
import type { AnchorRecord, BatchRecord, Store } from '#storage'
import { findCid } from '../intake.ts'
import type { Network } from '../network/types.ts'
import type { RegionContext } from '../region-context.ts'

/** What the region is read from. */
export type RegionsComponents = {
  readonly context: RegionContext
  readonly store: Pick<Store, 'anchors' | 'batches'>
  readonly network: Pick<Network, 'peers' | 'peerId'>
}

/** Batches that one page looks at where only some states are asked for: a page never scans the whole history. */
const SCANNED_BATCHES = 2_000

/** What anybody may know of the network: its regions, this region's committee, its batches and anchors. */
export class Regions implements RegionsView {
  readonly #components: RegionsComponents

  constructor(components: RegionsComponents) {
    this.#components = components
  }

  listRegions(): RegionView[] {
    const { context } = this.#components
    return context.charter.regions.map((region) => ({
      name: region.name,
      jurisdictions: region.jurisdictions,
      committeeSize: region.committee.length,
      quorum: quorumOf(region.committee.length),
      archiveRecipient: region.archiveRecipient,
      own: region.name === context.region.name,
    }))
  }

  committee(): CommitteeView {
    const { context, network } = this.#components
    const peers = network.peers()
    const members = context.committee.map((address): MemberView => {
      const self = equalBytes(address, context.address)
      const peerId = self ? network.peerId : peers.find((peer) => equalBytes(peer.address, address))?.peerId
      const known = peerId === undefined ? {} : { peerId }
      return { address: toHex(address), self, connected: peerId !== undefined, ...known }
    })
    const alive = members.filter(({ connected }) => connected).length
    const { region, epoch, quorum } = context
    return { region: region.name, epoch, quorum, margin: alive - quorum, members }
  }

  async listAnchors({
    limit,
    cursor,
  }: {
    readonly limit: number
    readonly cursor?: string
  }): Promise<Page<AnchorView>> {
    const below = cursor === undefined ? {} : { below: keyOfNumber(parseSeq(cursor)) }
    const items: AnchorView[] = []
    for await (const [, record] of this.#components.store.anchors.entries({ reverse: true, limit, ...below })) {
      items.push(describeAnchor(record))
    }
    const last = items.at(-1)
    // The first anchor has the number 1: nothing is older.
    const hasMore = items.length === limit && last !== undefined && last.seq > 1
    return { items, ...(hasMore ? { next: String(last.seq) } : {}) }
  }

  async findAnchor(seq: number): Promise<AnchorView | undefined> {
    const record = await this.#components.store.anchors.find(keyOfNumber(seq))
    return record === undefined ? undefined : describeAnchor(record)
  }

  async listBatches(query: {
    readonly limit: number
    readonly cursor?: string
    readonly state?: BatchView['state']
  }): Promise<Page<BatchView>> {
    const { limit, cursor, state } = query
    const from = cursor === undefined ? {} : { from: afterDigest(cursor) }
    const scanned = state === undefined ? limit : SCANNED_BATCHES
    const items: BatchView[] = []
    let seen = 0
    let last: Uint8Array | undefined
    for await (const [digest, record] of this.#components.store.batches.entries({ limit: scanned, ...from })) {
      seen += 1
      last = digest
      if (state === undefined || record.state === state) items.push(describeBatch(digest, record))
      if (items.length === limit) break
    }
    const isEnd = last === undefined || (seen < scanned && items.length < limit)
    return { items, ...(isEnd || last === undefined ? {} : { next: toHex(last).slice(2) }) }
  }

  async findBatch(cid: string): Promise<BatchView | undefined> {
    const parsed = findCid(cid)
    if (parsed?.code !== DAG_CBOR_CODE) return undefined
    const digest = digestOf(parsed)
    const record = await this.#components.store.batches.find(digest)
    return record === undefined ? undefined : describeBatch(digest, record)
  }
}

function describeAnchor({ anchor, manifest, state, transactionHash, blockNumber, gasUsed }: AnchorRecord): AnchorView {
  return {
    seq: anchor.seq,
    epoch: anchor.epoch,
    root: toHex(anchor.root),
    manifest: manifest.toString(),
    claims: anchor.claims,
    gramsLocation: anchor.gramsLocation,
    gramsMarket: anchor.gramsMarket,
    state,
    tx: toHex(transactionHash),
    block: blockNumber,
    gasUsed,
  }
}

function describeBatch(digest: Uint8Array, record: BatchRecord): BatchView {
  const { announcement, state, certificate, anchorSeq } = record
  return {
    cid: cidOfDigest(digest, DAG_CBOR_CODE).toString(),
    sponsor: toHex(announcement.sponsor),
    epoch: announcement.epoch,
    seq: announcement.seq,
    claims: announcement.claims,
    state,
    ...(certificate === undefined
      ? {}
      : { accepted: certificate.content.accepted, gramsCO2e: certificate.content.totalGrams }),
    ...(anchorSeq === undefined ? {} : { anchorSeq }),
  }
}

function parseSeq(cursor: string): number {
  if (!/^[0-9]{1,15}$/.test(cursor)) throw badCursor()
  return Number(cursor)
}

/** The first key behind a digest. */
function afterDigest(cursor: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(cursor)) throw badCursor()
  const key = new Uint8Array(33)
  key.set(fromHex(`0x${cursor}`, 32))
  return key
}

function badCursor(): ApiError {
  return new ApiError('the cursor is none of this list: start again without one', { code: 'ERR_API_CURSOR' })
}
