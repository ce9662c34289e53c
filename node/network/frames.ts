import type { Stream } from '@libp2p/interface'
import { concatBytes } from '#protocol'
import { READ_AHEAD_BYTES, WRITE_AHEAD_BYTES } from './constants.ts'
import { NetworkError } from './network-error.ts'

/*
 * Frame on a stream:
 *
 *   u32 big-endian   length of the payload
 *   u8               kind
 *   bytes            payload
 *
 * The end of an exchange is always a frame of its own, never the end of the stream, so that a cut is not taken for it.
 */
const HEAD_BYTES = 5

/** Payloads that are copied behind their head: what is sent by itself is encrypted and written by itself. */
const COPIED_BYTES = 64 * 1024

/** Something was sent, all was sent, or nothing will be sent any more. */
const DRAIN_EVENTS = ['drain', 'idle', 'close'] as const

/** One frame. */
export type Frame = { readonly kind: number; readonly payload: Uint8Array }

function frameHead(kind: number, sizeBytes: number): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES)
  new DataView(head.buffer).setUint32(0, sizeBytes)
  head[4] = kind
  return head
}

/** Frames over a libp2p stream, both ways, with back-pressure. One reader at a time, one writer at a time. */
export class FrameStream {
  readonly #stream: Stream
  #chunks: Uint8Array[] = []
  #size = 0
  #wanted = 0
  #ended = false
  #isResuming = false
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(stream: Stream) {
    this.#stream = stream
    const end = (): void => {
      this.#ended = true
      this.#wake?.()
    }
    stream.addEventListener('remoteCloseWrite', end)
    stream.addEventListener('end', end)
    stream.addEventListener('close', (event) => {
      this.#failure = event.error
      end()
    })
    if (stream.readableEnded || stream.status !== 'open') this.#ended = true
    // The listener for data comes last: what the stream has buffered is delivered at once.
    stream.addEventListener('message', (event) => {
      this.#take(event.data instanceof Uint8Array ? event.data : event.data.subarray())
    })
  }

  #take(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#size += chunk.byteLength
    if (!this.#isResuming) this.#pauseIfFull()
    if (this.#size >= this.#wanted) this.#wake?.()
  }

  #pauseIfFull(): void {
    const isFull = this.#size > READ_AHEAD_BYTES && this.#size > this.#wanted
    if (isFull && this.#stream.readStatus === 'readable') this.#stream.pause()
  }

  /**
   * Resuming delivers at once what the stream held back, also when the other side has closed since. A pause in the
   * middle of that would be undone for the sender but not for the reader, and overflow the stream's buffer; so it waits.
   */
  #resume(): void {
    if (this.#stream.readStatus !== 'paused') return
    this.#isResuming = true
    this.#stream.resume()
    this.#isResuming = false
    this.#pauseIfFull()
  }

  /**
   * The next frame. Its length is checked before a byte of it is waited for.
   *
   * @throws {NetworkError} ERR_NETWORK_TOO_LARGE, ERR_NETWORK_CUT; the reason of `signal`. The stream is useless then.
   */
  async read(limitBytes: number, signal: AbortSignal): Promise<Frame> {
    const head = await this.#readBytes(HEAD_BYTES, signal)
    const sizeBytes = new DataView(head.buffer, head.byteOffset).getUint32(0)
    if (sizeBytes > limitBytes) {
      throw new NetworkError(`frame of ${sizeBytes} bytes, at most ${limitBytes} are read`, {
        code: 'ERR_NETWORK_TOO_LARGE',
        sizeBytes,
        limitBytes,
      })
    }
    return { kind: head[4] ?? 0, payload: await this.#readBytes(sizeBytes, signal) }
  }

  async #readBytes(count: number, signal: AbortSignal): Promise<Uint8Array> {
    this.#wanted = count
    while (this.#size < count) {
      signal.throwIfAborted()
      this.#resume()
      if (this.#size >= count) break
      if (this.#ended) {
        const options = this.#failure === undefined ? {} : { cause: this.#failure }
        throw new NetworkError('stream ended before its last frame', { code: 'ERR_NETWORK_CUT' }, options)
      }
      await this.#untilMore(signal)
    }
    this.#wanted = 0
    return this.#shift(count)
  }

  async #untilMore(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    this.#wake = wake
    signal.addEventListener('abort', wake)
    await promise
    signal.removeEventListener('abort', wake)
    this.#wake = undefined
  }

  #shift(count: number): Uint8Array {
    this.#size -= count
    const first = this.#chunks[0]
    if (first !== undefined && first.byteLength > count) {
      this.#chunks[0] = first.subarray(count)
      return first.subarray(0, count)
    }
    const bytes = new Uint8Array(count)
    let at = 0
    while (at < count) {
      const chunk = this.#chunks[0] ?? new Uint8Array(0)
      const part = chunk.subarray(0, count - at)
      bytes.set(part, at)
      at += part.byteLength
      if (part.byteLength === chunk.byteLength) this.#chunks.shift()
      else this.#chunks[0] = chunk.subarray(part.byteLength)
    }
    return bytes
  }

