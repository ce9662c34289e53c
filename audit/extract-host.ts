import { enableCompileCache } from 'node:module'
import process from 'node:process'
import { Piscina } from 'piscina'
import type { Extraction } from '#protocol'
import type { ExtractTask } from './extract-worker.ts'
import type { HostInit, HostReply, HostRequest } from './host-process.ts'

/** A worker without bills for this long is ended. */
const IDLE_MS = 5 * 60_000
/** Longest that a worker may take to start, on a machine that does much else. */
const START_MS = 30_000

/**
 * A process of its own around the worker threads: memory that ends at one large allocation ends a process, whatever limit
 * its threads have. It has no keys, no environment and no files to write; when its parent is gone it is gone, too.
 */
class ExtractHost {
  #pool: Piscina<ExtractTask, readonly Extraction[]> | undefined

  async take(message: HostInit | HostRequest): Promise<void> {
    if (message.kind === 'init') this.#open(message)
    else send(await this.#run(message))
  }

  #open({ workers, memoryMb, trust }: HostInit): void {
    this.#pool = new Piscina({
      filename: new URL('./extract-worker.ts', import.meta.url).href,
      name: 'extractAll',
      // A worker takes about 60 MB and half a second to start: a second one comes with a second bill.
      minThreads: 0,
      maxThreads: workers,
      idleTimeout: IDLE_MS,
      workerData: trust,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 16 },
    })
    // A worker that dies is reported through its task; without a listener it would end the process.
    this.#pool.on('error', () => undefined)
  }

  async #run({ id, bills, timeoutMs }: HostRequest): Promise<HostReply> {
    const progress = new Int32Array(new SharedArrayBuffer(4)).fill(-1)
    const { signal, stop } = limitTime(progress, timeoutMs)
    // Copies of their own: a view into a shared buffer would carry its neighbours into the worker.
    const copies = bills.map((bytes) => new Uint8Array(bytes))
    try {
      if (this.#pool === undefined) throw new TypeError('bills come after the settings')
      const task = { bills: copies, progress }
      const transferList = copies.map((copy) => copy.buffer)
      return { id, extractions: await this.#pool.run(task, { signal, transferList }) }
    } catch (cause) {
      const isMemory = cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
      const why = signal.aborted ? 'time' : isMemory ? 'memory' : 'worker'
      return {
        id,
        why,
        at: Math.max(0, Atomics.load(progress, 0)),
        message: cause instanceof Error ? cause.message : '',
      }
    } finally {
      stop()
    }
  }
}

/** Aborts some time after the worker has begun: how long it took to start is no fault of the bills. */
function limitTime(
  progress: Int32Array<SharedArrayBuffer>,
  timeoutMs: number,
): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const wait = async (): Promise<void> => {
    await Atomics.waitAsync(progress, 0, -1, START_MS).value
    if (!isOver) timer = setTimeout(() => controller.abort(), timeoutMs)
  }
  void wait()
  const stop = (): void => {
    isOver = true
    clearTimeout(timer)
  }
  return { signal: controller.signal, stop }
}

function send(reply: HostReply): void {
  // Without a parent nobody waits for it.
  if (process.connected) process.send?.(reply)
}

enableCompileCache()
const host = new ExtractHost()
process.on('message', (message) => void host.take(message as HostInit | HostRequest))
// eslint-disable-next-line unicorn/no-process-exit -- the threads of a parent that is gone must end, whatever they do
process.on('disconnect', () => process.exit())
// A terminal sends these to all processes of a group: the parent decides when this one ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
