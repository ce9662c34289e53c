import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOfBlock, encodeCanonical } from '#protocol'
import { AuditError } from '../audit-error.ts'
import { orderTexts } from '../formats/order-texts.ts'
import type { TrustList } from './trust-list.ts'

/** Entries of one kind in a trust list: a network has some hundreds of utilities, not every certificate of the world. */
const MAX_ENTRIES = 10_000
/** Characters of a trust list's file. */
const MAX_FILE_CHARS = 8 * 1024 * 1024

const commentShape = z.string().min(1).max(1_000)
const hashShape = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')
const certificateShape = z.strictObject({ sha256: hashShape, comment: commentShape })
const domainKeyShape = z.strictObject({
  /** Name of the record, `selector._domainkey.domain`, lower case (RFC 6376 section 3.6.2.1). */
  name: z
    .string()
    .max(253)
    .regex(/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\._domainkey\.[a-z0-9-]+(?:\.[a-z0-9-]+)+$/, 'must be a name of a DKIM key'),
  /** The TXT record as it was answered, its strings joined (RFC 6376 section 3.6.1). */
  txt: z.string().min(1).max(4_096),
  comment: commentShape,
})

/** The trust list's file, and its IPLD block: the same fields, lists in order, none twice. */
const trustFileShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('trust-list'),
  /** Signers, or authorities whose signatures on signers count. */
  certificates: z.array(certificateShape).max(MAX_ENTRIES),
  /** Time-stamping services, or authorities above them. */
  timestampAuthorities: z.array(certificateShape).max(MAX_ENTRIES),
  /** Keys of mail domains. */
  domainKeys: z.array(domainKeyShape).max(MAX_ENTRIES),
})

type TrustFile = z.infer<typeof trustFileShape>

/** A trust list and the CID that a charter names it by. */
export type NamedTrustList = { readonly list: TrustList; readonly cid: CID }

/**
 * The trust list of a file (`docs/spec/origin.md`).
 *
 * Its CID is that of the file's content as canonical DAG-CBOR with every list in order, so that layout and order of the
 * JSON do not matter and comments do: they are what a person approves.
 *
 * @param text JSON text.
 * @throws {AuditError} ERR_AUDIT_TRUST_LIST with the path of what is wrong.
 */
export function parseTrustList(text: string): NamedTrustList {
  const file = parseFile(text)
  checkDistinct('certificates', file.certificates, (entry) => entry.sha256)
  checkDistinct('timestampAuthorities', file.timestampAuthorities, (entry) => entry.sha256)
  checkDistinct('domainKeys', file.domainKeys, (entry) => entry.name)
  const block = {
    ...file,
    certificates: file.certificates.toSorted((a, b) => orderTexts(a.sha256, b.sha256)),
    timestampAuthorities: file.timestampAuthorities.toSorted((a, b) => orderTexts(a.sha256, b.sha256)),
    domainKeys: file.domainKeys.toSorted((a, b) => orderTexts(a.name, b.name)),
  }
  return {
    list: {
      certificates: new Set(block.certificates.map(({ sha256 }) => sha256)),
      timestampAuthorities: new Set(block.timestampAuthorities.map(({ sha256 }) => sha256)),
      domainKeys: new Map(block.domainKeys.map(({ name, txt }) => [name, txt])),
    },
    cid: cidOfBlock(encodeCanonical(block)),
  }
}

function parseFile(text: string): TrustFile {
  if (text.length > MAX_FILE_CHARS) throw wrong('', `has more than ${MAX_FILE_CHARS} characters`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw wrong('', 'is not JSON', cause)
  }
  const result = trustFileShape.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw wrong(issue?.path.join('.') ?? '', issue?.message ?? 'has a wrong shape')
}

/** Two entries for one key could say different things of it. */
function checkDistinct<T>(path: string, entries: readonly T[], keyOf: (entry: T) => string): void {
  const seen = new Set<string>()
  entries.forEach((entry, index) => {
    const key = keyOf(entry)
    if (seen.has(key)) throw wrong(`${path}.${index}`, `${key} is listed twice`)
    seen.add(key)
  })
}

function wrong(path: string, why: string, cause?: unknown): AuditError {
  const message = `trust list: ${path === '' ? '' : `${path}: `}${why}`
  return new AuditError(message, { code: 'ERR_AUDIT_TRUST_LIST', path }, { cause })
}
