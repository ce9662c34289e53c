import type { Helia } from 'helia'
import type { Blockstore } from 'interface-blockstore'
import type { Datastore } from 'interface-datastore'

/** What a node thinks of a stranger's hello. */
export type Verdict =
  | { readonly ok: true }
  /** `reason` says what differs, for the operator of either side. */
  | { readonly ok: false; readonly code: string; readonly reason: string }

/** A connected peer that passed the handshake. */
export type PeerView = {
  readonly peerId: string
  /** Ethereum address (20 bytes) of its key. */
  readonly address: Uint8Array
  readonly remoteAddr: string
  readonly direction: 'inbound' | 'outbound'
  /** Milliseconds since 1970. */
  readonly since: number
  /** What it says it runs; empty until it has said so. */
  readonly agent: string
  readonly handshake: 'ok'
}

/** A peer that was refused, or that refused this node. */
export type Refusal = {
  readonly peerId: string
  /** Who refused. */
  readonly by: 'us' | 'them'
  readonly code: string
  readonly reason: string
  /** Time of the last one, milliseconds since 1970. */
  readonly when: number
  /** How often, with this code. */
  readonly count: number
}

/** What becomes of a gossip message: passed on, dropped, or dropped and held against its sender. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'
/** Judges a message; it is passed on only after `accept`. `fromPeer` is who forwarded it, not who wrote it. */
export type GossipHandler = (bytes: Uint8Array, fromPeer: string) => Promise<GossipVerdict>

/** Publish and subscribe. Topics must be declared in {@link NetworkInit.topics}. */
export type Gossip = {
  subscribe(topic: string, handler: GossipHandler): void
  /**
   * Sends a message to all peers of a topic, not to this node itself. Equal bytes again within two minutes are dropped.
   *
   * @returns to how many peers it was sent.
   * @throws {NetworkError} ERR_NETWORK_TOPIC, ERR_NETWORK_TOO_LARGE, ERR_NETWORK_STOPPED.
   */
  publish(topic: string, bytes: Uint8Array): Promise<number>
}

/** Answers a request with frames of at most 2 MiB. A thrown error's code is sent to the peer; its message is not. */
export type RequestHandler = (request: Uint8Array, peer: PeerView, signal: AbortSignal) => AsyncIterable<Uint8Array>

/** Bounds of one request. */
export type RequestOptions = {
  readonly signal?: AbortSignal
  /** @default 4_096 */
  readonly maxFrames?: number
  /** @default 2 MiB */
  readonly maxFrameBytes?: number
  /** Until the response is complete. @default 30_000 */
  readonly timeoutMs?: number
}

/** Bounds that differ from one deployment to another. */
export type NetworkLimits = {
  /** @default 300 */
  readonly maxConnections: number
  /** New connections of one host per second; many nodes behind one address need more. @default 50 */
  readonly inboundConnectionsPerSecond: number
  /** Connections whose encryption is still being negotiated. @default 64 */
  readonly maxPendingInbound: number
  /** Penalty for peers that share an address; 0 where many nodes run behind one (DESIGN 17). @default 0 */
  readonly ipColocationWeight: number
  /** Largest gossip message. @default LIMITS.gossipBytes */
  readonly gossipBytes: number
}

/** Options of a network. */
export type NetworkInit = {
  /** 32-byte secp256k1 key: the peer id, and the Ethereum address. */
  readonly privateKey: Uint8Array
  /** Multiaddrs to listen on, such as `/ip4/0.0.0.0/tcp/4001`. */
  readonly listen: readonly string[]
  /** Multiaddrs that others should use instead; those of the interfaces if empty. */
  readonly announce?: readonly string[]
  /** Multiaddrs of peers to stay connected with, best with `/p2p/<id>`. */
  readonly bootstrap: readonly string[]
  /** Sent to each peer before anything else. At most 64 KiB. */
  readonly hello: Uint8Array
  readonly judge: (remoteHello: Uint8Array) => Verdict
  /** All topics that this node will ever use. */
  readonly topics: readonly string[]
  /** What peers see in their lists, such as `kwitness/0.1.0`. */
  readonly agent: string
  readonly blockstore: Blockstore
  readonly datastore: Datastore
  readonly limits?: Partial<NetworkLimits>
  /** Randomness for the jitter of pauses, in [0, 1). @default Math.random */
  readonly random?: () => number
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

/** Ends a subscription to events. */
export type Unsubscribe = () => void

/** The transport: peers, gossip, requests, IPFS blocks. It knows nothing of claims. */
export type Network = {
  start(): Promise<void>
  /** Idempotent; closes all connections and leaves no timer or handle. */
  stop(): Promise<void>
  readonly peerId: string
  /** Multiaddrs with `/p2p/<id>`; empty before start. */
  addresses(): string[]
  /** Peers that passed the handshake. */
  peers(): PeerView[]
  /** The last 64, newest last. */
  refusals(): Refusal[]
  readonly gossip: Gossip
  /** Serves a protocol to peers that passed the handshake; best before start. */
  handle(protocol: string, handler: RequestHandler): void
  /**
   * Asks a connected peer; the response is read as fast as it is consumed.
   *
   * @throws {NetworkError} ERR_NETWORK_UNREACHABLE, ERR_NETWORK_TIMEOUT, ERR_NETWORK_TOO_LARGE, ERR_NETWORK_TOO_MANY,
   * ERR_NETWORK_CUT, ERR_NETWORK_FRAME, ERR_NETWORK_REMOTE, ERR_NETWORK_STOPPED; the reason of `signal`.
   */
  request(
    peerId: string,
    protocol: string,
    bytes: Uint8Array,
    options?: RequestOptions,
  ): AsyncGenerator<Uint8Array, void, undefined>
  /** Stays connected with one more peer, as with those of {@link NetworkInit.bootstrap}. */
  keepConnected(multiaddr: string): void
  onPeerReady(callback: (peer: PeerView) => void): Unsubscribe
  onPeerGone(callback: (peer: PeerView) => void): Unsubscribe
  /** Each refusal, by either side, as soon as it is known. */
  onPeerRefused(callback: (refusal: Refusal) => void): Unsubscribe
  /** IPFS: blocks, pins, codecs (raw, dag-pb, dag-cbor). */
  readonly helia: Helia
}
