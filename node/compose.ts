import { randomBytes } from 'node:crypto'
import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import { isEquivocation } from '#consensus'
import { equalBytes, isBitSet, protocolPrefix } from '#protocol'
import type { Certificate, Equivocation, GossipMessage } from '#protocol'
import { Archive } from '#storage'
import { Anchoring } from './anchoring/anchoring.ts'
import { BatchLoader } from './batch-loader.ts'
import type { FetchBlocks, LoadedBatch } from './batch-loader.ts'
import { BatchPins } from './batch-pins.ts'
import { BillVault } from './bill-vault.ts'
import { BusySponsors } from './busy-sponsors.ts'
import { Intake } from './intake.ts'
import { Ledger } from './ledger.ts'
import type { Meters } from './meters.ts'
import { BlockExchange } from './network/blocks.ts'
import { findAddressOfPeerId } from './network/peer-book.ts'
import type { Network, Refusal } from './network/types.ts'
import { NodeError } from './node-error.ts'
import type { NodeInit } from './node-init.ts'
import { topicOf } from './node-parts.ts'
import type { NodeParts } from './node-parts.ts'
import { Polls } from './polls.ts'
import { ProofDesk } from './proofs.ts'
import { isMember } from './region-context.ts'
import type { RegionContext } from './region-context.ts'
import { RegionGossip } from './region-gossip.ts'
import { ReviewDesk } from './review/review-desk.ts'
import { Accounts } from './service/accounts.ts'
import { forgetDailyCounts } from './service/daily-counts.ts'
import { EventJournal } from './service/event-journal.ts'
import { Shredding } from './service/shredding.ts'
import { removeHolderKey } from './service/take-over.ts'
import { Webhooks } from './service/webhooks.ts'
import { WithdrawnFiles } from './service/withdrawn-files.ts'
import { Sponsor } from './sponsor.ts'
import { Statuses } from './statuses.ts'
import { Sync } from './sync.ts'
import { Voter } from './voter.ts'
import { WithdrawalDesk } from './withdrawals/withdrawal-desk.ts'

/** The components of an auditor that others of `node/` see. */
export type Components = {
  readonly accounts: Accounts
  readonly archive: Archive
  readonly pins: BatchPins
  readonly vault: BillVault
  readonly intake: Intake
  readonly sponsor: Sponsor
  readonly voter: Voter
  readonly polls: Polls
  readonly sync: Sync
  readonly gossip: RegionGossip
  readonly anchoring: Anchoring
  readonly statuses: Statuses
  readonly events: EventJournal
  readonly webhooks: Webhooks
  readonly proofs: ProofDesk
  readonly ledger: Ledger
  readonly reviews: ReviewDesk
  readonly withdrawals: WithdrawalDesk
  readonly withdrawnFiles: WithdrawnFiles
}

/** What is told when a batch is certified here: the CIDs of its accepted bills. */
export type CertifiedListener = (bills: readonly string[]) => void

