import type { Command } from 'commander'
import type { NamedTrustList } from '#audit'
import type { Charter } from '#protocol'
import { usageError } from './cli-error.ts'
import { readNamedFile } from './files.ts'

/** Option that names a trust list. */
export type TrustOption = { readonly trustList?: string }

/** Adds `--trust-list`. */
export function addTrustOption(command: Command): Command {
  return command.option(
    '--trust-list <file>',
    "keys that are believed to be utilities' (default: the shipped list, nobody's)",
  )
}

/**
 * The trust list of the command line, else the shipped one.
 *
 * @param charter that may name a list: then it must be that one, since another would find another origin.
 * @throws {CliError} ERR_CLI_USAGE when the charter names another list, ERR_CLI_FILE.
 * @throws {AuditError} ERR_AUDIT_TRUST_LIST.
 */
export async function readTrustList({ trustList }: TrustOption, charter?: Charter): Promise<NamedTrustList> {
  // Loaded only where it is needed: the help of a command is quick.
  const { loadTrustList, TRUST_LIST_NAME } = await import('../trust-list.ts')
  const text = trustList === undefined ? undefined : new TextDecoder().decode(await readNamedFile(trustList))
  const trust = await loadTrustList(text)
  const named = charter?.datasets.find(({ name }) => name === TRUST_LIST_NAME)?.cid
  if (named !== undefined && !named.equals(trust.cid)) {
    throw usageError(`the charter names trust list ${named.toString()}: give its file with --trust-list`)
  }
  return trust
}
