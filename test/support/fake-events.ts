import type { BillEvent, EventsView, Viewer, Webhook, WebhooksView } from '#api'
import { WebhookError } from '../../node/service/webhook-error.ts'

/** Events that a test makes itself. */
export class FakeEvents implements EventsView {
  readonly events: BillEvent[] = []
  readonly #listeners = new Set<() => void>()
  /** Viewers that are told of new events. */
  get listening(): number {
    return this.#listeners.size
  }
  /** Makes an event of a state. */
  add(cid: string, state: BillEvent['state']): BillEvent {
    const event = { seq: this.events.length + 1, at: '2026-01-01T00:00:00.000Z', cid, state }
    this.events.push(event)
    for (const listener of this.#listeners) listener()
    return event
  }
  async list(_viewer: Viewer, afterSeq: number, limit: number): Promise<BillEvent[]> {
    return this.events.filter(({ seq }) => seq > afterSeq).slice(0, limit)
  }
  async lastSeq(): Promise<number> {
    return this.events.at(-1)?.seq ?? 0
  }
  onNew(_viewer: Viewer, listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

const WEBHOOK: Webhook = {
  id: 'wh_0011223344556677',
  url: 'https://example.com/hook',
  states: [],
  createdAt: '2026-01-01T00:00:00.000Z',
  waiting: 0,
  failures: 0,
}

/** One webhook, of every account. */
export const FAKE_WEBHOOKS: WebhooksView = {
  add: async (_account, { url, states }) => ({ webhook: { ...WEBHOOK, url, states }, secret: 'whsec_c2VjcmV0' }),
  rotate: async (_account, id, { graceMs }) => {
    known(id)
    const until = graceMs === 0 ? {} : { oldSecretUntil: new Date(Date.UTC(2026, 0, 1) + graceMs).toISOString() }
    return { webhook: { ...WEBHOOK, ...until }, secret: 'whsec_bmV3ZXI=' }
  },
  list: async () => [WEBHOOK],
  remove: async (_account, id) => known(id),
  ping: async (_account, id) => {
    known(id)
    return { ok: true, status: 204 }
  },
  health: () => ({ total: 1, failing: 0, disabled: 0 }),
}

function known(id: string): void {
  if (id !== WEBHOOK.id) throw new WebhookError(`no webhook ${id} here`, { code: 'ERR_WEBHOOK_UNKNOWN', id })
}
