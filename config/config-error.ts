import { CodedError } from '#protocol'

/** Failures of reading configuration and charters; the process stops before it touches anything. */
export type ConfigFailure =
  /** A source is not JSON: mend the file at the place that the message names. */
  | { readonly code: 'ERR_CONFIG_JSON'; readonly source: string }
  /** A key is not one of the schema's: mend the spelling, or remove the key. `place` is its path or variable. */
  | { readonly code: 'ERR_CONFIG_UNKNOWN_KEY'; readonly source: string; readonly place: string }
  /** A value is missing, of another type or out of range; `place` is the path of the key. */
  | { readonly code: 'ERR_CONFIG_VALUE'; readonly source: string; readonly place: string }
  /** A charter's JSON text is not a charter: take the file again from where the network publishes it. */
  | { readonly code: 'ERR_CONFIG_CHARTER'; readonly place: string }

/** Error of `config/`. */
export class ConfigError extends CodedError<ConfigFailure> {}