/** Wires the components of an auditor to each other; nothing acts before `AuditorNode.start`. */
export function compose(init: NodeInit, parts: NodeParts, onCertified: CertifiedListener, meters: Meters): Components {
  const { context, store, blocks, examiner, network } = parts
  const { log, charter } = init
  const prefix = protocolPrefix(charter)
  const syncProtocol = `${prefix}/sync/1`
  const child = (component: string): Logger => log.child({ component })

  const archive = new Archive({ host: network.helia, flush: async () => blocks.flush() })
  const fetch = serveBlocks(prefix, parts, archive)
  const peersFor = (member: Uint8Array): string[] => listPeersFor(context, network, member)
  const flushBlocks = async (): Promise<void> => blocks.flush()
  const nowMs = (): number => Date.now()
  const randomOf = (size: number): Uint8Array => new Uint8Array(randomBytes(size))

  const vault = new BillVault(archive, context)
  const gossip = new RegionGossip({
    gossip: network.gossip,
    topic: topicOf(charter, context.region.name),
    take: async (message) => take(message),
    log: child('gossip'),
  })
  const publish = async (message: GossipMessage): Promise<void> => {
    if (message.kind === 'vote') meters.voted(message.vote.refusals.map(({ code }) => code))
    await gossip.publish(message)
  }
  const busy = new BusySponsors(() => performance.now())
  const ledger = new Ledger(context, store, nowMs)
  const polls = new Polls(context, store)
  const events = new EventJournal({
    store,
    stateOf: async (cid) => statuses.findState(cid),
    isOpen: async (account) => isOpen(account),
    onTold: (before, after) => meters.billMoved(before, after),
    nowMs,
    log: child('events'),
  })
  const webhooks = new Webhooks({
    store,
    events,
    audit: { record: async (...entry) => accounts.audit.record(...entry) },
    allowPrivate: init.webhooks?.allowPrivate ?? false,
    nowMs,
    random: () => Math.random(),
    randomBytes: randomOf,
    onPosted: (ok) => meters.webhookPosted(ok),
    log: child('webhooks'),
  })
  const loader = new BatchLoader({
    context,
    archive,
    fetch,
    peersFor,
    withdrawals: {
      isWithdrawn: async (bill, sponsor) => withdrawals.isWithdrawn(bill, sponsor),
      beginSearch: (search) => withdrawals.searches.begin(search),
    },
  })
  const pins = new BatchPins({ store, archive, loader, log })
  const reviews = new ReviewDesk({
    context,
    store,
    archive,
    vault,
    examiner,
    network,
    protocol: `${prefix}/reviews/1`,
    fetch,
    peersFor,
    flushBlocks,
    publish,
    propose: (bill) => sponsor.add(bill),
    randomBytes: randomOf,
    intervalMs: init.sync.intervalMs,
    log: child('reviews'),
  })
  const voter: Voter = new Voter({
    context,
    store,
    ledger,
    polls,
    loader,
    vault,
    examiner,
    findEntry: async (plainHash) => reviews.findEntry(plainHash),
    flushBlocks,
    publish,
    onCertified: async (loaded, certificate) => {
      const bills = certifiedBills(loaded, certificate)
      events.note(bills)
      await reviews.settle(loaded, certificate)
      onCertified(bills.map(String))
      meters.certified(certificate.content.accepted)
      await sponsor.onCertified(loaded, certificate)
      await pins.add(loaded)
    },
    onSplit: async (announcement) => sponsor.onSplit(announcement),
    onOwn: (announcement) => sponsor.catchUp(announcement),
    onAnnounced: (member) => busy.heard(member),
    log: child('voter'),
  })
  const sponsor: Sponsor = new Sponsor({
    context,
    store,
    archive,
    flushBlocks,
    loader,
    polls,
    publish,
    changes: events,
    audit: (loaded) => voter.considerOwn(loaded),
    lingerMs: init.batch.lingerMs,
    busy,
    nowMs: () => performance.now(),
    log: child('sponsor'),
  })
  const accounts: Accounts = new Accounts({
    store,
    shred: async (account) => shredding.shred(account),
    nowMs,
    randomBytes: randomOf,
    log: child('accounts'),
  })
  const intake = new Intake({
    context,
    store,
    archive,
    flushBlocks,
    vault,
    examiner,
    ledger,
    reviews,
    recipientOf: async (account) => accounts.recipientOf(account),
    quotas: accounts.quotas,
    accountBills: accounts.bills,
    changes: events,
    waiting: () => sponsor.waiting,
    propose: (bill) => sponsor.add(bill),
    nowMs,
    randomBytes: randomOf,
    log: child('intake'),
  })
  // Who was never signed up is not closed: bills of earlier versions.
  const isOpen = async (id: string): Promise<boolean> => ((await accounts.findAccount(id))?.state ?? 'open') === 'open'
  const isKept = async (bill: CID): Promise<boolean> => {
    for (const account of await accounts.bills.accountsOf(bill)) if (await isOpen(account)) return true
    return false
  }
  const withdrawals: WithdrawalDesk = new WithdrawalDesk({
    context,
    store,
    archive,
    blocks,
    reviews,
    intake,
    isKept,
    publish: async (message) => {
      // It is on disk: readers of events are told.
      if (message.kind === 'withdrawal') events.note(message.withdrawal.bills)
      await publish(message)
    },
    nowMs,
    intervalMs: init.sync.intervalMs,
    log: child('withdrawals'),
  })
  const withdrawnFiles = new WithdrawnFiles({ context, store, withdrawals, isKept })
  const shredding = new Shredding({
    store,
    bills: accounts.bills,
    withdrawals,
    isOpen,
    forgetTold: (cid, account) => events.forgetBill(cid, account, false),
    forget: [
      async (account) => webhooks.forget(account),
      async (account) => events.forget(account),
      async (account) => forgetDailyCounts(store, account),
      async (account) => removeHolderKey(init.dataDir, account),
    ],
  })
  const anchoring = new Anchoring({
    context,
    store,
    archive: {
      getBlock: async (cid, options) => archive.getBlock(cid, options),
      putBlock: async (bytes) => archive.putBlock(bytes),
      // DESIGN 11 asks for every bill; one that its own sponsor has withdrawn is nobody's to have.
      hasBill: async (cid) => (await archive.hasBill(cid)) || (await withdrawals.isExcused(cid)),
    },
    flushBlocks,
    fetch,
    peersFor,
    ledger,
    publish,
    adopt: async (announcement, certificate) => voter.adopt(announcement, certificate),
    changes: events,
    chain: init.chain,
    payerKey: init.payerKey,
    pace: init.anchor,
    nowMs,
    meters,
    log: child('anchoring'),
  })
  const keepEquivocation = async (proof: Equivocation): Promise<boolean> => {
    if (!isMember(context, proof.first.sponsor) || !isEquivocation(context.domain, proof)) return false
    return ledger.keepEquivocation(proof)
  }
  const sync = new Sync({
    context,
    store,
    polls,
    network,
    protocol: syncProtocol,
    intervalMs: init.sync.intervalMs,
    take: {
      batch: async (announcement, certificate) => {
        await voter.consider(announcement, certificate)
      },
      vote: async (vote) => voter.count(vote),
      proposal: async (proposal) => anchoring.take(proposal),
      equivocation: async (proof) => {
        await keepEquivocation(proof)
      },
      review: async (request, notices) => {
        await reviews.takeRequest(request)
        for (const notice of notices) await reviews.takeNotice(notice)
      },
      withdrawal: async (withdrawal) => {
        await withdrawals.take(withdrawal)
      },
    },
    reviews: reviews.book,
    withdrawals: withdrawals.book,
    log: child('sync'),
  })
  network.handle(syncProtocol, (request) => sync.answer(request))
  network.onPeerReady((peer) => sync.with(peer))
  network.onPeerRefused((refusal) => {
    child('network').warn(refusal, 'peer refused')
    meters.peerRefused({ ...refusal, isMember: isMemberPeer(context, refusal) })
  })

  const take = async (message: GossipMessage): Promise<boolean> => {
    if (message.kind === 'announcement') return voter.consider(message.announcement)
    if (message.kind === 'vote') {
      await voter.count(message.vote)
      return message.vote.content.region === context.region.name
    }
    if (message.kind === 'anchor-signature') return anchoring.takeSignature(message)
    if (message.kind === 'review-request') return reviews.takeRequest(message.request)
    if (message.kind === 'review-notice') return reviews.takeNotice(message.notice)
    if (message.kind === 'withdrawal') return withdrawals.take(message.withdrawal)
    return keepEquivocation(message.equivocation)
  }

  const statuses = new Statuses(context, store, {
    progressOf: (cid) => reviews.progressOf(cid),
    withdrawnOf: async (cid) => withdrawnFiles.find(cid),
  })
  const proofs = new ProofDesk({
    context,
    store,
    sources: {
      getBlock: async (cid) => archive.getBlock(cid, { offline: true }),
      loadClaims: async (announcement, signal) => (await loader.load(announcement, signal)).claims,
    },
  })
  return {
    accounts,
    archive,
    pins,
    vault,
    intake,
    sponsor,
    voter,
    polls,
    sync,
    gossip,
    anchoring,
    statuses,
    events,
    webhooks,
    proofs,
    ledger,
    reviews,
    withdrawals,
    withdrawnFiles,
  }
}

