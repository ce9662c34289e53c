import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import type { BillStatus, NodeHealth, NodeView, PeerRefusal, PeerStatus, ReviewView, Submission } from '#api'
import { createSandbox } from '#audit'
import type { NamedTrustList, Sandbox } from '#audit'
import { isEquivocation } from '#consensus'
import { loadDatasets } from '#datasets'
import {
  addressOfPrivateKey,
  charterCid,
  DAG_PB_CODE,
  decodeCharter,
  encodeCharter,
  equalBytes,
  errorCodeOf,
  explainDifference,
  isBitSet,
  protocolPrefix,
  RAW_CODE,
  toHex,
} from '#protocol'
import type { Certificate, Charter, Equivocation, GossipMessage, ReviewEntry } from '#protocol'
import { Archive, openBlockStore, Store } from '#storage'
import type { BlockStore } from '#storage'
import { Anchoring } from './anchoring/anchoring.ts'
import type { ChainInit } from './anchoring/anchoring.ts'
import type { AnchorPace } from './anchoring/transmitter.ts'
import { BatchLoader } from './batch-loader.ts'
import type { FetchBlocks, LoadedBatch } from './batch-loader.ts'
import { BillVault, isAgeFile } from './bill-vault.ts'
import { Examiner } from './examiner.ts'
import { findCid, Intake } from './intake.ts'
import { Ledger } from './ledger.ts'
import { BlockExchange } from './network/blocks.ts'
import { createNetwork } from './network/network.ts'
import type { Network, Verdict } from './network/types.ts'
import { NodeError } from './node-error.ts'
import { Polls } from './polls.ts'
import { ProofDesk } from './proofs.ts'
import { createRegionContext, isMember } from './region-context.ts'
import type { RegionContext } from './region-context.ts'
import { RegionGossip } from './region-gossip.ts'
import { checkRules } from './rules-check.ts'
import { ReviewDesk } from './review/review-desk.ts'
import { Sponsor } from './sponsor.ts'
import { Statuses } from './statuses.ts'
import { Sync } from './sync.ts'
import { VERSION } from './version.ts'
import { Voter } from './voter.ts'

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
  readonly archiveIdentity: string
  /** Whose signatures make a bill `utility-signed`; the charter names its CID. @default the shipped list: nobody's */
  readonly trust?: NamedTrustList
  readonly listen: readonly string[]
  readonly bootstrap: readonly string[]
  readonly chain: ChainInit
  readonly anchor: AnchorPace
  readonly batch: { readonly lingerMs: number }
  readonly sync: { readonly intervalMs: number }
  readonly log: Logger
}

/** Extraction threads of the process that reads bills: a second one takes over while the first is busy with a large bill. */
const SANDBOX = { workers: 2, memoryMb: 256, timeoutMs: 10_000 } as const

/**
 * Opens the stores of an auditor and checks its rules against the charter; `start` then joins the network.
 *
 * @throws {NodeError} ERR_NODE_RULES, ERR_NODE_REGION, ERR_NODE_NOT_MEMBER, ERR_NODE_REGION_KEYS.
 * @throws {StorageError} ERR_STORAGE_LOCKED when another process has the data directory.
 */
export async function createNode(init: NodeInit): Promise<AuditorNode> {
  const factors = await loadDatasets()
  await checkRules(init.charter, factors, init.trust)
  const context = createRegionContext(init.charter, init.region, {
    address: addressOfPrivateKey(init.privateKey),
    privateKey: init.privateKey,
    regionSecret: init.regionSecret,
    archiveIdentity: init.archiveIdentity,
  })
  const store = await Store.open(join(init.dataDir, 'store'), context.domain.networkId)
  const blocks = await openBlockStore(join(init.dataDir, 'blocks'))
  const network = await createNetwork({
    privateKey: init.privateKey,
    listen: init.listen,
    bootstrap: init.bootstrap,
    hello: encodeCharter(init.charter),
    judge: (hello) => judgeCharter(init.charter, hello),
    topics: [topicOf(init.charter, init.region)],
    agent: `kwitness/${VERSION}`,
    blockstore: blocks,
    datastore: blocks.datastore,
  })
  const sandbox = createSandbox({ ...SANDBOX, ...(init.trust === undefined ? {} : { trust: init.trust.list }) })
  return new AuditorNode(init, { context, store, blocks, network, sandbox, examiner: new Examiner(sandbox, factors) })
}

