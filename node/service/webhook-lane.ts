import type { Logger } from 'pino'
import type { BillEvent, WebhookOutcome } from '#api'
import { errorCodeOf } from '#protocol'
import type { WebhookProgressRecord, WebhookRecord } from '#storage'
import type { Limiter } from '../limiter.ts'
import { WebhookError } from './webhook-error.ts'
import type { WebhookAnswer } from './webhook-post.ts'
import { retryDelayMs } from './webhook-retries.ts'
import { signWebhook } from './webhook-signature.ts'

/** Events of one webhook on their way at a time, each of another bill; one while the endpoint fails. */
const IN_FLIGHT = 8
/** Events read from the journal at a time. */
const READ_AHEAD = 64
/** Progress is written so often at most: what a crash forgets of it is sent again with the same id. */
const SAVE_MS = 250

/** What a lane needs. */
export type WebhookLaneInit = {
  readonly record: WebhookRecord
  readonly progress: WebhookProgressRecord
  /** Secrets that count now, the newest first. */
  readonly secrets: () => readonly Uint8Array[]
  /** Events of the account after a number. */
  readonly list: (afterSeq: number, limit: number) => Promise<readonly BillEvent[]>
  readonly post: (
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ) => Promise<WebhookAnswer>
  /** Places of all webhooks together. */
  readonly places: Pick<Limiter, 'run'>
  /** Keeps the progress; `durable` when it must survive a crash of the machine. */
  readonly save: (progress: WebhookProgressRecord, durable: boolean) => Promise<void>
  readonly nowMs: () => number
  readonly random: () => number
  /** @default RETRY_MS */
  readonly retryMs?: readonly number[] | undefined
  readonly userAgent: string
  readonly log: Logger
}

/** What is posted beside an event's own body. */
type Message = { readonly id: string; readonly body: string }

/**
 * Delivers one account's events to one endpoint. The journal is the queue: a lane keeps the number up to which all is
 * settled, and nothing else has to survive a crash.
 *
 * Events of one bill go out one after another, each when the one before was answered with 2xx. After a failure the lane
 * waits as a whole and tries one event: an endpoint that is down costs one attempt, not one for each event.
 */
export class WebhookLane {
  readonly record: WebhookRecord
  readonly #init: WebhookLaneInit
  readonly #url: URL
  readonly #stopped = new AbortController()
  readonly #running = new Set<Promise<void>>()
  /** Read and not settled, by number. */
  readonly #open = new Map<number, BillEvent>()
  /** Numbers that are under way, by bill. */
  readonly #underWay = new Map<string, number>()
  #progress: WebhookProgressRecord
  /** The journal is read up to here. */
  #readSeq: number
  #isReading = false
  /** Counts failures of the endpoint: what was sent before one says nothing about it afterwards. */
  #round = 0
  #mayHaveMore = true
  #retry: NodeJS.Timeout | undefined
  #saving: NodeJS.Timeout | undefined

  constructor(init: WebhookLaneInit) {
    this.#init = init
    this.record = init.record
    this.#url = new URL(init.record.url)
    this.#progress = init.progress
    this.#readSeq = init.progress.doneSeq
  }

  get progress(): WebhookProgressRecord {
    return this.#progress
  }

  /** There may be new events, or the lane starts. */
  wake(): void {
    this.#mayHaveMore = true
    this.#pump()
  }

