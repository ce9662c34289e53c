import type { Connection, PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { addressOfPublicKey } from '#protocol'
import type { PeerView, Unsubscribe } from './types.ts'

/** The same for the text of a peer id. */
export function findAddressOfPeerId(text: string): Uint8Array | undefined {
  try {
    return findAddressOfPeer(peerIdFromString(text))
  } catch {
    return undefined
  }
}

type Entry = {
  readonly connections: Map<string, Connection>
  readonly admitted: PromiseWithResolvers<boolean>
  view: PeerView | undefined
  agent: string
}

/** The Ethereum address of a peer's key; `undefined` if the key is of another kind. */
export function findAddressOfPeer(peerId: PeerId): Uint8Array | undefined {
  return peerId.type === 'secp256k1' ? addressOfPublicKey(peerId.publicKey.raw) : undefined
}

/**
 * Connected peers and what is known of them.
 *
 * A peer is pending from its first connection on, then admitted (handshake passed) or gone. When one of the connections
 * of an admitted peer closes, the others are closed too: gossip runs over one of them, cannot tell which, and starts
 * afresh only with a fresh connection.
 */
export class PeerBook {
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #ready = new Set<(peer: PeerView) => void>()
  readonly #gone = new Set<(peer: PeerView) => void>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Notes a new connection; the same one again, or one that is closed already, changes nothing. */
  open(connection: Connection): void {
    if (connection.status !== 'open') return
    const id = connection.remotePeer.toString()
    this.#forgetStale(id, connection)
    let entry = this.#entries.get(id)
    if (entry === undefined) {
      entry = { connections: new Map(), admitted: Promise.withResolvers(), view: undefined, agent: '' }
      this.#entries.set(id, entry)
    }
    entry.connections.set(connection.id, connection)
  }

  /**
   * A peer dials when it has no connection. A second one from the same side means that the first is dead, though this
   * node has not noticed: the peer was restarted, or its network changed. It is a new peer then, with a new handshake.
   */
  #forgetStale(id: string, fresh: Connection): void {
    const stale = Array.from(this.#entries.get(id)?.connections.values() ?? [])
    const isRepeated = stale.some(({ id, direction }) => direction === fresh.direction && id !== fresh.id)
    if (!isRepeated || stale.some((connection) => connection.id === fresh.id)) return
    this.#end(id)
    for (const connection of stale) connection.abort(new Error('the peer has connected again'))
  }

  /** Notes a closed connection. */
  close(connection: Connection): void {
    const id = connection.remotePeer.toString()
    const entry = this.#entries.get(id)
    if (entry === undefined || !entry.connections.delete(connection.id)) return
    if (entry.connections.size > 0) {
      if (entry.view !== undefined) this.cut(id, new Error('another connection of the peer was closed'))
      return
    }
    this.#end(id)
  }

  #end(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    entry.admitted.resolve(false)
    const view = this.#viewOf(entry)
    if (view !== undefined) for (const callback of this.#gone) callback(view)
  }

  /** Notes that a peer passed the handshake. */
  admit(connection: Connection, address: Uint8Array): void {
    const peerId = connection.remotePeer.toString()
    const entry = this.#entries.get(peerId)
    if (entry === undefined || entry.view !== undefined || !entry.connections.has(connection.id)) return
    entry.view = {
      peerId,
      address,
      remoteAddr: connection.remoteAddr.toString(),
      direction: connection.direction,
      since: this.#now(),
      agent: '',
      handshake: 'ok',
    }
    entry.admitted.resolve(true)
    for (const callback of this.#ready) callback({ ...entry.view, agent: entry.agent })
  }

  /** Cuts all connections of a peer. */
  cut(peerId: string, reason: Error): void {
    const connections = this.#entries.get(peerId)?.connections
    // A copy, since each abort removes its connection from the map.
    for (const connection of Array.from(connections?.values() ?? [])) connection.abort(reason)
  }

  /** Notes what a peer says it runs. */
  describe(peerId: string, agent: string): void {
    const entry = this.#entries.get(peerId)
    if (entry !== undefined) entry.agent = agent.slice(0, 128)
  }

  /** Waits for the handshake of a connected peer: true if it passed, false if not, or if the peer is not connected. */
  async isAdmitted(peerId: string): Promise<boolean> {
    return (await this.#entries.get(peerId)?.admitted.promise) ?? false
  }

  /** The peer, if it is connected and passed the handshake. */
  find(peerId: string): PeerView | undefined {
    const entry = this.#entries.get(peerId)
    return entry === undefined ? undefined : this.#viewOf(entry)
  }

  /** An open connection of an admitted peer. */
  findConnection(peerId: string): Connection | undefined {
    const entry = this.#entries.get(peerId)
    if (entry?.view === undefined) return undefined
    return [...entry.connections.values()].find((connection) => connection.status === 'open')
  }

  list(): PeerView[] {
    return [...this.#entries.values()].map((entry) => this.#viewOf(entry)).filter((view) => view !== undefined)
  }

  #viewOf(entry: Entry): PeerView | undefined {
    return entry.view === undefined ? undefined : { ...entry.view, agent: entry.agent }
  }

  onReady(callback: (peer: PeerView) => void): Unsubscribe {
    this.#ready.add(callback)
    return () => void this.#ready.delete(callback)
  }

  onGone(callback: (peer: PeerView) => void): Unsubscribe {
    this.#gone.add(callback)
    return () => void this.#gone.delete(callback)
  }
}
