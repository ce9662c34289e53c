import type { FastifyRequest } from 'fastify'
import { CodedError, LIMITS } from '#protocol'
import { ApiError } from './api-error.ts'
import type { Upload } from './uploads.ts'

/** A form with one file, as `multipart/form-data` brings it. */
export type Form = {
  readonly upload: Upload
  /** Name of the file, as the client gave it. */
  readonly fileName: string | undefined
  readonly fields: Readonly<Record<string, string>>
}

/** What a form may have; what is beyond is refused, not cut. */
const FORM_LIMITS = {
  /** One byte more than a bill, so that our own limit is met first, with its own code. */
  fileSize: LIMITS.billBytes + 1,
  files: 1,
  // The two fields that a submission knows, and one more to be named as unknown.
  fields: 3,
  parts: 4,
  fieldNameSize: 64,
  fieldSize: 4_096,
  headerPairs: 16,
  headerSize: 4_096,
} as const

/**
 * Reads a form; the file goes where `receive` puts it, fields may come before or after it.
 *
 * @throws {ApiError} ERR_API_REQUEST for a form that is malformed, has no part `file`, or a field twice; whatever `receive`
 * throws.
 */
export async function readForm(
  request: FastifyRequest,
  receive: (source: AsyncIterable<Uint8Array>) => Promise<Upload>,
): Promise<Form> {
  const fields: Record<string, string> = {}
  let upload: Upload | undefined
  let fileName: string | undefined
  try {
    for await (const part of request.parts({ limits: FORM_LIMITS })) {
      if (part.type === 'file') {
        if (part.fieldname !== 'file') throw malformed(part.fieldname, 'expected the file in the part named file')
        fileName = part.filename === '' ? undefined : part.filename
        upload = await receive(part.file)
        continue
      }
      const { fieldname: name, value } = part
      if (part.fieldnameTruncated || part.valueTruncated || typeof value !== 'string') throw malformed(name, 'too long')
      if (Object.hasOwn(fields, name)) throw malformed(name, 'given twice')
      fields[name] = value
    }
    if (upload === undefined) throw malformed('file', 'expected a part named file with a file name')
    return { upload, fileName, fields }
  } catch (cause) {
    await upload?.discard()
    throw toFormError(cause)
  }
}

// What the parser throws has no common class; what a disk throws has the name of a system call.
function toFormError(thrown: unknown): unknown {
  if (thrown instanceof CodedError || !(thrown instanceof Error) || 'syscall' in thrown) return thrown
  return malformed('body', `not a well-formed form: ${thrown.message}`, thrown)
}

function malformed(place: string, why: string, cause?: Error): ApiError {
  const name = place.slice(0, 64)
  return new ApiError(`${name}: ${why}`, { code: 'ERR_API_REQUEST', place: name }, { cause })
}
