import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { CodedError, LIMITS } from '#protocol'

/** Failures of sealing. Messages and details never carry contents or keys. */
export type SealingFailure =
  /** None of the keys at hand opens the file: it was sealed for others. Ask for the region's or the holder's key. */
  | { readonly code: 'ERR_SEAL_NO_KEY' }
  /** Not an age file, or one that was altered or cut. */
  | { readonly code: 'ERR_SEAL_CORRUPT' }
  /** Larger than a bill may be; nothing was read. */
  | { readonly code: 'ERR_SEAL_TOO_LARGE'; readonly sizeBytes: number; readonly limitBytes: number }
  /** A recipient or identity is not a valid age key. */
  | { readonly code: 'ERR_SEAL_KEY' }

/** Error of sealing. */
export class SealingError extends CodedError<SealingFailure> {}

/** Most recipients of one file: the region, the holder, and some room; each costs a key agreement. */
const RECIPIENTS_LIMIT = 16

/** Most identities tried on one file: each meets each recipient's line, so that this and the limit above bound the work. */
export const IDENTITIES_LIMIT = 32

/** Header of 16 recipients of any known kind (post-quantum ones have 1.5 kB each), with room. */
const HEADER_LIMIT_BYTES = 64 * 1024

function assertSize(bytes: Uint8Array, limitBytes: number): void {
  if (bytes.byteLength > limitBytes) {
    throw new SealingError(`${bytes.byteLength} bytes, at most ${limitBytes} are sealed`, {
      code: 'ERR_SEAL_TOO_LARGE',
      sizeBytes: bytes.byteLength,
      limitBytes,
    })
  }
}

/**
 * An age file (age-encryption.org/v1) of `plain`, which each recipient's identity opens.
 *
 * @param plain at most LIMITS.billBytes.
 * @param recipients `age1...`, 1 to 16.
 * @throws {SealingError} ERR_SEAL_TOO_LARGE, ERR_SEAL_KEY.
 */
export async function seal(plain: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  assertSize(plain, LIMITS.billBytes)
  if (recipients.length === 0 || recipients.length > RECIPIENTS_LIMIT) {
    throw new SealingError(`${recipients.length} recipients, 1 to ${RECIPIENTS_LIMIT} are possible`, {
      code: 'ERR_SEAL_KEY',
    })
  }
  const encrypter = new Encrypter()
  try {
    for (const recipient of new Set(recipients)) encrypter.addRecipient(recipient)
    return await encrypter.encrypt(plain)
  } catch {
    // The library's error may quote the key; recipients are public, but identities are pasted here by mistake. A point of
    // low order is found only when the file is made: it would give everybody the key.
    throw new SealingError('a recipient is not an age public key', { code: 'ERR_SEAL_KEY' })
  }
}

/** A native recipient (X25519, 32 bytes in bech32); plugins and post-quantum ones are not taken from strangers. */
const RECIPIENT = /^age1[02-9ac-hj-np-z]{58}$/

/**
 * Checks that text from outside is a recipient that files can be sealed to, by sealing nothing to it.
 *
 * @throws {SealingError} ERR_SEAL_KEY, without repeating the text: a secret key may have been pasted.
 */
export async function checkRecipient(text: string): Promise<void> {
  if (!RECIPIENT.test(text)) {
    throw new SealingError('not an age recipient: expected age1 and 58 more characters', { code: 'ERR_SEAL_KEY' })
  }
  await seal(new Uint8Array(0), [text])
}

/**
 * The recipient of an identity.
 *
 * @throws {SealingError} ERR_SEAL_KEY.
 */
export async function recipientOf(identity: string): Promise<string> {
  try {
    return await identityToRecipient(identity)
  } catch {
    throw new SealingError('an identity is not an age secret key', { code: 'ERR_SEAL_KEY' })
  }
}

/** Opens age files with the same identities again and again: half of what a small file costs is their recipients. */
export class Unsealer {
  readonly #decrypter = new Decrypter()

