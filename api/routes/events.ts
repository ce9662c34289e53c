import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { OpenedStream } from '../event-streams.ts'
import type { NodeView } from '../node-view.ts'
import { defineRoute } from '../route.ts'
import { eventsHeaders, eventsPage, eventsQuery } from '../schemas/events.ts'
import type { Viewer } from '../views/access.ts'
import type { BillEvent } from '../views/events.ts'

/** When a client comes back after its stream ended. */
const RETRY_MS = 3_000
/** Events read for one piece of a stream. */
const EVENTS_AT_A_TIME = 100
/** Bytes of a stream that wait for their client, beside the buffers of its socket. */
const BUFFERED_BYTES = 16_384

type StreamInit = {
  readonly viewer: Viewer
  readonly afterSeq: number
  readonly opened: OpenedStream
  readonly gone: AbortSignal
  readonly reply: FastifyReply
}

/** State changes of bills. */
export const eventRoutes = [
  defineRoute({
    method: 'GET',
    path: '/v1/events',
    operationId: 'followEvents',
    summary: "State changes of the account's bills, as a stream or a page",
    description:
      'Server-sent events: `id` is the number of the event, `event` the state, `data` a BillEvent. A client that comes ' +
      'back with `Last-Event-ID` misses nothing that the node still keeps (30 days, a million events). With `Accept: ' +
      'application/json` the same events are a page.',
    tag: 'Events',
    access: ['bills:read', 'admin'],
    query: eventsQuery,
    headers: eventsHeaders,
    answers: { 200: { description: 'Events', schema: eventsPage, contentTypes: ['text/event-stream'] } },
    problems: ['ERR_API_STREAMS'],
    compress: false,
    handle: async ({ viewer, query, headers, principal, signal, request, reply }, node, { streams }) => {
      const after = headers['last-event-id'] ?? query.after
      if (wantsPage(headers.accept)) return pageOf(node, viewer, after ?? 0, query.limit)
      reply.header('content-type', 'text/event-stream; charset=utf-8').header('cache-control', 'no-store')
      // nginx would collect the stream, and deliver it when it ends.
      reply.header('x-accel-buffering', 'no')
      if (request.method === 'HEAD') return reply.send()
      // When the stream ends its connection does: a server that stops would wait for it to become idle.
      reply.header('connection', 'close')
      signal.throwIfAborted()
      const opened = streams.open(principal.keyId, request)
      // A client that goes before its stream begins is told of by nobody else.
      signal.addEventListener('abort', () => opened.close(), { once: true })
      try {
        const last = await node.events.lastSeq(viewer)
        // A number from before the node was restored, or of another key: nothing that comes now may be skipped.
        const afterSeq = Math.min(after ?? last, last)
        const text = streamOf(node, { viewer, afterSeq, opened, gone: signal, reply })
        return await reply.send(Readable.from(text, { objectMode: false, highWaterMark: BUFFERED_BYTES }))
      } catch (cause) {
        opened.close()
        throw cause
      }
    },
  }),
]

function wantsPage(accept: string | undefined): boolean {
  return accept !== undefined && /\bapplication\/json\b/i.test(accept) && !/\btext\/event-stream\b/i.test(accept)
}

async function pageOf(node: NodeView, viewer: Viewer, afterSeq: number, limit: number): Promise<object> {
  const [items, last] = await Promise.all([node.events.list(viewer, afterSeq, limit), node.events.lastSeq(viewer)])
  return { items, after: items.at(-1)?.seq ?? Math.min(afterSeq, last), last }
}

/** The text of a stream. It is asked for more only when the client has taken what it got. */
async function* streamOf(node: NodeView, init: StreamInit): AsyncGenerator<string> {
  const { viewer, opened, gone, reply } = init
  const { heartbeatMs, keyCheckMs, stallMs } = opened.times
  const ended = AbortSignal.any([opened.signal, gone])
  const bell = new Bell(ended)
  const unlisten = node.events.onNew(viewer, () => bell.ring())
  const stall = setTimeout(() => reply.raw.destroy(), stallMs)
  let afterSeq = init.afterSeq
  let saidAtMs = performance.now()
  try {
    // The number alone: a client that is cut off before the first event comes back to this place.
    let text = `retry: ${RETRY_MS}\nid: ${afterSeq}\n\n`
    while (!ended.aborted) {
      if (text !== '') {
        stall.refresh()
        yield text
        saidAtMs = performance.now()
      }
      // Asked again and again: a key that is revoked ends the streams that it opened.
      if (!opened.isKeyValid()) return
      const events = await node.events.list(viewer, afterSeq, EVENTS_AT_A_TIME)
      afterSeq = events.at(-1)?.seq ?? afterSeq
      text = events.map(messageOf).join('')
      if (text !== '') continue
      stall.refresh()
      await bell.wait(Math.min(keyCheckMs, heartbeatMs))
      if (performance.now() - saidAtMs >= heartbeatMs) text = ': still here\n\n'
    }
  } finally {
    clearTimeout(stall)
    unlisten()
    bell.close()
    opened.close()
  }
}

function messageOf(event: BillEvent): string {
  return `id: ${event.seq}\nevent: ${event.state}\ndata: ${JSON.stringify(event)}\n\n`
}

/** Wakes one waiter: at once when it rang since the last wait. */
class Bell {
  readonly #ended: AbortSignal
  #isRung = false
  #wake: (() => void) | undefined
  readonly #onEnd = (): void => this.ring()

  constructor(ended: AbortSignal) {
    this.#ended = ended
    ended.addEventListener('abort', this.#onEnd)
  }

  ring(): void {
    this.#isRung = true
    this.#wake?.()
  }

  async wait(longestMs: number): Promise<void> {
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, longestMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#wake = undefined
    this.#isRung = false
  }

  close(): void {
    this.#ended.removeEventListener('abort', this.#onEnd)
  }
}
