import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getBytes, TypedDataEncoder } from 'ethers'
import type { CID } from 'multiformats/cid'
import { extractBill } from '#audit'
import type { Sandbox } from '#audit'
import { loadDatasets } from '#datasets'
import {
  addressOfPrivateKey,
  announceBatch,
  cidOfBlock,
  decodeGossip,
  decodeSyncRecord,
  digestOf,
  encodeBatch,
  encodeCanonical,
  encodeCharter,
  encodeGossip,
  encodeRegion,
  encodeSyncRecord,
  encodeSyncRequest,
  protocolPrefix,
  signDigest,
  signVote,
  toHex,
  ZERO_32,
} from '#protocol'
import type { Announcement, Batch, Claim, GossipMessage, SyncRecord, Vote, VoteContent } from '#protocol'
import { Archive, openBlockStore, seal } from '#storage'
import type { BlockStore } from '#storage'
import { ArchiveKeys } from '../../node/archive-keys.ts'
import { BatchLoader } from '../../node/batch-loader.ts'
import type { LoadedBatch } from '../../node/batch-loader.ts'
import { buildClaim, Examiner } from '../../node/examiner.ts'
import { hashFile } from '../../node/hash-file.ts'
import { BlockExchange } from '../../node/network/blocks.ts'
import { createNetwork } from '../../node/network/network.ts'
import type { Network } from '../../node/network/types.ts'
import { createRegionContext } from '../../node/region-context.ts'
import type { RegionContext } from '../../node/region-context.ts'
import type { LiveRegion } from './live-region.ts'
import { until } from './until.ts'

const IN_PROCESS: Sandbox = { extract: async (bytes) => extractBill(bytes), close: async () => undefined }

/** What a rogue's batch is made of. */
export type RogueBatch = {
  readonly claims: readonly Claim[]
  readonly seq: number
  readonly prev?: CID | null
  /** Claims that go into the sealed part instead of `claims`; the public leaves are always those of `claims`. */
  readonly sealed?: readonly Claim[]
}

/**
 * A peer that holds a key of the committee and follows no rule: it speaks through the real transport, and says whatever
 * a test tells it to.
 */
export class Rogue {
  readonly context: RegionContext
  readonly network: Network
  readonly archive: Archive
  readonly blocks: BlockStore
  /** All that it has heard on the region's topic. */
  readonly heard: GossipMessage[] = []
  /** Blocks that peers have asked it for in bulk, in their order; again where they asked again. */
  readonly wanted: string[] = []
  /** Blocks that it has put aside: neither bulk requests nor bitswap get them. */
  readonly #hidden: { readonly cid: CID; readonly bytes: Uint8Array }[] = []
  /** What it answers to a peer's sync, by the peer's address in hex. */
  syncAnswer: (peer: string) => readonly (SyncRecord | Uint8Array)[] = () => []
  #asked = 0
  readonly #examiner: Examiner
  readonly #loader: BatchLoader
  readonly #folder: string
  readonly #prefix: string

