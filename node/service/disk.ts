import { opendir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { Cached } from './cached.ts'

/** Space of a file system, in bytes. */
export type DiskSpace = { readonly freeBytes: number; readonly totalBytes: number }

/** Free space that a node keeps an eye on: below the share and the size, whichever is less. */
const LOW = { percent: 10, bytes: 20 * 1024 ** 3 } as const
/** DESIGN 16: the last 5 % are for getting out of it again. On large disks less is enough. */
const FULL = { percent: 5, bytes: 10 * 1024 ** 3 } as const

/** How full a disk is: `full` is where a node takes no more bills. */
export function judgeDisk({ freeBytes, totalBytes }: DiskSpace): 'ok' | 'low' | 'full' {
  const isBelow = ({ percent, bytes }: typeof LOW | typeof FULL): boolean =>
    freeBytes < Math.min((totalBytes * percent) / 100, bytes)
  return isBelow(FULL) ? 'full' : isBelow(LOW) ? 'low' : 'ok'
}

/** Space on the file system of a folder; a folder that does not exist yet has that of the working directory. */
export async function readDiskSpace(folder: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(folder).catch(async () => statfs('.'))
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}

/** The file system may change each second, and costs one call. */
const SPACE_AGE_MS = 2_000
/** Thousands of files are looked at for it. */
const USED_AGE_MS = 60_000

/** The disk of a data directory. */
export class Disk {
  readonly #space: Cached<DiskSpace>
  readonly #used: Cached<number>
  /** The latest that is known, without waiting. */
  #latest: DiskSpace | undefined

  /** @param nowMs a clock that never goes back. */
  constructor(folder: string, nowMs: () => number, readSpace = readDiskSpace) {
    this.#space = new Cached({
      load: async () => (this.#latest = await readSpace(folder)),
      maxAgeMs: SPACE_AGE_MS,
      timeoutMs: 5_000,
      waitMs: 1_000,
      nowMs,
    })
    this.#used = new Cached({
      load: async (signal) => sumFiles(folder, signal),
      maxAgeMs: USED_AGE_MS,
      timeoutMs: USED_AGE_MS,
      waitMs: 500,
      nowMs,
    })
  }

  get latest(): DiskSpace | undefined {
    return this.#latest
  }

  async space(): Promise<DiskSpace | undefined> {
    return this.#space.get()
  }

  /** Bytes of all files of the data directory; `undefined` until they were counted. */
  async usedBytes(): Promise<number | undefined> {
    return this.#used.get()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#space.stop(), this.#used.stop()])
  }
}

async function sumFiles(folder: string, signal: AbortSignal): Promise<number> {
  let sizeBytes = 0
  for await (const entry of await opendir(folder)) {
    signal.throwIfAborted()
    const path = join(folder, entry.name)
    if (entry.isDirectory()) sizeBytes += await sumFiles(path, signal)
    // The database removes files while it is looked at.
    else sizeBytes += (await stat(path).catch(() => undefined))?.size ?? 0
  }
  return sizeBytes
}
