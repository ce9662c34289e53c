import type { PeerId } from '@libp2p/interface'
import { z } from 'zod'
import { decodeCanonical, encodeCanonical, parseShape } from '#protocol'
import {
  FAREWELL_TIMEOUT_MS,
  HELLO_LIMIT_BYTES,
  HELLO_TIMEOUT_MS,
  PARTING_TIMEOUT_MS,
  VERDICT_LIMIT_BYTES,
} from './constants.ts'
import type { FrameStream } from './frames.ts'
import { NetworkError } from './network-error.ts'
import { findAddressOfPeer } from './peer-book.ts'
import type { Refusal, Verdict } from './types.ts'

const HELLO = 1
const VERDICT = 2

const verdictShape = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true) }),
  z.strictObject({ ok: z.literal(false), code: z.string().max(64), reason: z.string().max(2_000) }),
])

const WRONG_KEY = { ok: false, code: 'ERR_NETWORK_KEY', reason: 'key is not secp256k1' } as const

/** How a handshake ended; `address` is the Ethereum address (20 bytes) of the peer's key. */
export type HandshakeOutcome =
  | { readonly ok: true; readonly address: Uint8Array }
  | ({ readonly ok: false } & Pick<Refusal, 'by' | 'code' | 'reason'>)

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
 * A side closes its half of the stream when it knows the outcome: when it refuses, or has read the other's verdict. A
 * side that refuses closes the connection only after the other's half is closed. Then the other has read why, and
 * nothing is under way that a reset of the connection could take along. So each operator can read what differs.
 */
export class Handshake {
  readonly #hello: Uint8Array
  readonly #judge: (remoteHello: Uint8Array) => Verdict

  constructor(init: HandshakeInit) {
    this.#hello = init.hello
    this.#judge = init.judge
  }

  /**
   * Runs the exchange on a stream of the hello protocol, whichever side opened it. After a refusal, {@link part} is due.
   *
   * @throws {NetworkError} ERR_NETWORK_TIMEOUT, ERR_NETWORK_CUT, ERR_NETWORK_FRAME, or an error of the stream: then
   * nothing is known about the peer.
   */
  async run(frames: FrameStream, remotePeer: PeerId, stop: AbortSignal): Promise<HandshakeOutcome> {
    const timeout = AbortSignal.timeout(HELLO_TIMEOUT_MS)
    const signal = AbortSignal.any([timeout, stop])
    try {
      await frames.write(HELLO, this.#hello, signal)
      const outcome = await this.#exchangeVerdicts(frames, remotePeer, signal)
      if (outcome.ok) await frames.close(AbortSignal.any([AbortSignal.timeout(FAREWELL_TIMEOUT_MS), stop]))
      return outcome
    } catch (thrown) {
      frames.abort(thrown instanceof Error ? thrown : new Error(String(thrown)))
      if (!timeout.aborted) throw thrown
      const peer = remotePeer.toString()
      throw new NetworkError(
        `peer ${peer} did not finish its hello in ${HELLO_TIMEOUT_MS} ms`,
        { code: 'ERR_NETWORK_TIMEOUT', peer, timeoutMs: HELLO_TIMEOUT_MS },
        { cause: thrown },
      )
    }
  }

  async #exchangeVerdicts(frames: FrameStream, remotePeer: PeerId, signal: AbortSignal): Promise<HandshakeOutcome> {
    const ours = await this.#judgeHello(frames, signal)
    const address = findAddressOfPeer(remotePeer)
    if (!ours.ok) return this.#refuse(frames, ours, signal)
    if (address === undefined) return this.#refuse(frames, WRONG_KEY, signal)
    await frames.write(VERDICT, encodeCanonical(ours), signal)
    const theirs = decodeVerdict(await readKind(frames, VERDICT, VERDICT_LIMIT_BYTES, signal))
    return theirs.ok ? { ok: true, address } : { ...theirs, by: 'them' }
  }

  /** What this side has found stands, whatever the other thinks, and also if it cannot be told any more. */
  async #refuse(frames: FrameStream, verdict: Verdict & { ok: false }, signal: AbortSignal): Promise<HandshakeOutcome> {
    try {
      await frames.write(VERDICT, encodeCanonical(verdict), signal)
    } catch (thrown) {
      frames.abort(thrown instanceof Error ? thrown : new Error(String(thrown)))
    }
    return { ...verdict, by: 'us' }
  }

  async #judgeHello(frames: FrameStream, signal: AbortSignal): Promise<Verdict> {
    try {
      return this.#verdictOn(await readKind(frames, HELLO, HELLO_LIMIT_BYTES, signal))
    } catch (thrown) {
      // Perhaps an honest peer of another version, which should read why.
      if (!(thrown instanceof NetworkError) || thrown.code !== 'ERR_NETWORK_TOO_LARGE') throw thrown
      return { ok: false, code: thrown.code, reason: `hello cannot be read: ${thrown.message}` }
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

  /** Waits, after a refusal, until the other side knows of it, at most {@link PARTING_TIMEOUT_MS}; never throws. */
  async part(frames: FrameStream, stop: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([AbortSignal.timeout(PARTING_TIMEOUT_MS), stop])
    await frames.close(signal)
    await frames.drain(signal)
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
