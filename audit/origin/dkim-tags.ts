import { concatBytes } from '#protocol'
import { childrenOf, isUniversal, parseAsn1, TAG } from './asn1.ts'
import { decodeBase64 } from './base64.ts'
import type { DkimForm } from './dkim-canonical.ts'
import { SignatureError } from './signature-error.ts'

/** A list of tags `name=value` (RFC 6376 section 3.2), values without white space. */
export type DkimTags = ReadonlyMap<string, string>

/** What a signature field says, when it is one of those that are checked. */
export type DkimSignature = {
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256'
  readonly headerForm: DkimForm
  readonly bodyForm: DkimForm
  /** Names of the covered fields, lower case, from the last to the first of one name. */
  readonly fields: readonly string[]
  readonly bodyHash: Uint8Array
  readonly value: Uint8Array
}

/** A public key of a domain. */
export type DkimKey = {
  /** As in the record: SubjectPublicKeyInfo or RSAPublicKey, or the 32 bytes of Ed25519. */
  readonly bytes: Uint8Array
  /** SubjectPublicKeyInfo. */
  readonly keyInfo: Uint8Array
  readonly kind: 'rsa' | 'ed25519'
  /** The domain only tries its signatures out, and asks not to be believed. */
  readonly isTesting: boolean
  /** The signature's `i=` must have the very domain of `d=`. */
  readonly isStrict: boolean
}

/** SubjectPublicKeyInfo up to the 32 bytes of an Ed25519 key (RFC 8410). */
const ED25519_HEAD = Uint8Array.from([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00])
/** AlgorithmIdentifier rsaEncryption with NULL. */
const RSA_ALGORITHM = Uint8Array.from([
  0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
])

/**
 * Tags of a list; white space around and inside of values is dropped, which all values here allow.
 *
 * @returns `undefined` when the list is malformed or has a tag twice, which makes it void.
 */
export function parseTags(text: string): DkimTags | undefined {
  const tags = new Map<string, string>()
  const parts = text.replaceAll(/[ \t\r\n]/g, '').split(';')
  // A semicolon may end the list.
  if (parts.at(-1) === '') parts.pop()
  for (const part of parts) {
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(at, 0))
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name) || tags.has(name)) return undefined
    tags.set(name, part.slice(at + 1))
  }
  return tags
}

/**
 * A signature of its tags (RFC 6376 section 3.5).
 *
 * @throws {SignatureError} when a tag is missing, malformed, or says something that is not checked.
 */
export function readSignature(tags: DkimTags, key: DkimKey): DkimSignature {
  if (tags.get('v') !== '1') throw new SignatureError('version is not 1')
  if (tags.has('l')) throw new SignatureError('it covers a part of the body only')
  const algorithm = tags.get('a')
  if (algorithm !== 'rsa-sha256' && algorithm !== 'ed25519-sha256') {
    throw new SignatureError('its algorithm is not one that is checked')
  }
  if (!algorithm.startsWith(`${key.kind}-`)) throw new SignatureError('the key is of another kind')
  if (tags.has('q') && !(tags.get('q') ?? '').split(':').includes('dns/txt')) {
    throw new SignatureError('its key is not one of name servers')
  }
  checkIdentity(tags, key)
  checkTimes(tags)
  const [headerForm = 'simple', bodyForm = 'simple', more] = (tags.get('c') ?? 'simple').split('/')
  if (!isForm(headerForm) || !isForm(bodyForm) || more !== undefined) {
    throw new SignatureError('its canonicalization is not one that is checked')
  }
  const fields = (tags.get('h') ?? '').toLowerCase().split(':')
  return {
    algorithm,
    headerForm,
    bodyForm,
    fields,
    bodyHash: bytesOfBase64(tags.get('bh')),
    value: bytesOfBase64(tags.get('b')),
  }
}

/**
 * The key of a TXT record (RFC 6376 section 3.6.1, RFC 8463 section 4).
 *
 * @throws {SignatureError} when it was revoked, is malformed, or is meant for something else.
 */
export function readKey(record: string): DkimKey {
  const tags = parseTags(record)
  const listOf = (name: string): readonly string[] | undefined => tags?.get(name)?.split(':')
  const kind = tags?.get('k') ?? 'rsa'
  if (tags === undefined || (tags.get('v') ?? 'DKIM1') !== 'DKIM1' || (kind !== 'rsa' && kind !== 'ed25519')) {
    throw new SignatureError('the record of its key is malformed, or of another kind')
  }
  if (tags.get('p') === '') throw new SignatureError('its key was revoked')
  const services = listOf('s') ?? ['*']
  if (!(listOf('h') ?? ['sha256']).includes('sha256') || !(services.includes('*') || services.includes('email'))) {
    throw new SignatureError('its key is meant for something else')
  }
  const bytes = bytesOfBase64(tags.get('p'))
  if (kind === 'ed25519' && bytes.byteLength !== 32) throw new SignatureError('its key has not 32 bytes')
  const flags = listOf('t') ?? []
  return {
    bytes,
    keyInfo: kind === 'ed25519' ? concatBytes([ED25519_HEAD, bytes]) : rsaKeyInfo(bytes),
    kind,
    isTesting: flags.includes('y'),
    isStrict: flags.includes('s'),
  }
}

function checkIdentity(tags: DkimTags, key: DkimKey): void {
  const domain = (tags.get('d') ?? '').toLowerCase()
  const identity = tags.get('i')
  if (identity === undefined) return
  const own = identity.slice(identity.lastIndexOf('@') + 1).toLowerCase()
  if (own !== domain && (key.isStrict || !own.endsWith(`.${domain}`)))
    throw new SignatureError('its identity is of another domain')
}

/** An end before the beginning is void; against a clock neither is held. */
function checkTimes(tags: DkimTags): void {
  const [time, end] = [tags.get('t'), tags.get('x')]
  for (const text of [time, end]) {
    if (text !== undefined && !/^\d{1,12}$/.test(text)) throw new SignatureError('its times are malformed')
  }
  if (time !== undefined && end !== undefined && end.padStart(12, '0') <= time.padStart(12, '0')) {
    throw new SignatureError('it ends before it begins')
  }
}

function isForm(text: string): text is DkimForm {
  return text === 'simple' || text === 'relaxed'
}

/** Records have a SubjectPublicKeyInfo; the standard's RSAPublicKey, which is its inner part, is put into one. */
function rsaKeyInfo(bytes: Uint8Array): Uint8Array {
  const [first] = childrenOf(parseAsn1(bytes, 'its key'))
  if (isUniversal(first, TAG.sequence)) return bytes
  const bits = concatBytes([derHead(0x03, bytes.byteLength + 1), Uint8Array.from([0]), bytes])
  return concatBytes([derHead(0x30, RSA_ALGORITHM.byteLength + bits.byteLength), RSA_ALGORITHM, bits])
}

/** Tag and length of a DER element below 64 KiB. */
function derHead(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.from([tag, length])
  return Uint8Array.from(length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff])
}

function bytesOfBase64(text: string | undefined): Uint8Array {
  const bytes = decodeBase64(text ?? '')
  if (bytes === undefined || bytes.byteLength === 0) {
    throw new SignatureError('one of its values is missing, or is not base64')
  }
  return bytes
}
