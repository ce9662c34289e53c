import { CodedError } from '#protocol'

/** Failures of the command line itself. */
export type CliFailure =
  /** Arguments contradict each other or are malformed: see the command's `--help`. Exit code 2. */
  | { readonly code: 'ERR_CLI_USAGE' }
  /** A file that was named cannot be read or written. */
  | { readonly code: 'ERR_CLI_FILE'; readonly path: string }
  /** The node does not answer. */
  | { readonly code: 'ERR_CLI_UNREACHABLE'; readonly url: string }
  /** The node answers, but not as a kWitness node does. */
  | { readonly code: 'ERR_CLI_ANSWER'; readonly url: string }
  /** The node refused; `remote` is its own code, which is shown instead. */
  | { readonly code: 'ERR_CLI_REFUSED'; readonly remote: string; readonly status: number }
  /** A bill is sealed, and what was given does not open it. */
  | { readonly code: 'ERR_CLI_SEALED' }
  /** A bill gives no figures; `remote` is the verdict's own code, which is shown instead. */
  | { readonly code: 'ERR_CLI_NO_FIGURES'; readonly remote: string }
  /** What was waited for did not happen in time. */
  | { readonly code: 'ERR_CLI_TIMEOUT'; readonly state: string }
  /** A process of the development network ended or did not become ready; the message has its last words. */
  | { readonly code: 'ERR_DEVNET_PROCESS'; readonly log: string }

/** Error of the command line. */
export class CliError extends CodedError<CliFailure> {}

/** A failure of wrong use: exit code 2. */
export function usageError(message: string, options?: ErrorOptions): CliError {
  return new CliError(message, { code: 'ERR_CLI_USAGE' }, options)
}
