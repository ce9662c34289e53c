import type { Submission, Visibility } from '#api'
import { chunksOf } from './answer.ts'
import { ClientError } from './client-error.ts'
import { MAX_BILL_BYTES } from './constants.ts'
import type { Platform } from './platform.ts'
import type { ClientRequest } from './transport.ts'

/** The bytes of a bill: from memory, from a file that a person chose, or from wherever they flow. */
export type BillBytes = Uint8Array | Blob | ReadableStream<Uint8Array>

/** A bill that is handed in. */
export type NewBill = {
  /** At most 20 MiB. */
  readonly bytes: BillBytes
  /** Without it, only the holder and the region's auditors can read it. @default 'sealed' */
  readonly visibility?: Visibility | undefined
  /** File name, for people. @default that of a `File` */
  readonly file?: string | undefined
  /** Where the energy was used, for bills that do not say. */
  readonly place?: Submission['declaredPlace'] | undefined
  /** Name of this submission, 1 to 255 visible characters: within 24 hours it gives the same bill. @default one of its own */
  readonly idempotencyKey?: string | undefined
}

/**
 * What is sent for a bill, so that it can be sent again: a stream is read into memory first, for a bill is 20 MiB at most, and
 * browsers stream uploads over HTTP/2 alone.
 *
 * @throws {ClientError} ERR_CLIENT_REQUEST for a bill or a name that no node takes.
 */
export async function prepareBill(
  { bytes, visibility, place, file, idempotencyKey }: NewBill,
  { platform, url }: { readonly platform: Pick<Platform, 'createId'>; readonly url: string },
): Promise<Required<Pick<ClientRequest, 'query' | 'headers' | 'body'>>> {
  const name = idempotencyKey ?? platform.createId()
  if (!/^[\x21-\x7e]{1,255}$/.test(name)) {
    throw new ClientError('idempotencyKey: expected 1 to 255 visible characters', { kind: 'request', url })
  }
  const query = {
    visibility,
    file: file ?? nameOf(bytes),
    place: place === undefined ? undefined : JSON.stringify(place),
  }
  return { query, headers: { 'idempotency-key': name }, body: await bodyOf(bytes, url) }
}

async function bodyOf(bytes: BillBytes, url: string): Promise<Uint8Array<ArrayBuffer> | Blob> {
  // By what they can do: a page may hand over objects of another window.
  if ('getReader' in bytes) return collect(bytes, url)
  const sizeBytes = 'byteLength' in bytes ? bytes.byteLength : bytes.size
  if (sizeBytes > MAX_BILL_BYTES) throw tooLarge(`${sizeBytes} bytes`, url)
  // A copy: what its owner changes meanwhile must not be sent the second time.
  return 'byteLength' in bytes ? new Uint8Array(bytes) : bytes
}

/** Name of a file that a person chose. */
function nameOf(bytes: BillBytes): string | undefined {
  return 'name' in bytes && typeof bytes.name === 'string' && bytes.name !== '' ? bytes.name : undefined
}

async function collect(stream: ReadableStream<Uint8Array>, url: string): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let sizeBytes = 0
  for await (const chunk of chunksOf(stream)) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > MAX_BILL_BYTES) throw tooLarge('more', url)
    chunks.push(new Uint8Array(chunk))
  }
  return new Blob(chunks)
}

function tooLarge(found: string, url: string): ClientError {
  return new ClientError(`a bill has at most ${MAX_BILL_BYTES} bytes, this one has ${found}`, { kind: 'request', url })
}