  /**
   * @param identities `AGE-SECRET-KEY-1...`, at most {@link IDENTITIES_LIMIT}; tried in their order, the first that fits is used.
   * @throws {SealingError} ERR_SEAL_KEY.
   */
  constructor(identities: readonly string[]) {
    if (identities.length > IDENTITIES_LIMIT) {
      throw new SealingError(`${identities.length} identities, at most ${IDENTITIES_LIMIT} are tried`, {
        code: 'ERR_SEAL_KEY',
      })
    }
    try {
      for (const identity of identities) this.#decrypter.addIdentity(identity)
    } catch {
      throw new SealingError('an identity is not an age secret key', { code: 'ERR_SEAL_KEY' })
    }
  }

  /**
   * The contents of an age file.
   *
   * @param sealed at most LIMITS.sealedBillBytes.
   * @throws {SealingError} ERR_SEAL_NO_KEY, ERR_SEAL_CORRUPT, ERR_SEAL_TOO_LARGE.
   */
  async open(sealed: Uint8Array): Promise<Uint8Array> {
    assertSize(sealed, LIMITS.sealedBillBytes)
    assertHeader(sealed)
    try {
      return await this.#decrypter.decrypt(sealed)
    } catch (thrown) {
      if (thrown instanceof Error && thrown.message.startsWith('no identity matched')) {
        throw new SealingError('no key at hand opens this file', { code: 'ERR_SEAL_NO_KEY' })
      }
      throw new SealingError('not an intact age file', { code: 'ERR_SEAL_CORRUPT' })
    }
  }
}

/**
 * The contents of an age file that is opened once, as {@link Unsealer}.
 *
 * @throws {SealingError} ERR_SEAL_NO_KEY, ERR_SEAL_CORRUPT, ERR_SEAL_TOO_LARGE, ERR_SEAL_KEY.
 */
export async function unseal(sealed: Uint8Array, identities: readonly string[]): Promise<Uint8Array> {
  return new Unsealer(identities).open(sealed)
}

/**
 * The header of an untrusted file is bounded before the library reads it: each line for a recipient costs a key
 * agreement, and 20 MiB would hold 200,000 of them.
 */
function assertHeader(sealed: Uint8Array): void {
  const head = Buffer.from(sealed.buffer, sealed.byteOffset, Math.min(sealed.byteLength, HEADER_LIMIT_BYTES))
  const end = head.indexOf('\n---')
  const text = head.toString('latin1', 0, Math.max(end, 0))
  if (!text.startsWith('age-encryption.org/v1\n') || text.split('\n-> ').length - 1 > RECIPIENTS_LIMIT) {
    throw new SealingError('not an age file, or one for too many recipients', { code: 'ERR_SEAL_CORRUPT' })
  }
}

/** First bytes of every age file in its binary form. */
const MAGIC = 'age-encryption.org/'

/** True if bytes are an age file in its binary form, the only one that is archived. */
export function isAgeFile(bytes: Uint8Array): boolean {
  return (
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, MAGIC.length)).toString('latin1') === MAGIC
  )
}

const ARMOR_BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----'

/** Base64 and line ends of the largest sealed bill. */
const ARMOR_LIMIT_BYTES = Math.ceil((LIMITS.sealedBillBytes * 67) / 48) + 1024

/** An age file as text that mails and chats carry (`age --armor`). */
export function toArmor(sealed: Uint8Array): string {
  return armor.encode(sealed)
}

/**
 * The binary form of an age file that may be armoured; other bytes as they are.
 *
 * @throws {SealingError} ERR_SEAL_CORRUPT, ERR_SEAL_TOO_LARGE.
 */
export function fromArmor(bytes: Uint8Array): Uint8Array {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 256)).toString('latin1')
  if (!head.trimStart().startsWith(ARMOR_BEGIN)) return bytes
  assertSize(bytes, ARMOR_LIMIT_BYTES)
  try {
    return armor.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'))
  } catch {
    throw new SealingError('not an intact armoured age file', { code: 'ERR_SEAL_CORRUPT' })
  }
}

/** A new X25519 key pair for a region's archive, a committee member, or a bill's holder. The identity is secret. */
export async function generateArchiveKey(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}
