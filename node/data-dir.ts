import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { API_SCOPES, apiKeyRecordShape, createApiKey } from '#api'
import type { ApiKeyRecord } from '#api'
import { charterFromJson, charterToJson, parseConfig } from '#config'
import type { Config, ConfigSources, Preset, PresetName } from '#config'
import { findRegion } from '#protocol'
import type { Charter } from '#protocol'
import type { NamedTrustList } from '#audit'
import { DATA_FILES, exists, findDataFile, readConfig, readDataFile, writeNewFile } from './data-files.ts'
import { createPrivateKey, identityOf } from './identity.ts'
import type { Identity } from './identity.ts'
import { IdentityError } from './identity-error.ts'
import { decryptKeystore, encryptKeystore } from './keystore.ts'
import type { KeystoreCost } from './keystore.ts'
import { createMemberKey, parseMemberKey } from './member-key.ts'
import type { MemberKey } from './member-key.ts'
import { formatRegionKeys, parseRegionKeys, verifyRegionKeys } from './region-keys.ts'
import type { RegionSecrets } from './region-keys.ts'
import { loadTrustList } from './trust-list.ts'

/** What `init` puts into a data directory. */
export type DataDirInit = {
  readonly dir: string
  /** The auditor's key. @default a new one */
  readonly privateKey?: Uint8Array
  /** Key that pays gas; without it the node cannot send anchors, others do. */
  readonly payerKey?: Uint8Array
  readonly cost: KeystoreCost
  /** File with the passphrase. @default a new passphrase in the directory's file `passphrase` */
  readonly passphraseFile?: string
  /** Network to join; without it only keys are made, and a second `init` adds the network. */
  readonly network?: NetworkInit
  /** Account of the first API key. */
  readonly account: string
  /** ISO 8601, UTC. */
  readonly createdAt: string
}

/** The network's part of a data directory. */
export type NetworkInit = {
  readonly charter: Charter
  readonly region: string
  /** Handed out by the region's founders; without it the node could only be an archivist. */
  readonly regionKeys?: RegionSecrets
  readonly preset?: PresetName
  readonly config: Preset
}

/** What `init` made. */
export type CreatedDataDir = {
  readonly identity: Identity
  /** age recipient of the member that the directory belongs to: region keys are handed out sealed for it. */
  readonly recipient: string
  /** The API key's text, shown once; `undefined` if the directory had keys already. */
  readonly apiKey: string | undefined
  /** File names that were written. */
  readonly written: readonly string[]
}

/** An opened data directory: everything that a node needs to start. */
export type OpenedDataDir = {
  readonly dir: string
  readonly config: Config
  readonly charter: Charter
  readonly apiKeys: readonly ApiKeyRecord[]
  readonly privateKey: Uint8Array
  readonly payerKey: Uint8Array | undefined
  readonly regionKeys: RegionSecrets | undefined
  /** The operator's trust list; undefined: the shipped one. */
  readonly trust: NamedTrustList | undefined
}

type NewFile = { readonly name: string; readonly text: string }

/**
 * Makes a data directory, or adds the network to one that has keys only. Never overwrites a file.
 *
 * @throws {IdentityError} ERR_INIT_EXISTS, ERR_REGION_KEYS, ERR_KEY_NO_PASSPHRASE, ERR_KEY_PASSPHRASE
 */
export async function createDataDir(init: DataDirInit): Promise<CreatedDataDir> {
  const hasKeys = await exists(join(init.dir, DATA_FILES.auditorKey))
  const isAddition = hasKeys && init.network !== undefined && !(await exists(join(init.dir, DATA_FILES.charter)))
  const network = init.network === undefined ? [] : await networkFiles(init.network, init.passphraseFile)
  if (isAddition) {
    const passphrase = await readPassphrase(init.dir, init.passphraseFile ?? DATA_FILES.passphrase)
    const privateKey = await readKey(init.dir, DATA_FILES.auditorKey, passphrase)
    const held = await findMemberKey(init.dir)
    // An earlier version made no member's key.
    const made = held === undefined ? await createMemberKey(init.createdAt) : undefined
    const files = [...(made === undefined ? [] : [{ name: DATA_FILES.memberKey, text: made.text }]), ...network]
    await writeNewFiles(init.dir, files)
    const recipient = held?.recipient ?? made?.recipient ?? ''
    return { identity: identityOf(privateKey), recipient, apiKey: undefined, written: files.map((file) => file.name) }
  }
  const keys = await keyFiles(init)
  const files = [...keys.files, ...network]
  await writeNewFiles(init.dir, files)
  const { identity, recipient, apiKey } = keys
  return { identity, recipient, apiKey, written: files.map((file) => file.name) }
}

/**
 * Opens a data directory: configuration, charter, keys.
 *
 * @throws {IdentityError} ERR_DIR_INCOMPLETE, ERR_DIR_FILE, ERR_KEY_…, ERR_REGION_KEYS; {ConfigError}
 */
export async function openDataDir(
  dir: string,
  sources: Pick<ConfigSources, 'environment' | 'flags'>,
): Promise<OpenedDataDir> {
  const config = await readConfig(dir, sources)
  const charter = charterFromJson(await readDataFile(dir, DATA_FILES.charter))
  const passphrase = await readPassphrase(dir, config.passphraseFile)
  const regionKeysText = await findDataFile(dir, DATA_FILES.regionKeys)
  const regionKeys = regionKeysText === undefined ? undefined : await parseRegionKeys(regionKeysText)
  const region = findRegion(charter, config.region)
  if (regionKeys !== undefined && region !== undefined) verifyRegionKeys(regionKeys, region)
  const hasPayer = await exists(join(dir, DATA_FILES.payerKey))
  const [privateKey, payerKey] = await Promise.all([
    readKey(dir, DATA_FILES.auditorKey, passphrase),
    hasPayer ? readKey(dir, DATA_FILES.payerKey, passphrase) : undefined,
  ])
  const trustText = await findDataFile(dir, DATA_FILES.trustList)
  const trust = trustText === undefined ? undefined : await loadTrustList(trustText)
  return { dir, config, charter, apiKeys: await readApiKeys(dir), privateKey, payerKey, regionKeys, trust }
}