type NodeParts = {
  readonly context: RegionContext
  readonly store: Store
  readonly blocks: BlockStore
  readonly network: Network
  readonly sandbox: Sandbox
  readonly examiner: Examiner
}

/** One auditor of one region: constructed whole, started and stopped as one. */
export class AuditorNode implements NodeView {
  readonly #init: NodeInit
  readonly #parts: NodeParts
  readonly #network: Network
  readonly #archive: Archive
  readonly #vault: BillVault
  readonly #intake: Intake
  readonly #sponsor: Sponsor
  readonly #voter: Voter
  readonly #polls: Polls
  readonly #sync: Sync
  readonly #gossip: RegionGossip
  readonly #anchoring: Anchoring
  readonly #statuses: Statuses
  readonly #proofs: ProofDesk
  readonly #ledger: Ledger
  readonly #reviews: ReviewDesk
  readonly #listeners = new Set<(bills: readonly string[]) => void>()
  readonly #stopped = new AbortController()
  readonly #startedAtMs = Date.now()

  constructor(init: NodeInit, parts: NodeParts) {
    this.#init = init
    this.#parts = parts
    const { context, store, blocks, examiner } = parts
    const { log, charter } = init
    const prefix = protocolPrefix(charter)
    const syncProtocol = `${prefix}/sync/1`
    const child = (component: string): Logger => log.child({ component })

    this.#network = parts.network
    this.#archive = new Archive({ host: this.#network.helia, flush: async () => blocks.flush() })
    const archive = this.#archive
    const exchange = new BlockExchange(
      { protocol: `${prefix}/blocks/1` },
      {
        network: this.#network,
        store: {
          find: async (cid) => blocks.find(cid),
          putAll: async (found) => blocks.putAll(found),
          findMissing: async (cid) => archive.findMissing(cid),
        },
        fetchOne: async (cid, signal) => archive.getBlock(cid, { signal }),
      },
    )
    exchange.serve()
    const fetch = fetchAll(exchange)
    const peersFor = (member: Uint8Array): string[] => this.#peersFor(member)
    const flushBlocks = async (): Promise<void> => blocks.flush()
    const nowMs = (): number => Date.now()

    this.#vault = new BillVault(archive, context)
    this.#gossip = new RegionGossip({
      gossip: this.#network.gossip,
      topic: topicOf(charter, context.region.name),
      take: async (message) => this.#take(message),
      log: child('gossip'),
    })
    const publish = async (message: GossipMessage): Promise<void> => this.#gossip.publish(message)
    const ledger = new Ledger(context, store, nowMs)
    this.#polls = new Polls(context, store)
    const polls = this.#polls
    const loader = new BatchLoader({ context, archive, fetch, peersFor })
    this.#reviews = new ReviewDesk({
      context,
      store,
      archive,
      vault: this.#vault,
      examiner,
      fetch,
      peersFor,
      flushBlocks,
      publish,
      propose: (bill) => this.#sponsor.add(bill),
      randomBytes: (size) => new Uint8Array(randomBytes(size)),
      log: child('reviews'),
    })
    const reviews = this.#reviews
    this.#voter = new Voter({
      context,
      store,
      ledger,
      polls,
      loader,
      vault: this.#vault,
      examiner,
      findEntry: async (plainHash) => reviews.findEntry(plainHash),
      flushBlocks,
      publish,
      onCertified: async (loaded, certificate) => {
        await reviews.settle(loaded, certificate)
        for (const listener of this.#listeners) listener(certifiedBills(loaded, certificate))
        await this.#sponsor.onCertified(loaded, certificate)
        await this.#pin(loaded)
      },
      onSplit: async (announcement) => this.#sponsor.onSplit(announcement),
      onOwn: (announcement) => this.#sponsor.catchUp(announcement),
      log: child('voter'),
    })
    this.#sponsor = new Sponsor({
      context,
      store,
      archive,
      flushBlocks,
      loader,
      polls,
      publish,
      audit: (loaded) => this.#voter.considerOwn(loaded),
      lingerMs: init.batch.lingerMs,
      log: child('sponsor'),
    })
    this.#intake = new Intake({
      context,
      store,
      archive,
      flushBlocks,
      vault: this.#vault,
      examiner,
      ledger,
      reviews,
      waiting: () => this.#sponsor.waiting,
      propose: (bill) => this.#sponsor.add(bill),
      nowMs,
      randomBytes: (size) => new Uint8Array(randomBytes(size)),
      log: child('intake'),
    })
    this.#anchoring = new Anchoring({
      context,
      store,
      archive,
      flushBlocks,
      fetch,
      peersFor,
      ledger,
      publish,
      adopt: async (announcement, certificate) => this.#voter.adopt(announcement, certificate),
      chain: init.chain,
      payerKey: init.payerKey,
      pace: init.anchor,
      nowMs,
      log: child('anchoring'),
    })
    this.#sync = new Sync({
      context,
      store,
      polls,
      network: this.#network,
      protocol: syncProtocol,
      intervalMs: init.sync.intervalMs,
      take: {
        batch: async (announcement, certificate) => {
          await this.#voter.consider(announcement, certificate)
        },
        vote: async (vote) => this.#voter.count(vote),
        proposal: async (proposal) => this.#anchoring.take(proposal),
        equivocation: async (proof) => {
          await this.#keepEquivocation(ledger, proof)
        },
        review: async (request, notices) => {
          await reviews.takeRequest(request)
          for (const notice of notices) await reviews.takeNotice(notice)
        },
      },
      reviews: reviews.book,
      log: child('sync'),
    })
    this.#network.handle(syncProtocol, (request) => this.#sync.answer(request))
    this.#network.onPeerReady((peer) => this.#sync.with(peer))
    this.#network.onPeerRefused((refusal) => child('network').warn(refusal, 'peer refused'))
    this.#statuses = new Statuses(context, store, (cid) => reviews.progressOf(cid))
    this.#proofs = new ProofDesk({
      context,
      store,
      sources: {
        getBlock: async (cid) => archive.getBlock(cid, { offline: true }),
        loadClaims: async (announcement, signal) => (await loader.load(announcement, signal)).claims,
      },
    })
    this.#ledger = ledger
  }

  /** Joins the network, then takes up what the last stop left open. */
  async start(): Promise<void> {
    try {
      await this.#polls.load()
      await this.#anchoring.load()
      await this.#reviews.load()
      await this.#network.start()
      this.#gossip.start()
      for (const announcement of await this.#sponsor.load()) {
        await this.#voter.consider(announcement)
        await this.#gossip.publish({ kind: 'announcement', announcement })
      }
      const resumed = await this.#intake.resume(this.#stopped.signal)
      await this.#reviews.start()
      this.#sync.start()
      await this.#anchoring.start()
      this.#init.log.info({ address: toHex(this.#parts.context.address), resumed }, 'auditor started')
    } catch (cause) {
      await this.stop()
      throw cause
    }
  }

  /** Stops everything in reverse; what is under way is finished at the next start. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#intake.stop()
    await this.#sync.stop()
    await this.#reviews.stop()
    await this.#sponsor.stop()
    // Before anchoring: an anchor that waits for a batch to be adopted would else wait for its time-out.
    await this.#voter.stop()
    await this.#anchoring.stop()
    await this.#network.stop()
    await this.#parts.sandbox.close()
    await this.#parts.store.close()
    await this.#parts.blocks.close()
  }

  async #take(message: GossipMessage): Promise<boolean> {
    if (message.kind === 'announcement') return this.#voter.consider(message.announcement)
    if (message.kind === 'vote') {
      await this.#voter.count(message.vote)
      return message.vote.content.region === this.#parts.context.region.name
    }
    if (message.kind === 'anchor-signature') return this.#anchoring.takeSignature(message)
    if (message.kind === 'review-request') return this.#reviews.takeRequest(message.request)
    if (message.kind === 'review-notice') return this.#reviews.takeNotice(message.notice)
    return this.#keepEquivocation(this.#ledger, message.equivocation)
  }

  async #keepEquivocation(ledger: Ledger, proof: Equivocation): Promise<boolean> {
    const { context } = this.#parts
    if (!isMember(context, proof.first.sponsor) || !isEquivocation(context.domain, proof)) return false
    return ledger.keepEquivocation(proof)
  }

  // A pin keeps a batch's blocks from any later collection of garbage; the blocks themselves are durable already.
  async #pin(loaded: LoadedBatch): Promise<void> {
    try {
      await this.#archive.pinBatch(loaded.announcement.batch)
    } catch (cause) {
      const batch = loaded.announcement.batch.toString()
      this.#init.log.error({ batch, code: errorCodeOf(cause), err: cause }, 'batch not pinned')
    }
  }

  /** Connected auditors to ask for blocks: the named member first, then the others of the committee. */
  #peersFor(member: Uint8Array): string[] {
    const { context } = this.#parts
    const peers = this.#network.peers().filter((peer) => isMember(context, peer.address))
    const first = peers.filter((peer) => equalBytes(peer.address, member))
    return [...first, ...peers.filter((peer) => !first.includes(peer))].map((peer) => peer.peerId)
  }

  /** Tells the CIDs of bills when a batch with them is certified here. @returns what ends it. */
  onCertified(listener: (bills: readonly string[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async submitBill(submission: Submission, signal: AbortSignal): Promise<BillStatus> {
    if (this.#stopped.signal.aborted) throw new NodeError('the node is stopping', { code: 'ERR_NODE_STOPPED' })
    const { cid, record } = await this.#intake.submit(submission, AbortSignal.any([signal, this.#stopped.signal]))
    const status = record === undefined ? await this.#statuses.find(cid) : await this.#statuses.describe(record, [])
    if (status === undefined) throw new NodeError('the bill vanished', { code: 'ERR_NODE_STOPPED' })
    return status
  }

  async findStatus(cid: string): Promise<BillStatus | undefined> {
    const parsed = findCid(cid)
    return parsed === undefined ? undefined : this.#statuses.find(parsed)
  }

  async listBills(limit: number): Promise<BillStatus[]> {
    return this.#statuses.list(limit)
  }

  async readBill(
    cid: string,
    signal: AbortSignal,
    accountId?: string,
  ): Promise<{ bytes: Uint8Array; sealed: boolean } | undefined> {
    const parsed = findCid(cid)
    const isBill = parsed?.code === RAW_CODE || parsed?.code === DAG_PB_CODE
    if (parsed === undefined || !isBill || !(await this.#archive.hasBill(parsed))) return undefined
    const stored = await this.#vault.readPlain(parsed, 'public', signal)
    if (!isAgeFile(stored)) return { bytes: stored, sealed: false }
    // Only who handed a sealed bill in here gets it opened; everybody else gets the age file.
    if (accountId === undefined || !(await this.#intake.isHolder(parsed, accountId)))
      return { bytes: stored, sealed: true }
    return { bytes: await this.#vault.readPlain(parsed, 'sealed', signal), sealed: false }
  }

  async findProof(cid: string, signal: AbortSignal, ordinal = 0, accountId?: string): Promise<Uint8Array | undefined> {
    const parsed = findCid(cid)
    if (parsed === undefined) return undefined
    const disclose = accountId !== undefined && (await this.#intake.isHolder(parsed, accountId))
    return this.#proofs.findProof(parsed, { ordinal, disclose, signal })
  }

  async findReviewed(
    cid: string,
    { accountId, isReviewer }: { readonly accountId: string; readonly isReviewer: boolean },
  ): Promise<ReviewEntry | undefined> {
    const parsed = findCid(cid)
    if (parsed === undefined) return undefined
    const claims = await this.#statuses.listClaims(parsed)
    // What this auditor's people read stays here until a quorum has read the same: nobody may copy it.
    const reviewed = claims.find(({ claim, state }) => claim.assurance === 'reviewed' && state !== 'proposed')
    if (reviewed === undefined) return undefined
    const isShown = reviewed.visibility === 'public' || isReviewer || (await this.#intake.isHolder(parsed, accountId))
    return isShown ? this.#reviews.findEntry(reviewed.claim.plainHash) : undefined
  }

  async listReviews(): Promise<ReviewView[]> {
    return this.#reviews.list()
  }

  async showReview(cid: string, signal: AbortSignal): Promise<ReviewView> {
    return this.#reviews.show(requireCid(cid), AbortSignal.any([signal, this.#stopped.signal]))
  }

  async readReview(cid: string, signal: AbortSignal): Promise<Uint8Array> {
    return this.#reviews.readPlain(requireCid(cid), signal)
  }

  async enterReview(cid: string, entry: ReviewEntry, signal: AbortSignal): Promise<ReviewView> {
    return this.#reviews.enter(requireCid(cid), entry, AbortSignal.any([signal, this.#stopped.signal]))
  }

  async withdrawReview(cid: string): Promise<ReviewView> {
    return this.#reviews.withdraw(requireCid(cid))
  }

  health(): NodeHealth {
    const { context } = this.#parts
    const connected = this.#network.peers().filter((peer) => isMember(context, peer.address))
    const alive = new Set(connected.map((peer) => toHex(peer.address))).size + 1
    const chain = this.#anchoring.health()
    return {
      ok: alive >= context.quorum,
      region: context.region.name,
      address: toHex(context.address),
      peerId: this.#network.peerId,
      listen: this.#network.addresses(),
      network: charterCid(context.charter).toString(),
      committee: { size: context.committee.length, quorum: context.quorum, alive },
      queue: this.#sponsor.waiting,
      anchorLag: chain.lag,
      chain: chain.state,
      version: VERSION,
      uptimeS: Math.floor((Date.now() - this.#startedAtMs) / 1_000),
      rssBytes: process.memoryUsage.rss(),
    }
  }

  peers(): PeerStatus[] {
    return this.#network.peers().map((peer) => ({
      peerId: peer.peerId,
      address: toHex(peer.address),
      remote: peer.remoteAddr,
      direction: peer.direction,
      since: new Date(peer.since).toISOString(),
      member: isMember(this.#parts.context, peer.address),
    }))
  }

  refusals(): PeerRefusal[] {
    const refusals = this.#network.refusals().map(({ peerId, by, reason, when }) => ({
      peer: peerId,
      reason: by === 'us' ? reason : `it refused us: ${reason}`,
      at: new Date(when).toISOString(),
    }))
    return refusals.toReversed()
  }
}

function requireCid(text: string): CID {
  const cid = findCid(text)
  if (cid !== undefined) return cid
  throw new NodeError(`${text} is not under review here`, { code: 'ERR_REVIEW_UNKNOWN', cid: text })
}

function certifiedBills(loaded: LoadedBatch, certificate: Certificate): string[] {
  return loaded.claims.filter((_, i) => isBitSet(certificate.bitmap, i)).map((claim) => claim.bill.toString())
}

function topicOf(charter: Charter, region: string): string {
  return `${protocolPrefix(charter)}/${region}/1`
}

// DESIGN 3: a peer of another network is refused with what differs.
function judgeCharter(ours: Charter, hello: Uint8Array): Verdict {
  try {
    const differences = explainDifference(ours, decodeCharter(hello))
    if (differences.length === 0) return { ok: true }
    return { ok: false, code: 'ERR_CHARTER_DIFFERS', reason: `other network: ${differences.join('; ')}` }
  } catch (cause) {
    return { ok: false, code: errorCodeOf(cause), reason: 'its charter cannot be read' }
  }
}

function fetchAll(exchange: BlockExchange): FetchBlocks {
  return async (roots: readonly CID[], options): Promise<void> => {
    const { missing } = await exchange.fetchFiles(roots, options)
    if (missing.length > 0) {
      const cids = missing.map((cid) => cid.toString())
      throw new NodeError(`no peer has ${cids.length} of the blocks`, { code: 'ERR_NODE_BLOCKS_MISSING', cids })
    }
  }
}
