import type { BillState, NodeHealth } from '../node-view.ts'

/** One thing that is wrong, in words an operator can act on. */
export type Finding = {
  readonly code: string
  readonly level: 'warning' | 'alarm'
  readonly message: string
  readonly remedy: string
}

/** How a node is, for its operator's eyes: more than {@link NodeHealth}. */
export type NodeStatus = NodeHealth & {
  /** Ready to take bills that can be certified: quorum connected, disk writable, queue below its limit, not stopping. */
  readonly ready: boolean
  readonly findings: readonly Finding[]
  /** Peers connected, and peers turned away since the start. */
  readonly peers: { readonly connected: number; readonly refused: number }
  /** Bills handed in here, by state, as of now. */
  readonly bills: Readonly<Partial<Record<BillState, number>>>
  /** Claims certified here: in total since the start, and per second over the last minute. */
  readonly certified: { readonly claims: number; readonly perSecond: number }
  /** Of the file system of the data directory, and what the directory itself takes. */
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number; readonly usedBytes: number }
  /** The key that pays for anchors; absent without one. Wei as decimal text. */
  readonly payer?: {
    readonly address: string
    readonly balanceWei?: string
    /** What the latest anchors cost on average. */
    readonly weiPerAnchor?: string
    /** Anchors that the balance pays for, and days at the present pace if this node sent them all. */
    readonly runwayAnchors?: number
    readonly runwayDays?: number
  }
}

/** The operator's eyes. */
export interface StatusView {
  status(): Promise<NodeStatus>
  /** Prometheus text format 0.0.4 or OpenMetrics, and its content type. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>
}
