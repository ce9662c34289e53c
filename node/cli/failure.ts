import { CommanderError } from 'commander'
import { CodedError } from '#protocol'
import { CliError } from './cli-error.ts'

/** How a command that threw ends: exit code, the line for people and the object for scripts. */
export type FailureReport = {
  /** 0 when nothing failed (help was asked for), 1 refused or failed, 2 wrong use. */
  readonly exitCode: 0 | 1 | 2
  /** `error: what, where; what to do (CODE)`; `undefined` when the help text said it all. */
  readonly line?: string
  /** Stack of an unexpected failure, for the report of a bug. */
  readonly stack?: string
  readonly json: { readonly error: { readonly code: string; readonly message: string } }
}

/** What to do, by code; the messages say what and where. */
const REMEDIES: Readonly<Record<string, string>> = {
  ERR_CLI_UNREACHABLE: 'start the node, or name it with --api',
  ERR_CLI_SEALED: "name the file of its holder's key with --key-file, or open it with age and name the file",
  ERR_CLI_ANSWER: 'is that the URL of a kWitness node?',
  ERR_INIT_EXISTS: 'choose another --dir, or move the file away',
  ERR_DIR_INCOMPLETE: 'run kwitness init first, or name the data directory with --dir',
  ERR_DIR_FILE: 'restore the file from a backup',
  ERR_KEY_PASSPHRASE: 'name the right file with --passphrase-file',
  ERR_KEY_NO_PASSPHRASE: 'name it with --passphrase-file or KWITNESS_PASSPHRASE_FILE',
  ERR_KEY_FORMAT: 'only keystore v3 with scrypt is read',
  ERR_AGE_KEY_FILE: 'take the file that kwitness init or age-keygen wrote',
  ERR_REGION_KEYS: "ask the region's founders for its key file",
  ERR_STORAGE_LOCKED: 'stop the node that runs there, or use another --dir',
  ERR_STORAGE_BROKEN: 'look at disk and permissions with kwitness doctor',
  ERR_STORAGE_FOREIGN: 'use another --dir for another network',
  ERR_CHAIN_ANVIL_MISSING: 'install the optional packages again with npm ci',
  ERR_NODE_RULES: "take the version of kWitness that the charter's network runs",
  ERR_NODE_NOT_MEMBER: 'give the address to the founders of the region; an archivist cannot vote',
  ERR_API_LISTEN: 'stop what has it (is the node running already?), or start with --set api.port=0 or operator.port=0',
  ERR_API_KEY_MISSING: 'name the file of your key with --key-file or KWITNESS_KEY_FILE',
  ERR_API_KEY_WRONG: 'use a key of this node: init printed it',
  ERR_API_SCOPE: 'take a key that has it: kwitness key create',
  ERR_ACCOUNT_UNKNOWN: 'see them with kwitness account list',
  ERR_ACCOUNT_CLOSED: 'sign up another: a closed account stays closed',
  ERR_ACCOUNT_EXISTS: 'choose another id: ids are never given again',
  ERR_KEY_UNKNOWN: 'see them with kwitness key list',
  ERR_KEY_REVOKED: 'make a new one with kwitness key create',
  ERR_QUOTA_BILLS: 'try again after midnight (UTC), or ask the operator for a larger quota',
  ERR_QUOTA_BYTES: 'ask the operator for a larger quota',
  ERR_API_PROOF_PENDING: 'follow it with kwitness status CID --watch',
  ERR_API_BILL_UNKNOWN: 'ask the node that the bill was submitted to',
  ERR_API_SEALED: "only its holder's key opens it: --key-file",
  ERR_REGION_OTHER: 'submit it to an auditor of that region',
  ERR_FACTOR_NOT_AVAILABLE: 'see what there is with kwitness factors',
  ERR_FACTOR_SUPERSEDED: 'name a later edition, another year, or another data set',
  ERR_FACTOR_INVALID: 'name another data set or another year',
  ERR_FACTOR_DATASET_UNKNOWN: 'see their names with kwitness datasets',
  ERR_FACTOR_METHOD_NOT_AVAILABLE: 'marginal rates are no footprint: leave out the method, or say market',
  ERR_ACTIVITY_UNKNOWN: 'look for its name with kwitness factors --activity TEXT',
  ERR_ACTIVITY_AMBIGUOUS: 'say which with --category, --group, --detail or --variant',
  ERR_HEAT_CONTENT_MISSING: "add --heat-content as the bill prints it: '39.5 MJ/m3', '1.026 therm-us/ccf'",
}

/** What to do about a code, if that can be said for all its cases. */
export function remedyOf(code: string): string | undefined {
  return REMEDIES[code]
}

/** What the command line says and returns for anything thrown. */
export function reportFailure(thrown: unknown): FailureReport {
  if (thrown instanceof CommanderError) return reportUsage(thrown)
  const code = codeOf(thrown)
  const message = thrown instanceof Error ? oneLine(thrown.message) : String(thrown)
  const remedy = remedyOf(code)
  const isUsage = code === 'ERR_CLI_USAGE'
  return {
    exitCode: isUsage ? 2 : 1,
    line: `error: ${message}${remedy === undefined ? '' : `; ${remedy}`} (${code})`,
    ...(thrown instanceof CodedError || !(thrown instanceof Error) || thrown.stack === undefined
      ? {}
      : { stack: thrown.stack }),
    json: { error: { code, message } },
  }
}

function reportUsage(thrown: CommanderError): FailureReport {
  const message = oneLine(thrown.message.replace(/^error: /, ''))
  const json = { error: { code: 'ERR_CLI_USAGE', message } }
  if (thrown.exitCode === 0) return { exitCode: 0, json }
  // The full help was printed already: a bare `kwitness` needs no second line.
  if (thrown.code === 'commander.help') return { exitCode: 2, json }
  return { exitCode: 2, line: `error: ${message}; add --help to see the usage (ERR_CLI_USAGE)`, json }
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof CliError && 'remote' in thrown.details) return String(thrown.details.remote)
  return thrown instanceof CodedError ? thrown.code : 'ERR_INTERNAL'
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim()
}
