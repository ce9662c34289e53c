import { CodedError } from '#protocol'

/** Failures of the transport. */
export type NetworkFailure =
  /** The peer is not connected, has not passed the handshake, or does not speak the protocol. */
  | { readonly code: 'ERR_NETWORK_UNREACHABLE'; readonly peer: string }
  /** No complete answer in time. */
  | { readonly code: 'ERR_NETWORK_TIMEOUT'; readonly peer: string; readonly timeoutMs: number }
  /** A frame or response is larger than its limit; it was not read. */
  | { readonly code: 'ERR_NETWORK_TOO_LARGE'; readonly sizeBytes: number; readonly limitBytes: number }
  /** A response has more frames than its limit. */
  | { readonly code: 'ERR_NETWORK_TOO_MANY'; readonly limit: number }
  /** The stream ended inside a frame or before the answer was complete. */
  | { readonly code: 'ERR_NETWORK_CUT' }
  /** A frame of a kind that does not belong there. */
  | { readonly code: 'ERR_NETWORK_FRAME' }
  /** The peer answered with an error. */
  | { readonly code: 'ERR_NETWORK_REMOTE'; readonly remoteCode: string }
  /** The peer serves too many requests of ours at once. */
  | { readonly code: 'ERR_NETWORK_BUSY' }
  /** This node is stopping. */
  | { readonly code: 'ERR_NETWORK_STOPPED' }
  /** A topic that was not declared when the network was created: a programmer's mistake. */
  | { readonly code: 'ERR_NETWORK_TOPIC'; readonly topic: string }
  /** A peer's key is not secp256k1, so that it has no Ethereum address; it is refused. */
  | { readonly code: 'ERR_NETWORK_KEY'; readonly peer: string }

/** Error of `node/network/`. */
export class NetworkError extends CodedError<NetworkFailure> {}
