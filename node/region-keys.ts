import { z } from 'zod'
import { equalBytes, fromHex, sha256, toHex } from '#protocol'
import type { RegionCharter } from '#protocol'
import { fromArmor, generateArchiveKey, isAgeFile, recipientOf, seal, toArmor, unseal } from '#storage'
import { ARCHIVE_KEYS_LIMIT } from './archive-keys.ts'
import type { ArchiveKey } from './archive-keys.ts'
import { IdentityError } from './identity-error.ts'

const identityShape = z.string().regex(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/)
const header = {
  region: z.string().min(1).max(31),
  pointSecret: z.string().regex(/^0x[0-9a-f]{64}$/),
}

/** Version 1 had one archive key, that of the founding; version 2 has one for each committee that changed it. */
const regionKeysShape = z.discriminatedUnion('v', [
  z.strictObject({ v: z.literal(1), ...header, archiveIdentity: identityShape }),
  z.strictObject({
    v: z.literal(2),
    ...header,
    archiveKeys: z
      .array(z.strictObject({ epoch: z.number().int().min(0), identity: identityShape, recipient: z.string() }))
      .min(1)
      .max(ARCHIVE_KEYS_LIMIT),
  }),
])

/** A file of region keys is far smaller; what is larger is none. */
const FILE_LIMIT_BYTES = 64 * 1024

/** What only the auditors of a region hold; the charter has the public half of each. */
export type RegionSecrets = {
  readonly region: string
  /** 32 bytes; point tags are made from it. */
  readonly pointSecret: Uint8Array
  /** Keys that open the region's sealed bills, by ascending epoch; the first is the founders'. */
  readonly archiveKeys: readonly ArchiveKey[]
}

/** JSON text of a region's keys; it is handed out sealed only, see {@link sealRegionKeys}. */
export function formatRegionKeys({ region, pointSecret, archiveKeys }: RegionSecrets): string {
  return `${JSON.stringify({ v: 2, region, pointSecret: toHex(pointSecret), archiveKeys }, null, 2)}\n`
}

/**
 * A region's keys from the text of their file.
 *
 * @throws {IdentityError} ERR_REGION_KEYS
 */
export async function parseRegionKeys(text: string): Promise<RegionSecrets> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new IdentityError('region keys: not JSON', { code: 'ERR_REGION_KEYS', which: 'file' }, { cause })
  }
  const result = regionKeysShape.safeParse(value)
  if (!result.success) {
    const which = result.error.issues[0]?.path.join('.') ?? 'file'
    // The values are secrets: the message names the field only.
    throw malformed(which)
  }
  const { region, pointSecret, ...keys } = result.data
  const archiveKeys = keys.v === 1 ? [await foundingKey(keys.archiveIdentity)] : keys.archiveKeys
  await checkKeys(archiveKeys)
  return { region, pointSecret: fromHex(pointSecret, 32), archiveKeys }
}

function malformed(which: string): IdentityError {
  return new IdentityError(`region keys: ${which} is missing or malformed`, { code: 'ERR_REGION_KEYS', which })
}

async function foundingKey(identity: string): Promise<ArchiveKey> {
  return { epoch: 0, identity, recipient: await recipientOf(identity).catch(() => '') }
}

// A recipient that is not its identity's would have bills sealed for somebody else.
async function checkKeys(keys: readonly ArchiveKey[]): Promise<void> {
  for (const [i, { epoch, identity, recipient }] of keys.entries()) {
    const isFirst = i === 0 && epoch === 0
    if (!isFirst && epoch <= (keys[i - 1]?.epoch ?? epoch)) throw malformed(`archiveKeys.${i}.epoch`)
    const found = await recipientOf(identity).catch(() => undefined)
    if (found === undefined) throw malformed(`archiveKeys.${i}.identity`)
    if (found !== recipient) throw malformed(`archiveKeys.${i}.recipient`)
  }
}

/**
 * Checks a region's keys against the charter.
 *
 * @throws {IdentityError} ERR_REGION_KEYS that names what differs.
 */
