import { divideFloor } from '#protocol'
import type { Extraction } from '#protocol'
import { AuditError } from './audit-error.ts'
import { FairQueue } from './fair-queue.ts'
import type { WaitingBill } from './fair-queue.ts'
import { HostProcess } from './host-process.ts'
import type { HostFailure } from './host-process.ts'
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

/**
 * Extraction in worker threads of a process of its own: a poisoned file costs its own limit, and never the node, nor the
 * turns of others.
 */
export interface Sandbox {
  /**
   * Facts of a bill, as {@link extractBill} gives them.
   *
   * @param lane whose bill it is: lanes take turns, and bills of one wait for each other only. @default one lane for all
   * @throws {AuditError} ERR_AUDIT_TIMEOUT and ERR_AUDIT_MEMORY mean abstain; ERR_AUDIT_ABORTED after `signal` or
   * `close`; ERR_AUDIT_WORKER when the worker failed otherwise.
   */
  extract(bytes: Uint8Array, signal: AbortSignal, lane?: string): Promise<Extraction>
  /** Ends all workers; running extractions fail with ERR_AUDIT_ABORTED. Idempotent. */
  close(): Promise<void>
}

/** Bills waiting for a worker; more are refused at once, since nobody would wait that long for them. */
const MAX_WAITING = 10_000
/** Bills read in one go: waking a worker costs as much as reading a small bill. */
const GROUP_BILLS = 16
/** Bytes of a group; a larger bill goes alone, so that small ones never wait behind it in one go. */
const GROUP_BYTES = 256 * 1024
/** A group has this part of one bill's time: what takes longer is one of them, which is read again alone. */
const GROUP_PART = 4

/** A sandbox; its first worker starts with the first bill. */
export function createSandbox(init: SandboxInit): Sandbox {
  return new ProcessSandbox(init)
}

class ProcessSandbox implements Sandbox {
  readonly #init: SandboxInit
  readonly #host: HostProcess
  readonly #closing = new AbortController()
  readonly #queue: FairQueue
  /** Bills of a process that ended: each is read with nothing beside it, so that only what is to blame is blamed. */
  readonly #suspects: WaitingBill[] = []
  #running = 0
  #isDispatching = false

  constructor(init: SandboxInit) {
    const { workers, memoryMb, trust = TRUST_NOBODY } = init
    this.#init = init
    this.#host = new HostProcess({ kind: 'init', workers, memoryMb, trust })
    this.#queue = new FairQueue({
      groupBills: GROUP_BILLS,
      groupBytes: GROUP_BYTES,
      slowAtATime: Math.max(1, workers - 1),
    })
  }

  async extract(bytes: Uint8Array, signal: AbortSignal, lane = ''): Promise<Extraction> {
    const abort = AbortSignal.any([signal, this.#closing.signal])
    if (abort.aborted) throw abortedError(abort.reason)
    if (this.#queue.size >= MAX_WAITING) {
      throw new AuditError('too many bills wait for extraction', { code: 'ERR_AUDIT_WORKER' })
    }
    const { promise, resolve, reject } = Promise.withResolvers<Extraction>()
    const waiting: WaitingBill = { bytes, lane, resolve, reject, isAbandoned: false, isAlone: false }
    const onAbort = (): void => {
      waiting.isAbandoned = true
      reject(abortedError(abort.reason))
    }
    this.#queue.add(waiting)
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
    await this.#host.close()
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
    while (this.#running < this.#init.workers && !this.#closing.signal.aborted) {
      const suspect = this.#suspects[0]
      if (suspect !== undefined && this.#running > 0) return
      const group = suspect === undefined ? this.#queue.take() : [suspect]
      if (group.length === 0) return
      this.#running += 1
      void this.#runGroup(group, suspect !== undefined).finally(() => {
        this.#running -= 1
        this.#dispatch()
      })
      if (suspect !== undefined) return
    }
  }

  async #runGroup(group: readonly WaitingBill[], isSuspect: boolean): Promise<void> {
    const { timeoutMs } = this.#init
    const limitMs = group.length > 1 ? divideFloor(timeoutMs, GROUP_PART) : timeoutMs
    const bills = group.map(({ bytes }) => bytes)
    const outcome = await this.#host.run(bills, limitMs)
    if ('why' in outcome) this.#settleFailure(group, outcome, isSuspect)
    else for (const [i, waiting] of group.entries()) settle(waiting, outcome.extractions[i])
    // Until now nothing else was begun beside it.
    if (isSuspect) this.#suspects.shift()
    else this.#queue.release(group[0]?.lane ?? '', 'why' in outcome && group.length === 1)
  }

  // What one bill of several did wrong costs the others no more than the time until it shows.
  #settleFailure(group: readonly WaitingBill[], failure: HostFailure, isSuspect: boolean): void {
    const [only] = group
    if (failure.why === 'crash' && !isSuspect && !this.#closing.signal.aborted) {
      this.#suspects.push(...group.filter(({ isAbandoned }) => !isAbandoned))
    } else if (group.length === 1) only?.reject(this.#errorOf(failure))
    else this.#queue.giveBack(group, failure.at)
  }

  #errorOf({ why, message }: HostFailure): AuditError {
    if (this.#closing.signal.aborted) return abortedError(message)
    const { timeoutMs, memoryMb } = this.#init
    if (why === 'time') {
      return new AuditError(`extraction took more than ${timeoutMs} ms`, { code: 'ERR_AUDIT_TIMEOUT', timeoutMs })
    }
    // A process ends by itself at one allocation that is far beyond the limit.
    if (why === 'memory' || why === 'crash') {
      return new AuditError(`extraction needed more than ${memoryMb} MiB`, { code: 'ERR_AUDIT_MEMORY', memoryMb })
    }
    return new AuditError(`extraction worker failed: ${message}`, { code: 'ERR_AUDIT_WORKER' })
  }
}

function settle({ resolve, reject }: WaitingBill, extraction: Extraction | undefined): void {
  if (extraction === undefined) reject(new AuditError('extraction worker failed', { code: 'ERR_AUDIT_WORKER' }))
  else resolve(extraction)
}

function abortedError(cause: unknown): AuditError {
  return new AuditError('extraction was aborted', { code: 'ERR_AUDIT_ABORTED' }, { cause })
}