type NewKeys = { files: NewFile[]; identity: Identity; recipient: string; apiKey: string }

async function keyFiles(init: DataDirInit): Promise<NewKeys> {
  const privateKey = init.privateKey ?? createPrivateKey()
  const isGenerated = init.passphraseFile === undefined
  const passphrase = isGenerated
    ? randomBytes(32).toString('base64url')
    : await readPassphrase(init.dir, init.passphraseFile)
  const apiKey = createApiKey({
    id: randomBytes(6),
    secret: randomBytes(32),
    account: init.account,
    scopes: API_SCOPES,
    createdAt: init.createdAt,
  })
  // The passphrase comes first: a crash after it leaves no key that nobody can open.
  const files: NewFile[] = isGenerated ? [{ name: DATA_FILES.passphrase, text: `${passphrase}\n` }] : []
  files.push({ name: DATA_FILES.apiKeys, text: `${JSON.stringify([apiKey.record], null, 2)}\n` })
  if (init.payerKey !== undefined) {
    files.push({ name: DATA_FILES.payerKey, text: await encryptKeystore(init.payerKey, passphrase, init.cost) })
  }
  const member = await createMemberKey(init.createdAt)
  files.push({ name: DATA_FILES.memberKey, text: member.text })
  files.push({ name: DATA_FILES.auditorKey, text: await encryptKeystore(privateKey, passphrase, init.cost) })
  return { files, identity: identityOf(privateKey), recipient: member.recipient, apiKey: apiKey.text }
}

async function networkFiles(network: NetworkInit, passphraseFile: string | undefined): Promise<NewFile[]> {
  const { charter, regionKeys, preset, config } = network
  const region = findRegion(charter, network.region)
  if (region === undefined) {
    const names = charter.regions.map((r) => r.name).join(', ')
    throw new IdentityError(`region ${network.region} is not in the charter; it has ${names}`, {
      code: 'ERR_REGION_KEYS',
      which: 'region',
    })
  }
  if (regionKeys !== undefined) verifyRegionKeys(regionKeys, region)
  const text = JSON.stringify(
    {
      ...(preset === undefined ? {} : { preset }),
      region: network.region,
      ...(passphraseFile === undefined ? {} : { passphraseFile }),
      ...config,
    },
    null,
    2,
  )
  // Checked before it is written: what `start` would refuse must not lie on the disk.
  parseConfig({ file: text })
  return [
    ...(regionKeys === undefined ? [] : [{ name: DATA_FILES.regionKeys, text: formatRegionKeys(regionKeys) }]),
    { name: DATA_FILES.config, text: `${text}\n` },
    { name: DATA_FILES.charter, text: formatCharterFile(charter) },
  ]
}

/**
 * The member's age key of a data directory; undefined where an earlier version made it.
 *
 * @throws {IdentityError} ERR_AGE_KEY_FILE, ERR_DIR_FILE.
 */
export async function findMemberKey(dir: string): Promise<MemberKey | undefined> {
  const text = await findDataFile(dir, DATA_FILES.memberKey)
  return text === undefined
    ? undefined
    : parseMemberKey(new TextEncoder().encode(text), join(dir, DATA_FILES.memberKey))
}

/** The text of a charter file; `charterFromJson` reads it. */
export function formatCharterFile(charter: Charter): string {
  return `${JSON.stringify(charterToJson(charter), null, 2)}\n`
}

async function writeNewFiles(dir: string, files: readonly NewFile[]): Promise<void> {
  // All are looked at before the first is written: a refusal leaves the directory as it was.
  for (const { name } of files) {
    const path = join(dir, name)
    if (await exists(path)) {
      throw new IdentityError(`${path} exists and is never overwritten`, { code: 'ERR_INIT_EXISTS', path })
    }
  }
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await chmod(dir, 0o700)
  for (const { name, text } of files) await writeNewFile(join(dir, name), text)
}

async function readKey(dir: string, name: string, passphrase: string): Promise<Uint8Array> {
  return decryptKeystore(await readDataFile(dir, name), passphrase)
}

/** Passphrases end at their first line end: editors add one. */
async function readPassphrase(dir: string, file: string): Promise<string> {
  const path = isAbsolute(file) ? file : join(dir, file)
  try {
    return (await readFile(path, 'utf8')).split(/\r?\n/)[0] ?? ''
  } catch (cause) {
    throw new IdentityError(
      `cannot read the passphrase file ${path}`,
      { code: 'ERR_KEY_NO_PASSPHRASE', path },
      { cause },
    )
  }
}

/**
 * Keys that `init` wrote, without their secrets: the store takes them over at the first start.
 *
 * @throws {IdentityError} ERR_DIR_INCOMPLETE, ERR_DIR_FILE
 */
export async function readApiKeys(dir: string): Promise<ApiKeyRecord[]> {
  const path = join(dir, DATA_FILES.apiKeys)
  try {
    return z.array(apiKeyRecordShape).parse(JSON.parse(await readDataFile(dir, DATA_FILES.apiKeys)))
  } catch (cause) {
    if (cause instanceof IdentityError) throw cause
    throw new IdentityError(`${path} is damaged`, { code: 'ERR_DIR_FILE', path }, { cause })
  }
}
