import type { FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'
import { Pieces } from './pieces.ts'

/**
 * Reads a body into memory.
 *
 * @throws {ApiError} ERR_API_TOO_LARGE before more than `limitBytes` are held.
 */
async function readBody(request: FastifyRequest, limitBytes: number): Promise<Buffer> {
  refuseByHead(request, limitBytes)
  const pieces = new Pieces()
  for await (const bytes of chunksOf(request)) {
    if (pieces.size + bytes.byteLength > limitBytes) throw tooLarge(limitBytes)
    pieces.add(bytes)
  }
  return pieces.bytes()
}

/**
 * Refuses a body by its head: one that says that it is too long, or that it is compressed. Nothing is ever decompressed: a
 * bill is kept as it comes, and a small body can be a large one inside.
 *
 * @throws {ApiError} ERR_API_TOO_LARGE, ERR_API_ENCODING.
 */
export function refuseByHead(request: FastifyRequest, limitBytes: number): void {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    throw new ApiError(`bodies are taken as they are, not ${encoding.slice(0, 32)}`, { code: 'ERR_API_ENCODING' })
  }
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes)
}

/** A body of UTF-8 text. @throws {ApiError} ERR_API_REQUEST, ERR_API_TOO_LARGE. */
export async function readText(request: FastifyRequest, limitBytes: number): Promise<string> {
  const bytes = await readBody(request, limitBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ApiError('body: expected UTF-8', { code: 'ERR_API_REQUEST', place: 'body' }, { cause })
  }
}

/** A JSON body. @throws {ApiError} ERR_API_REQUEST, ERR_API_TOO_LARGE. */
export async function readJson(request: FastifyRequest, limitBytes: number): Promise<unknown> {
  const text = await readText(request, limitBytes)
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new ApiError('body: expected JSON', { code: 'ERR_API_REQUEST', place: 'body' }, { cause })
  }
}

/** What comes in of a body. Who stops reading does not close the connection: the answer still has to go out. */
export function chunksOf(request: FastifyRequest): AsyncIterable<Buffer> {
  return request.raw.iterator({ destroyOnReturn: false })
}

function tooLarge(limitBytes: number): ApiError {
  return new ApiError(`the body has more than ${limitBytes} bytes`, { code: 'ERR_API_TOO_LARGE', limitBytes })
}
