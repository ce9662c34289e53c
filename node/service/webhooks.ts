import type { Logger } from 'pino'
import type { Actor, BillState, EventsView, NewWebhook, Webhook, WebhookOutcome, WebhooksView } from '#api'
import { toHex, utf8 } from '#protocol'
import type { Store, WebhookOldSecretRecord, WebhookProgressRecord, WebhookRecord, Write } from '#storage'
import { Limiter } from '../limiter.ts'
import { Serial } from '../serial.ts'
import { VERSION } from '../version.ts'
import type { AuditLog } from './audit-log.ts'
import { WEBHOOK_CHANGES_PER_DAY } from './constants.ts'
import { DailyCounts } from './daily-counts.ts'
import { accountKey, accountRange } from './event-keys.ts'
import { checkWebhookUrl } from './webhook-address.ts'
import { WebhookError } from './webhook-error.ts'
import { WebhookLane } from './webhook-lane.ts'
import { WebhookPoster } from './webhook-post.ts'
import type { WebhookPosterInit } from './webhook-post.ts'
import { WebhookSecrets } from './webhook-secrets.ts'
import { formatSecret, SECRET_BYTES } from './webhook-signature.ts'

/** Webhooks of one account: one for each of its programs, and some for tests. */
const WEBHOOKS_PER_ACCOUNT = 10
/** Posts of all webhooks under way: the slowest endpoints together hold some sockets, and no more. */
const POSTS_AT_A_TIME = 128
/** The same of one account, so that one whose endpoints do not answer does not keep others waiting. */
const POSTS_OF_ACCOUNT = 16
/** Actor of what the node does by itself. */
const NODE: Actor = { actor: 'node' }

/** What webhooks need. */
export type WebhooksInit = WebhookPosterInit & {
  readonly store: Store
  readonly events: EventsView
  readonly audit: Pick<AuditLog, 'record'>
  readonly nowMs: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly randomBytes: (size: number) => Uint8Array
  /** Told of each attempt: whether it was answered with 2xx. */
  readonly onPosted?: (ok: boolean) => void
  /** Waits between attempts. @default RETRY_MS of `webhook-retries.ts` */
  readonly retryMs?: readonly number[]
  /** Entries of the audit log that one account makes in a day. @default WEBHOOK_CHANGES_PER_DAY */
  readonly changesPerDay?: number
  readonly log: Logger
}

type Kept = { readonly lane: WebhookLane; readonly secrets: WebhookSecrets; readonly unlisten: () => void }
type KeptSecrets = { readonly secret: Uint8Array; readonly old?: WebhookOldSecretRecord | undefined }

/** Webhooks of all accounts: on disk before they are answered for, delivered each in a lane of its own. */
export class Webhooks implements WebhooksView {
  readonly #init: WebhooksInit
  readonly #poster: WebhookPoster
  readonly #places = new Limiter(POSTS_AT_A_TIME)
  /** By account; as many as accounts that ever had webhooks. */
  readonly #placesOf = new Map<string, Limiter>()
  readonly #serial = new Serial()
  readonly #changes: DailyCounts
  /** By account and id. */
  readonly #kept = new Map<string, Map<string, Kept>>()
  #isStopped = false

  constructor(init: WebhooksInit) {
    this.#init = init
    this.#poster = new WebhookPoster(init)
    const { store, nowMs, changesPerDay: perDay = WEBHOOK_CHANGES_PER_DAY } = init
    this.#changes = new DailyCounts({ store, kind: 'webhook-change', perDay, nowMs })
  }

