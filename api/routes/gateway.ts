import type { FastifyReply } from 'fastify'
import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { ApiError } from '../api-error.ts'
import { streamCar } from '../car-stream.ts'
import { CAR_TYPE, parseGatewayCid, parseGatewayRequest, parseRange, RAW_TYPE } from '../gateway-request.ts'
import type { GatewayRequest } from '../gateway-request.ts'
import type { NodeView } from '../node-view.ts'
import { defineRoute } from '../route.ts'
import type { BlocksView, BlockView } from '../views/blocks.ts'
import { withdrawnBill } from './sending.ts'

/** What a CID names never changes: the longest time that caches agree on (the specification's own figure, 336 days). */
const IMMUTABLE = 'public, max-age=29030400, immutable'

/** Multihash code of an identity CID, which is its own bytes: clients probe a gateway with the empty one, `bafkqaaa`. */
const IDENTITY_CODE = 0
/** Most bytes of an identity CID, as everywhere in IPFS. */
const IDENTITY_BYTES = 128

const query = z
  .looseObject({
    format: z.string().optional().describe('`raw` (one block) or `car`'),
    'dag-scope': z.string().optional().describe('How much a CAR has: `block`, `entity`, `all`. Default `all`'),
    'entity-bytes': z
      .string()
      .optional()
      .describe('Bytes of a file that a CAR must cover: `FROM:TO`, `FROM:*`, `-N:*`'),
    'car-version': z.string().optional(),
    'car-order': z.string().optional(),
    'car-dups': z.string().optional(),
  })
  .describe('Others are ignored')

/** Blocks and files by CID, for stock IPFS clients, which verify what they get (the IPFS project's Trustless Gateway). */
export const gatewayRoutes = [
  defineRoute({
    method: 'GET',
    path: '/ipfs/{cid}',
    operationId: 'getIpfs',
    summary: 'A block or a DAG by its CID, as any IPFS client asks for it',
    description:
      'Only what this node has, and only in forms that the client verifies: one raw block, or a CAR. Bills that are sealed are ' +
      'age files here as everywhere. A range of bytes is served of raw blocks; of a CAR ask with `entity-bytes`.',
    tag: 'Public',
    access: 'open',
    params: z.object({ cid: z.string().min(1).max(256).describe('CID of any version and base') }),
    query,
    headers: z.object({
      accept: z.string().max(1_024).optional(),
      range: z.string().max(256).optional(),
      'if-none-match': z.string().max(4_096).optional(),
      'cache-control': z.string().max(256).optional(),
    }),
    answers: {
      200: {
        description: 'The block, or the CAR',
        contentTypes: [RAW_TYPE, CAR_TYPE],
        headers: {
          ETag: 'Of the CID and the format',
          'X-Ipfs-Path': 'What was asked for',
          'X-Ipfs-Roots': 'CIDs of the path',
        },
      },
      206: { description: 'A range of the block', contentTypes: [RAW_TYPE] },
      304: { description: 'The client has it' },
      412: { description: '`Cache-Control: only-if-cached`, and it is not here' },
      416: { description: 'The range begins behind the end of the block' },
    },
    problems: [
      'ERR_GATEWAY_ABSENT',
      'ERR_API_BILL_WITHDRAWN',
      'ERR_GATEWAY_FORMAT',
      'ERR_GATEWAY_RANGE',
      'ERR_GATEWAY_NOT_CACHED',
      'ERR_API_DOWNLOADS',
      'ERR_NODE_BUSY',
    ],
    compress: false,
    handle: async (call, node, { downloads }) => {
      const { params, query: asked, headers, signal, request, reply } = call
      const blocks = gatewayOf(node)
      const cid = parseGatewayCid(params.cid)
      const wanted = parseGatewayRequest(asked, headers.accept)
      const etag = etagOf(params.cid, wanted)
      const inline = inlineBytes(cid)
      const root = inline ?? (await blocks.findBlock(cid.toString(), signal))
      if (root === undefined) {
        const cacheControl = headers['cache-control']
        // The specification's 410: what was here and is not served any more.
        if (!isOnlyCached(cacheControl) && (await blocks.isRemoved(cid.toString()))) return withdrawnBill(params.cid)
        throw absent(params.cid, cacheControl)
      }
      reply
        .header('etag', etag)
        .header('cache-control', IMMUTABLE)
        .header('x-ipfs-path', `/ipfs/${params.cid}`)
        .header('x-ipfs-roots', params.cid)
        .header('x-content-type-options', 'nosniff')
        .header('vary', 'Accept')
      if (isMatched(headers['if-none-match'], etag)) return reply.code(304).send()
      if (wanted.format === 'raw') {
        downloads.sendBlock(call, root)
        return sendRaw(reply, params.cid, root, headers.range)
      }
      // A CAR has no identity blocks: their bytes are in the root's name. And a head is told without walking the DAG.
      const isEmpty = inline !== undefined || request.method === 'HEAD'
      if (!isEmpty) downloads.walk(call)
      return reply
        .header('content-type', `${CAR_TYPE}; version=1; order=dfs; dups=${wanted.duplicates ? 'y' : 'n'}`)
        .header('content-disposition', `attachment; filename="${cid.toString()}.car"`)
        .header('accept-ranges', 'none')
        .send(streamCar(cid, isEmpty ? nothing() : blocks.walk(cid.toString(), wanted, signal)))
    },
  }),
]

