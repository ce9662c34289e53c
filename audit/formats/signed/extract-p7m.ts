import type { Extraction } from '#protocol'
import { decodeBase64 } from '../../origin/base64.ts'
import type { Content, FormatReader, ReadContext } from '../reader.ts'
import { rejection, unsupported } from '../refusal.ts'
import { withOrigin } from './with-origin.ts'

/** Name of the format in refusals; facts carry the format of the file inside. */
const P7M_FORMAT = 'cms'

/** OBJECT IDENTIFIER 1.2.840.113549.1.7.x of RFC 5652, without its last byte, and that byte for signed data. */
const CMS_OID = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07] as const
const SIGNED_DATA = 2

/** Lines around base64 that mail clients and OpenSSL write. */
const PEM_HEAD = /^-----BEGIN (?:PKCS7|CMS|PKCS #7 SIGNED DATA)-----\r?\n/
const PEM_TAIL = /-----END (?:PKCS7|CMS|PKCS #7 SIGNED DATA)-----\s*$/
/** Base64 of the first bytes of an envelope: enough for tag, length and object identifier. */
const HEAD_CHARS = 32

/** Reader of CMS envelopes (`.p7m`): DER, BER, and both as base64 text. */
export const P7M_READER: FormatReader = {
  format: P7M_FORMAT,
  accepts: (content) => findType(content) !== undefined,
  read: async (content, context) => extractP7m(content, context),
}

/**
 * Facts of the file inside a signed envelope, with the origin that its signatures show.
 *
 * @throws {Refusal} ERR_BILL_SIGNATURE (review) when a signature does not hold; ERR_BILL_FORMAT_UNKNOWN for encrypted
 * and other envelopes.
 */
async function extractP7m(content: Content, context: ReadContext): Promise<Extraction> {
  if (findType(content) !== SIGNED_DATA) {
    const message = 'the envelope is not one of signed data: its holder must open it'
    throw unsupported('ERR_BILL_FORMAT_UNKNOWN', message, { path: 'ContentInfo' })
  }
  // Loaded when it is needed: few bills are signed.
  const { verifyCmsEnvelope } = await import('../../origin/cms-envelope.ts')
  const { origin, covered } = await verifyCmsEnvelope(bytesOf(content), context.trust)
  return withOrigin(await context.readInner(covered), origin)
}

/** Last byte of the envelope's content type; `undefined` for files that are no envelope. */
function findType({ bytes, text }: Content): number | undefined {
  if (text === undefined) return typeOf(bytes)
  const head = text.slice(0, 256).trimStart().replace(PEM_HEAD, '').replaceAll(/\s/g, '').slice(0, HEAD_CHARS)
  const bytesOfHead = decodeBase64(head)
  return bytesOfHead === undefined ? undefined : typeOf(bytesOfHead)
}

function typeOf(bytes: Uint8Array): number | undefined {
  const [tag, length = 0] = bytes
  // 0x80 is an indefinite length, 0x81 to 0x84 are followed by so many bytes of length.
  const at = length < 0x80 ? 2 : 2 + length - 0x80
  const isEnvelope = tag === 0x30 && length <= 0x84 && CMS_OID.every((byte, index) => bytes[at + index] === byte)
  return isEnvelope ? bytes[at + CMS_OID.length] : undefined
}

function bytesOf({ bytes, text }: Content): Uint8Array {
  if (text === undefined) return bytes
  const base64 = text
    .trimStart()
    .replace(PEM_HEAD, '')
    .replace(PEM_TAIL, '')
    .replaceAll(/[ \t\r\n]/g, '')
  const decoded = decodeBase64(base64)
  if (decoded === undefined) throw rejection('ERR_BILL_ENCODING', 'envelope is not base64', { line: 1, column: 1 })
  return decoded
}