export function verifyRegionKeys(keys: RegionSecrets, charter: RegionCharter): void {
  const differs = (which: string): IdentityError =>
    new IdentityError(`region keys: ${which} is not the one that the charter names for ${charter.name}`, {
      code: 'ERR_REGION_KEYS',
      which,
    })
  if (keys.region !== charter.name) throw differs('region')
  if (!equalBytes(sha256(keys.pointSecret), charter.pointKeyHash)) throw differs('pointSecret')
  if (keys.archiveKeys[0]?.recipient !== charter.archiveRecipient) throw differs('archiveIdentity')
}

/**
 * A region's keys sealed for one member: how founders hand them out.
 *
 * @param recipient of the member's own identity, as its `init` printed it.
 * @returns an armoured age file, which mails and chats carry unharmed.
 * @throws {SealingError} ERR_SEAL_KEY.
 */
export async function sealRegionKeys(keys: RegionSecrets, recipient: string): Promise<string> {
  return toArmor(await seal(new TextEncoder().encode(formatRegionKeys(keys)), [recipient]))
}

/**
 * A region's keys from a file: plain, or sealed for this member.
 *
 * @param identities of the member; only needed for a sealed file.
 * @throws {IdentityError} ERR_REGION_KEYS. @throws {SealingError} ERR_SEAL_NO_KEY, ERR_SEAL_CORRUPT.
 */
export async function readRegionKeys(bytes: Uint8Array, identities: readonly string[]): Promise<RegionSecrets> {
  if (bytes.byteLength > FILE_LIMIT_BYTES) throw malformed('file')
  const file = fromArmor(bytes)
  return parseRegionKeys(new TextDecoder().decode(isAgeFile(file) ? await unseal(file, identities) : file))
}

/**
 * A region's keys with one more archive key, for the committee of a later epoch. The keys before it stay: what they
 * sealed must open.
 *
 * @throws {IdentityError} ERR_REGION_KEYS when the epoch is not a later one, or there are too many keys.
 */
export async function rotateArchiveKey(keys: RegionSecrets, epoch: number): Promise<RegionSecrets> {
  const last = keys.archiveKeys.at(-1)?.epoch ?? -1
  if (!Number.isSafeInteger(epoch) || epoch <= last) {
    throw new IdentityError(
      `region keys: the newest archive key is of epoch ${last}, the next must be of a later one`,
      {
        code: 'ERR_REGION_KEYS',
        which: 'epoch',
      },
    )
  }
  if (keys.archiveKeys.length >= ARCHIVE_KEYS_LIMIT) throw malformed('archiveKeys')
  return { ...keys, archiveKeys: [...keys.archiveKeys, { epoch, ...(await generateArchiveKey()) }] }
}

/**
 * What a member holds after it was handed new keys: those that it had, and the new ones.
 *
 * @throws {IdentityError} ERR_REGION_KEYS when both have another key for one epoch, or are of two regions.
 */
export function mergeRegionKeys(held: RegionSecrets, given: RegionSecrets): RegionSecrets {
  const differs = (which: string): IdentityError =>
    new IdentityError(`region keys: ${which} differs from what this directory has`, { code: 'ERR_REGION_KEYS', which })
  if (held.region !== given.region) throw differs('region')
  if (!equalBytes(held.pointSecret, given.pointSecret)) throw differs('pointSecret')
  const byEpoch = new Map(held.archiveKeys.map((key) => [key.epoch, key]))
  for (const key of given.archiveKeys) {
    const ours = byEpoch.get(key.epoch)
    if (ours !== undefined && ours.identity !== key.identity) throw differs(`the archive key of epoch ${key.epoch}`)
    byEpoch.set(key.epoch, key)
  }
  if (byEpoch.size > ARCHIVE_KEYS_LIMIT) throw malformed('archiveKeys')
  return { ...held, archiveKeys: [...byEpoch.values()].toSorted((a, b) => a.epoch - b.epoch) }
}
