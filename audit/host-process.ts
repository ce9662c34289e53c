import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Extraction } from '#protocol'
import type { TrustList } from './origin/trust-list.ts'

/** First message to a host: the settings of its worker threads. */
export type HostInit = {
  readonly kind: 'init'
  readonly workers: number
  readonly memoryMb: number
  readonly trust: TrustList
}

/** Bills for one worker thread. */
export type HostRequest = {
  readonly kind: 'run'
  readonly id: number
  readonly bills: readonly Uint8Array[]
  readonly timeoutMs: number
}

/** Why a group gave nothing; `crash`: the process ended, and any of the bills that were in it may be to blame. */
export type HostFailure = {
  readonly why: 'time' | 'memory' | 'worker' | 'crash'
  /** Index of the bill that was being read. */
  readonly at: number
  readonly message: string
}

/** What a host answers to a request. */
export type HostReply = { readonly id: number } & ({ readonly extractions: readonly Extraction[] } | HostFailure)

/** What became of a group. */
export type HostOutcome = { readonly extractions: readonly Extraction[] } | HostFailure

const HOST = fileURLToPath(new URL('./extract-host.ts', import.meta.url))
/** A host without bills for this long is ended: it takes about 50 MB. */
const IDLE_MS = 5 * 60_000

type Run = (outcome: HostOutcome) => void

/** The process that reads bills: started with the first one, and again when it ended. */
export class HostProcess {
  readonly #init: HostInit
  readonly #runs = new Map<number, Run>()
  #child: ChildProcess | undefined
  #lastId = 0
  #idle: NodeJS.Timeout | undefined

  constructor(init: HostInit) {
    this.#init = init
  }

  /** Reads a group in one worker thread. Never rejects. */
  async run(bills: readonly Uint8Array[], timeoutMs: number): Promise<HostOutcome> {
    clearTimeout(this.#idle)
    const child = this.#child ?? this.#start()
    // While somebody waits the process stays, else this one may end without it.
    child.ref()
    child.channel?.ref()
    this.#lastId += 1
    const id = this.#lastId
    const { promise, resolve } = Promise.withResolvers<HostOutcome>()
    this.#runs.set(id, resolve)
    // What cannot be sent is answered by the end of the process that could not take it.
    child.send({ kind: 'run', id, bills, timeoutMs } satisfies HostRequest, () => undefined)
    const outcome = await promise
    if (this.#runs.size === 0) this.#rest()
    return outcome
  }

  /** Ends the process; what runs in it crashes. Idempotent. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const child = this.#child
    if (child === undefined) return
    child.ref()
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  #start(): ChildProcess {
    const child = fork(HOST, [], {
      // Nothing of the auditor's environment, which may hold secrets, and nothing that would change what is read.
      env: {},
      execArgv: ['--max-semi-space-size=4'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.#child = child
    child.on('message', (message) => this.#answer(message as HostReply))
    child.once('error', () => this.#end(child))
    child.once('exit', () => this.#end(child))
    child.send(this.#init, () => undefined)
    return child
  }

  #answer({ id, ...outcome }: HostReply): void {
    const run = this.#runs.get(id)
    this.#runs.delete(id)
    run?.(outcome)
  }

  #end(child: ChildProcess): void {
    if (this.#child !== child) return
    this.#child = undefined
    const runs = [...this.#runs.values()]
    this.#runs.clear()
    for (const run of runs) run({ why: 'crash', at: 0, message: 'the process that reads bills ended' })
  }

  #rest(): void {
    this.#child?.unref()
    this.#child?.channel?.unref()
    this.#idle = setTimeout(() => this.#retire(), IDLE_MS).unref()
  }

  // The next bill starts another one, even while this one is ending.
  #retire(): void {
    const child = this.#child
    this.#child = undefined
    child?.kill('SIGKILL')
  }
}
