import { utf8 } from '#protocol'
import { decodeBase64 } from '../../origin/base64.ts'
import { ORIGIN_LIMITS } from '../../origin/constants.ts'
import { hexDigit } from '../../origin/hex-digit.ts'
import { review } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import { splitEntity, valuesOf } from './mail.ts'
import type { MailEntity, MailField } from './mail.ts'

/** A part of a message that holds no others. */
export type MailPart = {
  /** Numbers of the parts around it, from 1: `part 2.1`; `body` when the message is not divided. */
  readonly path: string
  /** Such as `application/pdf`; lower case. */
  readonly type: string
  /** Something that a person would save as a file, and not the text of the letter. */
  readonly isFile: boolean
  /** As it was before it was encoded for mail. */
  readonly bytes: Uint8Array
}

const LETTER_TYPES: ReadonlySet<string> = new Set(['text/plain', 'text/html'])
const DASH = 0x2d
const EQUALS = 0x3d

/**
 * The parts of a message (RFC 2046 section 5.1), read exactly: what readers of mail would guess differently is refused.
 *
 * @throws {Refusal} ERR_BILL_CONTAINER (review) with the path of the part.
 */
export function partsOf(message: MailEntity): readonly MailPart[] {
  const parts: MailPart[] = []
  let count = 0

  function visit(entity: MailEntity, path: string, depth: number): void {
    count += 1
    if (count > ORIGIN_LIMITS.mailParts || depth > ORIGIN_LIMITS.mailDepth)
      throw refuse(path, 'mail has too many parts')
    const { type, parameters } = contentTypeOf(entity.fields, path)
    if (!type.startsWith('multipart/')) {
      parts.push({ path, type, isFile: isFile(entity.fields, type, parameters), bytes: decodeBody(entity, path) })
      return
    }
    // RFC 2045 section 6.4: parts are encoded one by one, and never together.
    if (!/^(?:|7bit|8bit|binary)$/.test(encodingOf(entity.fields, path)))
      throw refuse(path, 'parts are encoded together')
    divide(entity.body, boundaryOf(parameters, path), path).forEach((bytes, index) => {
      const inner = path === 'body' ? `part ${index + 1}` : `${path}.${index + 1}`
      visit(splitEntity(bytes, inner), inner, depth + 1)
    })
  }

  visit(message, 'body', 1)
  return parts
}

/** The line that begins each part of a divided message; `undefined` when it is not divided. */
export function delimiterOf(message: MailEntity): string | undefined {
  const { type, parameters } = contentTypeOf(message.fields, 'body')
  return type.startsWith('multipart/') ? `--${boundaryOf(parameters, 'body')}` : undefined
}

function contentTypeOf(
  fields: readonly MailField[],
  path: string,
): { type: string; parameters: ReadonlyMap<string, string> } {
  const value = onlyValue(fields, 'content-type', path)
  if (value === undefined) return { type: 'text/plain', parameters: new Map() }
  const match = /^([a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+)[ \t]*(;.*)?$/i.exec(value)
  if (match === null) throw refuse(path, 'content type is malformed')
  return { type: (match[1] ?? '').toLowerCase(), parameters: parametersOf(match[2] ?? '', path) }
}

/** Parameters `; name=value; name="value"` (RFC 2045 section 5.1), each once. */
function parametersOf(text: string, path: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const parameter =
    /[ \t]*;[ \t]*(?:([^\s"(),/:;<=>?@[\\\]]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s"(),;<>@\\]+)))?[ \t]*/y
  let at = 0
  while (at < text.length) {
    parameter.lastIndex = at
    const match = parameter.exec(text)
    if (match === null) throw refuse(path, 'parameters of a field are malformed')
    at = parameter.lastIndex
    const [, name, quoted, plain] = match
    if (name === undefined) continue
    if (found.has(name.toLowerCase())) throw refuse(path, 'a parameter stands twice')
    found.set(name.toLowerCase(), quoted === undefined ? (plain ?? '') : quoted.replaceAll(/\\(.)/g, '$1'))
  }
  return found
}

function boundaryOf(parameters: ReadonlyMap<string, string>, path: string): string {
  const boundary = parameters.get('boundary') ?? ''
  if (!/^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/.test(boundary)) {
    throw refuse(path, 'boundary of the parts is missing or malformed')
  }
  return boundary
}