function inlineBytes({ multihash }: CID): Uint8Array | undefined {
  const isInline = multihash.code === IDENTITY_CODE && multihash.digest.byteLength <= IDENTITY_BYTES
  return isInline ? multihash.digest : undefined
}

async function* nothing(): AsyncGenerator<BlockView> {}

function gatewayOf(node: NodeView): BlocksView {
  if (node.blocks !== undefined) return node.blocks
  throw new ApiError('this node is no gateway', { code: 'ERR_API_ROUTE' })
}

function sendRaw(reply: FastifyReply, cid: string, bytes: Uint8Array, range: string | undefined): FastifyReply {
  reply
    .header('content-type', RAW_TYPE)
    .header('content-disposition', `attachment; filename="${cid}.bin"`)
    .header('accept-ranges', 'bytes')
  const part = parseRange(range, bytes.byteLength)
  if (part === 'unsatisfiable') {
    reply.header('content-range', `bytes */${bytes.byteLength}`).header('cache-control', 'no-store')
    throw new ApiError(`the block has ${bytes.byteLength} bytes`, {
      code: 'ERR_GATEWAY_RANGE',
      sizeBytes: bytes.byteLength,
    })
  }
  if (part === undefined) return reply.send(viewOf(bytes))
  return reply
    .code(206)
    .header('content-range', `bytes ${part.start}-${part.end - 1}/${bytes.byteLength}`)
    .send(viewOf(bytes.subarray(part.start, part.end)))
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A CAR's is weak: the same blocks in another framing are as good. */
function etagOf(cid: string, wanted: GatewayRequest): string {
  if (wanted.format === 'raw') return `"${cid}.raw"`
  const { from, to } = wanted.range ?? {}
  const range = from === undefined ? '' : `.${from}:${to ?? '*'}`
  return `W/"${cid}.car.${wanted.scope}${range}.${wanted.duplicates ? 'y' : 'n'}"`
}

function isMatched(header: string | undefined, etag: string): boolean {
  const plain = (text: string): string => text.trim().replace(/^W\//, '')
  return (header ?? '').split(',').some((text) => text.trim() === '*' || plain(text) === plain(etag))
}

function absent(cid: string, cacheControl: string | undefined): ApiError {
  // The specification's answer to who asks for nothing but what is here, which is all that this gateway ever gives.
  if (isOnlyCached(cacheControl)) {
    return new ApiError(`${cid} is not here`, { code: 'ERR_GATEWAY_NOT_CACHED', cid })
  }
  return new ApiError(`${cid} is not here, and this gateway asks nobody else`, { code: 'ERR_GATEWAY_ABSENT', cid })
}

function isOnlyCached(cacheControl: string | undefined): boolean {
  return /(?:^|[\s,])only-if-cached(?:$|[\s,])/i.test(cacheControl ?? '')
}
