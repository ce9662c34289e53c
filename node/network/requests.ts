import type { Connection, StreamHandler } from '@libp2p/interface'
import { errorCodeOf, utf8 } from '#protocol'
import {
  FAREWELL_TIMEOUT_MS,
  FRAME_LIMIT_BYTES,
  IDLE_STREAMS_PER_PEER,
  NEXT_REQUEST_MS,
  REQUEST_LIMIT_BYTES,
  REQUEST_TIMEOUT_MS,
  REQUESTS_PER_PEER,
  RESPONSE_FRAMES,
} from './constants.ts'
import { FrameStream } from './frames.ts'
import { IdleStreams } from './idle-streams.ts'
import type { OpenStream } from './idle-streams.ts'
import { NetworkError } from './network-error.ts'
import { Slots } from './slots.ts'
import type { PeerView, RequestHandler, RequestOptions } from './types.ts'

/*
 * Exchanges on a stream, one after another, in frames:
 *
 *   client -> server  REQUEST
 *   server -> client  DATA, any number
 *   server -> client  END, or ERROR with a code as ASCII text, behind which the server closes the stream
 *
 * The client keeps a stream for its next request, or closes it.
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

/** Streams of one protocol to one peer: those in use, and those that wait. */
const STREAMS_PER_PEER = REQUESTS_PER_PEER + IDLE_STREAMS_PER_PEER

/** A request on its way. */
type Asked = {
  readonly peerId: string
  readonly protocol: string
  readonly bytes: Uint8Array
  readonly options: RequestOptions
}

function keyOf({ peerId, protocol }: Asked): string {
  return `${peerId} ${protocol}`
}

function unreachable(peer: string, cause?: unknown): NetworkError {
  return new NetworkError(`peer ${peer} cannot be asked`, { code: 'ERR_NETWORK_UNREACHABLE', peer }, { cause })
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** Requests with streamed responses between admitted peers, bounded in bytes, frames, time and number. */
export class Requests {
  readonly #components: RequestsComponents
  readonly #outbound = new Slots(REQUESTS_PER_PEER)
  readonly #inbound = new Slots(REQUESTS_PER_PEER)
  readonly #idle = new IdleStreams()

  constructor(components: RequestsComponents) {
    this.#components = components
    components.stop.addEventListener('abort', () => this.#idle.clear(), { once: true })
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
        await this.#answerAll(frames, peer, handler)
      } catch (thrown) {
        // The stream was cut or timed out: nobody is left to be told.
        frames.abort(asError(thrown))
      }
    }
  }

  async #answerAll(frames: FrameStream, peer: PeerView, handler: RequestHandler): Promise<void> {
    const gone = new AbortController()
    frames.onClose(() => gone.abort(new NetworkError('peer closed the stream', { code: 'ERR_NETWORK_CUT' })))
    const ended = AbortSignal.any([gone.signal, this.#components.stop])
    const within = (ms: number): AbortSignal => AbortSignal.any([ended, AbortSignal.timeout(ms)])
    for (let patienceMs = REQUEST_TIMEOUT_MS; ; patienceMs = NEXT_REQUEST_MS) {
      if (!(await frames.hasMore(within(patienceMs)))) break
      if (!(await this.#answer(frames, peer, handler, within(REQUEST_TIMEOUT_MS)))) break
    }
    await frames.close(within(REQUEST_TIMEOUT_MS))
  }

  /** @returns false when the stream is of no use for another exchange. */
  async #answer(frames: FrameStream, peer: PeerView, handler: RequestHandler, signal: AbortSignal): Promise<boolean> {
    if (!this.#inbound.tryTake(peer.peerId)) {
      await frames.write(ERROR, utf8('ERR_NETWORK_BUSY'), signal)
      return false
    }
    try {
      const request = await frames.read(REQUEST_LIMIT_BYTES, signal)
      if (request.kind !== REQUEST) throw new NetworkError('not a request', { code: 'ERR_NETWORK_FRAME' })
      for await (const payload of handler(request.payload, peer, signal)) await frames.write(DATA, payload, signal)
      await frames.write(END, new Uint8Array(0), signal)
      return true
    } catch (thrown) {
      signal.throwIfAborted()
      await frames.write(ERROR, utf8(errorCodeOf(thrown).slice(0, CODE_LIMIT_BYTES)), signal)
      return false
    } finally {
      this.#inbound.release(peer.peerId)
    }
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
        yield* this.#ask({ peerId, protocol, bytes, options }, signal)
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

  async *#ask(asked: Asked, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const { peerId } = asked
    const connection = this.#components.findConnection(peerId)
    if (connection === undefined) throw unreachable(peerId)
    const kept = this.#idle.take(keyOf(asked), connection)
    if (kept !== undefined) {
      let hasAnswer = false
      try {
        for await (const payload of this.#exchange(kept, asked, signal)) {
          hasAnswer = true
          yield payload
        }
        return
      } catch (thrown) {
        signal.throwIfAborted()
        // The peer closed the stream while the request was on its way: it is asked again on a new one.
        const isClosed = !(thrown instanceof NetworkError) || thrown.code === 'ERR_NETWORK_CUT'
        if (hasAnswer || !isClosed) throw thrown
      }
    }
    yield* this.#exchange(await this.#open(asked, connection, signal), asked, signal)
  }

  async #open({ peerId, protocol }: Asked, connection: Connection, signal: AbortSignal): Promise<OpenStream> {
    try {
      const stream = await connection.newStream(protocol, { signal, maxOutboundStreams: STREAMS_PER_PEER })
      return { frames: new FrameStream(stream), connection }
    } catch (cause) {
      throw unreachable(peerId, cause)
    }
  }

  async *#exchange(open: OpenStream, asked: Asked, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const { frames } = open
    let complete = false
    try {
      await frames.write(REQUEST, asked.bytes, signal)
      yield* this.#readResponse(frames, asked.options, signal)
      complete = true
      if (!this.#idle.keep(keyOf(asked), open)) {
        await frames.close(AbortSignal.any([signal, AbortSignal.timeout(FAREWELL_TIMEOUT_MS)]))
      }
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
