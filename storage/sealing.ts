import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
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
    for (const recipient of recipients) encrypter.addRecipient(recipient)
  } catch {
    // The library's error may quote the key; recipients are public, but identities are pasted here by mistake.
    throw new SealingError('a recipient is not an age public key', { code: 'ERR_SEAL_KEY' })
  }
  return encrypter.encrypt(plain)
}

/**
 * The contents of an age file.
 *
 * @param sealed at most LIMITS.sealedBillBytes.
 * @param identities `AGE-SECRET-KEY-1...`; the first that fits is used.
 * @throws {SealingError} ERR_SEAL_NO_KEY, ERR_SEAL_CORRUPT, ERR_SEAL_TOO_LARGE, ERR_SEAL_KEY.
 */
export async function unseal(sealed: Uint8Array, identities: readonly string[]): Promise<Uint8Array> {
  assertSize(sealed, LIMITS.sealedBillBytes)
  assertHeader(sealed)
  const decrypter = new Decrypter()
  try {
    for (const identity of identities) decrypter.addIdentity(identity)
  } catch {
    throw new SealingError('an identity is not an age secret key', { code: 'ERR_SEAL_KEY' })
  }
  try {
    return await decrypter.decrypt(sealed)
  } catch (thrown) {
    if (thrown instanceof Error && thrown.message.startsWith('no identity matched')) {
      throw new SealingError('no key at hand opens this file', { code: 'ERR_SEAL_NO_KEY' })
    }
    throw new SealingError('not an intact age file', { code: 'ERR_SEAL_CORRUPT' })
  }
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

/** A new X25519 key pair for a region's archive or a bill's holder. The identity is secret. */
export async function generateArchiveKey(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}
