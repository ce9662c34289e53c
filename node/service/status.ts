import type { NodeStatus, ObservedRequest, Readiness, StatusView } from '#api'
import type { Components } from '../compose.ts'
import { diskText, faultsOfReadiness, findFaults } from '../findings.ts'
import { QUEUE_LIMIT } from '../intake.ts'
import { NodeError } from '../node-error.ts'
import type { NodeInit } from '../node-init.ts'
import type { NodeParts } from '../node-parts.ts'
import type { Activity } from './activity.ts'
import type { BillCounts } from './bill-counts.ts'
import { Disk, judgeDisk } from './disk.ts'
import { PayerWatch } from './payer-watch.ts'
import type { Presence } from './presence.ts'

/** What status is made of. */
export type StatusComponents = Pick<Components, 'anchoring' | 'reviews' | 'webhooks'> &
  Pick<NodeParts, 'metrics' | 'store'> & {
    readonly presence: Presence
    readonly activity: Activity
    readonly counts: BillCounts
    /** False while the node is starting or stopping. */
    readonly isTakingBills: () => boolean
  }

/** Anchors that may be late before it is told: the interval, every stage of transmitters, and a slow block. */
const LATE_ANCHORS = 3

// Ages and paces: a wall clock that is set back would make all of them wrong.
const nowMonotonicMs = (): number => performance.now()

/** How the node is: for `kwitness status`, balancers and Prometheus. What is slow to know is told as it was lately. */
export class Status implements StatusView {
  readonly #components: StatusComponents
  readonly #anchorDueMs: number
  readonly #disk: Disk
  readonly #payer: PayerWatch | undefined
  readonly #tls: NodeInit['tls']

  constructor(init: Pick<NodeInit, 'dataDir' | 'anchor' | 'readDiskSpace' | 'tls'>, components: StatusComponents) {
    const { dataDir, anchor } = init
    const { anchoring, store, activity } = components
    this.#components = components
    this.#tls = init.tls
    this.#anchorDueMs = LATE_ANCHORS * (anchor.intervalMs + anchor.stageMs)
    this.#disk = new Disk(dataDir, nowMonotonicMs, init.readDiskSpace)
    const address = anchoring.payer
    this.#payer =
      address === undefined
        ? undefined
        : new PayerWatch({
            address,
            ask: async (signal) => anchoring.askPayer(signal),
            store,
            // A quiet region anchors less often than it may.
            paceMs: () => Math.max(activity.anchorPaceMs() ?? 0, anchor.intervalMs),
            nowMs: nowMonotonicMs,
          })
  }

  start(): void {
    this.#components.counts.start()
    this.#components.metrics.start()
    void this.#disk.space()
  }

  async stop(): Promise<void> {
    this.#components.metrics.stop()
    await Promise.all([this.#components.counts.stop(), this.#disk.stop(), this.#payer?.stop()])
  }

  async status(): Promise<NodeStatus> {
    const { presence, activity, counts, webhooks, reviews } = this.#components
    const [disk, usedBytes, payer] = await Promise.all([
      this.#disk.space(),
      this.#disk.usedBytes(),
      this.#payer?.describe(),
    ])
    const health = presence.health()
    const refusedMembers = presence.countRefusedMembers()
    const known = {
      webhooks: webhooks.health(),
      ...(payer === undefined ? {} : { payer }),
      ...(this.#tls === undefined ? {} : { tls: tlsOf(this.#tls) }),
    }
    const findings = findFaults({
      ...this.#standing(),
      ...known,
      anchorLag: health.anchorLag,
      chain: health.chain,
      anchorDueMs: this.#anchorDueMs,
      refusedMembers,
    })
    const used = usedBytes === undefined ? {} : { usedBytes }
    return {
      ...health,
      ready: this.readiness().ready,
      findings,
      peers: { connected: presence.peers().length, refused: activity.peersRefused, refusedMembers },
      margin: health.committee.alive - health.committee.quorum,
      queueLimit: QUEUE_LIMIT,
      reviews: reviews.countOpen(),
      bills: counts.list(),
      certified: { claims: activity.claimsCertified, perSecond: rounded(activity.certifiedPerSecond()) },
      ...(disk === undefined ? {} : { disk: { ...disk, ...used } }),
      ...known,
    }
  }

  readiness(): Readiness {
    // Looked at again behind: the answer is from memory.
    void this.#disk.space()
    const reasons = faultsOfReadiness(this.#standing())
    return { ready: reasons.length === 0, reasons }
  }

  /**
   * DESIGN 16: the last of a disk is not for bills.
   *
   * @throws {NodeError} ERR_STORAGE_FULL.
   */
  requireRoom(): void {
    // Looked at again behind: a disk fills slowly, and a submission does not wait for it.
    void this.#disk.space()
    const { latest } = this.#disk
    if (latest === undefined || judgeDisk(latest) !== 'full') return
    throw new NodeError(`only ${diskText(latest)}: no more bills are taken`, {
      code: 'ERR_STORAGE_FULL',
      freeBytes: latest.freeBytes,
    })
  }

  async metrics(): Promise<{ contentType: string; text: string }> {
    const { metrics, activity } = this.#components
    const text = await metrics.render({ status: await this.status(), activity })
    return { contentType: metrics.contentType, text }
  }

  observeRequest(request: ObservedRequest): void {
    this.#components.metrics.observeRequest(request)
  }

  #standing(): Parameters<typeof faultsOfReadiness>[0] {
    const { committee, queue } = this.#components.presence.health()
    const isStopping = !this.#components.isTakingBills()
    return { committee, queue, queueLimit: QUEUE_LIMIT, isStopping, disk: this.#disk.latest }
  }
}

function tlsOf({ problem }: NonNullable<NodeInit['tls']>): NonNullable<NodeStatus['tls']> {
  return problem === undefined ? {} : { problem }
}

/** Two decimals: for people, and short enough to send each second. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
