import type { HeliaWithLibp2p } from '@helia/libp2p'
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { Connection, ServiceMap, Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { Helia } from 'helia'
import { errorCodeOf, LIMITS } from '#protocol'
import { FAREWELL_TIMEOUT_MS, HELLO_PROTOCOL, HELLO_TIMEOUT_MS } from './constants.ts'
import { Dialer } from './dialer.ts'
import { FrameStream } from './frames.ts'
import { gateRegistrar } from './gate.ts'
import type { ProtocolRegistrar } from './gate.ts'
import { GossipService } from './gossip.ts'
import { Handshake } from './handshake.ts'
import { createHost, IDENTIFY_PROTOCOLS } from './libp2p.ts'
import { NetworkError } from './network-error.ts'
import { PeerBook } from './peer-book.ts'
import { Refusals } from './refusals.ts'
import { Requests } from './requests.ts'
import type {
  Gossip,
  Network,
  NetworkInit,
  NetworkLimits,
  PeerView,
  Refusal,
  RequestHandler,
  RequestOptions,
  Unsubscribe,
} from './types.ts'

const DEFAULT_LIMITS: NetworkLimits = {
  maxConnections: 300,
  inboundConnectionsPerSecond: 50,
  maxPendingInbound: 64,
  ipColocationWeight: 0,
  gossipBytes: LIMITS.gossipBytes,
}

async function closeConnection(connection: Connection): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(FAREWELL_TIMEOUT_MS) })
  } catch (thrown) {
    connection.abort(thrown instanceof Error ? thrown : new Error(String(thrown)))
  }
}

/** libp2p, Helia and what makes them a network of ours. Use {@link createNetwork}. */
class Libp2pNetwork implements Network {
  readonly peerId: string
  readonly helia: Helia
  readonly gossip: Gossip
  readonly #init: NetworkInit
  readonly #host: HeliaWithLibp2p<ServiceMap>
  readonly #gossip: GossipService
  readonly #stop = new AbortController()
  readonly #book: PeerBook
  readonly #refusals: Refusals
  readonly #handshake: Handshake
  readonly #requests: Requests
  readonly #dialer: Dialer
  readonly #handlers = new Map<string, RequestHandler>()
  /** Connections on which a handshake has begun. */
  readonly #greeted = new WeakSet<Connection>()
  readonly #tasks = new Set<Promise<void>>()
  #started = false
  #stopped: Promise<void> | undefined

