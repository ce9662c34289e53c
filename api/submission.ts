import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { LIMITS } from '#protocol'
import type { Place } from '#protocol'
import { ApiError } from './api-error.ts'
import { chunksOf, refuseByHead } from './body.ts'
import { readForm } from './multipart.ts'
import type { Visibility } from './node-view.ts'
import { parsePlace } from './place.ts'
import { fileName, formFields } from './schemas/bills.ts'
import type { SubmissionQuery } from './schemas/bills.ts'
import { parseShape } from './shapes.ts'
import type { Upload, Uploads } from './uploads.ts'

/** A bill that has been received, and what was said of it. */
export type ReceivedBill = {
  readonly upload: Upload
  readonly visibility: Visibility
  readonly file?: string
  readonly declaredPlace?: Place
  /** SHA-256 over the bytes and all that was said. */
  readonly fingerprint: Uint8Array
}

/**
 * Receives a bill: raw bytes of any content type with parameters in the query, or `multipart/form-data` with the part `file`,
 * whose parameters may be fields of the form as well.
 *
 * @throws {ApiError} ERR_API_REQUEST, ERR_API_TOO_LARGE, ERR_API_UPLOADS.
 */
export async function receiveBill(
  request: FastifyRequest,
  query: SubmissionQuery,
  account: string,
  uploads: Uploads,
): Promise<ReceivedBill> {
  refuseByHead(request, LIMITS.billBytes + (request.isMultipart() ? FORM_BYTES : 0))
  const receive = async (source: AsyncIterable<Uint8Array>): Promise<Upload> =>
    uploads.receive(source, account, LIMITS.billBytes)
  if (!request.isMultipart()) {
    const said = described(query)
    return complete(await receive(chunksOf(request)), said)
  }
  const form = await readForm(request, receive)
  try {
    return complete(form.upload, described(merge(query, form.fields, form.fileName)))
  } catch (cause) {
    await form.upload.discard()
    throw cause
  }
}

/** Room for the parts' heads and the fields of a form, beside the bill. */
const FORM_BYTES = 65_536

type Described = Pick<ReceivedBill, 'visibility' | 'file' | 'declaredPlace'>

// DESIGN 5: sealed unless the holder says otherwise.
function described({ visibility = 'sealed', file, place }: SubmissionQuery): Described {
  return {
    visibility,
    ...(file === undefined ? {} : { file }),
    ...(place === undefined ? {} : { declaredPlace: parsePlace(place) }),
  }
}

function merge(
  query: SubmissionQuery,
  fields: Readonly<Record<string, string>>,
  name: string | undefined,
): SubmissionQuery {
  const form = parseShape(formFields, fields)
  for (const key of ['visibility', 'place'] as const) {
    if (query[key] !== undefined && form[key] !== undefined) {
      throw new ApiError(`${key}: given in the query and in the form`, { code: 'ERR_API_REQUEST', place: key })
    }
  }
  const file = query.file ?? (name === undefined ? undefined : parseShape(fileName, name, 'file'))
  return { ...query, ...form, ...(file === undefined ? {} : { file }) }
}

function complete(upload: Upload, said: Described): ReceivedBill {
  const hash = createHash('sha256').update(upload.hash).update(JSON.stringify(said))
  return { upload, ...said, fingerprint: new Uint8Array(hash.digest()) }
}
