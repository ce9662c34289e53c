import { concatBytes } from '#protocol'
import { checkSigner, ID_DATA, readCms } from './cms.ts'
import { ORIGIN_LIMITS } from './constants.ts'
import type { Covered } from './covered.ts'
import { judgeSigner } from './judge-signer.ts'
import { hexDigit } from './hex-digit.ts'
import type { PdfValue } from './pdf-objects.ts'
import { nameValue, onlyValue } from './pdf-signature-dictionaries.ts'
import type { PdfSignature } from './pdf-signature-dictionaries.ts'
import { SignatureError } from './signature-error.ts'
import { findSigningTime } from './time-stamp.ts'
import type { TrustList } from './trust-list.ts'

/** Forms of signatures that are checked: a detached CMS over the file beside its own hex (ISO 32000-2 table 260). */
const DETACHED: ReadonlySet<string> = new Set(['adbe.pkcs7.detached', 'ETSI.CAdES.detached'])

/** Filler behind the signature in its hex string. */
const ZERO = [0]

/**
 * Origin and covered bytes of one signature of a PDF.
 *
 * @throws {SignatureError} when it does not hold.
 */
export async function verifyPdfSignature(
  bytes: Uint8Array,
  signature: PdfSignature,
  trust: TrustList,
): Promise<Covered> {
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
