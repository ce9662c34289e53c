import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Terminal } from './terminal.ts'

/** Data directory when no flag names one: KWITNESS_DIR, else `.kwitness` at home. */
export function defaultDir(terminal: Terminal): string {
  return terminal.environment['KWITNESS_DIR'] ?? join(homedir(), '.kwitness')
}
