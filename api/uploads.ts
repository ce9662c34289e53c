import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiError } from './api-error.ts'
import {
  MAX_BODIES_IN_MEMORY,
  MAX_UPLOADS,
  MAX_UPLOADS_OF_ACCOUNT,
  SMALL_BODY_BYTES,
  UPLOAD_RETRY_S,
} from './constants.ts'
import { Pieces } from './pieces.ts'
import { Slots } from './slots.ts'

/** Options of the uploads. */
export type UploadsInit = {
  /** Folder for bodies on their way in; emptied at the start: what was not answered is sent again. */
  readonly dir: string
  /** A name that no other file has. */
  readonly createName: () => string
}

/** A body that has been received. */
export type Upload = {
  readonly sizeBytes: number
  /** SHA-256 of the body. */
  readonly hash: Uint8Array
  /** Does something with the bytes, which are in memory only meanwhile; large ones wait for their turn. */
  use<T>(task: (bytes: Uint8Array) => Promise<T>, signal: AbortSignal): Promise<T>
  /** Removes what was kept; never throws. */
  discard(): Promise<void>
}

/**
 * Receives bodies of up to 20 MiB: small ones in memory, larger ones on disk, so that slow clients hold disk and not
 * memory; a few large ones at a time are read into memory for the node.
 */
export class Uploads {
  readonly #init: UploadsInit
  readonly #inMemory = new Slots(MAX_BODIES_IN_MEMORY)
  readonly #ofAccounts = new Map<string, number>()
  #onDisk = 0

  constructor(init: UploadsInit) {
    this.#init = init
  }

  async start(): Promise<void> {
    await rm(this.#init.dir, { recursive: true, force: true })
    await mkdir(this.#init.dir, { recursive: true, mode: 0o700 })
  }

  /**
   * Receives a body.
   *
   * @throws {ApiError} ERR_API_TOO_LARGE before more than `limitBytes` are kept, ERR_API_UPLOADS when too many large ones are
   * on their way.
   */
  async receive(source: AsyncIterable<Uint8Array>, account: string, limitBytes: number): Promise<Upload> {
    const hash = createHash('sha256')
    let pieces = new Pieces()
    let sizeBytes = 0
    let spooled: Spooled | undefined
    try {
      for await (const chunk of source) {
        sizeBytes += chunk.byteLength
        if (sizeBytes > limitBytes) {
          throw new ApiError(`the body has more than ${limitBytes} bytes`, { code: 'ERR_API_TOO_LARGE', limitBytes })
        }
        hash.update(chunk)
        if (spooled === undefined && sizeBytes > SMALL_BODY_BYTES) {
          spooled = await this.#spool(account)
          await spooled.write(pieces.bytes())
          pieces = new Pieces()
        }
        if (spooled === undefined) pieces.add(chunk)
        else await spooled.write(chunk)
      }
      await spooled?.close()
    } catch (cause) {
      await spooled?.discard()
      throw cause
    }
    const digest = new Uint8Array(hash.digest())
    if (spooled === undefined) return smallUpload(pieces.bytes(), digest)
    const kept = spooled
    return {
      sizeBytes,
      hash: digest,
      use: async (task, signal) => this.#inMemory.run(async () => task(await readFile(kept.path)), signal),
      discard: async () => kept.discard(),
    }
  }

  async #spool(account: string): Promise<Spooled> {
    const own = this.#ofAccounts.get(account) ?? 0
    if (this.#onDisk >= MAX_UPLOADS || own >= MAX_UPLOADS_OF_ACCOUNT) {
      throw new ApiError('too many large bills are on their way, try again later', {
        code: 'ERR_API_UPLOADS',
        retryAfterS: UPLOAD_RETRY_S,
      })
    }
    this.#onDisk += 1
    this.#ofAccounts.set(account, own + 1)
    const path = join(this.#init.dir, this.#init.createName())
    const leave = once(() => {
      this.#onDisk -= 1
      const left = (this.#ofAccounts.get(account) ?? 1) - 1
      if (left > 0) this.#ofAccounts.set(account, left)
      else this.#ofAccounts.delete(account)
    })
    try {
      return createSpooled(path, await open(path, 'wx', 0o600), leave)
    } catch (cause) {
      leave()
      throw cause
    }
  }
}

type Spooled = {
  readonly path: string
  write(chunk: Uint8Array): Promise<void>
  close(): Promise<void>
  discard(): Promise<void>
}

function createSpooled(path: string, file: FileHandle, leave: () => void): Spooled {
  let isOpen = true
  const close = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await file.close()
  }
  return {
    path,
    write: async (chunk) => {
      await file.appendFile(chunk)
    },
    close,
    discard: async () => {
      // A file that cannot be removed now goes with the folder at the next start.
      await close().catch(() => undefined)
      await rm(path, { force: true }).catch(() => undefined)
      leave()
    },
  }
}

function smallUpload(bytes: Uint8Array, hash: Uint8Array): Upload {
  return { sizeBytes: bytes.byteLength, hash, use: async (task) => task(bytes), discard: async () => {} }
}

function once(task: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    task()
  }
}
