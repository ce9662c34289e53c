import type { CID } from 'multiformats/cid'
import type {
  Actor,
  BillQuery,
  BillStatus,
  EventsView,
  KeyRing,
  NodeHealth,
  NodeStatus,
  NodeView,
  ObservedRequest,
  Page,
  PeerRefusal,
  PeerStatus,
  Readiness,
  ReviewView,
  Submission,
  Viewer,
  WebhooksView,
} from '#api'
import { toHex } from '#protocol'
import type { ReviewEntry } from '#protocol'
import { compose } from './compose.ts'
import type { CertifiedListener, Components } from './compose.ts'
import { findCid } from './intake.ts'
import { NodeError } from './node-error.ts'
import type { NodeInit } from './node-init.ts'
import { openParts } from './node-parts.ts'
import type { NodeParts } from './node-parts.ts'
import type { Accounts } from './service/accounts.ts'
import { Activity } from './service/activity.ts'
import { BillCounts } from './service/bill-counts.ts'
import { BillDesk } from './service/bill-desk.ts'
import { GatewayBlocks } from './service/blocks.ts'
import { Disclosure } from './service/disclosure.ts'
import { Figures } from './service/figures.ts'
import { Idempotency } from './service/idempotency.ts'
import { Presence } from './service/presence.ts'
import { Regions } from './service/regions.ts'
import { Status } from './service/status.ts'
import { takeOverAccounts } from './service/take-over.ts'

export type { NodeInit } from './node-init.ts'

/**
 * Opens the stores of an auditor and checks its rules against the charter; `start` then joins the network.
 *
 * @throws {NodeError} ERR_NODE_RULES, ERR_NODE_REGION, ERR_NODE_NOT_MEMBER, ERR_NODE_REGION_KEYS.
 * @throws {StorageError} ERR_STORAGE_LOCKED when another process has the data directory.
 */
export async function createNode(init: NodeInit): Promise<AuditorNode> {
  return new AuditorNode(init, await openParts(init))
}

/** One auditor of one region: constructed whole, started and stopped as one. */
export class AuditorNode implements NodeView {
  readonly idempotency: Idempotency
  readonly regions: Regions
  readonly figures: Figures
  readonly disclosure: Disclosure
  readonly blocks: GatewayBlocks | undefined
  readonly accounts: Accounts
  readonly keys: KeyRing
  readonly events: EventsView
  readonly webhooks: WebhooksView
  readonly #init: NodeInit
  readonly #parts: NodeParts
  readonly #components: Components
  readonly #bills: BillDesk
  readonly #presence: Presence
  readonly #status: Status
  #isStarted = false
  readonly #listeners = new Set<CertifiedListener>()
  readonly #stopped = new AbortController()

