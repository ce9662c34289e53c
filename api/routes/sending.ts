import type { FastifyReply } from 'fastify'
import { ApiError } from '../api-error.ts'
import type { NodeView } from '../node-view.ts'
import type { RouteAnswer } from '../route.ts'

/** Documentation of an answer that {@link sendFile} gives. */
export const FILE_ANSWER: RouteAnswer = {
  description: 'The file, byte for byte',
  contentTypes: ['application/octet-stream'],
  headers: { 'X-Kwitness-Sealed': '`true` if the bytes are an age file that its holder can open' },
}

/** Documentation of an answer that {@link sendProof} gives. */
export const PROOF_ANSWER: RouteAnswer = {
  description: 'A proof file (docs/spec/proof.md), canonical JSON',
  contentTypes: ['application/json'],
}

/** Sends a bill's bytes. A bill is a stranger's file: never shown in place, never sniffed, never kept by a cache. */
export function sendFile(
  reply: FastifyReply,
  bill: { readonly bytes: Uint8Array; readonly sealed: boolean },
): FastifyReply {
  return reply
    .header('content-type', 'application/octet-stream')
    .header('content-disposition', 'attachment')
    .header('x-content-type-options', 'nosniff')
    .header('cache-control', 'private, no-store')
    .header('x-kwitness-sealed', String(bill.sealed))
    .send(Buffer.from(bill.bytes.buffer, bill.bytes.byteOffset, bill.bytes.byteLength))
}

/** Sends the proof of one claim of a bill. @throws {ApiError} ERR_API_BILL_UNKNOWN, ERR_API_PROOF_PENDING. */
export async function sendProof(
  call: {
    readonly params: { readonly cid: string }
    readonly query: { readonly claim: number }
    readonly signal: AbortSignal
    readonly reply: FastifyReply
  },
  node: NodeView,
  accountId?: string,
): Promise<FastifyReply> {
  const { cid } = call.params
  const proof = await node.findProof(cid, call.signal, call.query.claim, accountId)
  if (proof !== undefined) return call.reply.header('content-type', 'application/json').send(Buffer.from(proof))
  const status = (await node.findStatus(cid)) ?? unknownBill(cid)
  throw new ApiError(`bill ${cid} is ${status.state}: it has no such proof yet`, {
    code: 'ERR_API_PROOF_PENDING',
    cid,
    state: status.state,
  })
}

/** @throws {ApiError} ERR_API_BILL_UNKNOWN, for bills that are not here and those of others alike. */
export function unknownBill(cid: string): never {
  throw new ApiError(`no bill ${cid} here`, { code: 'ERR_API_BILL_UNKNOWN', cid })
}