  /** Takes up the webhooks of the last stop. */
  async start(): Promise<void> {
    const { store, log } = this.#init
    for await (const [key, record] of store.webhooks.entries()) {
      const [progress, secret, old] = await Promise.all([
        store.webhookProgress.find(key),
        store.webhookSecrets.find(key),
        store.webhookOldSecrets.find(key),
      ])
      if (progress === undefined || secret === undefined) {
        log.error({ webhook: record.id }, 'webhook without its secret; it is left aside')
      } else this.#begin(record, progress, { secret, old })
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

  async add(account: string, wanted: NewWebhook, by: Actor): Promise<{ webhook: Webhook; secret: string }> {
    const { store, events, nowMs, randomBytes, allowPrivate } = this.#init
    const url = checkWebhookUrl(wanted.url, allowPrivate)
    return this.#serial.run(async () => {
      if ((this.#kept.get(account)?.size ?? 0) >= WEBHOOKS_PER_ACCOUNT) {
        const limit = WEBHOOKS_PER_ACCOUNT
        throw new WebhookError(`an account has at most ${limit} webhooks`, { code: 'ERR_WEBHOOK_LIMIT', limit })
      }
      await this.#count(account)
      const id = `wh_${toHex(randomBytes(8)).slice(2)}`
      const secret = randomBytes(SECRET_BYTES)
      const record = { id, account, url: url.href, states: [...new Set(wanted.states)], createdAtMs: nowMs() }
      // Told is what happens from now on; before that there is the list of bills.
      const progress = { doneSeq: await events.lastSeq({ account, all: false }), failures: 0 }
      const key = keyOf(account, id)
      await this.#init.audit.record(by, 'webhook.create', subjectOf(record), () => [
        this.#changes.write(account),
        store.webhooks.put(key, record),
        store.webhookProgress.put(key, progress),
        store.webhookSecrets.put(key, secret),
      ])
      const kept = this.#begin(record, progress, { secret })
      return { webhook: await this.#view(kept), secret: formatSecret(secret) }
    })
  }

