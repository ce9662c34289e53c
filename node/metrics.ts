import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { IntervalHistogram } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { BillState, NodeStatus, ObservedRequest } from '#api'
import { METRIC_FAMILIES } from './metric-families.ts'
import type { MetricName } from './metric-families.ts'
import type { Activity } from './service/activity.ts'

/** Upper ends of the classes of answers over HTTP: a read takes a millisecond, a submission with fsync some dozens. */
const REQUEST_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10]
/** Of extractions: small bills some milliseconds, the largest up to the sandbox's ten seconds. */
const EXTRACTION_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const NANOSECONDS = 1e9
const DAY_S = 86_400

const BILL_STATES: readonly BillState[] = [
  'received',
  'proposed',
  'certified',
  'anchored',
  'final',
  'rejected',
  'needs-review',
]

/** What a scrape shows beside histograms: how the node is now, and what it has done. */
export type Sample = { readonly status: NodeStatus; readonly activity: Activity }

type Labels = Readonly<Record<string, string>>

/**
 * The metrics of one node, in a registry of its own: several nodes may run in one process, and a library that clears the
 * global one clears none of this. No peer ids, no accounts.
 */
export class Metrics {
  readonly #registry = new Registry()
  readonly #families = new Map<string, Gauge | Counter>()
  readonly #extraction: Histogram
  readonly #requests: Histogram<'route' | 'status'>
  #loop: IntervalHistogram | undefined

  constructor() {
    const registers = [this.#registry]
    for (const [name, { type, help, labels }] of Object.entries(METRIC_FAMILIES)) {
      const init = { name: `kwitness_${name}`, help, labelNames: [...labels], registers }
      this.#families.set(name, type === 'gauge' ? new Gauge(init) : new Counter(init))
    }
    this.#extraction = new Histogram({
      name: 'kwitness_extraction_seconds',
      help: 'Time to read one bill, its wait for a worker included',
      buckets: EXTRACTION_SECONDS,
      registers,
    })
    this.#requests = new Histogram({
      name: 'kwitness_http_request_seconds',
      help: 'Time to answer a request over HTTP, by route and status',
      labelNames: ['route', 'status'],
      buckets: REQUEST_SECONDS,
      registers,
    })
  }

  /** Begins to watch the event loop. */
  start(): void {
    this.#loop = monitorEventLoopDelay({ resolution: 20 })
    this.#loop.enable()
  }

  stop(): void {
    this.#loop?.disable()
    this.#loop = undefined
  }

  observeExtraction(seconds: number): void {
    this.#extraction.observe(seconds)
  }

  observeRequest({ route, status, seconds }: ObservedRequest): void {
    this.#requests.observe({ route, status: String(status) }, seconds)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** Everything as Prometheus text. */
  async render({ status, activity }: Sample): Promise<string> {
    // What is not told below is absent: an old figure would hide that nobody knows.
    for (const family of this.#families.values()) {
      family.reset()
      family.remove({})
    }
    this.#showNode(status)
    this.#showWork(status, activity)
    this.#showChain(status, activity)
    this.#showProcess(status)
    return this.#registry.metrics()
  }

  #showNode(status: NodeStatus): void {
    const { version, region, ready, findings, peers, committee, margin, disk, tls, uptimeS } = status
    this.#show('info', 1, { version, region })
    this.#show('uptime_seconds', uptimeS)
    this.#show('ready', Number(ready))
    for (const level of ['warning', 'alarm'] as const) {
      this.#show('findings', findings.filter((finding) => finding.level === level).length, { level })
    }
    this.#show('peers_connected', peers.connected)
    this.#show('committee_members', committee.size)
    this.#show('committee_quorum', committee.quorum)
    this.#show('committee_margin', margin)
    this.#show('committee_refused', peers.refusedMembers)
    this.#show('disk_free_bytes', disk?.freeBytes)
    this.#show('disk_size_bytes', disk?.totalBytes)
    this.#show('data_bytes', disk?.usedBytes)
    this.#show('tls_certificate_current', tls === undefined ? undefined : Number(tls.problem === undefined))
  }

  #showWork({ queue, queueLimit, reviews, bills, webhooks }: NodeStatus, activity: Activity): void {
    this.#show('queue_bills', queue)
    this.#show('queue_limit_bills', queueLimit)
    this.#show('review_queue_bills', reviews)
    for (const state of BILL_STATES) this.#show('bills', bills[state] ?? 0, { state })
    this.#show('claims_certified_total', activity.claimsCertified)
    this.#show('votes_total', activity.votes)
    for (const [code, count] of activity.claimsRefused) this.#show('claims_refused_total', count, { code })
    for (const { by, code, isMember, count } of activity.peerRefusals) {
      this.#show('peers_refused_total', count, { by, reason: code, member: String(isMember) })
    }
    for (const [outcome, count] of Object.entries(activity.webhookPosts)) {
      this.#show('webhook_posts_total', count, { outcome })
    }
    if (webhooks === undefined) return
    const { total, failing, disabled } = webhooks
    for (const [state, count] of Object.entries({ working: total - failing - disabled, failing, disabled })) {
      this.#show('webhooks', count, { state })
    }
  }

  #showChain({ chain, anchorLag, payer }: NodeStatus, activity: Activity): void {
    this.#show('chain_up', Number(chain.ok))
    this.#show('unanchored_claims', anchorLag.claims)
    this.#show('anchor_lag_seconds', anchorLag.oldestMs / 1_000)
    this.#show('anchors_total', activity.anchors)
    this.#show('gas_spent_total', Number(activity.gasSpent))
    this.#show('wei_spent_total', Number(activity.weiSpent))
    this.#show('payer_balance_wei', payer?.balanceWei === undefined ? undefined : Number(payer.balanceWei))
    this.#show('payer_runway_anchors', payer?.runwayAnchors)
    this.#show('payer_runway_seconds', payer?.runwayDays === undefined ? undefined : payer.runwayDays * DAY_S)
  }

  #showProcess({ rssBytes }: NodeStatus): void {
    const { heapUsed, heapTotal } = process.memoryUsage()
    this.#show('resident_memory_bytes', rssBytes)
    this.#show('heap_used_bytes', heapUsed)
    this.#show('heap_size_bytes', heapTotal)
    const loop = this.#loop
    if (loop === undefined) return
    for (const quantile of [0.5, 0.99]) {
      const lag = loop.count === 0 ? 0 : loop.percentile(quantile * 100) / NANOSECONDS
      this.#show('event_loop_lag_seconds', lag, { quantile: String(quantile) })
    }
    loop.reset()
  }

  // A counter too is set to what it is: it is counted elsewhere, once, for status and metrics.
  #show(name: MetricName, value: number | undefined, labels: Labels = {}): void {
    if (value === undefined) return
    const family = this.#families.get(name)
    if (family instanceof Gauge) family.set(labels, value)
    else family?.inc(labels, value)
  }
}
