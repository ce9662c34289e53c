import { fromArmor, isAgeFile, SealingError, unseal } from '#storage'
import { parseIdentities } from '../member-key.ts'
import { CliError } from './cli-error.ts'
import { readNamedFile } from './files.ts'

/** Identities of the age key file that the user named; none without one. @throws {IdentityError} ERR_AGE_KEY_FILE. */
export async function readIdentities(path: string | undefined): Promise<readonly string[]> {
  return path === undefined ? [] : parseIdentities(await readNamedFile(path), path)
}

/**
 * The contents of a file that may be sealed, armoured or not; other bytes as they are.
 *
 * @param name of the file, for messages.
 * @throws {CliError} ERR_CLI_SEALED.
 */
export async function openAgeFile(bytes: Uint8Array, name: string, identities: readonly string[]): Promise<Uint8Array> {
  const file = dearmour(bytes, name)
  if (!isAgeFile(file)) return file
  if (identities.length === 0) throw new CliError(`${name} is sealed and no key was given`, { code: 'ERR_CLI_SEALED' })
  try {
    return await unseal(file, identities)
  } catch (thrown) {
    throw asCliError(thrown, name)
  }
}

/** The binary form of an age file; other bytes as they are. @throws {CliError} ERR_CLI_SEALED. */
export function dearmour(bytes: Uint8Array, name: string): Uint8Array {
  try {
    return fromArmor(bytes)
  } catch (thrown) {
    throw asCliError(thrown, name)
  }
}

function asCliError(thrown: unknown, name: string): unknown {
  if (!(thrown instanceof SealingError)) return thrown
  return new CliError(`${name} cannot be opened: ${thrown.message}`, { code: 'ERR_CLI_SEALED' }, { cause: thrown })
}
