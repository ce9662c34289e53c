import { Piscina } from 'piscina'
import type { Extraction } from '#protocol'
import { AuditError } from './audit-error.ts'

/** Options of {@link createSandbox}. */
export type SandboxInit = {
  /** Worker threads at most; one is kept warm. */
  readonly workers: number
  /** Heap of one worker in MiB; the node itself is outside of it. */
  readonly memoryMb: number
  /** Time for one bill from the moment a worker has it. Over it means abstain: another machine may be faster. */
  readonly timeoutMs: number
}

/** Extraction in worker threads: a poisoned file costs its own limit, and never the node. */
export interface Sandbox {
  /**
   * Facts of a bill, as {@link extractBill} gives them.
   *
   * @throws {AuditError} ERR_AUDIT_TIMEOUT and ERR_AUDIT_MEMORY mean abstain; ERR_AUDIT_ABORTED after `signal` or
   * `close`; ERR_AUDIT_WORKER when the worker failed otherwise.
   */
  extract(bytes: Uint8Array, signal: AbortSignal): Promise<Extraction>
  /** Ends all workers; running extractions fail with ERR_AUDIT_ABORTED. Idempotent. */
  close(): Promise<void>
}

/** Bills waiting for a worker; more are refused at once, since nobody would wait that long for them. */
const MAX_WAITING = 10_000

/** A sandbox with its first worker started. */
export function createSandbox(init: SandboxInit): Sandbox {
  return new WorkerSandbox(init)
}

class WorkerSandbox implements Sandbox {
  readonly #init: SandboxInit
  readonly #pool: Piscina<Uint8Array, Extraction>
  readonly #closing = new AbortController()
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(init: SandboxInit) {
    this.#init = init
    this.#free = init.workers
    this.#pool = new Piscina({
      filename: new URL('./extract-worker.ts', import.meta.url).href,
      name: 'extract',
      minThreads: 1,
      maxThreads: init.workers,
      idleTimeout: 30_000,
      resourceLimits: { maxOldGenerationSizeMb: init.memoryMb, maxYoungGenerationSizeMb: 16 },
    })
    // A worker that dies is reported through its task; without a listener it would end the process.
    this.#pool.on('error', () => undefined)
  }

  async extract(bytes: Uint8Array, signal: AbortSignal): Promise<Extraction> {
    const abort = AbortSignal.any([signal, this.#closing.signal])
    await this.#acquire(abort)
    try {
      return await this.#run(bytes, abort)
    } finally {
      this.#release()
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#pool.destroy()
  }

  async #run(bytes: Uint8Array, abort: AbortSignal): Promise<Extraction> {
    const { timeoutMs, memoryMb } = this.#init
    const timeout = AbortSignal.timeout(timeoutMs)
    // A copy of its own: a view into a shared buffer would carry its neighbours into the worker.
    const copy = new Uint8Array(bytes)
    try {
      return await this.#pool.run(copy, {
        signal: AbortSignal.any([abort, timeout]),
        transferList: [copy.buffer],
      })
    } catch (cause) {
      if (abort.aborted) throw abortedError(cause)
      if (timeout.aborted) {
        const message = `extraction took more than ${timeoutMs} ms`
        throw new AuditError(message, { code: 'ERR_AUDIT_TIMEOUT', timeoutMs }, { cause })
      }
      if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY') {
        const message = `extraction needed more than ${memoryMb} MiB`
        throw new AuditError(message, { code: 'ERR_AUDIT_MEMORY', memoryMb }, { cause })
      }
      throw new AuditError('extraction worker failed', { code: 'ERR_AUDIT_WORKER' }, { cause })
    }
  }

  /** A free worker's turn: so that a bill's time begins when it is read, not while it waits behind others. */
  async #acquire(abort: AbortSignal): Promise<void> {
    if (abort.aborted) throw abortedError(abort.reason)
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    if (this.#waiting.length >= MAX_WAITING) {
      throw new AuditError('too many bills wait for extraction', { code: 'ERR_AUDIT_WORKER' })
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(resolve), 1)
      reject(abortedError(abort.reason))
    }
    this.#waiting.push(resolve)
    abort.addEventListener('abort', onAbort, { once: true })
    try {
      await promise
    } finally {
      abort.removeEventListener('abort', onAbort)
    }
  }

  #release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}

function abortedError(cause: unknown): AuditError {
  return new AuditError('extraction was aborted', { code: 'ERR_AUDIT_ABORTED' }, { cause })
}
