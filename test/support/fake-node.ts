import type { BillStatus, NodeView, ObservedRequest, Readiness, ReviewView, Submission } from '#api'
import type { ReviewEntry } from '#protocol'
import { createFakeIdempotency } from './fake-idempotency.ts'
import { FAKE_ACCOUNTS } from './fake-accounts.ts'
import { FakeEvents, FAKE_WEBHOOKS } from './fake-events.ts'
import { FAKE_DISCLOSURE, FAKE_FIGURES, FAKE_REGIONS, FAKE_STATUS } from './fake-views.ts'

/** CID of the fake node's public bill. */
export const FAKE_PUBLIC_BILL = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
/** CID of the fake node's sealed bill. */
export const FAKE_SEALED_BILL = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

/** Status of a certified bill. */
export function statusOf(cid: string, visibility: 'public' | 'sealed'): BillStatus {
  return { cid, state: 'certified', visibility, region: 'north-america', claims: [] }
}

/** A node of two bills, for the API alone: what it is handed is kept, what it answers can be set. */
export class FakeNode implements NodeView {
  readonly accounts = FAKE_ACCOUNTS
  readonly events = new FakeEvents()
  readonly webhooks = FAKE_WEBHOOKS
  readonly idempotency = createFakeIdempotency()
  readonly regions = FAKE_REGIONS
  readonly figures = FAKE_FIGURES
  readonly disclosure = FAKE_DISCLOSURE
  readonly blocks: NodeView['blocks'] = undefined
  submissions: Submission[] = []
  failure: Error | undefined
  ready: Readiness = { ready: true, reasons: [] }
  /** What the listeners have told of their requests. */
  readonly observed: ObservedRequest[] = []
  readonly entries = new Map<string, ReviewEntry>()
  /** Runs while a submission is under way. */
  meanwhile: (signal: AbortSignal) => Promise<void> = async () => {}
  async submitBill(submission: Submission, signal: AbortSignal): Promise<BillStatus> {
    await this.meanwhile(signal)
    if (this.failure !== undefined) throw this.failure
    this.submissions.push(submission)
    return { ...statusOf(FAKE_PUBLIC_BILL, submission.visibility), state: 'received' }
  }
  async findStatus(cid: string): Promise<BillStatus | undefined> {
    if (cid === FAKE_PUBLIC_BILL) return statusOf(cid, 'public')
    return cid === FAKE_SEALED_BILL ? statusOf(cid, 'sealed') : undefined
  }
  async listBills(limit: number): Promise<BillStatus[]> {
    return [statusOf(FAKE_PUBLIC_BILL, 'public'), statusOf(FAKE_SEALED_BILL, 'sealed')].slice(0, limit)
  }
  async pageBills({ limit }: { readonly limit: number }): ReturnType<NodeView['pageBills']> {
    return { items: await this.listBills(limit) }
  }
  async readBill(cid: string): Promise<{ bytes: Uint8Array; sealed: boolean } | undefined> {
    return cid === FAKE_PUBLIC_BILL ? { bytes: Uint8Array.of(1, 2, 3), sealed: false } : undefined
  }
  async findProof(cid: string, _signal: AbortSignal, ordinal = 0, accountId?: string): Promise<Uint8Array | undefined> {
    const disclose = accountId !== undefined
    return ordinal === 0 ? new TextEncoder().encode(JSON.stringify({ proof: cid, disclose })) : undefined
  }
  async findReviewed(
    cid: string,
    { isReviewer }: { readonly isReviewer: boolean },
  ): ReturnType<NodeView['findReviewed']> {
    return cid === FAKE_PUBLIC_BILL || isReviewer ? this.entries.get(cid) : undefined
  }
  async listReviews(): ReturnType<NodeView['listReviews']> {
    return [reviewOf(FAKE_PUBLIC_BILL)]
  }
  async showReview(cid: string): ReturnType<NodeView['showReview']> {
    return reviewOf(cid)
  }
  async readReview(): Promise<Uint8Array> {
    return Uint8Array.of(9)
  }
  async enterReview(cid: string, entry: ReviewEntry): ReturnType<NodeView['enterReview']> {
    this.entries.set(cid, entry)
    return { ...reviewOf(cid), own: 'entered' }
  }
  async withdrawReview(cid: string): ReturnType<NodeView['withdrawReview']> {
    this.entries.delete(cid)
    return { ...reviewOf(cid), own: 'withdrawn' }
  }
  async status(): ReturnType<NodeView['status']> {
    return { ...this.health(), ...FAKE_STATUS }
  }
  readiness(): ReturnType<NodeView['readiness']> {
    return this.ready
  }
  async metrics(): ReturnType<NodeView['metrics']> {
    return { contentType: 'text/plain; version=0.0.4', text: 'kwitness_ready 1\n' }
  }
  observeRequest(request: ObservedRequest): void {
    this.observed.push(request)
  }
  health(): ReturnType<NodeView['health']> {
    return {
      ok: true,
      region: 'north-america',
      address: '0x00',
      peerId: '16U',
      listen: [],
      network: FAKE_PUBLIC_BILL,
      committee: { size: 4, quorum: 3, alive: 4 },
      queue: 0,
      anchorLag: { claims: 0, oldestMs: 0 },
      chain: { ok: true },
      version: '0.1.0',
      uptimeS: 1,
      rssBytes: 1,
    }
  }
  peers(): ReturnType<NodeView['peers']> {
    return []
  }
  refusals(): ReturnType<NodeView['refusals']> {
    return [{ peer: '16U', reason: 'rules version: ours 1, theirs 2', at: '2026-01-01T00:00:00Z' }]
  }
}

function reviewOf(cid: string): ReviewView {
  return { cid, visibility: 'sealed', sponsor: '0x00', here: true, entries: 0, quorum: 3, own: 'none' }
}
