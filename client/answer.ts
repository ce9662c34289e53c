import { ClientError } from './client-error.ts'
import type { ClientFailure } from './client-error.ts'
import { MAX_ANSWER_BYTES, MAX_REFUSAL_BYTES } from './constants.ts'
import { parseRetryAfter } from './retry.ts'

/** An object of JSON, its members unknown. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Where an answer comes from, for the words of failures. */
export type AnswerSource = { readonly url: string; readonly nowMs: number }

/** Members of RFC 9457, and the code beside them: all that is left is told as it is. */
const KNOWN_MEMBERS = new Set(['type', 'title', 'status', 'detail', 'instance', 'code'])

/** The bytes of an answer. @throws {ClientError} ERR_CLIENT_ANSWER for more than `limit`. */
export async function readBytes(
  response: Response,
  { url }: Pick<AnswerSource, 'url'>,
  limit = MAX_ANSWER_BYTES,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  if (response.body !== null) {
    // A loop that is left cancels the body.
    for await (const chunk of chunksOf(response.body)) {
      sizeBytes += chunk.byteLength
      if (sizeBytes > limit) throw wrongAnswer(response, url, `more than ${limit} bytes`)
      chunks.push(chunk)
    }
  }
  const bytes = new Uint8Array(sizeBytes)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}

/** The chunks of a stream; what leaves the loop cancels it. Not every browser can iterate a stream itself. */
export async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  let isDone = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      isDone = done
      if (value === undefined) return
      yield value
    }
  } finally {
    // Not awaited: a connection that hangs would hold up whoever has had enough.
    if (!isDone) reader.cancel().catch(() => undefined)
  }
}

/**
 * An answer in JSON.
 *
 * @param members that it must have: anything else comes from no node of ours.
 * @throws {ClientError} ERR_CLIENT_ANSWER.
 */
export async function readJson(
  response: Response,
  source: Pick<AnswerSource, 'url'>,
  members: readonly string[],
): Promise<JsonObject> {
  const value = parseJson(await readBytes(response, source))
  if (value === undefined) throw wrongAnswer(response, source.url, 'no JSON')
  const missing = members.find((member) => !(member in value))
  if (missing !== undefined) throw wrongAnswer(response, source.url, `JSON without \`${missing}\``)
  return value
}

/** What a node, or something before it, refused. The body is read for as long as it is short. */
export async function readRefusal(response: Response, source: AnswerSource): Promise<ClientError> {
  const { url } = source
  const common = { url, status: response.status, requestId: response.headers.get('x-request-id') ?? undefined }
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    const target = response.headers.get('location')
    // Not followed: the key would go wherever an answer says.
    const message = `${url} answers with a redirect${target === null ? '' : ` to ${target}`}; name the URL it leads to`
    return new ClientError(message, { ...common, kind: 'answer' })
  }
  // What breaks off while it is read was a refusal all the same.
  const bytes = await readBytes(response, source, MAX_REFUSAL_BYTES).catch(() => undefined)
  const problem = bytes === undefined ? undefined : parseJson(bytes)
  const { code, detail } = problem ?? {}
  const fromHeader = parseRetryAfter(response.headers.get('retry-after'), source.nowMs)
  if (problem === undefined || typeof code !== 'string' || typeof detail !== 'string') {
    const failure: ClientFailure = { ...common, kind: 'refused', retryAfterMs: fromHeader }
    return new ClientError(`${url} answers ${response.status}`, failure)
  }
  const members = Object.fromEntries(Object.entries(problem).filter(([name]) => !KNOWN_MEMBERS.has(name)))
  return new ClientError(detail, {
    ...common,
    kind: 'refused',
    code,
    // A page of another origin sees the header only where the node lets it.
    retryAfterMs: fromHeader ?? waitIn(members),
    members,
  })
}

/** An answer that no node gives. */
function wrongAnswer(response: Response, url: string, what: string): ClientError {
  const requestId = response.headers.get('x-request-id') ?? undefined
  return new ClientError(`${url} answers with ${what}`, { kind: 'answer', url, status: response.status, requestId })
}

function waitIn({ retryAfterS }: JsonObject): number | undefined {
  return typeof retryAfterS === 'number' && retryAfterS >= 0 ? retryAfterS * 1_000 : undefined
}

/** An object of JSON; `undefined` for anything else. */
export function parseJson(text: Uint8Array | string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(
      typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text),
    )
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
