import {
  DOWNLOAD_TIMEOUT_MS,
  MAX_BODIES_IN_MEMORY,
  MAX_DOWNLOADS,
  MAX_DOWNLOADS_OF_CALLER,
  MAX_LARGE_BLOCKS,
  MAX_LARGE_BLOCKS_OF_CALLER,
  MAX_WALKS,
  MAX_WALKS_OF_CALLER,
  SMALL_BODY_BYTES,
} from './constants.ts'
import { Places } from './places.ts'
import type { PlacesCall } from './places.ts'
import { Slots } from './slots.ts'

/**
 * Bounds the files that are in memory: a few are read and opened at a time, and large ones on their way out are counted until
 * their client has them, so that clients that ask for many and read none do not take all of it.
 */
export class Downloads {
  readonly #reading = new Slots(MAX_BODIES_IN_MEMORY)
  // Of its own: a recomputation takes seconds, and files do not wait for it.
  readonly #recomputing = new Slots(MAX_BODIES_IN_MEMORY)
  readonly #files = new Places({
    inAll: MAX_DOWNLOADS,
    ofCaller: MAX_DOWNLOADS_OF_CALLER,
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
  })
  readonly #blocks = new Places({ inAll: MAX_LARGE_BLOCKS, ofCaller: MAX_LARGE_BLOCKS_OF_CALLER })
  readonly #walks = new Places({ inAll: MAX_WALKS, ofCaller: MAX_WALKS_OF_CALLER })

  /**
   * Reads a file for an answer when it is its turn.
   *
   * @throws {ApiError} ERR_API_DOWNLOADS when too many large ones are on their way; whatever `read` throws.
   */
  async read<T extends { readonly bytes: Uint8Array }>(call: PlacesCall, read: () => Promise<T>): Promise<T> {
    return this.#reading.run(async () => {
      const file = await read()
      if (file.bytes.byteLength > SMALL_BODY_BYTES) this.#files.take(call)
      return file
    }, call.signal)
  }

  /** Does something that reads a file and answers without it, when it is its turn. */
  async recompute<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#recomputing.run(task, signal)
  }

  /** Counts a block that is sent as a whole. @throws {ApiError} ERR_API_DOWNLOADS. */
  sendBlock(call: PlacesCall, bytes: Uint8Array): void {
    if (bytes.byteLength > SMALL_BODY_BYTES) this.#blocks.take(call)
  }

  /** Counts an answer for which a DAG is walked, as fast as its client reads. @throws {ApiError} ERR_API_DOWNLOADS. */
  walk(call: PlacesCall): void {
    this.#walks.take(call)
  }
}
