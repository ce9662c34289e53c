import { fromString } from 'uint8arrays/from-string'
import { equalBytes, sha256 } from '#protocol'
import type { Origin } from '#protocol'
import { review } from '../formats/refusal.ts'
import { ownBytes } from './asn1.ts'
import { printable } from './certificate.ts'
import { ORIGIN_LIMITS } from './constants.ts'
import { canonicalBody, canonicalField } from './dkim-canonical.ts'
import type { DkimForm } from './dkim-canonical.ts'
import { parseTags, readKey, readSignature } from './dkim-tags.ts'
import type { DkimKey, DkimSignature, DkimTags } from './dkim-tags.ts'
import { SignatureError } from './signature-error.ts'
import { keyKindOf } from './strength.ts'
import type { TrustList } from './trust-list.ts'
import { digestOf } from './verify-key.ts'

/** A field of a header section. */
type Field = { readonly name: string; readonly value: string; readonly raw: string }

/** A message as far as its signatures concern it. */
export type SignedMail = {
  /** Its header section: names in lower case, values unfolded, fields as they stand there without their line end. */
  readonly fields: readonly Field[]
  /** Lines end with CRLF. */
  readonly body: Uint8Array
  /**
   * True if its content type can be read in one way only even if somebody changed it: the first line of the body is the
   * line that divides the parts, or nothing divides them.
   */
  readonly isDivisionInBody: boolean
}

/** A signature by a key that the network knows. */
type KnownSignature = {
  readonly field: Field
  readonly tags: DkimTags
  readonly domain: string
  readonly record: string
}

/** Fields that every signature must cover: author, day (RFC 5322 section 3.6 demands both), and subject. */
const REQUIRED_FIELDS = ['from', 'date', 'subject'] as const
/** Characters of a From that is taken apart by patterns. */
const MAX_AUTHOR_CHARS = 998
/** Fields that say how the body is to be read; each at most once. */
const CONTENT_FIELDS = ['content-type', 'content-transfer-encoding'] as const

/**
 * Origin of a message by DKIM (RFC 6376, 8301, 8463) with the keys of the trust list: no name server is asked, and
 * no clock. Whether a key is still good is a question to the list, and an expired mail is as genuine as it was.
 *
 * @returns `undefined` when the message has no signature by a key that the network knows: it proves nothing then.
 * @throws {Refusal} ERR_BILL_SIGNATURE (review) when it has some, and none that holds and covers what is read.
 */
export async function verifyMailSignatures(mail: SignedMail, trust: TrustList): Promise<Origin | undefined> {
  const known = mail.fields.flatMap((field) => findKnown(field, trust))
  if (known.length === 0) return undefined
  const bodyDigests = new Map<DkimForm, Uint8Array>()
  let weak: Origin | undefined
  let problem = 'there are too many'
  for (const signature of known.length > ORIGIN_LIMITS.mailSignatures ? [] : known) {
    try {
      const origin = await verifyOne(mail, signature, bodyDigests)
      if (origin.isTrusted) return origin
      weak ??= origin
    } catch (thrown) {
      if (!(thrown instanceof SignatureError)) throw thrown
      problem = thrown.message
    }
  }
  if (weak !== undefined) return weak
  throw review('ERR_BILL_SIGNATURE', `signature of the mail: ${problem}`, { path: 'DKIM-Signature' })
}

function findKnown(field: Field, trust: TrustList): readonly KnownSignature[] {
  const tags = field.name === 'dkim-signature' ? parseTags(field.value) : undefined
  if (tags === undefined) return []
  const domain = (tags.get('d') ?? '').toLowerCase()
  const record = trust.domainKeys.get(`${(tags.get('s') ?? '').toLowerCase()}._domainkey.${domain}`)
  return record === undefined ? [] : [{ field, tags, domain, record }]
}

/** @param bodyDigests digests of the body that were computed already: it may be long, and signatures many. */
async function verifyOne(
  mail: SignedMail,
  { field, tags, domain, record }: KnownSignature,
  bodyDigests: Map<DkimForm, Uint8Array>,
): Promise<Origin> {
  const key = readKey(record)
  const signature = readSignature(tags, key)
  checkFields(mail, signature)
  checkAuthor(mail, domain)
  const { bodyForm } = signature
  const digest = bodyDigests.get(bodyForm) ?? (await digestOf('SHA-256', canonicalBody(mail.body, bodyForm)))
  bodyDigests.set(bodyForm, digest)
  if (!equalBytes(digest, signature.bodyHash)) {
    throw new SignatureError('digest of the body is another one')
  }
  const kind = keyKindOf(key.keyInfo)
  if (!(await holds(key, signature, signedHeader(mail, signature, field)))) throw new SignatureError('it does not hold')
  return {
    kind: 'dkim',
    covers: 'all',
    signer: printable(domain),
    keyHash: sha256(key.bytes),
    isTrusted: kind.strength === 'strong' && !key.isTesting,
  }
}

