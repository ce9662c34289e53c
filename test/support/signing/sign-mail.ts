import { createHash, sign } from 'node:crypto'
import { privateKeyOf } from './keys.ts'

/** One DKIM signature of {@link signMail}. */
export type MailSigning = {
  /** @default 'mail' */
  readonly key?: 'mail' | 'mail1024' | 'mailed'
  /** @default 'nordhafen.example' */
  readonly domain?: string
  /** @default 'bills' */
  readonly selector?: string
  /** Fields that are signed. @default all that the mail has, and From once more */
  readonly fields?: readonly string[]
  /** Tags beside the usual ones, such as `x=1`. */
  readonly more?: readonly string[]
  /** Bytes of the canonical body that are signed (`l=`). */
  readonly length?: number
  /** @default 'relaxed' */
  readonly form?: 'relaxed' | 'simple'
  /** Changes the tags before they are signed. */
  readonly edit?: (tags: readonly string[]) => readonly string[]
  /** @default 'rsa-sha256', or 'ed25519-sha256' for that key */
  readonly algorithm?: string
}

const CRLF = '\r\n'

/**
 * A mail with DKIM signatures on top, written by RFC 6376 and RFC 8463 without the library that checks them.
 *
 * @param mail text whose characters are bytes and whose lines end with CRLF.
 */
export function signMail(mail: string, ...signings: readonly MailSigning[]): string {
  const end = mail.indexOf(CRLF + CRLF)
  const lines = mail.slice(0, end).split(/\r\n(?![ \t])/)
  const body = mail.slice(end + 4)
  const signatures = (signings.length === 0 ? [{}] : signings).map((one) => signatureOf(lines, body, one))
  return signatures.map((line) => line + CRLF).join('') + mail
}

function signatureOf(lines: readonly string[], body: string, signing: MailSigning): string {
  const { key = 'mail', form = 'relaxed', more = [], length } = signing
  const isEd = key === 'mailed'
  const names = lines.map((line) => line.slice(0, line.indexOf(':')).trim().toLowerCase())
  const fields = signing.fields ?? [...new Set(names), 'from']
  const canonical = form === 'relaxed' ? relaxBody(body) : simpleBody(body)
  const hash = createHash('sha256')
    .update(Buffer.from(canonical.slice(0, length), 'latin1'))
    .digest('base64')
  const tags = [
    'v=1',
    `a=${signing.algorithm ?? (isEd ? 'ed25519-sha256' : 'rsa-sha256')}`,
    `c=${form}/${form}`,
    `d=${signing.domain ?? 'nordhafen.example'}`,
    `s=${signing.selector ?? 'bills'}`,
    ...more,
    ...(length === undefined ? [] : [`l=${length}`]),
    `h=${fields.join(':')}`,
    `bh=${hash}`,
    'b=',
  ]
  const { edit = (same) => same } = signing
  const unsigned = `DKIM-Signature: ${edit(tags).join(';\r\n ')}`
  const canon = (line: string): string => (form === 'relaxed' ? relaxField(line) : line)
  const signed =
    pickFields(lines, fields)
      .map((line) => canon(line) + CRLF)
      .join('') + canon(unsigned)
  const data = Buffer.from(signed, 'latin1')
  // RFC 8463 section 3: Ed25519 signs the hash; RSA signs the text.
  const value = isEd
    ? sign(null, createHash('sha256').update(data).digest(), privateKeyOf(key))
    : sign('sha256', data, privateKeyOf(key))
  return unsigned + value.toString('base64')
}

/** RFC 6376 section 5.4.2: of fields with one name from the last to the first. */
function pickFields(lines: readonly string[], fields: readonly string[]): readonly string[] {
  const left = [...lines]
  return fields.flatMap((name) => {
    const at = left.findLastIndex((line) => line.slice(0, line.indexOf(':')).trim().toLowerCase() === name)
    return at < 0 ? [] : left.splice(at, 1)
  })
}

function relaxField(line: string): string {
  const colon = line.indexOf(':')
  const value = line
    .slice(colon + 1)
    .replaceAll('\r\n', '')
    .replaceAll(/[ \t]+/g, ' ')
    .trim()
  return `${line.slice(0, colon).trim().toLowerCase()}:${value}`
}

function relaxBody(body: string): string {
  const lines = body.split(CRLF).map((line) => line.replaceAll(/[ \t]+/g, ' ').replace(/ $/, ''))
  while (lines.at(-1) === '') lines.pop()
  return lines.map((line) => line + CRLF).join('')
}

function simpleBody(body: string): string {
  return body.replace(/(?:\r\n)*$/, '') + CRLF
}

/** A mail in the usual form: a letter, and files attached as base64. */
export function makeMail(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  head: readonly string[] = [
    'From: Nordhafen Billing <billing@nordhafen.example>',
    'To: somebody@customer.example',
    'Subject: Your bill',
    'Date: Wed, 01 Feb 2023 08:00:00 +0100',
    'Message-ID: <1@nordhafen.example>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="=_parts"',
  ],
): string {
  const parts = [
    'Content-Type: text/plain; charset=utf-8\r\n\r\nDear customer,\r\nyour bill is attached.',
    ...files.map(({ name, bytes }) => {
      const base64 = (
        Buffer.from(bytes)
          .toString('base64')
          .match(/.{1,76}/g) ?? []
      ).join(CRLF)
      return (
        `Content-Type: application/octet-stream; name="${name}"\r\n` +
        `Content-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64}`
      )
    }),
  ]
  const body = parts.map((part) => `--=_parts\r\n${part}\r\n`).join('')
  return `${head.join(CRLF)}\r\n\r\n${body}--=_parts--\r\n`
}
