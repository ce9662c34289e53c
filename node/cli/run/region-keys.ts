import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { charterFromJson } from '#config'
import { findRegion } from '#protocol'
import { SealingError } from '#storage'
import { findMemberKey } from '../../data-dir.ts'
import { DATA_FILES, findDataFile, readConfig, readDataFile, replaceFile, writeNewFile } from '../../data-files.ts'
import { createMemberKey } from '../../member-key.ts'
import type { MemberKey } from '../../member-key.ts'
import {
  formatRegionKeys,
  mergeRegionKeys,
  parseRegionKeys,
  readRegionKeys,
  rotateArchiveKey,
  sealRegionKeys,
  verifyRegionKeys,
} from '../../region-keys.ts'
import type { RegionSecrets } from '../../region-keys.ts'
import { CliError, usageError } from '../cli-error.ts'
import { defaultDir } from '../default-dir.ts'
import { readNamedFile } from '../files.ts'
import type { Terminal } from '../terminal.ts'

/** Most members that keys are handed out to at a time: more than a committee has. */
const MAX_RECIPIENTS = 256

/** Options of `kwitness region-keys seal`. */
export type SealOptions = {
  readonly regionKeys: string
  readonly to: readonly string[]
  readonly output: string
  readonly json?: boolean
}

/** Options of `kwitness region-keys rotate`. */
export type RotateOptions = {
  readonly regionKeys: string
  readonly epoch: number
  readonly output: string
  readonly json?: boolean
}

/** Options of `kwitness region-keys add` and `recipient`. */
export type MemberOptions = { readonly dir?: string; readonly json?: boolean }

/** Seals a region's keys for each member, one file for each. */
export async function sealForMembers(terminal: Terminal, options: SealOptions): Promise<void> {
  const { to, output } = options
  if (to.length > MAX_RECIPIENTS) throw usageError(`--to ${to.length} members: at most ${MAX_RECIPIENTS} at a time`)
  const keys = await readPlain(options.regionKeys)
  const files: { readonly to: string; readonly file: string; readonly text: string }[] = []
  for (const recipient of new Set(to)) {
    // Its own recipient is the name by which a member finds its file.
    files.push({
      to: recipient,
      file: join(output, `${keys.region}-${recipient}.age`),
      text: await seal(keys, recipient),
    })
  }
  await mkdir(output, { recursive: true, mode: 0o700 })
  for (const { file, text } of files) await writeNewFile(file, text)
  if (options.json === true)
    terminal.json({ region: keys.region, files: files.map(({ to: of, file }) => ({ to: of, file })) })
  else for (const { file } of files) terminal.line(file)
}

async function seal(keys: RegionSecrets, recipient: string): Promise<string> {
  try {
    return await sealRegionKeys(keys, recipient)
  } catch (thrown) {
    if (!(thrown instanceof SealingError)) throw thrown
    // Not repeated: a secret key may have been pasted.
    throw usageError('--to: expected the recipient age1… that the member’s kwitness init printed', { cause: thrown })
  }
}

/** Makes the archive key of a later epoch. */
export async function rotateRegionKeys(terminal: Terminal, options: RotateOptions): Promise<void> {
  const keys = await rotateArchiveKey(await readPlain(options.regionKeys), options.epoch)
  await writeNewFile(options.output, formatRegionKeys(keys))
  const archive = keys.archiveKeys.map(({ epoch, recipient }) => ({ epoch, recipient }))
  if (options.json === true) terminal.json({ region: keys.region, output: options.output, archive })
  else for (const { epoch, recipient } of archive) terminal.line(`epoch ${epoch}  ${recipient}`)
}

/** Adds keys that founders or the committee handed out to a data directory. */
export async function addRegionKeys(terminal: Terminal, path: string, options: MemberOptions): Promise<void> {
  const dir = options.dir ?? defaultDir(terminal)
  const charter = charterFromJson(await readDataFile(dir, DATA_FILES.charter))
  const region = findRegion(charter, (await readConfig(dir, {})).region)
  const given = await openRegionKeys(path, dir)
  const heldText = await findDataFile(dir, DATA_FILES.regionKeys)
  const keys = heldText === undefined ? given : mergeRegionKeys(await parseRegionKeys(heldText), given)
  if (region !== undefined) verifyRegionKeys(keys, region)
  await replaceFile(join(dir, DATA_FILES.regionKeys), formatRegionKeys(keys))
  const epochs = keys.archiveKeys.map(({ epoch }) => epoch)
  if (options.json === true) terminal.json({ dir, region: keys.region, epochs })
  else terminal.line(`${dir} has the archive keys of ${keys.region} for epochs ${epochs.join(', ')}`)
  terminal.note('a node that runs takes them at its next start')
}

/** Shows the recipient of a data directory; makes its key where an earlier version made none. */
export async function showRecipient(terminal: Terminal, options: MemberOptions): Promise<void> {
  const dir = options.dir ?? defaultDir(terminal)
  await readDataFile(dir, DATA_FILES.auditorKey)
  const { recipient } = (await findMemberKey(dir)) ?? (await makeMemberKey(dir))
  if (options.json === true) terminal.json({ dir, recipient })
  else terminal.line(recipient)
}

async function makeMemberKey(dir: string): Promise<MemberKey> {
  const made = await createMemberKey(new Date().toISOString())
  await writeNewFile(join(dir, DATA_FILES.memberKey), made.text)
  return made
}

/**
 * The founders' file, opened with the member's own key if it is sealed for it.
 *
 * @throws {CliError} ERR_CLI_SEALED.
 */
export async function openRegionKeys(path: string, dir: string): Promise<RegionSecrets> {
  const member = await findMemberKey(dir)
  try {
    return await readRegionKeys(await readNamedFile(path), member === undefined ? [] : [member.identity])
  } catch (thrown) {
    if (!(thrown instanceof SealingError)) throw thrown
    const why = member === undefined ? 'there is none yet: run kwitness init without --charter first' : thrown.message
    const message = `${path} is sealed, and the key of ${dir} does not open it: ${why}`
    throw new CliError(message, { code: 'ERR_CLI_SEALED' }, { cause: thrown })
  }
}

async function readPlain(path: string): Promise<RegionSecrets> {
  try {
    return await readRegionKeys(await readNamedFile(path), [])
  } catch (thrown) {
    if (!(thrown instanceof SealingError)) throw thrown
    const message = `${path} is sealed: open it with age -d first, or take region-keys.json of your data directory`
    throw new CliError(message, { code: 'ERR_CLI_SEALED' }, { cause: thrown })
  }
}