function isFile(fields: readonly MailField[], type: string, parameters: ReadonlyMap<string, string>): boolean {
  const disposition = valuesOf(fields, 'content-disposition')[0] ?? ''
  const isNamed = parameters.has('name') || parameters.has('name*') || /;[ \t]*filename/i.test(disposition)
  return !LETTER_TYPES.has(type) || isNamed || /^attachment\b/i.test(disposition)
}

/** Bytes between the delimiter lines; what is before the first and after the last is no part. */
function divide(body: Uint8Array, boundary: string, path: string): readonly Uint8Array[] {
  const delimiter = utf8(`--${boundary}`)
  const parts: Uint8Array[] = []
  let start: number | undefined
  for (let at = 0; at < body.byteLength; at = nextLine(body, at)) {
    const kind = delimiterAt(body, at, delimiter)
    if (kind === undefined) continue
    // The line end before a delimiter belongs to it; a part may be empty.
    if (start !== undefined) parts.push(body.subarray(start, Math.max(start, at - 2)))
    if (kind === 'last') return parts
    start = nextLine(body, at)
    if (parts.length >= ORIGIN_LIMITS.mailParts) throw refuse(path, 'mail has too many parts')
  }
  throw refuse(path, 'parts have no end: the mail may be cut off')
}

/** A line that is exactly a delimiter, blanks behind it allowed (RFC 2046 section 5.1.1). */
function delimiterAt(body: Uint8Array, at: number, delimiter: Uint8Array): 'next' | 'last' | undefined {
  for (let index = 0; index < delimiter.byteLength; index += 1)
    if (body[at + index] !== delimiter[index]) return undefined
  const behind = at + delimiter.byteLength
  const isLast = body[behind] === DASH && body[behind + 1] === DASH
  let rest = isLast ? behind + 2 : behind
  while (body[rest] === 0x20 || body[rest] === 0x09) rest += 1
  if (rest < body.byteLength && body[rest] !== 0x0d) return undefined
  return isLast ? 'last' : 'next'
}

function nextLine(body: Uint8Array, at: number): number {
  const end = body.indexOf(0x0a, at)
  return end < 0 ? body.byteLength : end + 1
}

function decodeBody({ fields, body }: MailEntity, path: string): Uint8Array {
  switch (encodingOf(fields, path)) {
    case '':
    case '7bit':
    case '8bit':
    case 'binary':
      return body
    case 'base64':
      return decodeText64(body, path)
    case 'quoted-printable':
      return decodeQuotedPrintable(body, path)
    default:
      throw refuse(path, 'encoding of a part is not known')
  }
}

function encodingOf(fields: readonly MailField[], path: string): string {
  return (onlyValue(fields, 'content-transfer-encoding', path) ?? '').toLowerCase()
}

function decodeText64(body: Uint8Array, path: string): Uint8Array {
  const text = new TextDecoder().decode(body).replaceAll(/[ \t\r\n]/g, '')
  const bytes = decodeBase64(text)
  if (bytes === undefined) throw refuse(path, 'part is not base64')
  return bytes
}

/** RFC 2045 section 6.7; a wrong escape is refused, where others would take it as it is. */
function decodeQuotedPrintable(body: Uint8Array, path: string): Uint8Array {
  const bytes = new Uint8Array(body.byteLength)
  let to = 0
  for (let start = 0; start < body.byteLength;) {
    const next = nextLine(body, start)
    const hasEnd = body[next - 1] === 0x0a
    // Blanks at the end of a line were added on the way.
    let end = hasEnd ? next - 2 : next
    while (end > start && isBlank(body[end - 1])) end -= 1
    const isSoft = end > start && body[end - 1] === EQUALS
    if (isSoft) end -= 1
    for (let at = start; at < end; at += 1) {
      if (body[at] !== EQUALS) bytes[to] = body[at] ?? 0
      else {
        const [high, low] = [hexDigit(body[at + 1]), hexDigit(body[at + 2])]
        if (high === undefined || low === undefined) throw refuse(path, 'part is not quoted-printable')
        bytes[to] = high * 16 + low
        at += 2
      }
      to += 1
    }
    if (hasEnd && !isSoft) {
      bytes.set([0x0d, 0x0a], to)
      to += 2
    }
    start = next
  }
  return bytes.subarray(0, to)
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09
}

/** The value of a field that a part may have once; two would be read differently. */
function onlyValue(fields: readonly MailField[], name: string, path: string): string | undefined {
  const [value, second] = valuesOf(fields, name)
  if (second !== undefined) throw refuse(path, `${name} stands twice`)
  return value
}

function refuse(path: string, message: string): Refusal {
  return review('ERR_BILL_CONTAINER', message, { path })
}
