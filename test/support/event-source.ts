/** One message of a stream of server-sent events, by the HTML standard; comments are messages of their own. */
export type StreamMessage = {
  readonly id?: string
  readonly event?: string
  readonly data?: string
  readonly retry?: string
  readonly comment?: string
}

/** Reads a stream of server-sent events, field by field as it came. */
export class EventSourceReader {
  readonly response: Response
  readonly #reader: ReadableStreamDefaultReader<string>
  #text = ''

  private constructor(response: Response) {
    if (response.body === null) throw new Error('no body')
    this.response = response
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  }

  /** Opens a stream. */
  static async open(url: string, init: RequestInit): Promise<EventSourceReader> {
    const response = await fetch(url, init)
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    return new EventSourceReader(response)
  }

  /** The next message; undefined when the stream has ended. */
  async next(): Promise<StreamMessage | undefined> {
    for (;;) {
      const at = this.#text.indexOf('\n\n')
      if (at >= 0) {
        const block = this.#text.slice(0, at)
        this.#text = this.#text.slice(at + 2)
        return parse(block)
      }
      const { done, value } = await this.#reader.read()
      if (done) return undefined
      this.#text += value
    }
  }

  /** The next messages that have data. */
  async take(count: number): Promise<StreamMessage[]> {
    const messages: StreamMessage[] = []
    while (messages.length < count) {
      const message = await this.next()
      if (message === undefined) break
      if (message.data !== undefined) messages.push(message)
    }
    return messages
  }

  async close(): Promise<void> {
    await this.#reader.cancel()
  }
}

function parse(block: string): StreamMessage {
  const fields = block.split('\n').map((line) => {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
    return [name === '' ? 'comment' : name, value] as const
  })
  return Object.fromEntries(fields)
}
