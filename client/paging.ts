import type { Page } from '#api'
import { ClientError } from './client-error.ts'
import type { Transport } from './transport.ts'

/**
 * The items of all pages, one after another; the next page is asked for when it is needed.
 *
 * @param first cursor of the first page.
 * @throws {ClientError} ERR_CLIENT_ANSWER for a cursor that leads to itself: that list would never end.
 */
export async function* eachOf<T>(
  transport: Transport,
  first: string | undefined,
  readPage: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<T, void> {
  let cursor = first
  for (;;) {
    const { items, next } = await readPage(cursor)
    yield* items
    if (next === undefined) return
    if (next === cursor) {
      const { url } = transport
      throw transport.toError(new ClientError(`${url} answers with the same page again`, { kind: 'answer', url }))
    }
    cursor = next
  }
}
