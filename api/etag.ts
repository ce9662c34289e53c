import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RouteAnswer } from './route.ts'

/** What never changes may be kept for as long as caches agree on: a year. */
export const IMMUTABLE = 'max-age=31536000, immutable'

/** Documentation of the answer to who has it already. */
export const NOT_MODIFIED: RouteAnswer = { description: 'The client has it: its `If-None-Match` names it' }

/** ETag of bytes; weak, since the same bytes may go out compressed. */
export function etagOf(bytes: Uint8Array | string): string {
  return `W/"${createHash('sha256').update(bytes).digest('base64url')}"`
}

/** True if the client says that it has this version (RFC 9110, 13.1.2: compared weakly). */
export function isKnown(request: FastifyRequest, etag: string): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  const opaque = etag.replace(/^W\//, '')
  return header === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === opaque)
}

/** Sends a body with its ETag, or 304 without it to who has it already. */
export function sendVersion(
  request: FastifyRequest,
  reply: FastifyReply,
  version: { readonly etag: string; readonly cacheControl: string; readonly body: string | Buffer },
): FastifyReply {
  reply.header('etag', version.etag).header('cache-control', version.cacheControl)
  return isKnown(request, version.etag) ? reply.code(304).send() : reply.send(version.body)
}
