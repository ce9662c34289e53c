import type { Extraction, Origin } from '#protocol'
import { READERS } from './formats/readers.ts'
import type { Content, ReadContext } from './formats/reader.ts'
import { EXTRACTION_LIMITS } from './formats/limits.ts'
import { extractionOf, Refusal, rejection, unsupported, WholeFileRefusal } from './formats/refusal.ts'
import { isMail } from './formats/signed/mail.ts'
import { withOrigin } from './formats/signed/with-origin.ts'
import { decodeUtf8 } from './formats/text.ts'
import { findRoot } from './formats/xml-reader.ts'
import { TRUST_NOBODY } from './origin/trust-list.ts'
import type { TrustList } from './origin/trust-list.ts'
import { verifyXmlSignature } from './origin/xml-signature.ts'

/** Files inside each other: a file, one packed in it (a signed envelope in an archive), and what is packed in that. */
const MAX_NESTING = 3

/** First bytes of files that are known and never read: pictures need a person. */
const PICTURES: readonly { readonly format: string; readonly bytes: readonly number[] }[] = [
  { format: 'png', bytes: [0x89, 0x50, 0x4e, 0x47] },
  { format: 'jpeg', bytes: [0xff, 0xd8, 0xff] },
  { format: 'tiff', bytes: [0x49, 0x49, 0x2a, 0x00] },
  { format: 'tiff', bytes: [0x4d, 0x4d, 0x00, 0x2a] },
]

/**
 * Facts of a bill, found by its content alone: same bytes and trust list, same result, on every machine and for ever.
 *
 * Pure. A bad bill never makes it throw: the verdict says what is wrong, with code and place.
 */
export async function extractBill(bytes: Uint8Array, trust: TrustList = TRUST_NOBODY): Promise<Extraction> {
  return extractNested(bytes, { trust, packed: { files: 0, bytes: 0 } }, 1)
}

/** One file with all that is packed in it. */
type Whole = {
  readonly trust: TrustList
  /** What was unpacked so far, at every level together. */
  readonly packed: { files: number; bytes: number }
}

async function extractNested(bytes: Uint8Array, whole: Whole, nesting: number): Promise<Extraction> {
  const { trust } = whole
  let format = 'unknown'
  let origin: Origin | undefined
  try {
    if (nesting > MAX_NESTING) {
      const message = 'a file is packed more than twice: it is not opened'
      throw unsupported('ERR_BILL_NESTED', message, { path: 'packed file' })
    }
    checkSize(bytes)
    const picture = PICTURES.find(({ bytes: head }) => head.every((byte, index) => bytes[index] === byte))
    if (picture !== undefined) {
      format = picture.format
      throw unsupported('ERR_BILL_FORMAT_UNKNOWN', `${picture.format} files are not read: a person must`)
    }
    const file = readContent(bytes, (found) => (format = found))
    const signed = file.root === undefined ? undefined : await verifyXmlSignature(file.text ?? '', trust)
    origin = signed?.origin
    // Of a signed document only what was signed is read, not what stands around it.
    const content = signed === undefined ? file : readContent(signed.covered, () => undefined)
    const reader = READERS.find((one) => one.accepts(content))
    if (reader === undefined) {
      throw unsupported('ERR_BILL_FORMAT_UNKNOWN', 'no format of this version', { line: 1, column: 1 })
    }
    format = reader.format
    const context: ReadContext = {
      trust,
      readInner: async (inner) => extractPacked(inner, whole, nesting + 1),
      readLast: async (inner) => extractPacked(inner, whole, Math.max(nesting + 1, MAX_NESTING)),
    }
    const extraction = await reader.read(content, context)
    return origin === undefined ? extraction : withOrigin(extraction, origin)
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    if (thrown instanceof WholeFileRefusal && nesting > 1) throw thrown
    return extractionOf(thrown, format, origin)
  }
}

async function extractPacked(bytes: Uint8Array, whole: Whole, nesting: number): Promise<Extraction> {
  const { packed } = whole
  packed.files += 1
  packed.bytes += bytes.byteLength
  if (packed.files > EXTRACTION_LIMITS.packedFiles || packed.bytes > EXTRACTION_LIMITS.packedBytes) {
    const { packedFiles, packedBytes } = EXTRACTION_LIMITS
    throw new WholeFileRefusal(`more than ${packedFiles} files or ${packedBytes} bytes are packed in the file`, {
      verdict: 'reject',
      code: 'ERR_BILL_TOO_LARGE',
      place: { path: 'packed files' },
    })
  }
  return extractNested(bytes, whole, nesting)
}

function checkSize(bytes: Uint8Array): void {
  if (bytes.byteLength === 0) throw rejection('ERR_BILL_EMPTY', 'file is empty', { line: 1, column: 1 })
  if (bytes.byteLength > EXTRACTION_LIMITS.fileBytes) {
    const message = `file has ${bytes.byteLength} bytes, at most ${EXTRACTION_LIMITS.fileBytes} are read`
    throw rejection('ERR_BILL_TOO_LARGE', message)
  }
}

/** Files that begin like these are never text, whatever their bytes are. */
const BINARY_HEADS: readonly (readonly number[])[] = [
  [0x25, 0x50, 0x44, 0x46],
  [0x50, 0x4b, 0x03, 0x04],
  [0x30, 0x80],
  [0x30, 0x82],
  [0x30, 0x83],
  [0x30, 0x84],
]

function readContent(bytes: Uint8Array, setFormat: (format: string) => void): Content {
  // A mail may have parts in any encoding, each of which says its own.
  if (BINARY_HEADS.some((head) => head.every((byte, index) => bytes[index] === byte)) || isMail(bytes)) return { bytes }
  const text = decodeUtf8(bytes)
  if (!startsXml(text)) return { bytes, text }
  setFormat('xml')
  return { bytes, text, root: findRoot(text) }
}

function startsXml(text: string): boolean {
  return /^[ \t\r\n]{0,1024}</.test(text)
}
