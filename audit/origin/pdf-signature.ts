import { concatBytes } from '#protocol'
import type { Origin } from '#protocol'
import { review } from '../formats/refusal.ts'
import { checkSigner, ID_DATA, readCms } from './cms.ts'
import { ORIGIN_LIMITS } from './constants.ts'
import { judgeSigner } from './judge-signer.ts'
import { hexDigit } from './pdf-objects.ts'
import type { PdfValue } from './pdf-objects.ts'
import { findPdfSignatures, nameValue, onlyValue } from './pdf-signature-dictionaries.ts'
import type { PdfSignature } from './pdf-signature-dictionaries.ts'
import { SignatureError } from './signature-error.ts'
import { findSigningTime } from './time-stamp.ts'
import type { TrustList } from './trust-list.ts'

/** A signature that holds, and the bytes that may be read because of it. */
export type Covered = {
  readonly origin: Origin
  /** The signed revision: the file from its first byte to the end of what is signed. A view, not a copy. */
  readonly covered: Uint8Array
}

/** Forms of signatures that are checked: a detached CMS over the file beside its own hex (ISO 32000-2 table 260). */
const DETACHED: ReadonlySet<string> = new Set(['adbe.pkcs7.detached', 'ETSI.CAdES.detached'])

/** Filler behind the signature in its hex string. */
const ZERO = [0]

/**
 * Signatures of a PDF: the origin and the covered bytes of the one that covers the whole file, else of the one that
 * covers most of it. Facts must be read from `covered` and from nothing else.
 *
 * @returns `undefined` when the file has no signature.
 * @throws {Refusal} ERR_BILL_SIGNATURE (review) when it has some and none holds.
 */
export async function verifyPdfSignatures(bytes: Uint8Array, trust: TrustList): Promise<Covered | undefined> {
  const signatures = findOrRefuse(bytes)
  if (signatures.length === 0) return undefined
  const problems: { readonly message: string; readonly start: number }[] = []
  let best: Covered | undefined
  for (const signature of signatures) {
    try {
      const covered = await verifyOne(bytes, signature, trust)
      if (best === undefined || covered.covered.byteLength > best.covered.byteLength) best = covered
    } catch (thrown) {
      if (!(thrown instanceof SignatureError)) throw thrown
      problems.push({ message: thrown.message, start: signature.start })
    }
  }
  if (best !== undefined) return best
  const last = problems.at(-1)
  throw review('ERR_BILL_SIGNATURE', `signature of the PDF: ${last?.message ?? 'none holds'}`, {
    path: `signature dictionary at byte ${last?.start ?? 0}`,
  })
}

function findOrRefuse(bytes: Uint8Array): readonly PdfSignature[] {
  try {
    return findPdfSignatures(bytes)
  } catch (thrown) {
    if (!(thrown instanceof SignatureError)) throw thrown
    throw review('ERR_BILL_SIGNATURE', thrown.message, { path: 'signature dictionaries' })
  }
}

async function verifyOne(bytes: Uint8Array, signature: PdfSignature, trust: TrustList): Promise<Covered> {
  const subFilter = nameValue(signature, 'SubFilter')
  if (subFilter === undefined || !DETACHED.has(subFilter)) {
    throw new SignatureError(`form ${subFilter?.slice(0, 40) ?? 'without name'} is not one that is checked`)
  }
  const { gapStart, gapEnd, end } = readRange(bytes, signature)
  const cms = readCms(readHex(bytes, gapStart, gapEnd), ZERO)
  const [signer, second] = cms.signers
  if (signer === undefined || second !== undefined) throw new SignatureError('not exactly one signer')
  // With a content of its own the structure would be checked against that, and the file against nothing.
  if (cms.content !== undefined || cms.contentType !== ID_DATA) throw new SignatureError('signature is not detached')
  const checked = await checkSigner(
    cms,
    signer,
    concatBytes([bytes.subarray(0, gapStart), bytes.subarray(gapEnd, end)]),
  )
  const authorities = trust.timestampAuthorities ?? new Set<string>()
  const at = await findSigningTime(checked, cms.certificates, authorities)
  const origin = await judgeSigner({ ...checked, pool: cms.certificates, at }, trust)
  return {
    origin: { kind: 'pdf-signature', covers: end === bytes.byteLength ? 'all' : 'earlier-revision', ...origin },
    covered: bytes.subarray(0, end),
  }
}

/**
 * What a signature covers (ISO 32000-1 section 12.8.1): everything from the first byte to `end`, without exactly the hex
 * string of its own Contents. Any other gap could hold a page that nobody signed.
 */
function readRange(bytes: Uint8Array, signature: PdfSignature): { gapStart: number; gapEnd: number; end: number } {
  const range = onlyValue(signature, 'ByteRange')
  const contents = onlyValue(signature, 'Contents')
  if (range?.kind !== 'array' || contents?.kind !== 'hex') {
    throw new SignatureError('ByteRange or Contents is missing, doubled or of another kind')
  }
  const [first, gapStart, gapEnd, length, ...more] = range.items.map(integerValue)
  if (
    first === undefined ||
    gapStart === undefined ||
    gapEnd === undefined ||
    length === undefined ||
    more.length > 0
  ) {
    throw new SignatureError('ByteRange has not four whole numbers')
  }
  const end = gapEnd + length
  if (first !== 0 || end > bytes.byteLength) throw new SignatureError('ByteRange does not fit the file')
  if (gapStart !== contents.start || gapEnd !== contents.end) {
    throw new SignatureError('ByteRange leaves out something other than its own Contents')
  }
  return { gapStart, gapEnd, end }
}

function integerValue(value: PdfValue): number | undefined {
  return value.kind === 'integer' ? value.value : undefined
}

/** Bytes of the hex string `<…>`; digits only, since blanks inside would be room that nobody signed. */
function readHex(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const digits = end - start - 2
  if (digits % 2 !== 0 || digits > 2 * ORIGIN_LIMITS.pdfObjectBytes) throw new SignatureError('Contents is malformed')
  const found = new Uint8Array(digits >> 1)
  for (let i = 0; i < found.byteLength; i += 1) {
    const [high, low] = [hexDigit(bytes[start + 1 + 2 * i]), hexDigit(bytes[start + 2 + 2 * i])]
    if (high === undefined || low === undefined) throw new SignatureError('Contents has something beside hex digits')
    found[i] = high * 16 + low
  }
  return found
}
