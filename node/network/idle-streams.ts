import type { Connection } from '@libp2p/interface'
import { IDLE_STREAM_MS, IDLE_STREAMS_PER_PEER } from './constants.ts'
import type { FrameStream } from './frames.ts'

/** A stream with its connection. */
export type OpenStream = { readonly frames: FrameStream; readonly connection: Connection }

type Idle = OpenStream & { readonly timer: NodeJS.Timeout }

/** Streams between two requests, by peer and protocol. Those that their peer closes, or nobody uses, are dropped. */
export class IdleStreams {
  readonly #idle = new Map<string, Idle[]>()

  /** A stream of this connection that another request can be sent on: those of an earlier one may lead nowhere. */
  take(key: string, connection: Connection): OpenStream | undefined {
    const idle = this.#idle.get(key) ?? []
    for (let last = idle.pop(); last !== undefined; last = idle.pop()) {
      if (idle.length === 0) this.#idle.delete(key)
      clearTimeout(last.timer)
      if (last.connection === connection && last.frames.isReusable) return last
      last.frames.abort(new Error('stream was closed meanwhile'))
    }
    return undefined
  }

  /** Keeps a stream whose exchange is complete. @returns false if it is not to be kept: the caller closes it. */
  keep(key: string, { frames, connection }: OpenStream): boolean {
    if (!frames.isReusable) return false
    const idle = this.#idle.get(key) ?? []
    if (idle.length >= IDLE_STREAMS_PER_PEER) return false
    const timer = setTimeout(() => {
      this.#drop(key, frames)
      void frames.close(AbortSignal.timeout(IDLE_STREAM_MS))
    }, IDLE_STREAM_MS)
    timer.unref()
    idle.push({ frames, connection, timer })
    this.#idle.set(key, idle)
    return true
  }

  /** Forgets all of them; they end with their connections. */
  clear(): void {
    for (const idle of this.#idle.values()) for (const { timer } of idle) clearTimeout(timer)
    this.#idle.clear()
  }

  #drop(key: string, frames: FrameStream): void {
    const left = (this.#idle.get(key) ?? []).filter((one) => one.frames !== frames)
    if (left.length === 0) this.#idle.delete(key)
    else this.#idle.set(key, left)
  }
}