  private constructor(parts: {
    context: RegionContext
    network: Network
    blocks: BlockStore
    examiner: Examiner
    folder: string
  }) {
    const { context, network, blocks, examiner, folder } = parts
    this.context = context
    this.network = network
    this.blocks = blocks
    this.#examiner = examiner
    this.#folder = folder
    this.#prefix = protocolPrefix(context.charter)
    this.archive = new Archive({ host: network.helia, flush: async () => blocks.flush() })
    const { archive } = this
    const exchange = new BlockExchange(
      { protocol: `${this.#prefix}/blocks/1` },
      {
        network,
        store: {
          find: async (cid) => {
            this.wanted.push(cid.toString())
            return blocks.find(cid)
          },
          putAll: async (found) => blocks.putAll(found),
          findMissing: async (cid) => archive.findMissing(cid),
        },
        fetchOne: async (cid, signal) => archive.getBlock(cid, { signal }),
      },
    )
    exchange.serve()
    this.#loader = new BatchLoader({
      context,
      archive,
      fetch: async (roots, options) => {
        await exchange.fetchFiles(roots, options)
      },
      peersFor: () => network.peers().map(({ peerId }) => peerId),
    })
    network.handle(`${this.#prefix}/sync/1`, (_request, peer) => this.#answerSync(toHex(peer.address)))
    network.gossip.subscribe(this.#topic, async (bytes) => {
      this.heard.push(decodeGossip(bytes))
      return 'accept'
    })
  }

  /**
   * Joins a region with the key of the auditor at `position`, which must not run.
   *
   * @param stranger a key outside of the committee, and whom to connect with: the peer is admitted, since it has the
   * charter, but is no member.
   */
  static async join(
    region: LiveRegion,
    position: number,
    stranger?: { readonly key: Uint8Array; readonly bootstrap: readonly string[] },
  ): Promise<Rogue> {
    const init = region.nodeInit(position)
    const { charter, regionSecret, archiveKeys } = init
    const member = init.privateKey
    const context = createRegionContext(charter, init.region, {
      address: addressOfPrivateKey(member),
      privateKey: member,
      regionSecret,
      archive: new ArchiveKeys(archiveKeys),
    })
    const privateKey = stranger?.key ?? member
    const bootstrap = stranger?.bootstrap ?? init.bootstrap
    const folder = await mkdtemp(join(tmpdir(), 'kwitness-rogue-'))
    const blocks = await openBlockStore(join(folder, 'blocks'))
    const network = await createNetwork({
      privateKey,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrap,
      hello: encodeCharter(charter),
      judge: () => ({ ok: true }),
      topics: [`${protocolPrefix(charter)}/${init.region}/1`],
      agent: 'rogue',
      blockstore: blocks,
      datastore: blocks.datastore,
      // It sends what honest nodes would not; what they take is up to them.
      limits: { gossipBytes: 1024 * 1024 },
    })
    const rogue = new Rogue({
      context: { ...context, privateKey, address: addressOfPrivateKey(privateKey) },
      network,
      blocks,
      examiner: new Examiner(IN_PROCESS, await loadDatasets()),
      folder,
    })
    await network.start()
    const running = stranger?.bootstrap.length ?? region.nodes.filter((node) => node !== undefined).length
    await until('the rogue is connected to all that run', () => network.peers().length >= running)
    await rogue.#untilHeardBy(running)
    return rogue
  }

  async stop(): Promise<void> {
    await this.network.stop()
    await this.blocks.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  // Subscriptions are exchanged some time after the connection is up; what is said before is lost. Announcements for
  // another region are neither taken nor held against their sender.
  async #untilHeardBy(count: number): Promise<void> {
    const { announcement } = await this.makeBatch({ claims: [], seq: 1 })
    let seq = 1
    await until('the rogue is heard', async () => {
      const elsewhere = { ...announcement, region: 'elsewhere', seq: (seq += 1), claims: 1 }
      const bytes = encodeGossip({ kind: 'announcement', announcement: elsewhere })
      return (await this.network.gossip.publish(this.#topic, bytes)) >= count
    })
  }

  /** Stays connected with an auditor that has another address since it was restarted. */
  async reconnect(region: LiveRegion, positions: readonly number[]): Promise<void> {
    for (const position of positions) {
      const { address, listen } = region.node(position).health()
      this.network.keepConnected(listen[0] ?? '')
      await until(`the rogue is connected to auditor ${position}`, () =>
        this.network.peers().some((peer) => toHex(peer.address) === address),
      )
    }
    await this.#untilHeardBy(positions.length)
  }

  /** Announces blocks without ever having them: nobody can get them from it before {@link reveal}. */
  async hide(cid: CID): Promise<void> {
    this.#hidden.push({ cid, bytes: await this.archive.getBlock(cid, { offline: true }) })
    await this.blocks.delete(cid)
  }

  async reveal(): Promise<void> {
    // Through Helia, so that peers that still want a block are told of it.
    for (const { cid, bytes } of this.#hidden.splice(0)) await this.network.helia.blockstore.put(cid, bytes)
  }

  get #topic(): string {
    return `${this.#prefix}/${this.context.region.name}/1`
  }

  /** Stores a bill and gives the claim that an honest sponsor would make of it, the first of its file. */
  async claimOf(bill: Uint8Array, visibility: 'public' | 'sealed' = 'public'): Promise<Claim> {
    const plainHash = hashFile(bill)
    const stored = visibility === 'sealed' ? await seal(bill, [this.context.region.archiveRecipient]) : bill
    const { cid } = await this.archive.addBill(stored)
    const signal = new AbortController().signal
    const examination = await this.#examiner.examine(bill, plainHash, undefined, signal)
    const examined = examination.kind === 'facts' ? examination.bills[0] : undefined
    if (examined === undefined) throw new Error('the rogue cannot read its bill')
    const parts = { bill: cid, plainHash, ordinal: 0, holder: plainHash, salt: plainHash }
    return buildClaim(this.context, parts, examined)
  }

  /** Makes a batch and stores its block; nobody hears of it yet. */
  async makeBatch(rogueBatch: RogueBatch): Promise<{ batch: Batch; announcement: Announcement }> {
    const { claims, seq, prev = null, sealed } = rogueBatch
    const { domain, region, epoch, address, privateKey } = this.context
    const leaves = this.#loader.leavesOf(claims)
    const batch: Batch = {
      v: 1,
      network: domain.networkId,
      region: region.name,
      epoch,
      sponsor: address,
      seq,
      prev,
      entries: claims.map((claim, i) =>
        sealed === undefined
          ? { kind: 'public', claim }
          : { kind: 'sealed', bill: claim.bill, leaf: leaves[i] ?? ZERO_32 },
      ),
      sealed: sealed === undefined ? null : await seal(encodeCanonical(sealed), [region.archiveRecipient]),
    }
    await this.archive.putBlock(encodeBatch(batch))
    return { batch, announcement: announceBatch(domain, batch, privateKey) }
  }

  /** Makes a batch and announces it. */
  async propose(rogueBatch: RogueBatch): Promise<Announcement> {
    const { announcement } = await this.makeBatch(rogueBatch)
    await this.offer(announcement)
    return announcement
  }

  /** Announces a batch by gossip and, until the next one, by sync: gossip alone may be lost. */
  async offer(announcement: Announcement): Promise<void> {
    this.syncAnswer = () => [{ kind: 'batch', announcement, certificate: null, votes: [] }]
    await this.say({ kind: 'announcement', announcement })
  }

  /** Stores a batch, and signs an announcement that says of it what `header` says. */
  async announce(batch: Batch, header: Partial<Announcement>): Promise<Announcement> {
    await this.archive.putBlock(encodeBatch(batch))
    const { domain, address, privateKey } = this.context
    const { region, epoch, seq, prev } = batch
    const content = {
      region,
      epoch,
      seq,
      prev,
      batch: cidOfBlock(encodeBatch(batch)),
      claims: batch.entries.length,
      ...header,
    }
    const types = {
      Batch: [
        { name: 'region', type: 'bytes32' },
        { name: 'epoch', type: 'uint64' },
        { name: 'seq', type: 'uint64' },
        { name: 'prev', type: 'bytes32' },
        { name: 'batch', type: 'bytes32' },
        { name: 'claims', type: 'uint32' },
      ],
    }
    const digest = TypedDataEncoder.hash(
      {
        name: 'kWitness',
        version: '1',
        chainId: domain.chainId,
        verifyingContract: toHex(domain.registry),
        salt: toHex(domain.networkId),
      },
      types,
      {
        ...content,
        region: encodeRegion(content.region),
        prev: content.prev === null ? ZERO_32 : digestOf(content.prev),
        batch: digestOf(content.batch),
      },
    )
    return { ...content, sponsor: address, signature: signDigest(getBytes(digest), privateKey) }
  }

  /** Tells the region something that has the form of a message. */
  async say(message: GossipMessage): Promise<void> {
    await this.sayBytes(encodeGossip(message))
  }

  /** Tells the region any bytes. */
  async sayBytes(bytes: Uint8Array): Promise<void> {
    await this.network.gossip.publish(this.#topic, bytes)
  }

  /** A vote with the given content, signed by this key and naming `voter`. */
  voteOn(content: VoteContent, bitmap: Uint8Array, voter: Uint8Array = this.context.address): Vote {
    const { domain, privateKey } = this.context
    return { content, bitmap, refusals: [], voter, signature: signVote(domain, content, privateKey) }
  }

  /** Votes on a batch that it has heard so far, one of each voter. */
  votesOn(batch: CID): Vote[] {
    const votes = new Map<string, Vote>()
    for (const message of this.heard) {
      if (message.kind === 'vote' && message.vote.content.batch.equals(batch)) {
        votes.set(toHex(message.vote.voter), message.vote)
      }
    }
    return [...votes.values()]
  }

  /** Waits until `count` auditors have voted on a batch. */
  async untilVotes(batch: CID, count: number): Promise<Vote[]> {
    return until(`${count} votes on ${batch.toString()}`, async () => {
      // What gossip lost is asked for, as long as there is no certificate.
      if (this.votesOn(batch).length < count) await this.learn()
      const votes = this.votesOn(batch)
      return votes.length >= count ? votes : undefined
    })
  }

  /** All that honest auditors tell a newcomer: withdrawals, and every batch with its certificate. */
  async learn(): Promise<SyncRecord[]> {
    const { region, epoch, committee } = this.context
    const chains = committee.map((sponsor) => ({ sponsor, knownUpTo: 0, open: [] }))
    const withdrawals = committee.map((sponsor) => ({ sponsor, knownUpTo: 0 }))
    const request = encodeSyncRequest({ region: region.name, epoch, chains, anchoredUpTo: 0, withdrawals })
    const records: SyncRecord[] = []
    for (const { peerId } of this.network.peers()) {
      try {
        for await (const frame of this.network.request(peerId, `${this.#prefix}/sync/1`, request, {
          timeoutMs: 2_000,
        })) {
          const record = decodeSyncRecord(frame)
          records.push(record)
          if (record.kind === 'batch') this.heard.push(...record.votes.map((vote) => ({ kind: 'vote' as const, vote })))
        }
      } catch {
        // A peer that was stopped a moment ago; the others answer.
      }
    }
    return records
  }

  /** A batch with its claims opened, fetched from those who have it. */
  async load(announcement: Announcement): Promise<LoadedBatch> {
    return this.#loader.load(announcement, AbortSignal.timeout(10_000))
  }

  /** Waits until peers have asked it `count` more times what they lack. */
  async untilAsked(count: number): Promise<void> {
    const enough = this.#asked + count
    await until(`${count} peers ask`, () => this.#asked >= enough)
  }

  async *#answerSync(peer: string): AsyncGenerator<Uint8Array> {
    this.#asked += 1
    for (const record of this.syncAnswer(peer)) {
      yield record instanceof Uint8Array ? record : encodeSyncRecord(record)
    }
  }
}
