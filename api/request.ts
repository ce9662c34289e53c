import type { FastifyRequest } from 'fastify'
import { CID } from 'multiformats/cid'
import { z } from 'zod'
import { LIMITS, parseReviewEntry, placeShape, ProtocolError } from '#protocol'
import type { Place, ReviewEntry } from '#protocol'
import { ApiError } from './api-error.ts'
import { DEFAULT_LISTED_BILLS, MAX_FILE_NAME, MAX_LISTED_BILLS } from './constants.ts'
import type { Visibility } from './node-view.ts'

/** What a submission says beside the bill's bytes. */
export type SubmissionQuery = {
  readonly visibility: Visibility
  readonly file?: string
  readonly declaredPlace?: Place
}

const submissionShape = z.strictObject({
  // DESIGN 5: sealed unless the holder says otherwise.
  visibility: z.enum(['public', 'sealed']).default('sealed'),
  file: z
    .string()
    .min(1)
    .max(MAX_FILE_NAME)
    // A name for people, never a path; control characters would reach terminals.
    .regex(/^[^/\\\p{Cc}]+$/u, 'expected a file name without path')
    .optional(),
  place: z.string().max(1_000).optional(),
})

const listShape = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_LISTED_BILLS).default(DEFAULT_LISTED_BILLS),
})

const proofShape = z.strictObject({
  claim: z.coerce
    .number()
    .int()
    .min(0)
    .max(LIMITS.billsPerFile - 1)
    .default(0),
})

const cidShape = z.object({ cid: z.string().min(1).max(128) })

/** @throws {ApiError} ERR_API_REQUEST */
export function parseSubmission(request: FastifyRequest): SubmissionQuery {
  const { visibility, file, place } = parse(submissionShape, request.query)
  return {
    visibility,
    ...(file === undefined ? {} : { file }),
    ...(place === undefined ? {} : { declaredPlace: parsePlace(place) }),
  }
}

/** @throws {ApiError} ERR_API_REQUEST */
export function parseLimit(request: FastifyRequest): number {
  return parse(listShape, request.query).limit
}

/** @throws {ApiError} ERR_API_REQUEST */
export function parseOrdinal(request: FastifyRequest): number {
  return parse(proofShape, request.query).claim
}

/**
 * The CID of a path as its canonical text.
 *
 * @throws {ApiError} ERR_API_REQUEST
 */
export function parseCidParameter(request: FastifyRequest): string {
  const { cid } = parse(cidShape, request.params)
  try {
    return CID.parse(cid).toV1().toString()
  } catch (cause) {
    throw new ApiError(`not a CID: ${cid}`, { code: 'ERR_API_REQUEST', place: 'cid' }, { cause })
  }
}

/**
 * What a person read, from a JSON body.
 *
 * @throws {ApiError} ERR_API_REQUEST
 */
export function parseEntry(request: FastifyRequest): ReviewEntry {
  if (!(request.body instanceof Uint8Array)) throw new ApiError('entry: expected a JSON body', fault('entry'))
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.body))
    return parseReviewEntry(value)
  } catch (cause) {
    const why = cause instanceof ProtocolError ? cause.message : 'entry: not JSON'
    throw new ApiError(why, fault('entry'), { cause })
  }
}

function parsePlace(text: string): Place {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ApiError('place: expected JSON such as {"country":"US","state":"CA"}', fault('place'), { cause })
  }
  const { country, state, utility, zip, subregion, nerc } = parse(placeShape, value, 'place')
  return {
    country,
    ...(state === undefined ? {} : { state }),
    ...(utility === undefined ? {} : { utility }),
    ...(zip === undefined ? {} : { zip }),
    ...(subregion === undefined ? {} : { subregion }),
    ...(nerc === undefined ? {} : { nerc }),
  }
}

function parse<T>(shape: z.ZodType<T>, value: unknown, parent?: string): T {
  const result = shape.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const names = issue?.code === 'unrecognized_keys' ? issue.keys : (issue?.path ?? []).map(String)
  const place = [...(parent === undefined ? [] : [parent]), ...names].join('.')
  throw new ApiError(`${place}: ${issue?.message ?? 'wrong'}`, fault(place))
}

function fault(place: string): { code: 'ERR_API_REQUEST'; place: string } {
  return { code: 'ERR_API_REQUEST', place }
}
