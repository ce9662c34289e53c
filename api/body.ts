import type { FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'

/**
 * Reads a body into memory.
 *
 * @throws {ApiError} ERR_API_TOO_LARGE before more than `limitBytes` are held.
 */
export async function readBody(request: FastifyRequest, limitBytes: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > limitBytes) throw tooLarge(limitBytes)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.raw) {
    const bytes = chunk as Buffer
    size += bytes.byteLength
    if (size > limitBytes) throw tooLarge(limitBytes)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
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

function tooLarge(limitBytes: number): ApiError {
  return new ApiError(`the body has more than ${limitBytes} bytes`, { code: 'ERR_API_TOO_LARGE', limitBytes })
}
