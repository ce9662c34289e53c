import type { FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../api-error.ts'
import { etagOf, IMMUTABLE, sendVersion } from '../etag.ts'
import type { BillStatus, NodeView } from '../node-view.ts'
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
  headers: { ETag: 'Of the file; it does not change once the claim is final' },
}

/** Bytes of a bill, opened for an account that handed it in. @throws {ApiError} ERR_API_BILL_UNKNOWN, ERR_API_BILL_WITHDRAWN. */
export async function readFile(
  node: Pick<NodeView, 'readBill'>,
  status: BillStatus,
  signal: AbortSignal,
  accountId?: string,
): Promise<{ readonly bytes: Uint8Array; readonly sealed: boolean }> {
  return (await node.readBill(status.cid, signal, accountId)) ?? absentFile(status)
}

/**
 * Sends a bill's bytes. A bill is a stranger's file: never shown in place, never sniffed, and kept by no cache unless
 * `headers` say so.
 */
export function sendFile(
  reply: FastifyReply,
  bill: { readonly bytes: Uint8Array; readonly sealed: boolean },
  headers: Readonly<Record<string, string>> = { 'cache-control': 'private, no-store' },
): FastifyReply {
  return reply
    .header('content-type', 'application/octet-stream')
    .headers(headers)
    .header('content-disposition', 'attachment')
    .header('x-content-type-options', 'nosniff')
    .header('x-kwitness-sealed', String(bill.sealed))
    .send(bufferOf(bill.bytes))
}

/** Headers of a file that anybody may have and keep: its CID says what it is, for ever. */
export function publicFileHeaders(cid: string): { readonly etag: string; readonly 'cache-control': string } {
  return { etag: `"${cid}"`, 'cache-control': `public, ${IMMUTABLE}` }
}

// The same memory: no copy.
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Sends the proof of one claim of a bill. @throws {ApiError} ERR_API_BILL_UNKNOWN, ERR_API_PROOF_PENDING. */
export async function sendProof(
  call: {
    readonly params: { readonly cid: string }
    readonly query: { readonly claim: number }
    readonly signal: AbortSignal
    readonly request: FastifyRequest
    readonly reply: FastifyReply
  },
  node: NodeView,
  accountId?: string,
): Promise<FastifyReply> {
  const { cid } = call.params
  const proof = await node.findProof(cid, call.signal, call.query.claim, accountId)
  const status = (await node.findStatus(cid)) ?? unknownBill(cid)
  if (proof !== undefined) {
    // While the claim is on its way, its proof grows: certificate, anchor, block.
    const isFinal = status.claims.some(({ ordinal, state }) => ordinal === call.query.claim && state === 'final')
    const whose = accountId === undefined ? 'public' : 'private'
    return sendVersion(call.request, call.reply.header('content-type', 'application/json'), {
      etag: etagOf(proof),
      cacheControl: isFinal ? `${whose}, ${IMMUTABLE}` : `${whose}, no-cache`,
      body: bufferOf(proof),
    })
  }
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

/** @throws {ApiError} ERR_API_BILL_WITHDRAWN for a file that is destroyed here, else ERR_API_BILL_UNKNOWN. */
export function absentFile({ cid, withdrawn }: BillStatus): never {
  return withdrawn?.removed === true ? withdrawnBill(cid) : unknownBill(cid)
}

/** @throws {ApiError} ERR_API_BILL_WITHDRAWN. */
export function withdrawnBill(cid: string): never {
  throw new ApiError(
    `the file of bill ${cid} was withdrawn with its account, and is destroyed here; its proof is not`,
    {
      code: 'ERR_API_BILL_WITHDRAWN',
      cid,
    },
  )
}
