import type { Logger } from 'pino'
import { errorCodeOf } from '#protocol'
import type { Archive, Store } from '#storage'
import type { BatchLoader, LoadedBatch } from './batch-loader.ts'

/** What the pins are made from. */
export type BatchPinsComponents = {
  readonly store: Pick<Store, 'unanchored' | 'batches'>
  readonly archive: Pick<Archive, 'pinBatch'>
  readonly loader: Pick<BatchLoader, 'load' | 'listWithdrawn'>
  readonly log: Logger
}

/**
 * Pins of certified batches. A pin keeps a batch's blocks from any later collection of garbage, and from being removed with a
 * withdrawn file that shares them; the blocks themselves are durable already.
 */
export class BatchPins {
  readonly #components: BatchPinsComponents

  constructor(components: BatchPinsComponents) {
    this.#components = components
  }

  /** Pins a certified batch; what fails is logged, and tried again by {@link finish}. */
  async add(loaded: LoadedBatch): Promise<void> {
    const { archive, loader, log } = this.#components
    const { batch } = loaded.announcement
    try {
      await archive.pinBatch(batch, await loader.listWithdrawn(loaded))
    } catch (cause) {
      log.error({ batch: batch.toString(), code: errorCodeOf(cause), err: cause }, 'batch not pinned')
    }
  }

  /**
   * Makes the pins that a crash behind their certificates left out, at the start: of batches that are not anchored, which those
   * certified last are.
   */
  async finish(signal: AbortSignal): Promise<void> {
    const { store, archive, loader, log } = this.#components
    for await (const [digest] of store.unanchored.entries()) {
      const announcement = (await store.batches.find(digest))?.announcement
      if (announcement === undefined) continue
      try {
        // Costs one look where the pin is there.
        await archive.pinBatch(announcement.batch)
      } catch (cause) {
        log.debug({ batch: announcement.batch.toString(), code: errorCodeOf(cause) }, 'bills of a batch are withdrawn')
        const loaded = await loader.load(announcement, signal).catch(() => undefined)
        if (loaded !== undefined) await this.add(loaded)
      }
    }
  }
}
