import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { PACE_CHECK_MS, RECEIVE_WINDOW_MS, SEND_WINDOW_MS, SLOWEST_BYTES_PER_S } from './constants.ts'
import { answerClientError } from './failures.ts'

/** How slow a client may be; tests are in a hurry. */
export type Pace = {
  /** How often open requests are looked at. */
  readonly checkMs: number
  /** A body brings in each time of this length what the slowest client sends in it. */
  readonly receiveWindowMs: number
  /** Time that a client has for what waits for it, beside the time that the slowest one takes to read it. */
  readonly sendWindowMs: number
  readonly slowestBytesPerS: number
}

const PACE: Pace = {
  checkMs: PACE_CHECK_MS,
  receiveWindowMs: RECEIVE_WINDOW_MS,
  sendWindowMs: SEND_WINDOW_MS,
  slowestBytesPerS: SLOWEST_BYTES_PER_S,
}

/** A request that is being answered. */
type Exchange = {
  readonly request: FastifyRequest
  readonly response: ServerResponse
  /** Where the present window of its body began. */
  received: { readonly sinceMs: number; readonly bytes: number }
  /** What its client has to have taken, and when. */
  due: { readonly atMs: number; readonly bytes: number } | undefined
}

/**
 * Ends requests whose clients send their body, or read their answer, more slowly than any line that bills come by: one byte a
 * second is no silence, and would hold a place, a file and its memory for as long as the client likes.
 *
 * A body is judged by what arrives, unless it waits here; an answer by what waits for the client, so that streams with
 * nothing to tell are left alone.
 */
export function keepPace(server: FastifyInstance, changed: Partial<Pace> = {}): void {
  const pace = { ...PACE, ...changed }
  const open = new Set<Exchange>()
  let timer: NodeJS.Timeout | undefined
  server.addHook('onRequest', (request, reply, done) => {
    const received = { sinceMs: performance.now(), bytes: request.socket.bytesRead }
    const exchange: Exchange = { request, response: reply.raw, received, due: undefined }
    open.add(exchange)
    reply.raw.once('close', () => {
      // A body that was refused comes in behind its answer.
      if (request.raw.complete || request.raw.destroyed) open.delete(exchange)
      else request.raw.once('close', () => open.delete(exchange))
    })
    done()
  })
  // A listener that cannot have its port has no timer that would outlive it.
  server.addHook('onListen', (done) => {
    timer = setInterval(() => {
      const nowMs = performance.now()
      for (const exchange of open) {
        if (isReceivedTooSlowly(exchange, nowMs, pace)) refuse(exchange)
        else if (isTakenTooSlowly(exchange, nowMs, pace)) exchange.request.socket.destroy()
        else continue
        open.delete(exchange)
      }
    }, pace.checkMs)
    done()
  })
  server.addHook('onClose', (_server, done) => {
    clearInterval(timer)
    done()
  })
}

function isReceivedTooSlowly(exchange: Exchange, nowMs: number, pace: Pace): boolean {
  const { raw, socket } = exchange.request
  if (raw.complete) return false
  const { sinceMs, bytes } = exchange.received
  const elapsedMs = nowMs - sinceMs
  // What has arrived and is not read yet: the client waits for us.
  const isWaitingHere = raw.readableLength >= raw.readableHighWaterMark
  if (elapsedMs < pace.receiveWindowMs && !isWaitingHere) return false
  exchange.received = { sinceMs: nowMs, bytes: socket.bytesRead }
  return !isWaitingHere && socket.bytesRead - bytes < (elapsedMs / 1_000) * pace.slowestBytesPerS
}

function isTakenTooSlowly(exchange: Exchange, nowMs: number, pace: Pace): boolean {
  const { socket } = exchange.request
  const waiting = exchange.response.writableLength
  const taken = takenOf(socket)
  if (waiting === 0) exchange.due = undefined
  else if (exchange.due === undefined || taken >= exchange.due.bytes) {
    const readingMs = (waiting / pace.slowestBytesPerS) * 1_000
    exchange.due = { atMs: nowMs + pace.sendWindowMs + readingMs, bytes: taken + socket.writableLength }
  }
  return exchange.due !== undefined && nowMs > exchange.due.atMs
}

// Counted when a piece is taken whole: that is why there is time for all that waits, and not a pace for each window.
function takenOf(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength
}

function refuse({ request, response }: Exchange): void {
  // It was refused before, and what is left of its body is thrown away; or the answer to a request before it is on its way.
  if (response.headersSent || response.socket === null) request.socket.destroy()
  else answerClientError({ code: 'ERR_HTTP_REQUEST_TIMEOUT' }, request.socket, request.id)
}
