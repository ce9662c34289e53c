import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { IntervalHistogram } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { BillState, NodeStatus, ObservedRequest } from '#api'
import type { Activity } from './service/activity.ts'

/** Upper ends of the classes of answers over HTTP: a read takes a millisecond, a submission with fsync some dozens. */
const REQUEST_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10]
/** Of extractions: small bills some milliseconds, the largest up to the sandbox's ten seconds. */
const EXTRACTION_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const NANOSECONDS = 1e9

const BILL_STATES: readonly BillState[] = [
  'received',
  'proposed',
  'certified',
  'anchored',
  'final',
  'rejected',
  'needs-review',
]

/** What a scrape shows beside counts: how the node is now. */
export type Sample = { readonly status: NodeStatus; readonly activity: Activity }

/**
 * The metrics of one node, in a registry of its own: several nodes may run in one process, and a library that clears the
 * global one clears none of this. Names have their unit, labels few values; no peer ids, no accounts.
 */
export class Metrics {
  readonly #registry = new Registry()
  readonly #extraction: Histogram
  readonly #requests: Histogram<'route' | 'status'>
  readonly #gauges = new Map<string, Gauge>()
  readonly #counters = new Map<string, Counter>()
  #loop: IntervalHistogram | undefined

  constructor() {
    const registers = [this.#registry]
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
    this.#showNode(status)
    this.#showWork(status, activity)
    this.#showChain(status, activity)
    this.#showProcess(status)
    return this.#registry.metrics()
  }

  #showNode({ version, region, ready, findings, peers, committee, margin, disk, uptimeS, webhooks }: NodeStatus): void {
    this.#gauge('info', 'Version and region of the node; always 1', 1, { version, region })
    this.#gauge('ready', '1 if the node can take bills that will be certified', Number(ready))
    for (const level of ['warning', 'alarm'] as const) {
      const count = findings.filter((finding) => finding.level === level).length
      this.#gauge('findings', 'Things that kwitness status tells to be wrong, by level', count, { level })
    }
    this.#gauge('peers_connected', 'Connected peers of this network', peers.connected)
    this.#gauge('committee_members', 'Auditors of the region', committee.size)
    this.#gauge('committee_quorum', 'Auditors that a certificate takes', committee.quorum)
    this.#gauge('committee_margin', 'Auditors that are here minus quorum', margin)
    this.#gauge('uptime_seconds', 'Time since the node was started', uptimeS)
    if (disk !== undefined) {
      this.#gauge('disk_free_bytes', 'Free space on the disk of the data directory', disk.freeBytes)
      this.#gauge('disk_size_bytes', 'Size of the disk of the data directory', disk.totalBytes)
      if (disk.usedBytes !== undefined) {
        this.#gauge('data_bytes', 'What the data directory takes', disk.usedBytes)
      }
    }
    if (webhooks === undefined) return
    const { total, failing, disabled } = webhooks
    const working = total - failing - disabled
    for (const [state, count] of Object.entries({ working, failing, disabled })) {
      this.#gauge('webhooks', 'Webhooks of all accounts, by state', count, { state })
    }
  }

  #showWork(status: NodeStatus, activity: Activity): void {
    this.#gauge('queue_bills', 'Bills that wait to be proposed', status.queue)
    this.#gauge('queue_limit_bills', 'Bills that may wait before new ones are refused', status.queueLimit)
    this.#gauge('review_queue_bills', 'Bills that people must read', status.reviews)
    for (const state of BILL_STATES) {
      this.#gauge('bills', 'Bills handed in here, by state', status.bills[state] ?? 0, { state })
    }
    this.#counter('claims_certified_total', 'Claims certified here since the start', activity.claimsCertified)
    this.#counter('votes_total', 'Votes of this auditor since the start', activity.votes)
    for (const [code, count] of activity.claimsRefused) {
      this.#counter('claims_refused_total', 'Claims that this auditor did not accept, by code', count, { code })
    }
    for (const { by, code, isMember, count } of activity.peerRefusals) {
      const labels = { by, reason: code, member: String(isMember) }
      const help = "Peers turned away, by who refused, reason, and whether they are of this region's committee"
      this.#counter('peers_refused_total', help, count, labels)
    }
    for (const [outcome, count] of Object.entries(activity.webhookPosts)) {
      this.#counter('webhook_posts_total', 'Events posted to webhooks, by outcome', count, { outcome })
    }
  }

  #showChain({ chain, anchorLag, payer }: NodeStatus, activity: Activity): void {
    this.#gauge('chain_up', '1 if the chain is followed', Number(chain.ok))
    this.#gauge('unanchored_claims', 'Certified claims that wait for an anchor', anchorLag.claims)
    this.#gauge('anchor_lag_seconds', 'How long the oldest of them waits', anchorLag.oldestMs / 1_000)
    this.#counter('anchors_total', 'Anchors of the region seen on the chain since the start', activity.anchors)
    this.#counter('gas_spent_total', "Gas that this node's payer spent since the start", Number(activity.gasSpent))
    this.#counter('wei_spent_total', "Wei that this node's payer spent since the start", Number(activity.weiSpent))
    // What is not known is absent: an old balance would hide that nobody knows.
    const known = { balance: payer?.balanceWei, anchors: payer?.runwayAnchors, days: payer?.runwayDays }
    this.#optional(
      'payer_balance_wei',
      'Balance of the payer',
      known.balance === undefined ? undefined : Number(known.balance),
    )
    this.#optional('payer_runway_anchors', 'Anchors that the balance of the payer lasts for', known.anchors)
    const runwayS = known.days === undefined ? undefined : known.days * 86_400
    this.#optional('payer_runway_seconds', 'Time that it lasts at the present pace of the region', runwayS)
  }

  #showProcess({ rssBytes }: NodeStatus): void {
    const { heapUsed, heapTotal } = process.memoryUsage()
    this.#gauge('resident_memory_bytes', 'Resident memory of the process', rssBytes)
    this.#gauge('heap_used_bytes', 'Heap in use', heapUsed)
    this.#gauge('heap_size_bytes', 'Heap taken from the system', heapTotal)
    const loop = this.#loop
    if (loop === undefined) return
    for (const quantile of [0.5, 0.99] as const) {
      const help = 'Delay of the event loop since the last scrape'
      const lag = loop.count === 0 ? 0 : loop.percentile(quantile * 100) / NANOSECONDS
      this.#gauge('event_loop_lag_seconds', help, lag, { quantile: String(quantile) })
    }
    loop.reset()
  }

  #gauge(name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    let gauge = this.#gauges.get(name)
    if (gauge === undefined) {
      const labelNames = Object.keys(labels)
      gauge = new Gauge({ name: `kwitness_${name}`, help, labelNames, registers: [this.#registry] })
      this.#gauges.set(name, gauge)
    }
    gauge.set(labels, value)
  }

  #optional(name: string, help: string, value: number | undefined): void {
    if (value === undefined) this.#gauges.get(name)?.remove()
    else this.#gauge(name, help, value)
  }

  // Counted elsewhere, once, for status and metrics: set here to what it is.
  #counter(name: string, help: string, total: number, labels: Readonly<Record<string, string>> = {}): void {
    let counter = this.#counters.get(name)
    if (counter === undefined) {
      const labelNames = Object.keys(labels)
      counter = new Counter({ name: `kwitness_${name}`, help, labelNames, registers: [this.#registry] })
      this.#counters.set(name, counter)
    }
    counter.remove(labels)
    counter.inc(labels, total)
  }
}