  constructor(init: NodeInit, parts: NodeParts) {
    this.#init = init
    this.#parts = parts
    const counts = new BillCounts(parts.store)
    const activity = new Activity(() => performance.now(), counts)
    this.#components = compose(
      init,
      parts,
      (bills) => {
        for (const listener of this.#listeners) listener(bills)
      },
      activity,
    )
    this.accounts = this.#components.accounts
    this.keys = this.accounts.ring
    this.events = this.#components.events
    this.webhooks = this.#components.webhooks
    this.#bills = new BillDesk({ ...this.#components, ...parts }, this.#stopped.signal)
    this.idempotency = new Idempotency(parts.store, () => Date.now())
    this.regions = new Regions(parts)
    this.blocks = init.gateway === false ? undefined : new GatewayBlocks(this.#components)
    this.disclosure = new Disclosure({ ...this.#components, ...parts }, { nowMs: () => Date.now() })
    this.figures = new Figures({ ...this.#components, ...parts })
    this.#presence = new Presence({ ...this.#components, ...parts, nowMs: () => Date.now() })
    this.#status = new Status(init, {
      ...this.#components,
      ...parts,
      presence: this.#presence,
      activity,
      counts,
      isTakingBills: () => this.#isStarted && !this.#stopped.signal.aborted,
    })
  }

  /** Joins the network, then takes up what the last stop left open. */
  async start(): Promise<void> {
    const { polls, anchoring, reviews, gossip, sponsor, voter, intake, sync, accounts } = this.#components
    const { events, webhooks, withdrawals, withdrawnFiles, pins } = this.#components
    try {
      await accounts.load()
      await takeOverAccounts({ ...this.#parts, accounts, keys: this.#init.apiKeys ?? [], ...this.#init })
      await polls.load()
      await anchoring.load()
      await reviews.load()
      await withdrawals.load()
      // Before withdrawn files go: pins tell what others keep.
      await pins.finish(this.#stopped.signal)
      // Before the journal, whose records it counts.
      this.#status.start()
      events.start()
      for await (const bill of withdrawnFiles.untold()) events.note([bill])
      await webhooks.start()
      await this.#parts.network.start()
      gossip.start()
      for (const announcement of await sponsor.load()) {
        await voter.consider(announcement)
        await gossip.publish({ kind: 'announcement', announcement })
      }
      const resumed = await intake.resume(this.#stopped.signal)
      await reviews.start()
      withdrawals.start()
      // Finishes closings that a crash interrupted.
      await accounts.start()
      sync.start()
      await anchoring.start()
      this.#isStarted = true
      this.#init.log.info({ address: toHex(this.#parts.context.address), resumed }, 'auditor started')
    } catch (cause) {
      await this.stop()
      throw cause
    }
  }

  /** Stops everything in reverse; what is under way is finished at the next start. */
  async stop(): Promise<void> {
    const { intake, sync, reviews, sponsor, voter, anchoring, events, webhooks, withdrawals } = this.#components
    this.#stopped.abort()
    intake.stop()
    await webhooks.stop()
    await sync.stop()
    await withdrawals.stop()
    await reviews.stop()
    await sponsor.stop()
    // Before anchoring: an anchor that waits for a batch to be adopted would else wait for its time-out.
    await voter.stop()
    await anchoring.stop()
    await events.stop()
    await this.#status.stop()
    await this.#parts.network.stop()
    await this.figures.stop()
    await this.#parts.sandbox.close()
    await this.accounts.stop()
    await this.#parts.store.close()
    await this.#parts.blocks.close()
  }

  /** Tells the CIDs of bills when a batch with them is certified here. @returns what ends it. */
  onCertified(listener: CertifiedListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async submitBill(submission: Submission, signal: AbortSignal): Promise<BillStatus> {
    this.#status.requireRoom()
    return this.#bills.submit(submission, signal)
  }

  async findStatus(cid: string, viewer?: Viewer): Promise<BillStatus | undefined> {
    return this.#bills.findStatus(cid, viewer)
  }

  async pageBills(query: BillQuery, viewer: Viewer): Promise<Page<BillStatus>> {
    return this.#bills.page(query, viewer)
  }

  async listBills(limit: number): Promise<BillStatus[]> {
    return this.#bills.list(limit)
  }

  async readBill(
    cid: string,
    signal: AbortSignal,
    accountId?: string,
  ): Promise<{ bytes: Uint8Array; sealed: boolean } | undefined> {
    return this.#bills.read(cid, signal, accountId)
  }

  async findProof(cid: string, signal: AbortSignal, ordinal = 0, accountId?: string): Promise<Uint8Array | undefined> {
    return this.#bills.findProof(cid, signal, ordinal, accountId)
  }

  async findReviewed(
    cid: string,
    access: { readonly accountId: string; readonly isReviewer: boolean },
  ): Promise<ReviewEntry | undefined> {
    return this.#bills.findReviewed(cid, access)
  }

  async listReviews(): Promise<ReviewView[]> {
    return this.#components.reviews.list()
  }

  async showReview(cid: string, signal: AbortSignal): Promise<ReviewView> {
    return this.#components.reviews.show(requireCid(cid), AbortSignal.any([signal, this.#stopped.signal]))
  }

  async readReview(cid: string, signal: AbortSignal, by?: Actor): Promise<Uint8Array> {
    const bytes = await this.#components.reviews.readPlain(requireCid(cid), signal)
    // Whoever opens a bill of others leaves a trace.
    if (by !== undefined) await this.accounts.audit.record(by, 'review.read', cid, [])
    return bytes
  }

  async enterReview(cid: string, entry: ReviewEntry, signal: AbortSignal): Promise<ReviewView> {
    return this.#components.reviews.enter(requireCid(cid), entry, AbortSignal.any([signal, this.#stopped.signal]))
  }

  async withdrawReview(cid: string): Promise<ReviewView> {
    return this.#components.reviews.withdraw(requireCid(cid))
  }

  health(): NodeHealth {
    return this.#presence.health()
  }

  async status(): Promise<NodeStatus> {
    return this.#status.status()
  }

  readiness(): Readiness {
    return this.#status.readiness()
  }

  async metrics(): Promise<{ contentType: string; text: string }> {
    return this.#status.metrics()
  }

  observeRequest(request: ObservedRequest): void {
    this.#status.observeRequest(request)
  }

  peers(): PeerStatus[] {
    return this.#presence.peers()
  }

  refusals(): PeerRefusal[] {
    return this.#presence.refusals()
  }
}

function requireCid(text: string): CID {
  const cid = findCid(text)
  if (cid !== undefined) return cid
  throw new NodeError(`${text} is not under review here`, { code: 'ERR_REVIEW_UNKNOWN', cid: text })
}
