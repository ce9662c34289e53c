import { CodedError } from '#protocol'

/** Failures of keys and data directories. */
export type IdentityFailure =
  /** `init` would overwrite a file: choose another directory, or move the old one away. */
  | { readonly code: 'ERR_INIT_EXISTS'; readonly path: string }
  /** The directory is no data directory, or a file of it is missing: run `init` first. */
  | { readonly code: 'ERR_DIR_INCOMPLETE'; readonly path: string }
  /** A file of the data directory is damaged: restore it from a backup. */
  | { readonly code: 'ERR_DIR_FILE'; readonly path: string }
  /** The passphrase does not open the keystore, or the keystore was altered. */
  | { readonly code: 'ERR_KEY_PASSPHRASE' }
  /** Not a keystore v3 with scrypt and AES-128-CTR: convert it with the tool that wrote it. */
  | { readonly code: 'ERR_KEY_FORMAT'; readonly place: string }
  /** No passphrase: name its file. */
  | { readonly code: 'ERR_KEY_NO_PASSPHRASE'; readonly path: string }
  /** Not a file of age identities, or its key is damaged: take one that `age-keygen` or `init` wrote. */
  | { readonly code: 'ERR_AGE_KEY_FILE'; readonly path: string }
  /** A region's keys are not those of the charter: ask the founders for the right file. */
  | { readonly code: 'ERR_REGION_KEYS'; readonly which: string }

/** Error of keys and data directories. */
export class IdentityError extends CodedError<IdentityFailure> {}
