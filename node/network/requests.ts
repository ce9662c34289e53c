import type { Connection, Stream, StreamHandler } from '@libp2p/interface'
import { errorCodeOf, utf8 } from '#protocol'
import {
  FAREWELL_TIMEOUT_MS,
  FRAME_LIMIT_BYTES,
  REQUEST_LIMIT_BYTES,
  REQUEST_TIMEOUT_MS,
  REQUESTS_PER_PEER,
  RESPONSE_FRAMES,
} from './constants.ts'
import { FrameStream } from './frames.ts'
import { NetworkError } from './network-error.ts'
import { Slots } from './slots.ts'
import type { PeerView, RequestHandler, RequestOptions } from './types.ts'

/*
 * One stream per exchange, in frames:
 *
 *   client -> server  REQUEST
 *   server -> client  DATA, any number
 *   server -> client  END, or ERROR with a code as ASCII text
 */
const REQUEST = 1
const DATA = 2
const END = 3
const ERROR = 4
/** Longest error code. */
const CODE_LIMIT_BYTES = 64

/** Needs of {@link Requests}. */
export type RequestsComponents = {
  /** An open connection of an admitted peer. */
  readonly findConnection: (peerId: string) => Connection | undefined
  /** An admitted peer. */
  readonly findPeer: (peerId: string) => PeerView | undefined
  /** Ends everything when the node stops. */
  readonly stop: AbortSignal
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** Requests with streamed responses between admitted peers, bounded in bytes, frames, time and number. */
export class Requests {
  readonly #components: RequestsComponents
  readonly #outbound = new Slots(REQUESTS_PER_PEER)
  readonly #inbound = new Slots(REQUESTS_PER_PEER)

  constructor(components: RequestsComponents) {
    this.#components = components
  }

  /** A libp2p handler that serves a protocol; admission has been checked before it is called. */
  serve(handler: RequestHandler): StreamHandler {
    return async (stream, connection) => {
      const frames = new FrameStream(stream)
      const peer = this.#components.findPeer(connection.remotePeer.toString())
      if (peer === undefined) {
        frames.abort(new Error('peer is gone'))
        return
      }
      try {
        await this.#answer(frames, peer, handler)
      } catch (thrown) {
        // The stream was cut or timed out: nobody is left to be told.
        frames.abort(asError(thrown))
      }
    }
  }

  async #answer(frames: FrameStream, peer: PeerView, handler: RequestHandler): Promise<void> {
    const gone = new AbortController()
    frames.onClose(() => gone.abort(new NetworkError('peer closed the stream', { code: 'ERR_NETWORK_CUT' })))
    const signal = AbortSignal.any([gone.signal, this.#components.stop, AbortSignal.timeout(REQUEST_TIMEOUT_MS)])
    if (!this.#inbound.tryTake(peer.peerId)) {
      await this.#finish(frames, ERROR, utf8('ERR_NETWORK_BUSY'), signal)
      return
    }
    try {
      const request = await frames.read(REQUEST_LIMIT_BYTES, signal)
      if (request.kind !== REQUEST) throw new NetworkError('not a request', { code: 'ERR_NETWORK_FRAME' })
      for await (const payload of handler(request.payload, peer, signal)) await frames.write(DATA, payload, signal)
      await this.#finish(frames, END, new Uint8Array(0), signal)
    } catch (thrown) {
      signal.throwIfAborted()
      await this.#finish(frames, ERROR, utf8(errorCodeOf(thrown).slice(0, CODE_LIMIT_BYTES)), signal)
    } finally {
      this.#inbound.release(peer.peerId)
    }
  }

  async #finish(frames: FrameStream, kind: number, payload: Uint8Array, signal: AbortSignal): Promise<void> {
    await frames.write(kind, payload, signal)
    await frames.close(signal)
  }

  /** As {@link Network.request}. */
  async *request(
    peerId: string,
    protocol: string,
    bytes: Uint8Array,
    options: RequestOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS
    const timeout = AbortSignal.timeout(timeoutMs)
    const signals = [timeout, this.#components.stop, ...(options.signal === undefined ? [] : [options.signal])]
    const signal = AbortSignal.any(signals)
    try {
      await this.#outbound.take(peerId, signal)
      try {
        yield* this.#exchange(await this.#open(peerId, protocol, signal), bytes, options, signal)
      } finally {
        this.#outbound.release(peerId)
      }
    } catch (thrown) {
      options.signal?.throwIfAborted()
      if (this.#components.stop.aborted) throw new NetworkError('network is stopped', { code: 'ERR_NETWORK_STOPPED' })
      if (!timeout.aborted) throw thrown
      throw new NetworkError(
        `peer ${peerId} did not answer within ${timeoutMs} ms`,
        { code: 'ERR_NETWORK_TIMEOUT', peer: peerId, timeoutMs },
        { cause: thrown },
      )
    }
  }

  async #open(peerId: string, protocol: string, signal: AbortSignal): Promise<Stream> {
    try {
      const connection = this.#components.findConnection(peerId)
      if (connection === undefined) throw new Error('not connected')
      return await connection.newStream(protocol, { signal, maxOutboundStreams: REQUESTS_PER_PEER })
    } catch (cause) {
      throw new NetworkError(
        `peer ${peerId} cannot be asked`,
        { code: 'ERR_NETWORK_UNREACHABLE', peer: peerId },
        { cause },
      )
    }
  }

  async *#exchange(
    stream: Stream,
    bytes: Uint8Array,
    options: RequestOptions,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const frames = new FrameStream(stream)
    let complete = false
    try {
      await frames.write(REQUEST, bytes, signal)
      yield* this.#readResponse(frames, options, signal)
      complete = true
      await frames.close(AbortSignal.any([signal, AbortSignal.timeout(FAREWELL_TIMEOUT_MS)]))
    } finally {
      // Also when the caller stops reading early: the server must not go on.
      if (!complete) frames.abort(new Error('response is not wanted any more'))
    }
  }

  async *#readResponse(
    frames: FrameStream,
    options: RequestOptions,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const limitBytes = Math.min(options.maxFrameBytes ?? FRAME_LIMIT_BYTES, FRAME_LIMIT_BYTES)
    const limit = options.maxFrames ?? RESPONSE_FRAMES
    for (let count = 0; ; count += 1) {
      const { kind, payload } = await frames.read(limitBytes, signal)
      if (kind === END) return
      if (kind === ERROR) {
        const remoteCode = Buffer.from(payload.subarray(0, CODE_LIMIT_BYTES)).toString('latin1')
        if (remoteCode === 'ERR_NETWORK_BUSY') throw new NetworkError('peer is busy', { code: 'ERR_NETWORK_BUSY' })
        throw new NetworkError(`peer answered ${remoteCode}`, { code: 'ERR_NETWORK_REMOTE', remoteCode })
      }
      if (kind !== DATA) throw new NetworkError(`frame of kind ${kind}`, { code: 'ERR_NETWORK_FRAME' })
      if (count >= limit) {
        throw new NetworkError(`response of more than ${limit} frames`, { code: 'ERR_NETWORK_TOO_MANY', limit })
      }
      yield payload
    }
  }
}
