import { CID } from 'multiformats/cid'
import { ApiError } from './api-error.ts'
import type { DagScope, EntityBytes } from './views/blocks.ts'

/** Media types of the two formats. */
export const RAW_TYPE = 'application/vnd.ipld.raw'
export const CAR_TYPE = 'application/vnd.ipld.car'

/** What a request to the gateway asks for. */
export type GatewayRequest =
  | { readonly format: 'raw' }
  | { readonly format: 'car'; readonly scope: DagScope; readonly range?: EntityBytes; readonly duplicates: boolean }

/** Parameters of the query that count; all others are left alone, as clients send what other gateways know. */
export type GatewayQuery = {
  readonly format?: string | undefined
  readonly 'dag-scope'?: string | undefined
  readonly 'entity-bytes'?: string | undefined
  readonly 'car-version'?: string | undefined
  readonly 'car-order'?: string | undefined
  readonly 'car-dups'?: string | undefined
}

/**
 * What is asked for, by the query and the Accept header; the query wins (IPFS Trustless Gateway, 2.1 and 2.2).
 *
 * @throws {ApiError} ERR_GATEWAY_FORMAT when neither names a format that is served, ERR_API_REQUEST for malformed parts.
 */
export function parseGatewayRequest(query: GatewayQuery, accept: string | undefined): GatewayRequest {
  const wanted = query.format === undefined ? findAccepted(accept) : { format: query.format, parameters: new Map() }
  if (wanted?.format === 'raw') return { format: 'raw' }
  if (wanted?.format !== 'car') throw noFormat()
  const of = (name: string): string | undefined => wanted.parameters.get(name)
  const version = query['car-version'] ?? of('version') ?? '1'
  if (version !== '1') throw malformed('car-version', 'only version 1 is served')
  const order = query['car-order'] ?? of('order') ?? 'dfs'
  // `unk` leaves the order to the gateway.
  if (order !== 'dfs' && order !== 'unk') throw malformed('car-order', 'only dfs is served')
  const duplicates = query['car-dups'] ?? of('dups') ?? 'n'
  if (duplicates !== 'y' && duplicates !== 'n') throw malformed('car-dups', 'expected y or n')
  const scope = query['dag-scope'] ?? 'all'
  if (scope !== 'block' && scope !== 'entity' && scope !== 'all')
    throw malformed('dag-scope', 'expected block, entity or all')
  const range = query['entity-bytes'] === undefined ? undefined : parseEntityBytes(query['entity-bytes'])
  return {
    format: 'car',
    // entity-bytes speaks of the entity, whatever dag-scope says beside it.
    scope: range === undefined ? scope : 'entity',
    ...(range === undefined ? {} : { range }),
    duplicates: duplicates === 'y',
  }
}

/**
 * A CID in a path, of any version, base and codec, with a hash that could be checked here.
 *
 * @throws {ApiError} ERR_API_REQUEST
 */
export function parseGatewayCid(text: string): CID {
  try {
    return CID.parse(text)
  } catch (cause) {
    throw new ApiError(`not a CID: ${text.slice(0, 128)}`, { code: 'ERR_API_REQUEST', place: 'cid' }, { cause })
  }
}

/**
 * The bytes that a Range header asks for, of a body of `size` bytes; `undefined` where the whole is to be sent: no header,
 * another unit, several ranges, or a malformed one (RFC 9110, 14.2 lets a server ignore it).
 *
 * @returns half-open; `'unsatisfiable'` when it begins behind the end.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '')
  if (match === null) return undefined
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return undefined
  if (first === '') {
    const suffix = Number(last)
    return suffix === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - suffix), end: size }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= size) return 'unsatisfiable'
  return { start, end: last === '' ? size : Math.min(size, Number(last) + 1) }
}

/** The first type of an Accept header that is served. Weights are not looked at: no client lists both for the same bytes. */
function findAccepted(
  accept: string | undefined,
): { readonly format: 'raw' | 'car'; readonly parameters: ReadonlyMap<string, string> } | undefined {
  for (const part of (accept ?? '').split(',')) {
    const [type = '', ...rest] = part.split(';').map((text) => text.trim())
    const format = type.toLowerCase() === RAW_TYPE ? 'raw' : type.toLowerCase() === CAR_TYPE ? 'car' : undefined
    if (format === undefined) continue
    const pairs = rest.map((text) => text.split('=').map((side) => side.trim().toLowerCase()))
    return { format, parameters: new Map(pairs.map(([name = '', value = '']) => [name, value])) }
  }
  return undefined
}

function parseEntityBytes(text: string): EntityBytes {
  const match = /^(-?\d{1,15}):(-?\d{1,15}|\*)$/.exec(text)
  if (match === null) throw malformed('entity-bytes', 'expected FROM:TO, such as 0:1023, 1024:* or -512:*')
  const [, from = '0', to = '*'] = match
  return { from: Number(from), ...(to === '*' ? {} : { to: Number(to) }) }
}

function noFormat(): ApiError {
  return new ApiError(
    'the gateway serves raw blocks and CAR only: ask with ?format=raw or ?format=car, or an Accept header',
    { code: 'ERR_GATEWAY_FORMAT' },
  )
}

function malformed(place: string, why: string): ApiError {
  return new ApiError(`${place}: ${why}`, { code: 'ERR_API_REQUEST', place })
}
