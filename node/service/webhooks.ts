import type { Logger } from 'pino'
import type { BillState, EventsView, Webhook, WebhookOutcome, WebhooksView } from '#api'
import { toHex, utf8 } from '#protocol'
import type { Store, WebhookProgressRecord, WebhookRecord } from '#storage'
import { Limiter } from '../limiter.ts'
import { Serial } from '../serial.ts'
import { VERSION } from '../version.ts'
import { accountKey, accountRange } from './event-keys.ts'
import { checkWebhookUrl } from './webhook-address.ts'
import { WebhookError } from './webhook-error.ts'
import { WebhookLane } from './webhook-lane.ts'
import { WebhookPoster } from './webhook-post.ts'
import type { WebhookPosterInit } from './webhook-post.ts'
import { formatSecret, SECRET_BYTES } from './webhook-signature.ts'

/** Webhooks of one account: one for each of its programs, and some for tests. */
const WEBHOOKS_PER_ACCOUNT = 10
/** Posts of all webhooks under way: the slowest endpoints together hold some sockets, and no more. */
const POSTS_AT_A_TIME = 128
/** The same of one account, so that one whose endpoints do not answer does not keep others waiting. */
const POSTS_OF_ACCOUNT = 16

/** What webhooks need. */
export type WebhooksInit = WebhookPosterInit & {
  readonly store: Store
  readonly events: EventsView
  readonly nowMs: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly randomBytes: (size: number) => Uint8Array
  /** Told of each attempt: whether it was answered with 2xx. */
  readonly onPosted?: (ok: boolean) => void
  /** Waits between attempts. @default RETRY_MS of `webhook-retries.ts` */
  readonly retryMs?: readonly number[]
  readonly log: Logger
}

type Kept = { readonly lane: WebhookLane; readonly unlisten: () => void }

/** Webhooks of all accounts: on disk before they are answered for, delivered each in a lane of its own. */
export class Webhooks implements WebhooksView {
  readonly #init: WebhooksInit
  readonly #poster: WebhookPoster
  readonly #places = new Limiter(POSTS_AT_A_TIME)
  /** By account; as many as accounts that ever had webhooks. */
  readonly #placesOf = new Map<string, Limiter>()
  readonly #serial = new Serial()
  /** By account and id. */
  readonly #kept = new Map<string, Map<string, Kept>>()
  #isStopped = false

  constructor(init: WebhooksInit) {
    this.#init = init
    this.#poster = new WebhookPoster(init)
  }

  /** Takes up the webhooks of the last stop. */
  async start(): Promise<void> {
    const { store, log } = this.#init
    for await (const [key, record] of store.webhooks.entries()) {
      const [progress, secret] = await Promise.all([store.webhookProgress.find(key), store.webhookSecrets.find(key)])
      if (progress === undefined || secret === undefined) {
        log.error({ webhook: record.id }, 'webhook without its secret; it is left aside')
      } else this.#begin(record, progress, secret)
    }
  }

  /** Ends all deliveries; what was not answered is sent again after the next start. */
  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    await this.#serial.run(async () => {
      const kept = [...this.#kept.values()].flatMap((webhooks) => [...webhooks.values()])
      await Promise.all(kept.map(async (one) => this.#end(one)))
      this.#kept.clear()
    })
    this.#poster.close()
  }

  async add(
    account: string,
    text: string,
    states: readonly BillState[],
  ): Promise<{ webhook: Webhook; secret: string }> {
    const { store, events, nowMs, randomBytes, allowPrivate } = this.#init
    const url = checkWebhookUrl(text, allowPrivate)
    return this.#serial.run(async () => {
      if ((this.#kept.get(account)?.size ?? 0) >= WEBHOOKS_PER_ACCOUNT) {
        const limit = WEBHOOKS_PER_ACCOUNT
        throw new WebhookError(`an account has at most ${limit} webhooks`, { code: 'ERR_WEBHOOK_LIMIT', limit })
      }
      const id = `wh_${toHex(randomBytes(8)).slice(2)}`
      const secret = randomBytes(SECRET_BYTES)
      const record = { id, account, url: url.href, states: [...new Set(states)], createdAtMs: nowMs() }
      // Told is what happens from now on; before that there is the list of bills.
      const progress = { doneSeq: await events.lastSeq({ account, all: false }), failures: 0 }
      const key = keyOf(account, id)
      await store.commit(
        [
          store.webhooks.put(key, record),
          store.webhookProgress.put(key, progress),
          store.webhookSecrets.put(key, secret),
        ],
        { durable: true },
      )
      const lane = this.#begin(record, progress, secret)
      return { webhook: await this.#view(lane), secret: formatSecret(secret) }
    })
  }