  async list(account: string): Promise<Webhook[]> {
    const kept = [...(this.#kept.get(account)?.values() ?? [])]
    const webhooks = await Promise.all(kept.map(async (one) => this.#view(one)))
    return webhooks.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  }

  async rotate(
    account: string,
    id: string,
    { graceMs, by }: { readonly graceMs: number; readonly by: Actor },
  ): Promise<{ webhook: Webhook; secret: string }> {
    return this.#serial.run(async () => {
      const kept = this.#get(account, id)
      await this.#count(account)
      const secret = this.#init.randomBytes(SECRET_BYTES)
      await kept.secrets.rotate(secret, graceMs, async (writes) =>
        this.#init.audit.record(by, 'webhook.rotate', subjectOf(kept.lane.record), () => [
          this.#changes.write(account),
          ...writes,
        ]),
      )
      return { webhook: await this.#view(kept), secret: formatSecret(secret) }
    })
  }

  async remove(account: string, id: string, by: Actor): Promise<void> {
    await this.#serial.run(async () => {
      const kept = this.#get(account, id)
      // Not counted: there are no more of them than of those that were added.
      await this.#init.audit.record(by, 'webhook.remove', subjectOf(kept.lane.record), this.#erase(account, id))
      this.#kept.get(account)?.delete(id)
      await this.#end(kept)
      // Once more: the lane kept its progress when it ended.
      await this.#init.store.commit(this.#erase(account, id), { durable: true })
    })
  }

  /** Removes all webhooks of an account that is closed, and their secrets. */
  async forget(account: string): Promise<void> {
    await this.#serial.run(async () => {
      for (const kept of this.#kept.get(account)?.values() ?? []) await this.#end(kept)
      this.#kept.delete(account)
      this.#placesOf.delete(account)
      const { store } = this.#init
      for (const bucket of [store.webhookSecrets, store.webhookOldSecrets, store.webhooks, store.webhookProgress]) {
        for await (const [key] of bucket.entries(accountRange(account))) {
          await store.commit([bucket.remove(key)], { durable: true })
        }
      }
    })
  }

  async ping(
    account: string,
    id: string,
    { by, signal }: { readonly by: Actor; readonly signal: AbortSignal },
  ): Promise<WebhookOutcome> {
    const { lane } = this.#get(account, id)
    await this.#count(account)
    await this.#init.audit.record(by, 'webhook.ping', subjectOf(lane.record), () => [this.#changes.write(account)])
    return lane.ping(`msg_${id}_ping${toHex(this.#init.randomBytes(8)).slice(2)}`, signal)
  }

  health(): { total: number; failing: number; disabled: number } {
    const all = [...this.#kept.values()].flatMap((webhooks) => [...webhooks.values()].map(({ lane }) => lane.progress))
    const disabled = all.filter(({ disabledAtMs }) => disabledAtMs !== undefined).length
    const failing = all.filter(({ failures }) => failures > 0).length
    return { total: all.length, failing: failing - disabled, disabled }
  }

  #begin(record: WebhookRecord, progress: WebhookProgressRecord, secret: KeptSecrets): Kept {
    const { store, events, nowMs, random, log, onPosted } = this.#init
    const { account, id } = record
    const viewer = { account, all: false }
    const places = this.#placesOf.get(account) ?? new Limiter(POSTS_OF_ACCOUNT)
    this.#placesOf.set(account, places)
    const secrets = new WebhookSecrets({ ...secret, store, key: keyOf(account, id), nowMs, log })
    const lane = new WebhookLane({
      record,
      progress,
      secrets: () => secrets.list(),
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
      save: async (changed, durable) => this.#save(record, changed, durable),
      nowMs,
      random,
      retryMs: this.#init.retryMs,
      userAgent: `kwitness/${VERSION}`,
      log,
    })
    const webhooks = this.#kept.get(account) ?? new Map<string, Kept>()
    const kept = { lane, secrets, unlisten: events.onNew(viewer, () => lane.wake()) }
    this.#kept.set(account, webhooks.set(id, kept))
    lane.wake()
    return kept
  }

  async #end({ lane, secrets, unlisten }: Kept): Promise<void> {
    unlisten()
    await lane.stop()
    await secrets.stop()
  }

  async #save(record: WebhookRecord, progress: WebhookProgressRecord, durable: boolean): Promise<void> {
    const { store, audit } = this.#init
    const write = store.webhookProgress.put(keyOf(record.account, record.id), progress)
    // A lane asks for that only in the moment in which it is switched off.
    const isSwitchedOff = durable && progress.disabledAtMs !== undefined
    if (isSwitchedOff) await audit.record(NODE, 'webhook.disable', subjectOf(record), [write])
    else await store.commit([write], { durable })
  }

  /** Removes of the disk what is kept of a webhook. */
  #erase(account: string, id: string): Write[] {
    const { webhookSecrets, webhookOldSecrets, webhooks, webhookProgress } = this.#init.store
    const key = keyOf(account, id)
    return [webhookSecrets, webhookOldSecrets, webhooks, webhookProgress].map((bucket) => bucket.remove(key))
  }

  async #count(account: string): Promise<void> {
    if (await this.#changes.take(account)) return
    const { perDay: limit } = this.#changes
    throw new WebhookError(`an account adds, changes and tests webhooks ${limit} times a day`, {
      code: 'ERR_WEBHOOK_CHANGES',
      limit,
      retryAfterS: this.#changes.retryAfterS(),
    })
  }

  #get(account: string, id: string): Kept {
    const kept = this.#kept.get(account)?.get(id)
    if (kept !== undefined) return kept
    throw new WebhookError(`no webhook ${id} here`, { code: 'ERR_WEBHOOK_UNKNOWN', id })
  }

  async #view({ lane, secrets }: Kept): Promise<Webhook> {
    const { id, account, url, states, createdAtMs } = lane.record
    const { doneSeq, failures, nextAtMs, disabledAtMs, last } = lane.progress
    const lastSeq = await this.#init.events.lastSeq({ account, all: false })
    const { oldUntilMs } = secrets
    return {
      id,
      url,
      // Written here from states.
      states: states as readonly BillState[],
      createdAt: timeOf(createdAtMs),
      ...(oldUntilMs === undefined ? {} : { oldSecretUntil: timeOf(oldUntilMs) }),
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

/** A webhook in the audit log: never its URL, which may have a secret of its owner's. */
function subjectOf({ id, account }: WebhookRecord): string {
  return `${id} ${account}`
}

function keyOf(account: string, id: string): Uint8Array {
  return accountKey(account, utf8(id))
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
