import { toString } from 'uint8arrays/to-string'
import { ORIGIN_LIMITS } from '../../origin/constants.ts'
import { rejection } from '../refusal.ts'

/** One field of a header section (RFC 5322 section 2.2). */
export type MailField = {
  /** Lower case. */
  readonly name: string
  /** After the colon, unfolded, without blanks at both ends; bytes beyond ASCII as Latin-1 characters. */
  readonly value: string
  /** Whole field as it stands in the file, its own line end left out. */
  readonly raw: string
}

/** A message, or a part of one (RFC 2045 section 2.4): its header section and what follows the first empty line. */
export type MailEntity = { readonly fields: readonly MailField[]; readonly body: Uint8Array }

const CR = 0x0d
const LF = 0x0a

/** Fields of which every message has one, beside `From` (RFC 5322 section 3.6, RFC 2045 section 4). */
const COMPANIONS = ['date', 'message-id', 'mime-version', 'dkim-signature', 'received']

/** True if bytes begin with the header section of a message; looks no further than that. */
export function isMail(bytes: Uint8Array): boolean {
  // Most files end here: their first line is no field.
  if (!/^[!-9;-~]{1,76}[ \t]{0,3}:/.test(textOf(bytes.subarray(0, 80)))) return false
  const head = textOf(bytes.subarray(0, ORIGIN_LIMITS.mailHeaderBytes))
  const names: string[] = []
  for (const line of head.split(/\r?\n/, ORIGIN_LIMITS.mailHeaderLines)) {
    if (line === '') break
    const name = /^([!-9;-~]+)[ \t]*:/.exec(line)?.[1]
    if (name === undefined && !/^[ \t]/.test(line)) return false
    if (name !== undefined) names.push(name.toLowerCase())
  }
  return names.includes('from') && names.some((name) => COMPANIONS.includes(name))
}

/**
 * The message with CRLF at the end of every line, as it is sent and signed; archives often keep LF alone.
 *
 * @throws {Refusal} ERR_BILL_CONTAINER for a CR that ends no line: readers of mail disagree on what it is.
 */
export function withCrlf(bytes: Uint8Array): Uint8Array {
  let bare = 0
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) if (bytes[at - 1] !== CR) bare += 1
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] !== LF) {
      throw rejection('ERR_BILL_CONTAINER', 'mail has a CR that ends no line', { path: `byte ${at}` })
    }
  }
  if (bare === 0) return bytes
  const lines = new Uint8Array(bytes.byteLength + bare)
  let to = 0
  for (let at = 0; at < bytes.byteLength; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte === LF && bytes[at - 1] !== CR) {
      lines[to] = CR
      to += 1
    }
    lines[to] = byte
    to += 1
  }
  return lines
}

/**
 * Header section and body of a message or part whose lines end with CRLF.
 *
 * @param path where it stands, for refusals.
 * @throws {Refusal} ERR_BILL_CONTAINER when the header section is malformed, ERR_BILL_TOO_LARGE.
 */
export function splitEntity(bytes: Uint8Array, path: string): MailEntity {
  const end = endOfHeader(bytes)
  if (end > ORIGIN_LIMITS.mailHeaderBytes) {
    throw rejection('ERR_BILL_TOO_LARGE', 'header section is too long', { path })
  }
  const lines = textOf(bytes.subarray(0, end)).split('\r\n')
  if (lines.length > ORIGIN_LIMITS.mailHeaderLines) {
    throw rejection('ERR_BILL_TOO_LARGE', 'header section has too many lines', { path })
  }
  const raws: string[] = []
  for (const line of lines) {
    if (/^[ \t]/.test(line) && raws.length > 0) raws.push(`${raws.pop() ?? ''}\r\n${line}`)
    else if (line !== '') raws.push(line)
  }
  const fields = raws.map((raw) => {
    const colon = raw.indexOf(':')
    const name = trimBlanks(raw.slice(0, Math.max(colon, 0)))
    if (!/^[!-9;-~]+$/.test(name)) throw rejection('ERR_BILL_CONTAINER', 'header section is malformed', { path })
    const value = trimBlanks(raw.slice(colon + 1).replaceAll('\r\n', ''))
    return { name: name.toLowerCase(), value, raw }
  })
  return { fields, body: bytes.subarray(Math.min(end + 2, bytes.byteLength)) }
}

/** Values of a field, in the order of the file. */
export function valuesOf(fields: readonly MailField[], name: string): readonly string[] {
  return fields.filter((field) => field.name === name).map(({ value }) => value)
}

/** Text whose characters are the bytes. */
export function textOf(bytes: Uint8Array): string {
  return toString(bytes, 'latin1')
}

/** Offset behind the line end of the last header line: of the empty line, or of the end. */
function endOfHeader(bytes: Uint8Array): number {
  if (bytes[0] === CR && bytes[1] === LF) return 0
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 1
    if (at > ORIGIN_LIMITS.mailHeaderBytes) break
  }
  return bytes.byteLength
}

/** Without blanks at both ends. No pattern: those take the square of the time on a line of blanks. */
function trimBlanks(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