  async list(account: string): Promise<Webhook[]> {
    const kept = [...(this.#kept.get(account)?.values() ?? [])]
    const webhooks = await Promise.all(kept.map(async ({ lane }) => this.#view(lane)))
    return webhooks.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  }

  async remove(account: string, id: string): Promise<void> {
    await this.#serial.run(async () => {
      const kept = this.#get(account, id)
      await this.#erase(account, [id])
      this.#kept.get(account)?.delete(id)
      await this.#end(kept)
      // Once more: the lane kept its progress when it ended.
      await this.#erase(account, [id])
    })
  }

  /** Removes all webhooks of an account that is closed, and their secrets. */
  async forget(account: string): Promise<void> {
    await this.#serial.run(async () => {
      for (const kept of this.#kept.get(account)?.values() ?? []) await this.#end(kept)
      this.#kept.delete(account)
      this.#placesOf.delete(account)
      const { store } = this.#init
      for (const bucket of [store.webhookSecrets, store.webhooks, store.webhookProgress]) {
        for await (const [key] of bucket.entries(accountRange(account))) {
          await store.commit([bucket.remove(key)], { durable: true })
        }
      }
    })
  }

  async ping(account: string, id: string, signal: AbortSignal): Promise<WebhookOutcome> {
    const { lane } = this.#get(account, id)
    return lane.ping(`msg_${id}_ping${toHex(this.#init.randomBytes(8)).slice(2)}`, signal)
  }

  health(): { total: number; failing: number; disabled: number } {
    const all = [...this.#kept.values()].flatMap((webhooks) => [...webhooks.values()].map(({ lane }) => lane.progress))
    const disabled = all.filter(({ disabledAtMs }) => disabledAtMs !== undefined).length
    const failing = all.filter(({ failures }) => failures > 0).length
    return { total: all.length, failing: failing - disabled, disabled }
  }

  #begin(record: WebhookRecord, progress: WebhookProgressRecord, secret: Uint8Array): WebhookLane {
    const { store, events, nowMs, random, log, onPosted } = this.#init
    const { account, id } = record
    const viewer = { account, all: false }
    const places = this.#placesOf.get(account) ?? new Limiter(POSTS_OF_ACCOUNT)
    this.#placesOf.set(account, places)
    const lane = new WebhookLane({
      record,
      progress,
      secret,
      list: async (afterSeq, limit) => events.list(viewer, afterSeq, limit),
      post: async (...message) => {
        try {
          const answer = await this.#poster.post(...message)
          onPosted?.(answer.status >= 200 && answer.status < 300)
          return answer
        } catch (cause) {
          onPosted?.(false)
          throw cause
        }
      },
      places: { run: async (task) => places.run(async () => this.#places.run(task)) },
      save: async (changed, durable) =>
        store.commit([store.webhookProgress.put(keyOf(account, id), changed)], { durable }),
      nowMs,
      random,
      retryMs: this.#init.retryMs,
      userAgent: `kwitness/${VERSION}`,
      log,
    })
    const webhooks = this.#kept.get(account) ?? new Map<string, Kept>()
    this.#kept.set(account, webhooks.set(id, { lane, unlisten: events.onNew(viewer, () => lane.wake()) }))
    lane.wake()
    return lane
  }

  async #end({ lane, unlisten }: Kept): Promise<void> {
    unlisten()
    await lane.stop()
  }

  async #erase(account: string, ids: readonly string[]): Promise<void> {
    const { store } = this.#init
    const keys = ids.map((id) => keyOf(account, id))
    await store.commit(
      [store.webhookSecrets, store.webhooks, store.webhookProgress].flatMap((bucket) =>
        keys.map((key) => bucket.remove(key)),
      ),
      { durable: true },
    )
  }

  #get(account: string, id: string): Kept {
    const kept = this.#kept.get(account)?.get(id)
    if (kept !== undefined) return kept
    throw new WebhookError(`no webhook ${id} here`, { code: 'ERR_WEBHOOK_UNKNOWN', id })
  }

  async #view(lane: WebhookLane): Promise<Webhook> {
    const { id, account, url, states, createdAtMs } = lane.record
    const { doneSeq, failures, nextAtMs, disabledAtMs, last } = lane.progress
    const lastSeq = await this.#init.events.lastSeq({ account, all: false })
    return {
      id,
      url,
      // Written here from states.
      states: states as readonly BillState[],
      createdAt: timeOf(createdAtMs),
      waiting: Math.max(0, lastSeq - doneSeq),
      failures,
      ...(nextAtMs === undefined || disabledAtMs !== undefined ? {} : { nextAt: timeOf(nextAtMs) }),
      ...(disabledAtMs === undefined ? {} : { disabledAt: timeOf(disabledAtMs) }),
      ...(last === undefined ? {} : { last: describeLast(last) }),
    }
  }
}

function describeLast({ atMs, ...outcome }: NonNullable<WebhookProgressRecord['last']>): NonNullable<Webhook['last']> {
  return { at: timeOf(atMs), ...outcome }
}

function keyOf(account: string, id: string): Uint8Array {
  return accountKey(account, utf8(id))
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
