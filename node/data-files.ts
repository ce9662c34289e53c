import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseConfig } from '#config'
import type { Config, ConfigSources } from '#config'
import { IdentityError } from './identity-error.ts'

/** Files of a data directory. `client.key` is there only when `init --key-out` put it there. */
export const DATA_FILES = {
  config: 'config.json',
  charter: 'charter.json',
  auditorKey: 'auditor.keystore.json',
  payerKey: 'payer.keystore.json',
  passphrase: 'passphrase',
  apiKeys: 'api-keys.json',
  regionKeys: 'region-keys.json',
  clientKey: 'client.key',
  memberKey: 'member.age-key',
  trustList: 'trust-list.json',
} as const

/** The configuration of a data directory alone, without its keys. */
export async function readConfig(dir: string, sources: Pick<ConfigSources, 'environment' | 'flags'>): Promise<Config> {
  const file = await readDataFile(dir, DATA_FILES.config)
  return parseConfig({ file, fileName: join(dir, DATA_FILES.config), ...sources })
}

/**
 * Writes a file that only its owner may read, durably.
 *
 * @throws {IdentityError} ERR_INIT_EXISTS
 */
export async function writeNewFile(path: string, text: string): Promise<void> {
  let file
  try {
    file = await open(path, 'wx', 0o600)
  } catch (cause) {
    if (!hasCode(cause, 'EEXIST')) throw cause
    throw new IdentityError(`${path} exists and is never overwritten`, { code: 'ERR_INIT_EXISTS', path }, { cause })
  }
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/**
 * Replaces a file that only its owner may read: there is the old one or the new one, whenever the machine stops.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.next`
  // What a crash left of an earlier try.
  await rm(next, { force: true })
  await writeNewFile(next, text)
  await rename(next, path)
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/**
 * Text of a file of a data directory.
 *
 * @throws {IdentityError} ERR_DIR_INCOMPLETE, ERR_DIR_FILE
 */
export async function readDataFile(dir: string, name: string): Promise<string> {
  const text = await findDataFile(dir, name)
  if (text !== undefined) return text
  const path = join(dir, name)
  throw new IdentityError(`${path} is missing`, { code: 'ERR_DIR_INCOMPLETE', path })
}

/**
 * Text of a file of a data directory, if it is there.
 *
 * @throws {IdentityError} ERR_DIR_FILE
 */
export async function findDataFile(dir: string, name: string): Promise<string | undefined> {
  try {
    return await readFile(join(dir, name), 'utf8')
  } catch (cause) {
    if (hasCode(cause, 'ENOENT') || hasCode(cause, 'ENOTDIR')) return undefined
    const path = join(dir, name)
    throw new IdentityError(`cannot read ${path}`, { code: 'ERR_DIR_FILE', path }, { cause })
  }
}

/** True if something has this path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return false
    throw cause
  }
}

function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code
}
