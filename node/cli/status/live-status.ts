import { setTimeout as delay } from 'node:timers/promises'
import { CliError } from '../cli-error.ts'
import type { ApiClient } from '../client.ts'
import type { Terminal } from '../terminal.ts'
import { statusLines } from './status-lines.ts'

/** Time between two looks: quick for an eye, cheap for a node. */
const LOOK_MS = 1_000

/**
 * Shows a node and keeps the picture fresh until the terminal's signal; a node that is away for a moment is waited for.
 *
 * @throws {CliError} when the first look fails.
 */
export async function showLive(terminal: Terminal, client: ApiClient): Promise<void> {
  let lines = linesOf(terminal, await client.look())
  const screen = terminal.openScreen()
  try {
    while (!terminal.signal.aborted) {
      screen.draw([...lines, '', terminal.paint('gray', 'Ctrl-C ends')])
      await delay(LOOK_MS, undefined, { signal: terminal.signal }).catch(() => undefined)
      if (!terminal.signal.aborted) lines = await look(terminal, client, lines)
    }
  } finally {
    screen.close()
  }
  // What was seen last stays where other commands write.
  lines.forEach((line) => terminal.line(line))
}

async function look(terminal: Terminal, client: ApiClient, before: readonly string[]): Promise<string[]> {
  try {
    return linesOf(terminal, await client.look())
  } catch (thrown) {
    if (terminal.signal.aborted) return [...before]
    // Not reached, or not answered: it may be back with the next look. Everything else is a mistake.
    if (!(thrown instanceof CliError)) throw thrown
    return [terminal.paint('red', `${thrown.message}; trying again`)]
  }
}

/** A node's status as lines for this terminal. */
export function linesOf(terminal: Terminal, status: Parameters<typeof statusLines>[0]): string[] {
  return statusLines(status, { width: terminal.width, paint: (style, text) => terminal.paint(style, text) })
}
