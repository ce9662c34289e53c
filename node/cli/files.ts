import { readFile, writeFile } from 'node:fs/promises'
import { CliError } from './cli-error.ts'
import type { Terminal } from './terminal.ts'

/**
 * Bytes of a file that the user named.
 *
 * @throws {CliError} ERR_CLI_FILE
 */
export async function readNamedFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new CliError(`cannot read ${path}: ${reasonOf(cause)}`, { code: 'ERR_CLI_FILE', path }, { cause })
  }
}

/** True if the name is that of a file that can be read. */
export async function findNamedFile(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch {
    return undefined
  }
}

/**
 * Writes a result to the file that the user named, or to standard output for `-`.
 *
 * @throws {CliError} ERR_CLI_FILE
 */
export async function writeResult(terminal: Terminal, path: string, bytes: Uint8Array): Promise<void> {
  if (path === '-') {
    terminal.bytes(bytes)
    return
  }
  try {
    await writeFile(path, bytes)
  } catch (cause) {
    throw new CliError(`cannot write ${path}: ${reasonOf(cause)}`, { code: 'ERR_CLI_FILE', path }, { cause })
  }
}

function reasonOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : ''
  if (code === 'ENOENT') return 'no such file'
  if (code === 'EACCES') return 'permission denied'
  if (code === 'EISDIR') return 'it is a directory'
  return thrown instanceof Error ? thrown.message : String(thrown)
}
