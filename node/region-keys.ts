import { identityToRecipient } from 'age-encryption'
import { z } from 'zod'
import { equalBytes, fromHex, sha256, toHex } from '#protocol'
import type { RegionCharter } from '#protocol'
import { IdentityError } from './identity-error.ts'

const regionKeysShape = z.strictObject({
  v: z.literal(1),
  region: z.string().min(1).max(31),
  pointSecret: z.string().regex(/^0x[0-9a-f]{64}$/),
  archiveIdentity: z.string().regex(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/),
})

/** What only the auditors of a region hold; the charter has the public half of each. */
export type RegionSecrets = {
  readonly region: string
  /** 32 bytes; point tags are made from it. */
  readonly pointSecret: Uint8Array
  /** age identity that opens the region's sealed bills. */
  readonly archiveIdentity: string
}

/** JSON text of a region's keys, as founders hand it to auditors. */
export function formatRegionKeys(keys: RegionSecrets): string {
  const { region, pointSecret, archiveIdentity } = keys
  return `${JSON.stringify({ v: 1, region, pointSecret: toHex(pointSecret), archiveIdentity }, null, 2)}\n`
}

/**
 * A region's keys from the text of their file.
 *
 * @throws {IdentityError} ERR_REGION_KEYS
 */
export function parseRegionKeys(text: string): RegionSecrets {
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
    throw new IdentityError(`region keys: ${which} is missing or malformed`, { code: 'ERR_REGION_KEYS', which })
  }
  const { region, pointSecret, archiveIdentity } = result.data
  return { region, pointSecret: fromHex(pointSecret, 32), archiveIdentity }
}

/**
 * Checks a region's keys against the charter.
 *
 * @throws {IdentityError} ERR_REGION_KEYS that names what differs.
 */
export async function verifyRegionKeys(keys: RegionSecrets, charter: RegionCharter): Promise<void> {
  const differs = (which: string): IdentityError =>
    new IdentityError(`region keys: ${which} is not the one that the charter names for ${charter.name}`, {
      code: 'ERR_REGION_KEYS',
      which,
    })
  if (keys.region !== charter.name) throw differs('region')
  if (!equalBytes(sha256(keys.pointSecret), charter.pointKeyHash)) throw differs('pointSecret')
  let recipient: string
  try {
    recipient = await identityToRecipient(keys.archiveIdentity)
  } catch {
    throw differs('archiveIdentity')
  }
  if (recipient !== charter.archiveRecipient) throw differs('archiveIdentity')
}
