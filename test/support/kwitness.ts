import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Root of the repository. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** How a command is started. */
export type KwitnessOptions = {
  readonly nodeArgs?: readonly string[]
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** How a command ended. */
export type Ended = { readonly code: number | null; readonly out: string; readonly err: string }

/** A command under way. */
export type Running = {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Settles when a text has been written to either output; rejects when the command ends without it. */
  readonly saw: (text: string) => Promise<void>
}

/** Starts the command line as a process of its own. */
export function startKwitness(args: readonly string[], options: KwitnessOptions = {}): Running {
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), 'node/main.js', ...args], {
    cwd: ROOT,
    env: { ...process.env, KWITNESS_DIR: undefined, NO_COLOR: undefined, COLUMNS: undefined, ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  const listeners = new Set<() => void>()
  const told = (): void => listeners.forEach((listener) => listener())
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    told()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
    told()
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, out, err })))
  const saw = async (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (out.includes(text) || err.includes(text)) {
          listeners.delete(look)
          resolve()
        }
      }
      listeners.add(look)
      void ended.then(() => reject(new Error(`ended without "${text}":\n${out}\n${err}`)))
      look()
    })
  return { child, ended, saw }
}

/** Runs the command line to its end. */
export async function kwitness(args: readonly string[], options: KwitnessOptions = {}): Promise<Ended> {
  return startKwitness(args, options).ended
}
