import process from 'node:process'
import type { Writable } from 'node:stream'
import { reportFailure } from './failure.ts'
import { createProgram } from './program.ts'
import { Terminal } from './terminal.ts'

/**
 * Runs the command line of this process and ends the process: `process.exit` is here and nowhere else, after the output
 * has left.
 */
export async function main(): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader has gone (`kwitness … | head`): nobody is left to tell.
      process.exit(error.code === 'EPIPE' ? 0 : 1)
    })
  }
  const stop = new AbortController()
  // A process that was started with an IPC channel belongs to its parent: when that is gone, killed or not, it stops.
  process.once('disconnect', () => stop.abort())
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // The second signal of an impatient operator ends the process at once.
    process.once(name, () => {
      process.once(name, () => process.exit(130))
      stop.abort()
    })
  }
  const { stdin, stdout, stderr } = process
  const terminal = new Terminal({ stdin, stdout, stderr, environment: process.env, signal: stop.signal })
  const exitCode = await run(terminal, process.argv.slice(2))
  await Promise.all([flush(process.stdout), flush(process.stderr)])
  process.exit(exitCode)
}

/** Runs one command line and says how it ended. */
export async function run(terminal: Terminal, args: readonly string[]): Promise<number> {
  try {
    await createProgram(terminal).parseAsync([...args], { from: 'user' })
    return terminal.exitCode
  } catch (thrown) {
    const report = reportFailure(thrown)
    if (report.exitCode === 0) return 0
    if (args.includes('--json')) terminal.json(report.json)
    if (report.line !== undefined) terminal.note(terminal.paint('red', report.line, 'stderr'))
    if (report.stack !== undefined) terminal.note(report.stack)
    return report.exitCode
  }
}

async function flush(stream: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve())
  })
}
