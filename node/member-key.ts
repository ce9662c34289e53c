import { z } from 'zod'
import { generateArchiveKey, recipientOf } from '#storage'
import { IdentityError } from './identity-error.ts'

/** Most identities that are read from one file, and the largest such file: comments included. */
const IDENTITIES_PER_FILE = 16
const FILE_LIMIT_BYTES = 16 * 1024

const identityShape = z.string().regex(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/)

/** An age key pair of a member, which only that member's own directory has. */
export type MemberKey = { readonly identity: string; readonly recipient: string }

/**
 * A new key pair of a committee member, and the text of its file, as `age-keygen` writes it.
 *
 * @param createdAt ISO 8601, UTC.
 */
export async function createMemberKey(createdAt: string): Promise<MemberKey & { readonly text: string }> {
  const { identity, recipient } = await generateArchiveKey()
  return { identity, recipient, text: `# created: ${createdAt}\n# public key: ${recipient}\n${identity}\n` }
}

/**
 * The identities of an age key file: one a line, comments and empty lines between them.
 *
 * @throws {IdentityError} ERR_AGE_KEY_FILE; it never quotes the file.
 */
export function parseIdentities(bytes: Uint8Array, path: string): readonly string[] {
  const text = new TextDecoder().decode(bytes.subarray(0, FILE_LIMIT_BYTES + 1))
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'))
  const isWell = identities.length > 0 && identities.length <= IDENTITIES_PER_FILE
  if (bytes.byteLength <= FILE_LIMIT_BYTES && isWell && identities.every((it) => identityShape.safeParse(it).success)) {
    return identities
  }
  throw new IdentityError(`${path} is no age key file: expected lines AGE-SECRET-KEY-1…, as age-keygen writes them`, {
    code: 'ERR_AGE_KEY_FILE',
    path,
  })
}

/** The key pair of a member from the bytes of its file. @throws {IdentityError} ERR_AGE_KEY_FILE. */
export async function parseMemberKey(bytes: Uint8Array, path: string): Promise<MemberKey> {
  const [identity = ''] = parseIdentities(bytes, path)
  try {
    return { identity, recipient: await recipientOf(identity) }
  } catch (cause) {
    throw new IdentityError(`${path}: its key is damaged`, { code: 'ERR_AGE_KEY_FILE', path }, { cause })
  }
}
