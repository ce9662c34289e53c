import { MAX_MESSAGE_CHARS } from './constants.ts'

/** What a stream of server-sent events says between two blank lines. */
export type EventMessage = {
  /** Absent where the message has none; empty where it takes the last one back. */
  readonly id?: string
  /** Absent for a message that only sets the id or the time to come back. */
  readonly data?: string
  /** When to come back after the stream has ended, in ms. */
  readonly retryMs?: number
}

/** A message is longer than any of a node. */
export class MessageTooLongError extends RangeError {}

/**
 * Reads server-sent events (HTML standard, 9.2.6) piece by piece: what is not complete is kept, up to a limit. The names of
 * events are not read, for the data of ours say everything.
 */
export class EventMessageParser {
  readonly #decoder = new TextDecoder()
  #rest = ''
  #lines: string[] = []
  #chars = 0
  /** The last piece ended with a CR: a LF at the start of the next one belongs to it. */
  #endedWithCr = false

  /** Messages that are complete now. @throws {MessageTooLongError} */
  push(bytes: Uint8Array): EventMessage[] {
    let text = this.#decoder.decode(bytes, { stream: true })
    if (text === '') return []
    if (this.#endedWithCr && text.startsWith('\n')) text = text.slice(1)
    this.#endedWithCr = text.endsWith('\r')
    const lines = `${this.#rest}${text}`.split(/\r\n|\n|\r/)
    this.#rest = lines.pop() ?? ''
    const messages = lines.map((line) => this.#take(line)).filter((message) => message !== undefined)
    this.#check(this.#chars + this.#rest.length)
    return messages
  }

  #take(line: string): EventMessage | undefined {
    if (line !== '') {
      this.#chars += line.length
      this.#check(this.#chars)
      // Comments, which keep a connection alive.
      if (!line.startsWith(':')) this.#lines.push(line)
      return undefined
    }
    const message = messageOf(this.#lines)
    this.#lines = []
    this.#chars = 0
    return message
  }

  #check(chars: number): void {
    if (chars > MAX_MESSAGE_CHARS)
      throw new MessageTooLongError(`a message of more than ${MAX_MESSAGE_CHARS} characters`)
  }
}

function messageOf(lines: readonly string[]): EventMessage | undefined {
  const data: string[] = []
  let id: string | undefined
  let retryMs: number | undefined
  for (const line of lines) {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'data') data.push(value)
    if (field === 'id' && !value.includes('\0')) id = value
    if (field === 'retry' && /^\d{1,9}$/.test(value)) retryMs = Number(value)
  }
  if (id === undefined && retryMs === undefined && data.length === 0) return undefined
  return {
    ...(id === undefined ? {} : { id }),
    ...(data.length === 0 ? {} : { data: data.join('\n') }),
    ...(retryMs === undefined ? {} : { retryMs }),
  }
}
