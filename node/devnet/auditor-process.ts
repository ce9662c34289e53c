import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { CliError } from '../cli/cli-error.ts'
import { LOG_TAIL_LINES, STOP_TIMEOUT_MS } from './constants.ts'

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url))
/** V8 options of every auditor, as in the first line of `main.js`. */
const AUDITOR_FLAGS = ['--max-semi-space-size=4']

/** `kwitness start` as a process of its own. */
export class AuditorProcess {
  readonly name: string
  readonly #log: string
  readonly #child: ChildProcess
  /** Settles when the process has ended, for whatever reason; never rejects. */
  readonly exited: Promise<void>
  #hasExited = false

  /** Spawns at once; output goes to `node.log` in the auditor's directory. */
  constructor(name: string, dir: string) {
    this.name = name
    this.#log = join(dir, 'node.log')
    const log = openSync(this.#log, 'a', 0o600)
    // The IPC channel ties the auditor to this process: when it closes, kill -9 included, the auditor stops. A process group of
    // its own keeps Ctrl-C away from it, so that the devnet stops things in order.
    this.#child = spawn(process.execPath, [...AUDITOR_FLAGS, MAIN, 'start', '--dir', dir], {
      stdio: ['ignore', log, log, 'ipc'],
      env: environmentOf(process.env),
      detached: true,
    })
    closeSync(log)
    this.exited = new Promise((resolve) => {
      const end = (): void => {
        this.#hasExited = true
        resolve()
      }
      this.#child.once('exit', end).once('error', end)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get isRunning(): boolean {
    return !this.#hasExited
  }

  /**
   * Waits until the auditor says that it is up.
   *
   * @throws {CliError} ERR_DEVNET_PROCESS with its last words when it ends before; the signal's reason.
   */
  async waitUntilStarted(signal: AbortSignal): Promise<void> {
    const stop = new AbortController()
    try {
      const isUp = await Promise.race([
        new Promise<true>((resolve) => {
          this.#child.once('message', () => resolve(true))
        }),
        this.exited.then(() => false),
        rejectOn(AbortSignal.any([signal, stop.signal])),
      ])
      if (!isUp) throw await this.describeEnd()
    } finally {
      stop.abort()
    }
  }

  /** How it ended, in its own last words. */
  async describeEnd(): Promise<CliError> {
    const text = await readFile(this.#log, 'utf8').catch(() => '')
    const tail = text.trim().split('\n').slice(-LOG_TAIL_LINES)
    const { exitCode, signalCode } = this.#child
    const how = signalCode === null ? `code ${exitCode ?? 'unknown'}` : signalCode
    const words = tail.map((line) => line.slice(0, 500)).join(' | ')
    return new CliError(`auditor ${this.name} ended with ${how}; its log ${this.#log} ends with: ${words}`, {
      code: 'ERR_DEVNET_PROCESS',
      log: this.#log,
    })
  }

  /** Stops the auditor, by force if it takes too long. May be called again. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await this.exited
    clearTimeout(timer)
  }
}

/** Variables of the caller's own node must not configure all auditors alike. */
function environmentOf(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('KWITNESS_')))
}

async function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
