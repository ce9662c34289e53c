import type { Connection, Stream } from '@libp2p/interface'
import { z } from 'zod'
import { decodeCanonical, encodeCanonical, parseShape } from '#protocol'
import { FAREWELL_TIMEOUT_MS, HELLO_LIMIT_BYTES, HELLO_TIMEOUT_MS, VERDICT_LIMIT_BYTES } from './constants.ts'
import { FrameStream } from './frames.ts'
import { NetworkError } from './network-error.ts'
import type { Refusal, Verdict } from './types.ts'

const HELLO = 1
const VERDICT = 2

const verdictShape = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true) }),
  z.strictObject({ ok: z.literal(false), code: z.string().max(64), reason: z.string().max(2_000) }),
])

/** How a handshake ended. */
export type HandshakeOutcome =
  { readonly ok: true } | ({ readonly ok: false } & Pick<Refusal, 'by' | 'code' | 'reason'>)

/** Options of {@link Handshake}. */
export type HandshakeInit = {
  readonly hello: Uint8Array
  readonly judge: (remoteHello: Uint8Array) => Verdict
}

/**
 * First exchange on each connection, the same on both sides: hello, verdict on the other's hello.
 *
 *   A -> B  HELLO    bytes that mean something to the callers only
 *   B -> A  HELLO
 *   A -> B  VERDICT  DAG-CBOR {ok: true} or {ok: false, code, reason}
 *   B -> A  VERDICT
 *
 * Both sides know both verdicts at the end, so that each operator can read why.
 */
export class Handshake {
  readonly #hello: Uint8Array
  readonly #judge: (remoteHello: Uint8Array) => Verdict

  constructor(init: HandshakeInit) {
    this.#hello = init.hello
    this.#judge = init.judge
  }

  /**
   * Runs the exchange on a stream of the hello protocol, whichever side opened it.
   *
   * @throws {NetworkError} ERR_NETWORK_TIMEOUT, ERR_NETWORK_CUT, ERR_NETWORK_TOO_LARGE, ERR_NETWORK_FRAME, or an error
   * of the stream: then nothing is known about the peer.
   */
  async run(stream: Stream, connection: Connection, stop: AbortSignal): Promise<HandshakeOutcome> {
    const frames = new FrameStream(stream)
    const timeout = AbortSignal.timeout(HELLO_TIMEOUT_MS)
    const signal = AbortSignal.any([timeout, stop])
    try {
      await frames.write(HELLO, this.#hello, signal)
      const ours = this.#verdictOn(await readKind(frames, HELLO, HELLO_LIMIT_BYTES, signal))
      await frames.write(VERDICT, encodeCanonical(ours), signal)
      const theirs = decodeVerdict(await readKind(frames, VERDICT, VERDICT_LIMIT_BYTES, signal))
      await frames.close(AbortSignal.any([AbortSignal.timeout(FAREWELL_TIMEOUT_MS), stop]))
      if (!ours.ok) return { ...ours, by: 'us' }
      return theirs.ok ? theirs : { ...theirs, by: 'them' }
    } catch (thrown) {
      frames.abort(thrown instanceof Error ? thrown : new Error(String(thrown)))
      const peer = connection.remotePeer.toString()
      if (!timeout.aborted) throw thrown
      throw new NetworkError(
        `peer ${peer} did not finish its hello in ${HELLO_TIMEOUT_MS} ms`,
        { code: 'ERR_NETWORK_TIMEOUT', peer, timeoutMs: HELLO_TIMEOUT_MS },
        { cause: thrown },
      )
    }
  }

  #verdictOn(remoteHello: Uint8Array): Verdict {
    try {
      return this.#judge(remoteHello)
    } catch {
      // What a stranger sent could not even be read; its bytes are no fault of this node.
      return { ok: false, code: 'ERR_NETWORK_HELLO', reason: 'hello cannot be read: another version of the software?' }
    }
  }
}

async function readKind(frames: FrameStream, kind: number, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  const frame = await frames.read(limit, signal)
  if (frame.kind === kind) return frame.payload
  throw new NetworkError(`frame of kind ${frame.kind} instead of ${kind}`, { code: 'ERR_NETWORK_FRAME' })
}

function decodeVerdict(bytes: Uint8Array): Verdict {
  return parseShape(verdictShape, decodeCanonical(bytes, VERDICT_LIMIT_BYTES), 'verdict')
}