  constructor(init: NetworkInit) {
    const limits = { ...DEFAULT_LIMITS, ...init.limits }
    const now = init.now ?? Date.now
    this.#init = init
    this.peerId = peerIdFromPrivateKey(privateKeyFromRaw(init.privateKey)).toString()
    this.#book = new PeerBook(now)
    this.#refusals = new Refusals(now)
    this.#handshake = new Handshake(init)
    this.#gossip = new GossipService({ topics: init.topics, limits })
    this.gossip = this.#gossip
    this.#requests = new Requests({
      findConnection: (peerId) => this.#book.findConnection(peerId),
      findPeer: (peerId) => this.#book.find(peerId),
      stop: this.#stop.signal,
    })
    const services = {
      protocols: ({ registrar }: { readonly registrar: ProtocolRegistrar }) => this.#createProtocols(registrar),
      pubsub: this.#gossip.service,
    }
    this.#host = createHost({ ...init, limits, services })
    this.helia = this.#host
    this.#dialer = new Dialer({
      book: this.#book,
      refusals: this.#refusals,
      dial: async (address, signal) => {
        const connection = await this.#host.libp2p.dial(multiaddr(address), { signal })
        return connection.remotePeer.toString()
      },
      ownPeerId: this.peerId,
      random: init.random ?? Math.random,
      stop: this.#stop.signal,
    })
  }

  /** A libp2p service: the gate from the first moment, our protocols before the first connection. */
  #createProtocols(registrar: ProtocolRegistrar): { beforeStart(): Promise<void>; start(): void; stop(): void } {
    gateRegistrar(registrar, {
      open: new Set([HELLO_PROTOCOL, ...IDENTIFY_PROTOCOLS]),
      isAdmitted: (peerId) => this.#book.isAdmitted(peerId),
    })
    return {
      beforeStart: async () => {
        await registrar.handle(HELLO_PROTOCOL, (stream, connection) => this.#greet(connection, () => stream))
        for (const [protocol, handler] of this.#handlers) {
          await registrar.handle(protocol, this.#requests.serve(handler))
        }
      },
      start: () => undefined,
      stop: () => undefined,
    }
  }

  async start(): Promise<void> {
    if (this.#stop.signal.aborted) throw new NetworkError('network is stopped', { code: 'ERR_NETWORK_STOPPED' })
    try {
      await this.#startHost()
    } catch (thrown) {
      await this.stop()
      throw thrown
    }
  }

  async #startHost(): Promise<void> {
    await this.#host.start()
    this.#started = true
    const { libp2p } = this.#host
    libp2p.addEventListener('connection:open', (event) => this.#onOpen(event.detail))
    libp2p.addEventListener('connection:close', (event) => this.#book.close(event.detail))
    libp2p.addEventListener('peer:identify', ({ detail }) => {
      this.#book.describe(detail.peerId.toString(), detail.agentVersion ?? '')
    })
    // Peers may have come between the start of libp2p and here.
    for (const connection of libp2p.getConnections()) this.#onOpen(connection)
    this.#gossip.start()
    for (const address of this.#init.bootstrap) this.#dialer.keep(address)
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll()
    return this.#stopped
  }

  async #stopAll(): Promise<void> {
    this.#stop.abort(new NetworkError('network is stopped', { code: 'ERR_NETWORK_STOPPED' }))
    this.#gossip.stop()
    await this.#dialer.settle()
    await this.#host.stop()
    await Promise.allSettled(this.#tasks)
  }

  #onOpen(connection: Connection): void {
    this.#book.open(connection)
    if (connection.direction === 'outbound') {
      this.#track(this.#greet(connection, () => connection.newStream(HELLO_PROTOCOL, { signal: this.#stop.signal })))
    } else {
      this.#track(this.#expectHello(connection))
    }
  }

  #track(task: Promise<void>): void {
    this.#tasks.add(task)
    void task.finally(() => this.#tasks.delete(task))
  }

  /** The side that was dialled waits for the other to begin; a peer that never does is cut off. */
  async #expectHello(connection: Connection): Promise<void> {
    const peerId = connection.remotePeer.toString()
    const { promise, resolve } = Promise.withResolvers<'late'>()
    const timer = setTimeout(resolve, HELLO_TIMEOUT_MS, 'late')
    const outcome = await Promise.race([this.#book.isAdmitted(peerId), promise])
    clearTimeout(timer)
    // A handshake that has begun, or a refused peer that still reads why, has a timeout of its own.
    if (outcome === 'late' && !this.#greeted.has(connection)) {
      const reason = 'peer does not say hello'
      this.#refusals.record({ peerId, by: 'us', code: 'ERR_NETWORK_NO_HELLO', reason, isVerdict: false })
      connection.abort(new Error('no hello'))
    }
  }

  async #greet(connection: Connection, open: () => Stream | Promise<Stream>): Promise<void> {
    const peerId = connection.remotePeer.toString()
    this.#greeted.add(connection)
    // An inbound stream can be faster than the event that tells of its connection.
    this.#book.open(connection)
    try {
      const frames = new FrameStream(await open())
      const outcome = await this.#handshake.run(frames, connection.remotePeer, this.#stop.signal)
      if (outcome.ok) {
        this.#refusals.pardon(peerId)
        this.#book.admit(connection, outcome.address)
        return
      }
      // Recorded before the connection ends: the dialer reads it then.
      const { by, code, reason } = outcome
      this.#refusals.record({ peerId, by, code, reason, isVerdict: true })
      await this.#handshake.part(frames, this.#stop.signal)
      await closeConnection(connection)
    } catch (thrown) {
      if (connection.status === 'open' && !this.#stop.signal.aborted) {
        const reason = `handshake failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`
        this.#refusals.record({ peerId, by: 'us', code: errorCodeOf(thrown), reason, isVerdict: false })
      }
      connection.abort(thrown instanceof Error ? thrown : new Error(String(thrown)))
    }
  }

  addresses(): string[] {
    return this.#started ? this.#host.libp2p.getMultiaddrs().map((address) => address.toString()) : []
  }

  peers(): PeerView[] {
    return this.#book.list()
  }

  refusals(): Refusal[] {
    return this.#refusals.list()
  }

  handle(protocol: string, handler: RequestHandler): void {
    this.#handlers.set(protocol, handler)
    if (this.#started) this.#track(this.#host.libp2p.handle(protocol, this.#requests.serve(handler)))
  }

  request(
    peerId: string,
    protocol: string,
    bytes: Uint8Array,
    options?: RequestOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#requests.request(peerId, protocol, bytes, options)
  }

  keepConnected(address: string): void {
    this.#dialer.keep(address)
  }

  onPeerReady(callback: (peer: PeerView) => void): Unsubscribe {
    return this.#book.onReady(callback)
  }

  onPeerGone(callback: (peer: PeerView) => void): Unsubscribe {
    return this.#book.onGone(callback)
  }

  onPeerRefused(callback: (refusal: Refusal) => void): Unsubscribe {
    return this.#refusals.onRefused(callback)
  }
}

/** A network that is wired and not started; `start()` listens and dials. */
export async function createNetwork(init: NetworkInit): Promise<Network> {
  return new Libp2pNetwork(init)
}
