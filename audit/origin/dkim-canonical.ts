import { concatBytes, utf8 } from '#protocol'

/** How a signer treats changes on the way (RFC 6376 section 3.4). */
export type DkimForm = 'simple' | 'relaxed'

const CRLF = utf8('\r\n')
const [SPACE, TAB, CR, LF] = [0x20, 0x09, 0x0d, 0x0a]

/**
 * Canonical form of a body (RFC 6376 sections 3.4.3 and 3.4.4), in time that grows with its length alone.
 *
 * @param body lines end with CRLF.
 */
export function canonicalBody(body: Uint8Array, form: DkimForm): Uint8Array {
  const relaxed = form === 'relaxed' ? relaxLines(body) : body
  let end = relaxed.byteLength
  while (end >= 4 && isLineEnd(relaxed, end - 2) && isLineEnd(relaxed, end - 4)) end -= 2
  if (end === 2 && isLineEnd(relaxed, 0)) end = 0
  const lines = relaxed.subarray(0, end)
  if (end === 0) return form === 'simple' ? CRLF : lines
  return isLineEnd(lines, end - 2) ? lines : concatBytes([lines, CRLF])
}

/** Runs of blanks become one space, those at the end of a line nothing. */
function relaxLines(body: Uint8Array): Uint8Array {
  const relaxed = new Uint8Array(body.byteLength)
  let to = 0
  let hasBlank = false
  for (let at = 0; at < body.byteLength; at += 1) {
    const byte = body[at] ?? 0
    if (byte === SPACE || byte === TAB) {
      hasBlank = true
      continue
    }
    if (hasBlank && !(byte === CR && body[at + 1] === LF)) {
      relaxed[to] = SPACE
      to += 1
    }
    hasBlank = false
    relaxed[to] = byte
    to += 1
  }
  return relaxed.subarray(0, to)
}

function isLineEnd(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === CR && bytes[at + 1] === LF
}

/**
 * Canonical form of a header field (RFC 6376 sections 3.4.1 and 3.4.2), without line end.
 *
 * @param raw the field as it stands in the file; characters are bytes.
 */
export function canonicalField(raw: string, form: DkimForm): string {
  if (form === 'simple') return raw
  const colon = raw.indexOf(':')
  const value = raw
    .slice(colon + 1)
    .replaceAll('\r\n', '')
    .split(/[ \t]+/)
  return `${raw.slice(0, colon).replaceAll(/[ \t]/g, '').toLowerCase()}:${value.filter((word) => word !== '').join(' ')}`
}