/** The covered fields, then the signature itself without its value and line end (RFC 6376 section 3.7). */
function signedHeader(mail: SignedMail, { fields, headerForm }: DkimSignature, own: Field): Uint8Array {
  const left = new Map<string, Field[]>()
  for (const field of mail.fields) left.set(field.name, [...(left.get(field.name) ?? []), field])
  // Of fields with one name the last comes first; one more than there are covers that there is no other.
  const covered = fields.flatMap((name) => left.get(name)?.pop() ?? [])
  const lines = covered.map(({ raw }) => `${canonicalField(raw, headerForm)}\r\n`)
  return fromString(lines.join('') + canonicalField(withoutValue(own.raw), headerForm), 'latin1')
}

/** The field with its `b=` emptied, blanks around the value included. */
function withoutValue(raw: string): string {
  const colon = raw.indexOf(':') + 1
  const tags = raw
    .slice(colon)
    .split(';')
    .map((tag) => /^[ \t\r\n]*b[ \t\r\n]*=/.exec(tag)?.[0] ?? tag)
  return raw.slice(0, colon) + tags.join(';')
}

async function holds({ keyInfo, kind }: DkimKey, { value }: DkimSignature, header: Uint8Array): Promise<boolean> {
  const algorithm = kind === 'rsa' ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } : { name: 'Ed25519' }
  // RFC 8463 section 3: Ed25519 signs the hash of the header.
  const signed = kind === 'rsa' ? header : await digestOf('SHA-256', header)
  try {
    const key = await crypto.subtle.importKey('spki', ownBytes(keyInfo), algorithm, false, ['verify'])
    return await crypto.subtle.verify(algorithm, key, ownBytes(value), ownBytes(signed))
  } catch (cause) {
    throw new SignatureError('it cannot be checked', { cause })
  }
}

/** The one author's domain must be that of the signature, or one be part of the other. */
function checkAuthor(mail: SignedMail, domain: string): void {
  const from = domainOfAuthor(mail.fields.find(({ name }) => name === 'from')?.value ?? '')
  if (from === undefined) throw new SignatureError('mail has not exactly one author')
  if (from !== domain && !from.endsWith(`.${domain}`) && !domain.endsWith(`.${from}`)) {
    throw new SignatureError(`mail is from ${printable(from)} and signed by ${printable(domain)}`)
  }
}

/**
 * Domain of the only mailbox of a `From` (RFC 5322 section 3.4): `a@b.example`, or `words or "quoted" <a@b.example>`.
 * `undefined` for lists, groups, comments and everything that readers of mail take in different ways.
 */
function domainOfAuthor(value: string): string | undefined {
  if (value.length > MAX_AUTHOR_CHARS) return undefined
  const unquoted = value.replaceAll(/"(?:[^"\\]|\\.)*"/g, ' ')
  const match = /^(?:([^<>,:;()@"\\]*)<([^<>,:;()@"\\\s]+)@([a-z0-9.-]+)>|()([^<>,:;()@"\\\s]+)@([a-z0-9.-]+))$/i.exec(
    unquoted,
  )
  const domain = (match?.[3] ?? match?.[6])?.toLowerCase()
  return domain !== undefined && /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(domain) ? domain : undefined
}

/** What is read must be covered, and stand once: signatures cover fields from below, readers take the first. */
function checkFields(mail: SignedMail, { fields }: DkimSignature): void {
  for (const name of REQUIRED_FIELDS) {
    if (!fields.includes(name) || countOf(mail, name) !== 1) {
      throw new SignatureError(`${name} is not covered, or stands twice`)
    }
  }
  for (const name of CONTENT_FIELDS) {
    const count = countOf(mail, name)
    if (count > 1) throw new SignatureError(`${name} stands twice`)
    if (count === 1 && !fields.includes(name) && !mail.isDivisionInBody) {
      throw new SignatureError(`${name} is not covered`)
    }
  }
}

function countOf(mail: SignedMail, wanted: string): number {
  return mail.fields.filter(({ name }) => name === wanted).length
}
