import type { Logger } from 'pino'
import { concatBytes, errorCodeOf } from '#protocol'
import type { Store, Write } from '#storage'
import { seqOfKey } from './event-keys.ts'

/** Events kept for each reader: more than the busiest account makes in an hour, and a few hundred MB at the very most. */
const EVENTS_KEPT = 1_000_000
/** Time that events are kept: a program that is down for longer lists its bills. */
const EVENTS_KEPT_MS = 30 * 24 * 60 * 60_000
/** Time between two clearings. */
const CLEAR_EVERY_MS = 10 * 60_000
/** Events removed with one commit, so that others do not wait for it. */
const REMOVED_AT_A_TIME = 1_000

/** What the retention needs. */
export type EventRetentionInit = {
  readonly store: Store
  readonly nowMs: () => number
  readonly log: Logger
  /** @default EVENTS_KEPT */
  readonly kept?: number
  /** @default EVENTS_KEPT_MS */
  readonly keptMs?: number
}

/** Removes old events, by count and by age, but never the latest of a reader: its number goes on from there. */
export class EventRetention {
  readonly #init: EventRetentionInit
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(init: EventRetentionInit) {
    this.#init = init
  }

  /** Clears now and then. */
  start(): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => {
      this.#work = this.clear()
        .catch((cause: unknown) => {
          this.#init.log.error({ code: errorCodeOf(cause), err: cause }, 'old events not removed; tried again later')
        })
        .finally(() => this.start())
    }, CLEAR_EVERY_MS)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#work
  }

  /** Removes what is too old, of all readers. */
  async clear(): Promise<void> {
    const { store } = this.#init
    let from: Uint8Array = new Uint8Array(0)
    while (!this.#isStopped) {
      const reader = await this.#readerAt(from)
      if (reader === undefined) return
      const below = concatBytes([reader.subarray(0, -1), new Uint8Array([1])])
      let lastSeq = 0
      for await (const [key] of store.events.entries({ from: reader, below, reverse: true, limit: 1 }))
        lastSeq = seqOfKey(key)
      while (!this.#isStopped && (await this.#clearSome(reader, below, lastSeq))) continue
      from = below
    }
  }

  /** Prefix of the keys of the first reader from a key on, its zero byte included. */
  async #readerAt(from: Uint8Array): Promise<Uint8Array | undefined> {
    for await (const [key] of this.#init.store.events.entries({ from, limit: 1 })) {
      return key.subarray(0, key.byteLength - 8)
    }
    return undefined
  }

  /** @returns whether there may be more. */
  async #clearSome(from: Uint8Array, below: Uint8Array, lastSeq: number): Promise<boolean> {
    const { store, nowMs, kept = EVENTS_KEPT, keptMs = EVENTS_KEPT_MS } = this.#init
    const oldestMs = nowMs() - keptMs
    const writes: Write[] = []
    for await (const [key, { atMs }] of store.events.entries({ from, below, limit: REMOVED_AT_A_TIME })) {
      const seq = seqOfKey(key)
      if (seq === lastSeq || (seq > lastSeq - kept && atMs >= oldestMs)) break
      writes.push(store.events.remove(key))
    }
    // What a crash of the machine brings back is removed again.
    await store.commit(writes, { durable: false })
    return writes.length === REMOVED_AT_A_TIME
  }
}
