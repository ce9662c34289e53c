import { join } from 'node:path'
import { charterFromJson } from '#config'
import type { Charter } from '#protocol'
import { DATA_FILES } from '../data-files.ts'
import { usageError } from './cli-error.ts'
import { readNamedFile } from './files.ts'
import type { Terminal } from './terminal.ts'

/**
 * The charter that the user trusts: a file, or that of a data directory. Never one that a node hands out.
 *
 * @throws {CliError} ERR_CLI_USAGE, ERR_CLI_FILE; {ConfigError} ERR_CONFIG_CHARTER
 */
export async function readCharter(
  terminal: Terminal,
  options: { readonly charter?: string; readonly dir?: string },
): Promise<Charter> {
  const dir = options.dir ?? terminal.environment['KWITNESS_DIR']
  const path = options.charter ?? (dir === undefined ? undefined : join(dir, DATA_FILES.charter))
  if (path === undefined)
    throw usageError('name the charter that you trust with --charter, or a data directory with --dir')
  return charterFromJson(new TextDecoder().decode(await readNamedFile(path)))
}
