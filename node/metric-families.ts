/** One metric: what it counts, and by what. Names have their unit; labels have few values. */
type Family = {
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly labels: readonly string[]
}

const gauge = (help: string, ...labels: string[]): Family => ({ type: 'gauge', help, labels })
const counter = (help: string, ...labels: string[]): Family => ({ type: 'counter', help, labels })

/** Every metric but the histograms, by its name after `kwitness_`. Counters begin at zero with the process. */
export const METRIC_FAMILIES = {
  info: gauge('Version and region of the node; always 1', 'version', 'region'),
  uptime_seconds: gauge('Time since the node was started'),
  ready: gauge('1 if the node can take bills that will be certified'),
  findings: gauge('Things that kwitness status tells to be wrong, by level', 'level'),

  peers_connected: gauge('Connected peers of this network'),
  peers_refused_total: counter(
    "Peers turned away, by who refused, reason, and whether they are of this region's committee",
    'by',
    'reason',
    'member',
  ),
  committee_members: gauge('Auditors of the region'),
  committee_quorum: gauge('Auditors that a certificate takes'),
  committee_margin: gauge('Auditors that are here minus quorum'),
  committee_refused: gauge('Auditors of this region that were turned away and are not here'),

  queue_bills: gauge('Bills that wait to be proposed'),
  queue_limit_bills: gauge('Bills that may wait before new ones are refused'),
  review_queue_bills: gauge('Bills that people must read'),
  bills: gauge('Bills handed in here, by state', 'state'),
  claims_certified_total: counter('Claims certified here'),
  votes_total: counter('Votes of this auditor'),
  claims_refused_total: counter('Claims that this auditor did not accept, by code', 'code'),

  chain_up: gauge('1 if the chain is followed'),
  unanchored_claims: gauge('Certified claims that wait for an anchor'),
  anchor_lag_seconds: gauge('How long the oldest of them waits'),
  anchors_total: counter('Anchors of the region seen on the chain'),
  gas_spent_total: counter("Gas that this node's payer spent"),
  wei_spent_total: counter("Wei that this node's payer spent"),
  payer_balance_wei: gauge('Balance of the payer; absent when it cannot be asked'),
  payer_runway_anchors: gauge('Anchors that it lasts for'),
  payer_runway_seconds: gauge('Time that it lasts at the present pace of the region'),

  disk_free_bytes: gauge('Free space on the disk of the data directory'),
  disk_size_bytes: gauge('Size of that disk'),
  data_bytes: gauge('What the data directory takes'),
  tls_certificate_current: gauge('1 if the API shows the certificate of its files; absent without one'),
  webhooks: gauge('Webhooks of all accounts, by state', 'state'),
  webhook_posts_total: counter('Events posted to webhooks, by outcome', 'outcome'),

  resident_memory_bytes: gauge('Resident memory of the process'),
  heap_used_bytes: gauge('Heap in use'),
  heap_size_bytes: gauge('Heap taken from the system'),
  event_loop_lag_seconds: gauge('Delay of the event loop since the last scrape', 'quantile'),
} as const satisfies Readonly<Record<string, Family>>

/** Name of a metric after `kwitness_`. */
export type MetricName = keyof typeof METRIC_FAMILIES
