import { setTimeout as pause } from 'node:timers/promises'
import { DIAL_BACKOFF_LIMIT_MS, DIAL_BACKOFF_MS, DIAL_COURTESY_MS } from './constants.ts'
import type { PeerBook } from './peer-book.ts'
import type { Refusals } from './refusals.ts'

/** Needs of the {@link Dialer}. */
export type DialerComponents = {
  readonly book: PeerBook
  readonly refusals: Refusals
  /** Connects to an address, or finds the connection that exists, and gives the peer's id. */
  readonly dial: (multiaddr: string, signal: AbortSignal) => Promise<string>
  readonly ownPeerId: string
  /** In [0, 1). */
  readonly random: () => number
  readonly stop: AbortSignal
}

function peerIdOf(multiaddr: string): string | undefined {
  return /\/p2p\/([1-9A-HJ-NP-Za-km-z]+)$/.exec(multiaddr)?.[1]
}

/** Keeps this node connected with given peers: dials, waits while connected, backs off when a dial fails. */
export class Dialer {
  readonly #components: DialerComponents
  readonly #loops = new Map<string, Promise<void>>()

  constructor(components: DialerComponents) {
    this.#components = components
  }

  /** Starts to keep a peer connected; an address that is kept already changes nothing. */
  keep(multiaddr: string): void {
    if (this.#loops.has(multiaddr) || peerIdOf(multiaddr) === this.#components.ownPeerId) return
    const loop = this.#keepConnected(multiaddr).catch((thrown: unknown) => {
      if (!this.#components.stop.aborted) throw thrown
    })
    this.#loops.set(multiaddr, loop)
  }

  /** Waits for the loops to end after `stop` was aborted. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#loops.values())
  }

  async #keepConnected(multiaddr: string): Promise<void> {
    const { book, refusals, dial, ownPeerId, stop } = this.#components
    let peerId = peerIdOf(multiaddr)
    let failures = 0
    if (peerId !== undefined && ownPeerId > peerId) await this.#pause(DIAL_COURTESY_MS)
    while (!stop.aborted) {
      if (peerId !== undefined) await this.#pause(refusals.waitMs(peerId))
      try {
        peerId = book.find(peerId ?? '')?.peerId ?? (await dial(multiaddr, stop))
        if (peerId === ownPeerId) return
        if (await book.isAdmitted(peerId)) {
          failures = 0
          await this.#untilGone(peerId)
        }
      } catch {
        // Not reachable now: the pause below grows, and the next attempt tells.
      }
      await this.#pause(Math.min(DIAL_BACKOFF_MS * 2 ** failures, DIAL_BACKOFF_LIMIT_MS))
      failures = Math.min(failures + 1, 16)
    }
  }

  async #untilGone(peerId: string): Promise<void> {
    const { book, stop } = this.#components
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    const unsubscribe = book.onGone((peer) => {
      if (peer.peerId === peerId) resolve()
    })
    stop.addEventListener('abort', wake)
    if (book.find(peerId) !== undefined && !stop.aborted) await promise
    stop.removeEventListener('abort', wake)
    unsubscribe()
  }

  /** Half of the time is random, so that nodes that lost each other at once do not return at once. */
  async #pause(ms: number): Promise<void> {
    if (ms > 0) await pause(ms * (0.5 + this.#components.random() / 2), undefined, { signal: this.#components.stop })
  }
}
