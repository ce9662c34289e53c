import { Piscina } from 'piscina'
import type { Extraction } from '#protocol'
import { AuditError } from './audit-error.ts'
import { TRUST_NOBODY } from './origin/trust-list.ts'
import type { TrustList } from './origin/trust-list.ts'

/** Options of {@link createSandbox}. */
export type SandboxInit = {
  /** Worker threads at most; they are started when bills come. */
  readonly workers: number
  /** Heap of one worker in MiB; the node itself is outside of it. */
  readonly memoryMb: number
  /** Time for one bill from the moment a worker has it. Over it means abstain: another machine may be faster. */
  readonly timeoutMs: number
  /** Whose signatures make a bill `utility-signed`. @default nobody's */
  readonly trust?: TrustList
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
/** A worker without bills for this long is ended. */
const IDLE_MS = 5 * 60_000
/** Bills read in one go: waking a worker costs as much as reading a small bill. */
const GROUP_BILLS = 16
/** Bytes of a group; a larger bill goes alone, so that small ones never wait behind it in one go. */
const GROUP_BYTES = 256 * 1024

/** A sandbox; its first worker starts with the first bill. */
export function createSandbox(init: SandboxInit): Sandbox {
  return new WorkerSandbox(init)
}

/** A bill that waits for a worker. */
type Waiting = {
  readonly bytes: Uint8Array
  readonly resolve: (extraction: Extraction) => void
  readonly reject: (cause: unknown) => void
  /** True once nobody waits for it any more. */
  isAbandoned: boolean
}

class WorkerSandbox implements Sandbox {
  readonly #init: SandboxInit
  readonly #pool: Piscina<readonly Uint8Array[], readonly Extraction[]>
  readonly #closing = new AbortController()
  readonly #waiting: Waiting[] = []
  #free: number
  #isDispatching = false

  constructor(init: SandboxInit) {
    this.#init = init
    this.#free = init.workers
    this.#pool = new Piscina({
      filename: new URL('./extract-worker.ts', import.meta.url).href,
      name: 'extractAll',
      // A worker takes about 60 MB and half a second to start: an auditor without bills does without.
      minThreads: 0,
      maxThreads: init.workers,
      idleTimeout: IDLE_MS,
      workerData: init.trust ?? TRUST_NOBODY,
      resourceLimits: { maxOldGenerationSizeMb: init.memoryMb, maxYoungGenerationSizeMb: 16 },
    })
    // A worker that dies is reported through its task; without a listener it would end the process.
    this.#pool.on('error', () => undefined)
  }

  async extract(bytes: Uint8Array, signal: AbortSignal): Promise<Extraction> {
    const abort = AbortSignal.any([signal, this.#closing.signal])
    if (abort.aborted) throw abortedError(abort.reason)
    if (this.#waiting.length >= MAX_WAITING) {
      throw new AuditError('too many bills wait for extraction', { code: 'ERR_AUDIT_WORKER' })
    }
    const { promise, resolve, reject } = Promise.withResolvers<Extraction>()
    const waiting: Waiting = { bytes, resolve, reject, isAbandoned: false }
    const onAbort = (): void => {
      waiting.isAbandoned = true
      reject(abortedError(abort.reason))
    }
    this.#waiting.push(waiting)
    abort.addEventListener('abort', onAbort, { once: true })
    this.#dispatchSoon()
    try {
      return await promise
    } finally {
      abort.removeEventListener('abort', onAbort)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#pool.destroy()
  }

  // One turn of the event loop lets the bills of a batch come together.
  #dispatchSoon(): void {
    if (this.#isDispatching) return
    this.#isDispatching = true
    setImmediate(() => {
      this.#isDispatching = false
      this.#dispatch()
    })
  }

  #dispatch(): void {
    while (this.#free > 0) {
      const group = this.#takeGroup()
      if (group.length === 0) return
      this.#free -= 1
      void this.#runGroup(group).finally(() => {
        this.#free += 1
        this.#dispatch()
      })
    }
  }

  #takeGroup(): Waiting[] {
    const group: Waiting[] = []
    let sizeBytes = 0
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!next.isAbandoned) {
        sizeBytes += next.bytes.byteLength
        if (group.length > 0 && (sizeBytes > GROUP_BYTES || group.length === GROUP_BILLS)) break
        group.push(next)
      }
      this.#waiting.shift()
    }
    return group
  }

  // A group that fails is read again one by one, so that each bill answers for itself alone.
  async #runGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const extractions = await this.#run(group.map(({ bytes }) => bytes))
      for (const [i, { resolve, reject }] of group.entries()) {
        const extraction = extractions[i]
        if (extraction === undefined) reject(new AuditError('extraction worker failed', { code: 'ERR_AUDIT_WORKER' }))
        else resolve(extraction)
      }
    } catch (cause) {
      if (group.length === 1) group[0]?.reject(cause)
      else for (const waiting of group) if (!waiting.isAbandoned) await this.#runGroup([waiting])
    }
  }

  async #run(bills: readonly Uint8Array[]): Promise<readonly Extraction[]> {
    const { timeoutMs, memoryMb } = this.#init
    const timeout = AbortSignal.timeout(timeoutMs)
    // Copies of their own: a view into a shared buffer would carry its neighbours into the worker.
    const copies = bills.map((bytes) => new Uint8Array(bytes))
    try {
      return await this.#pool.run(copies, {
        signal: AbortSignal.any([this.#closing.signal, timeout]),
        transferList: copies.map((copy) => copy.buffer),
      })
    } catch (cause) {
      if (this.#closing.signal.aborted) throw abortedError(cause)
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
}

function abortedError(cause: unknown): AuditError {
  return new AuditError('extraction was aborted', { code: 'ERR_AUDIT_ABORTED' }, { cause })
}