/** Serves the archive's blocks to peers. @returns how this node fetches theirs. */
function serveBlocks(prefix: string, { blocks, network }: NodeParts, archive: Archive): FetchBlocks {
  const exchange = new BlockExchange(
    { protocol: `${prefix}/blocks/1` },
    {
      network,
      store: {
        find: async (cid) => blocks.find(cid),
        putAll: async (found) => blocks.putAll(found),
        findMissing: async (cid) => archive.findMissing(cid),
      },
      fetchOne: async (cid, signal) => archive.getBlock(cid, { signal }),
    },
  )
  exchange.serve()
  return async (roots: readonly CID[], options): Promise<void> => {
    const { missing } = await exchange.fetchFiles(roots, options)
    if (missing.length > 0) {
      const cids = missing.map((cid) => cid.toString())
      throw new NodeError(`no peer has ${cids.length} of the blocks`, { code: 'ERR_NODE_BLOCKS_MISSING', cids })
    }
  }
}

/** Connected auditors to ask for blocks: the named member first, then the others of the committee. */
function listPeersFor(context: RegionContext, network: Network, member: Uint8Array): string[] {
  const peers = network.peers().filter((peer) => isMember(context, peer.address))
  const first = peers.filter((peer) => equalBytes(peer.address, member))
  return [...first, ...peers.filter((peer) => !first.includes(peer))].map((peer) => peer.peerId)
}

function isMemberPeer(context: RegionContext, { peerId }: Refusal): boolean {
  const address = findAddressOfPeerId(peerId)
  return address !== undefined && isMember(context, address)
}

function certifiedBills(loaded: LoadedBatch, certificate: Certificate): CID[] {
  return loaded.claims.filter((_, i) => isBitSet(certificate.bitmap, i)).map((claim) => claim.bill)
}
