import type { BillState, NodeHealth } from '../node-view.ts'

/** One thing that is wrong, in words an operator can act on. The same words are in `kwitness doctor`. */
export type Finding = {
  readonly code: string
  /** `alarm`: work stops or soon will; `warning`: look at it today. */
  readonly level: 'warning' | 'alarm'
  readonly message: string
  readonly remedy: string
}

/** Whether a node can take bills that will be certified: quorum connected, room on the disk and in the queue, not stopping. */
export type Readiness = { readonly ready: boolean; readonly reasons: readonly Finding[] }

/** How a node is, for its operator's eyes: more than {@link NodeHealth}. */
export type NodeStatus = NodeHealth & {
  readonly ready: boolean
  /** Everything that is wrong, alarms first. */
  readonly findings: readonly Finding[]
  readonly peers: {
    readonly connected: number
    /** Times that a peer was turned away, or turned this node away, since the start. */
    readonly refused: number
    /** Auditors of this committee of which that is true and that are not here: they run another network's rules. */
    readonly refusedMembers: number
  }
  /** Auditors that are here minus quorum. */
  readonly margin: number
  /** Bills that may wait to be proposed. */
  readonly queueLimit: number
  /** Bills that people must read, of all sponsors. */
  readonly reviews: number
  /** Bills handed in here, by state, as of now. */
  readonly bills: Readonly<Partial<Record<BillState, number>>>
  /** Claims certified here: in total since the start, and per second over the last minute. */
  readonly certified: { readonly claims: number; readonly perSecond: number }
  /** Of the file system of the data directory, and what the directory itself takes, once that was counted. */
  readonly disk?: { readonly freeBytes: number; readonly totalBytes: number; readonly usedBytes?: number }
  /** The key that pays for anchors; absent without one. Wei as decimal text. */
  readonly payer?: {
    readonly address: string
    /** Absent when the endpoint does not answer. */
    readonly balanceWei?: string
    /** Mean gas of the latest anchors at the present price. */
    readonly weiPerAnchor?: string
    /** Anchors that the balance pays for, and days at the present pace if this node sent them all. */
    readonly runwayAnchors?: number
    readonly runwayDays?: number
  }
  /** Certificate of the API; absent without one. `problem`: why its files are not what is shown. */
  readonly tls?: { readonly problem?: string }
  /** Webhooks of all accounts; failing ones are tried again, disabled ones are not. */
  readonly webhooks?: { readonly total: number; readonly failing: number; readonly disabled: number }
}

/** One answered request, for the metrics. */
export type ObservedRequest = {
  /** Path of the route as it is written down, such as `/v1/bills/{cid}`; `none` for requests without one. */
  readonly route: string
  readonly status: number
  readonly seconds: number
}

/** The operator's eyes. */
export interface StatusView {
  status(): Promise<NodeStatus>
  /** From memory alone: for balancers that ask every second. */
  readiness(): Readiness
  /** Prometheus text format 0.0.4, and its content type. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>
  /** Counts a request that was answered. */
  observeRequest(request: ObservedRequest): void
}
