import type { BillEvent } from '#api'
import { chunksOf, parseJson } from './answer.ts'
import { ClientError } from './client-error.ts'
import { STREAM_LONGEST_RETRY_MS, STREAM_PATIENCE_MS, STREAM_RETRY_MS, STREAM_SILENCE_MS } from './constants.ts'
import { EventMessageParser, MessageTooLongError } from './event-message.ts'
import type { Platform } from './platform.ts'
import { isPassing, wait } from './retry.ts'

/** What a stream of events is followed with. */
export type EventStreamInit = {
  /** Opens the stream behind an event; without a number, at the present. One attempt, and the signal ends the body too. */
  readonly open: (lastEventId: string | undefined, signal: AbortSignal) => Promise<Response>
  /** Number of the last event that is known. */
  readonly after?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly platform: Pick<Platform, 'nowMs' | 'schedule' | 'random'>
  readonly url: string
  /** Time without any contact after which the stream is given up. @default 600_000 */
  readonly patienceMs?: number | undefined
}

/**
 * Events, one after another, without a gap over as many connections as it takes: each one goes on behind the last event.
 * Nothing is read ahead but what one piece of the stream holds: who is slow slows the node down, which keeps the events.
 *
 * @throws {ClientError} what the node refuses for good (a key that was revoked), what is no event, or the last failure when
 * there was no contact for `patienceMs`; the signal's reason.
 */
export async function* followEvents(init: EventStreamInit): AsyncGenerator<BillEvent, never> {
  const { platform, signal, patienceMs = STREAM_PATIENCE_MS } = init
  const place: Place = {
    lastId: init.after === undefined ? undefined : String(init.after),
    lastSeq: init.after ?? 0,
    retryMs: STREAM_RETRY_MS,
    contactMs: platform.nowMs(),
  }
  for (;;) {
    let failure = new ClientError(`${init.url} ended the stream of events`, { kind: 'unreachable', url: init.url })
    try {
      yield* readStream(init, place)
    } catch (thrown) {
      signal?.throwIfAborted()
      if (!(thrown instanceof ClientError) || !(thrown.kind === 'timeout' || isPassing(thrown, true))) throw thrown
      failure = thrown
    }
    const waitMs = (failure.retryAfterMs ?? place.retryMs) + platform.random() * STREAM_RETRY_MS
    // Between two connections the node is not seen: only when it was away for long is there nothing to hope for.
    if (platform.nowMs() + waitMs - place.contactMs > patienceMs) throw failure
    await wait(waitMs, platform, signal ?? new AbortController().signal)
  }
}

/** How far a stream came; outlives its connections. */
type Place = { lastId: string | undefined; lastSeq: number; retryMs: number; contactMs: number }

/** The events of one connection. */
async function* readStream(init: EventStreamInit, place: Place): AsyncGenerator<BillEvent, void> {
  const { platform, url } = init
  const gone = new AbortController()
  const signal = init.signal === undefined ? gone.signal : AbortSignal.any([init.signal, gone.signal])
  let cancelTimer = (): void => {}
  const expectSign = (): void => {
    cancelTimer()
    cancelTimer = platform.schedule(STREAM_SILENCE_MS, () => gone.abort())
  }
  try {
    const response = await init.open(place.lastId, signal)
    if (!isEventStream(response) || response.body === null)
      throw noStream(url, 'something else than a stream of events')
    const parser = new EventMessageParser()
    expectSign()
    for await (const chunk of chunksOf(response.body)) {
      // Time that the reader of the events takes is not the node's.
      cancelTimer()
      place.contactMs = platform.nowMs()
      for (const message of parser.push(chunk)) {
        if (message.retryMs !== undefined) place.retryMs = Math.min(message.retryMs, STREAM_LONGEST_RETRY_MS)
        const event = message.data === undefined ? undefined : parseEvent(message.data, url)
        if (event !== undefined && event.seq > place.lastSeq) {
          place.lastSeq = event.seq
          place.lastId = String(event.seq)
          yield event
        } else if (event === undefined && message.id !== undefined) place.lastId = message.id
      }
      expectSign()
    }
  } catch (thrown) {
    init.signal?.throwIfAborted()
    if (thrown instanceof ClientError) throw thrown
    if (thrown instanceof MessageTooLongError) throw noStream(url, thrown.message)
    const why = gone.signal.aborted ? `fell silent for ${STREAM_SILENCE_MS / 1_000} s` : 'broke off'
    throw new ClientError(`the stream of events of ${url} ${why}`, { kind: 'unreachable', url }, { cause: thrown })
  } finally {
    cancelTimer()
    // Frees the connection, also when the reader of the events leaves in between.
    gone.abort()
  }
}

function isEventStream(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/event-stream') === true
}

function parseEvent(data: string, url: string): BillEvent {
  const { seq, at, cid, state, code } = parseJson(data) ?? {}
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq)) throw noStream(url, 'an event without number')
  if (typeof at !== 'string' || typeof cid !== 'string' || typeof state !== 'string') {
    throw noStream(url, `an event ${seq} that is none`)
  }
  // States that a later node may have are the reader's to judge.
  const event = { seq, at, cid, state: state as BillEvent['state'] }
  return typeof code === 'string' ? { ...event, code } : event
}

function noStream(url: string, what: string): ClientError {
  return new ClientError(`${url} answers with ${what}`, { kind: 'answer', url })
}
