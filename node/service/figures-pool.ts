import { Piscina } from 'piscina'
import { NodeError } from '../node-error.ts'
import { FigureError } from './figure-error.ts'
import type { FiguresAnswer, FiguresTask } from './figures-worker.ts'

/** Questions that wait for the worker; it answers hundreds a second, and nobody waits longer for an estimate. */
const MAX_WAITING = 256
/** A worker without questions for this long is ended: it keeps all data sets in memory. */
const IDLE_MS = 5 * 60_000
/** Longest that one question takes, the start of the worker with its data sets included. */
const ANSWER_MS = 10_000
const MEMORY_MB = 256

/** A worker thread that knows the data sets: listing the factors of all years takes longer than the event loop may be held. */
export class FiguresPool {
  readonly #stopped = new AbortController()
  #pool: Piscina<FiguresTask, FiguresAnswer> | undefined

  /**
   * JSON text of an answer.
   *
   * @throws {FigureError} with the rules' own code; {NodeError} ERR_NODE_BUSY, ERR_NODE_STOPPED.
   */
  async ask(task: FiguresTask, signal: AbortSignal): Promise<string> {
    if (this.#stopped.signal.aborted) throw stopped()
    const pool = (this.#pool ??= createPool())
    if (pool.queueSize >= MAX_WAITING) throw busy(pool.queueSize)
    const timeout = AbortSignal.timeout(ANSWER_MS)
    let answer: FiguresAnswer
    try {
      answer = await pool.run(task, { signal: AbortSignal.any([signal, timeout, this.#stopped.signal]) })
    } catch (cause) {
      if (this.#stopped.signal.aborted) throw stopped(cause)
      if (timeout.aborted && !signal.aborted) throw busy(pool.queueSize, cause)
      throw cause
    }
    if ('json' in answer) return answer.json
    throw new FigureError(answer.message, { code: answer.code })
  }

  /** Ends the worker; idempotent. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#pool?.destroy()
  }
}

function createPool(): Piscina<FiguresTask, FiguresAnswer> {
  const pool = new Piscina<FiguresTask, FiguresAnswer>({
    filename: new URL('./figures-worker.ts', import.meta.url).href,
    name: 'answer',
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB, maxYoungGenerationSizeMb: 16 },
  })
  // A worker that dies is reported through its task; without a listener it would end the process.
  pool.on('error', () => undefined)
  return pool
}

function busy(queued: number, cause?: unknown): NodeError {
  return new NodeError('too many estimates wait, try again later', { code: 'ERR_NODE_BUSY', queued }, { cause })
}

function stopped(cause?: unknown): NodeError {
  return new NodeError('the node is stopping', { code: 'ERR_NODE_STOPPED' }, { cause })
}
