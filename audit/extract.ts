import type { Extraction } from '#protocol'
import { ESPI_FORMAT, extractEspi } from './formats/espi/extract-espi.ts'
import { extractKwitnessCsv, KWITNESS_CSV_FORMAT } from './formats/kwitness-csv/extract-kwitness-csv.ts'
import { isKwitnessCsv } from './formats/kwitness-csv/read-rows.ts'
import { EXTRACTION_LIMITS } from './formats/limits.ts'
import { Refusal, rejection, unsupported } from './formats/refusal.ts'
import { decodeUtf8 } from './formats/text.ts'

/** First bytes of files that are known but not read by this version. */
const SIGNATURES: readonly { readonly format: string; readonly bytes: readonly number[] }[] = [
  { format: 'pdf', bytes: [0x25, 0x50, 0x44, 0x46] },
  { format: 'zip', bytes: [0x50, 0x4b, 0x03, 0x04] },
  { format: 'png', bytes: [0x89, 0x50, 0x4e, 0x47] },
  { format: 'jpeg', bytes: [0xff, 0xd8, 0xff] },
]

/**
 * Facts of a bill, found by its content alone: same bytes, same result, on every machine and for ever.
 *
 * Pure and synchronous. A bad bill never makes it throw: the verdict says what is wrong, with code and place.
 */
export function extractBill(bytes: Uint8Array): Extraction {
  let format = 'unknown'
  try {
    if (bytes.byteLength === 0) throw rejection('ERR_BILL_EMPTY', 'file is empty', { line: 1, column: 1 })
    if (bytes.byteLength > EXTRACTION_LIMITS.fileBytes) {
      const message = `file has ${bytes.byteLength} bytes, at most ${EXTRACTION_LIMITS.fileBytes} are read`
      throw rejection('ERR_BILL_TOO_LARGE', message)
    }
    const known = SIGNATURES.find(({ bytes: head }) => head.every((byte, index) => bytes[index] === byte))
    if (known !== undefined) {
      format = known.format
      throw unsupported('ERR_BILL_FORMAT_UNKNOWN', `${known.format} files are not read by this version`)
    }
    const text = decodeUtf8(bytes)
    if (startsXml(text)) {
      format = ESPI_FORMAT
      return extractEspi(text)
    }
    if (isKwitnessCsv(text)) {
      format = KWITNESS_CSV_FORMAT
      return extractKwitnessCsv(text)
    }
    throw unsupported('ERR_BILL_FORMAT_UNKNOWN', 'neither XML nor a table with a known header', { line: 1, column: 1 })
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    const { verdict, reason } = thrown
    return {
      verdict,
      reason,
      format: reason.code === 'ERR_BILL_FORMAT_UNKNOWN' && format === ESPI_FORMAT ? 'xml' : format,
      bills: [],
    }
  }
}

function startsXml(text: string): boolean {
  return /^[ \t\r\n]{0,1024}</.test(text)
}
