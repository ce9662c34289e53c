import { open, rm } from 'node:fs/promises'
import { CliError } from './cli-error.ts'

/** A file that a secret will be written to: it is made before the secret, so that none is made that cannot be kept. */
type SecretFile = {
  /** Writes the secret, durably. */
  write(text: string): Promise<void>
  /** Removes the file, if nothing was written. */
  discard(): Promise<void>
}

/**
 * Makes an empty file that only its owner may read.
 *
 * @throws {CliError} ERR_CLI_FILE when something is there: nothing is ever overwritten.
 */
async function createSecretFile(path: string): Promise<SecretFile> {
  let file
  try {
    file = await open(path, 'wx', 0o600)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : ''
    const why = code === 'EEXIST' ? 'it exists, and is never overwritten' : String(code)
    throw new CliError(`cannot make ${path}: ${why}`, { code: 'ERR_CLI_FILE', path }, { cause })
  }
  let isWritten = false
  return {
    async write(text) {
      await file.writeFile(text)
      await file.sync()
      isWritten = true
    },
    async discard() {
      await file.close()
      if (!isWritten) await rm(path, { force: true })
    },
  }
}

/**
 * Makes a secret and keeps it in a file, if one was named.
 *
 * @param textOf what is written of it.
 * @throws {CliError} ERR_CLI_FILE before the secret is made.
 */
export async function keepSecret<T>(
  path: string | undefined,
  make: () => Promise<T>,
  textOf: (made: T) => string | undefined,
): Promise<T> {
  if (path === undefined) return make()
  const file = await createSecretFile(path)
  try {
    const made = await make()
    const text = textOf(made)
    if (text !== undefined) await file.write(text)
    return made
  } finally {
    await file.discard()
  }
}