  /** Ends what is under way and keeps how far it was. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    clearTimeout(this.#retry)
    clearTimeout(this.#saving)
    await Promise.all(this.#running)
    await this.#keep(this.#progress, false)
  }

  /** Sends a ping now; an answer with 2xx ends all waiting, and switches the webhook on again. */
  async ping(id: string, signal: AbortSignal): Promise<WebhookOutcome> {
    const at = new Date(this.#init.nowMs()).toISOString()
    const body = JSON.stringify({ type: 'ping', timestamp: at, data: { webhook: this.record.id } })
    const { outcome } = await this.#deliver({ id, body }, AbortSignal.any([signal, this.#stopped.signal]))
    if (signal.aborted || this.#stopped.signal.aborted) return outcome
    const { doneSeq, disabledAtMs, nextAtMs, failures } = this.#progress
    const last = { atMs: this.#init.nowMs(), ...outcome }
    if (outcome.ok) await this.#keep({ doneSeq, failures: 0, last }, true)
    else {
      const rest = {
        ...(nextAtMs === undefined ? {} : { nextAtMs }),
        ...(disabledAtMs === undefined ? {} : { disabledAtMs }),
      }
      await this.#keep({ doneSeq, failures, ...rest, last }, false)
    }
    this.wake()
    return outcome
  }

  #pump(): void {
    if (this.#stopped.signal.aborted || this.#progress.disabledAtMs !== undefined || this.#isWaiting()) return
    const width = this.#progress.failures > 0 ? 1 : IN_FLIGHT
    for (const event of this.#open.values()) {
      if (this.#underWay.size >= width) return
      if (this.#underWay.has(event.cid)) continue
      this.#underWay.set(event.cid, event.seq)
      this.#begin(this.#send(event))
    }
    if (this.#mayHaveMore && !this.#isReading && this.#open.size < READ_AHEAD) this.#begin(this.#read())
  }

  #begin(work: Promise<void>): void {
    const guarded = work.catch((cause: unknown) => {
      this.#init.log.error({ webhook: this.record.id, code: errorCodeOf(cause), err: cause }, 'webhook stands still')
    })
    this.#running.add(guarded)
    void guarded.finally(() => this.#running.delete(guarded))
  }

  #isWaiting(): boolean {
    const { nextAtMs } = this.#progress
    const leftMs = nextAtMs === undefined ? 0 : nextAtMs - this.#init.nowMs()
    clearTimeout(this.#retry)
    if (leftMs <= 0) return false
    this.#retry = setTimeout(() => this.#pump(), leftMs)
    return true
  }

  async #read(): Promise<void> {
    const { states } = this.record
    this.#isReading = true
    this.#mayHaveMore = false
    try {
      const events = await this.#init.list(this.#readSeq, READ_AHEAD)
      for (const event of events) {
        this.#readSeq = event.seq
        if (states.length === 0 || states.includes(event.state)) this.#open.set(event.seq, event)
      }
      if (events.length === READ_AHEAD) this.#mayHaveMore = true
    } finally {
      this.#isReading = false
    }
    this.#settle()
    this.#pump()
  }

  async #send(event: BillEvent): Promise<void> {
    const body = JSON.stringify({ type: `bill.${event.state}`, timestamp: event.at, data: event })
    const message = { id: `msg_${this.record.id}_${event.seq}`, body }
    const round = this.#round
    const { outcome, retryAfter } = await this.#deliver(message, this.#stopped.signal)
    this.#underWay.delete(event.cid)
    if (this.#stopped.signal.aborted) return
    if (outcome.ok) {
      this.#open.delete(event.seq)
      if (round === this.#round && this.#progress.disabledAtMs === undefined) {
        const { doneSeq } = this.#progress
        this.#progress = { doneSeq, failures: 0, last: { atMs: this.#init.nowMs(), ...outcome } }
      }
      this.#settle()
    } else if (round === this.#round) await this.#fail(outcome, retryAfter)
    this.#pump()
  }

  /** All up to the oldest open event is done. */
  #settle(): void {
    const [oldest] = this.#open.keys()
    const doneSeq = oldest === undefined ? this.#readSeq : oldest - 1
    this.#progress = { ...this.#progress, doneSeq }
    this.#saving ??= setTimeout(() => {
      this.#saving = undefined
      this.#begin(this.#keep(this.#progress, false))
    }, SAVE_MS)
  }

  async #fail(outcome: WebhookOutcome, retryAfter: string | undefined): Promise<void> {
    const { nowMs, random } = this.#init
    const { doneSeq } = this.#progress
    const last = { atMs: nowMs(), ...outcome }
    // Others that are under way with it fail with it: that is one failure of the endpoint.
    this.#round += 1
    const failures = this.#progress.failures + 1
    const delayMs =
      outcome.status === 410 ? undefined : retryDelayMs(failures, random(), retryAfter, nowMs(), this.#init.retryMs)
    if (delayMs === undefined) {
      this.#init.log.warn({ webhook: this.record.id, account: this.record.account, ...outcome }, 'webhook switched off')
      await this.#keep({ doneSeq, failures, disabledAtMs: nowMs(), last }, true)
    } else await this.#keep({ doneSeq, failures, nextAtMs: nowMs() + delayMs, last }, false)
  }

  // What cannot be written (a full disk) is known here all the same, and sent again at worst after the next start.
  async #keep(progress: WebhookProgressRecord, durable: boolean): Promise<void> {
    this.#progress = progress
    try {
      await this.#init.save(progress, durable)
    } catch (cause) {
      this.#init.log.warn({ webhook: this.record.id, code: errorCodeOf(cause) }, 'progress of a webhook not kept')
    }
  }

  async #deliver(
    message: Message,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: WebhookOutcome; readonly retryAfter?: string }> {
    try {
      const { status, retryAfter } = await this.#init.places.run(async () => this.#post(message, signal))
      if (status >= 200 && status < 300) return { outcome: { ok: true, status } }
      const error =
        status >= 300 && status < 400 ? `answered ${status}: redirects are not followed` : `answered ${status}`
      return { outcome: { ok: false, status, error }, ...(retryAfter === undefined ? {} : { retryAfter }) }
    } catch (cause) {
      const error = cause instanceof WebhookError ? cause.message : 'not delivered'
      return { outcome: { ok: false, error } }
    }
  }

  // The time of this attempt, not of the event: a receiver refuses what is old, and so what somebody repeats.
  async #post({ id, body }: Message, signal: AbortSignal): Promise<WebhookAnswer> {
    signal.throwIfAborted()
    const timestampS = Math.floor(this.#init.nowMs() / 1_000)
    const headers = {
      'content-type': 'application/json',
      'user-agent': this.#init.userAgent,
      'webhook-id': id,
      'webhook-timestamp': String(timestampS),
      'webhook-signature': signWebhook(this.#init.secrets(), id, timestampS, body),
    }
    return this.#init.post(this.#url, headers, body, signal)
  }
}
