import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { fromString } from 'uint8arrays/from-string'
import { sha256 } from '#protocol'
import type { Origin } from '#protocol'
import { review } from '../formats/refusal.ts'
import { printable } from './certificate.ts'
import { ORIGIN_LIMITS } from './constants.ts'
import { SignatureError } from './signature-error.ts'
import type { TrustList } from './trust-list.ts'

/** A message as far as its signatures concern it. */
export type SignedMail = {
  /** Whole message, every line ended by CRLF. */
  readonly bytes: Uint8Array
  /** Fields of its header section, names in lower case. */
  readonly fields: readonly { readonly name: string; readonly value: string }[]
  /**
   * True if its content type can be read in one way only even if somebody changed it: the first line of the body is the
   * line that divides the parts, or nothing divides them.
   */
  readonly isDivisionInBody: boolean
}

/** A `DKIM-Signature` field with a key that the network knows. */
type KnownSignature = {
  /** Place among all signatures of the message. */
  readonly index: number
  readonly domain: string
  readonly record: string
  readonly tags: ReadonlyMap<string, string>
}

type Result = Awaited<ReturnType<typeof dkimVerify>>['results'][number]

/** Fields that every signature must cover (RFC 5322 section 3.6 demands the first two): author, day, and subject. */
const REQUIRED_FIELDS = ['from', 'date', 'subject'] as const
/** Fields that say how the body is to be read; each at most once. */
const CONTENT_FIELDS = ['content-type', 'content-transfer-encoding'] as const

/**
 * The instant at which signatures are checked, in milliseconds since 1970: before all expiry dates. A bill stays as
 * genuine as it was when it came; whether a key is still good is a question to the trust list.
 */
const NO_CLOCK = 1

/**
 * Origin of a message by DKIM (RFC 6376, 8301, 8463) with the keys of the trust list; no name server is ever asked.
 *
 * @returns `undefined` when the message has no signature by a key that the network knows: it proves nothing then.
 * @throws {Refusal} ERR_BILL_SIGNATURE (review) when it has one, and none that holds and covers what is read.
 */
export async function verifyMailSignatures(mail: SignedMail, trust: TrustList): Promise<Origin | undefined> {
  try {
    return await verifyKnown(mail, trust)
  } catch (thrown) {
    if (!(thrown instanceof SignatureError)) throw thrown
    throw review('ERR_BILL_SIGNATURE', `signature of the mail: ${thrown.message}`, { path: 'DKIM-Signature' })
  }
}

async function verifyKnown(mail: SignedMail, trust: TrustList): Promise<Origin | undefined> {
  const signatures = mail.fields.filter(({ name }) => name === 'dkim-signature')
  if (signatures.length > ORIGIN_LIMITS.mailSignatures) throw new SignatureError('mail has too many signatures')
  const known = signatures.flatMap(({ value }, index) => findKnown(value, index, trust))
  if (known.length === 0) return undefined
  const { results, headerFrom } = await dkimVerify(Buffer.from(mail.bytes), {
    strict: true,
    curTime: NO_CLOCK,
    minBitLength: 1024,
    resolver: async (name) => answer(name, trust),
  })
  let weak: Origin | undefined
  let problem: SignatureError | undefined
  for (const signature of known) {
    try {
      const result = results.length === signatures.length ? results[signature.index] : undefined
      const origin = judge(mail, { signature, result, authors: headerFrom })
      if (origin.isTrusted) return origin
      weak ??= origin
    } catch (thrown) {
      if (!(thrown instanceof SignatureError)) throw thrown
      problem ??= thrown
    }
  }
  if (weak !== undefined) return weak
  throw problem ?? new SignatureError('none holds')
}

/** What the network's name server would say. */
function answer(name: string, trust: TrustList): string[][] {
  const record = trust.domainKeys.get(name.toLowerCase())
  if (record !== undefined) return [[record]]
  throw Object.assign(new Error('no key'), { code: 'ENOTFOUND' })
}

function findKnown(value: string, index: number, trust: TrustList): readonly KnownSignature[] {
  const tags = readTags(value)
  const domain = (tags.get('d') ?? '').toLowerCase()
  const record = trust.domainKeys.get(`${(tags.get('s') ?? '').toLowerCase()}._domainkey.${domain}`)
  return record === undefined ? [] : [{ index, domain, record, tags }]
}

/** Tags `name=value` (RFC 6376 section 3.2) without the blanks in their values; of a repeated one the first. */
function readTags(text: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>()
  for (const tag of text.split(';')) {
    const at = tag.indexOf('=')
    const name = tag.slice(0, Math.max(at, 0)).replaceAll(/[ \t\r\n]/g, '')
    if (name !== '' && !tags.has(name)) tags.set(name, tag.slice(at + 1).replaceAll(/[ \t\r\n]/g, ''))
  }
  return tags
}

function judge(
  mail: SignedMail,
  check: {
    readonly signature: KnownSignature
    readonly result: Result | undefined
    readonly authors: readonly string[]
  },
): Origin {
  const { signature, result, authors } = check
  const { domain, record, tags } = signature
  if (result?.signingDomain?.toLowerCase() !== domain || result.status.result !== 'pass') {
    const why = result?.status.comment
    throw new SignatureError(typeof why === 'string' ? why.slice(0, 80) : 'signature does not hold')
  }
  if (tags.has('l')) throw new SignatureError('it covers a part of the body only')
  checkAuthor(domain, authors)
  checkFields(mail, result)
  const key = fromString(readTags(record).get('p') ?? '', 'base64pad')
  const isStrong =
    result.algo?.toLowerCase() === 'ed25519-sha256' || (result.modulusLength ?? 0) >= ORIGIN_LIMITS.rsaBits
  return {
    kind: 'dkim',
    covers: 'all',
    signer: printable(domain),
    keyHash: sha256(key),
    // A domain that only tests its keys (`t=y`) asks not to be believed (RFC 6376 section 3.6.1).
    isTrusted: isStrong && result.status.testing !== true,
  }
}

/** The one author's domain must be that of the signature, or one be part of the other. */
function checkAuthor(domain: string, authors: readonly string[]): void {
  const [author = '', second] = authors
  const from = author.slice(author.lastIndexOf('@') + 1).toLowerCase()
  if (second !== undefined || !/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(from)) {
    throw new SignatureError('mail has not exactly one author')
  }
  if (from !== domain && !from.endsWith(`.${domain}`) && !domain.endsWith(`.${from}`)) {
    throw new SignatureError(`mail is from ${printable(from)} and signed by ${printable(domain)}`)
  }
}

/** What is read must be covered, and stand once: signatures cover fields from below, readers take the first. */
function checkFields(mail: SignedMail, result: Result): void {
  const lines = result.signingHeaders?.headers ?? []
  const covered = new Set(lines.map((line) => line.slice(0, line.indexOf(':')).trim().toLowerCase()))
  for (const name of REQUIRED_FIELDS) {
    if (!covered.has(name) || countOf(mail, name) !== 1)
      throw new SignatureError(`${name} is not covered, or stands twice`)
  }
  for (const name of CONTENT_FIELDS) {
    const count = countOf(mail, name)
    if (count > 1) throw new SignatureError(`${name} stands twice`)
    if (count === 1 && !covered.has(name) && !mail.isDivisionInBody) throw new SignatureError(`${name} is not covered`)
  }
}

function countOf(mail: SignedMail, wanted: string): number {
  return mail.fields.filter(({ name }) => name === wanted).length
}