  /**
   * Sends a frame and waits while the other side reads slowly.
   *
   * @throws the stream's error when it is closed; the reason of `signal`.
   */
  async write(kind: number, payload: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const head = frameHead(kind, payload.byteLength)
    if (payload.byteLength <= COPIED_BYTES) this.#stream.send(concatBytes([head, payload]))
    else {
      this.#stream.send(head)
      this.#stream.send(payload)
    }
    while (this.#stream.writeBufferLength > WRITE_AHEAD_BYTES && this.#stream.status === 'open') {
      await this.#untilSent(signal)
    }
    signal.throwIfAborted()
  }

  // Not the stream's own onDrain(): its promise is made once, so that only the first call waits (libp2p 3.3.11).
  async #untilSent(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    for (const event of DRAIN_EVENTS) this.#stream.addEventListener(event, wake)
    signal.addEventListener('abort', wake)
    if (!signal.aborted) await promise
    signal.removeEventListener('abort', wake)
    for (const event of DRAIN_EVENTS) this.#stream.removeEventListener(event, wake)
    signal.throwIfAborted()
  }

  /**
   * Waits until the other side has closed its half or the stream is cut, at most until `signal`; never throws. What is
   * received meanwhile is dropped: the stream is of no more use for reading.
   */
  async drain(signal: AbortSignal): Promise<void> {
    while (!this.#ended && !signal.aborted) {
      this.#chunks = []
      this.#size = 0
      this.#wanted = 1
      this.#resume()
      if (this.#size === 0) await this.#untilMore(signal)
    }
  }

  /** True when the next frame has begun to arrive; false if the other side ended the stream before. @throws the reason of `signal`. */
  async hasMore(signal: AbortSignal): Promise<boolean> {
    this.#wanted = 1
    while (this.#size === 0) {
      signal.throwIfAborted()
      this.#resume()
      if (this.#size > 0) break
      if (this.#ended) return false
      await this.#untilMore(signal)
    }
    return true
  }

  /** True while the stream is open both ways and nothing of it is unread: another exchange can begin. */
  get isReusable(): boolean {
    return !this.#ended && this.#size === 0 && this.#stream.status === 'open' && this.#stream.writeStatus === 'writable'
  }

  /** Closes this side after what was sent has left; cuts the stream if that takes longer than `signal` allows. */
  async close(signal: AbortSignal): Promise<void> {
    try {
      await this.#stream.close({ signal })
    } catch (thrown) {
      this.abort(thrown instanceof Error ? thrown : new Error(String(thrown)))
    }
  }

  /** Cuts the stream; the other side sees an error. */
  abort(reason: Error): void {
    this.#stream.abort(reason)
  }

  /** Calls back when the stream is closed or cut by the other side. */
  onClose(callback: () => void): void {
    this.#stream.addEventListener('close', callback, { once: true })
  }
}
