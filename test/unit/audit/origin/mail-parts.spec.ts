import assert from 'node:assert/strict'
import { extractBill } from '#audit'
import { latin1, makePdf, text1 } from '../../../support/signing/sign-pdf.ts'
import { makeMail } from '../../../support/signing/sign-mail.ts'

const HEADER = 'country,state,zip,eia_id,utility,point,account,meter,start,end_exclusive,import,export,unit,kind'
const TABLE = `${HEADER}\nDE,,,,Nordhafen,P-1,,,2023-01-01,2023-02-01,128,,kWh,actual\n`
const CRLF = '\r\n'
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a])

/** `verdict`, then what was read from where, or why and where not. */
async function read(mail: string | Uint8Array): Promise<string> {
  const { verdict, bills, reason } = await extractBill(typeof mail === 'string' ? latin1(mail) : mail)
  const found = bills.map(
    ({ sources, flags, import: { value } }) => `${value.u} from ${sources['attachment']} ${flags.join(' ')}`,
  )
  return reason === undefined
    ? `${verdict} ${found.join(', ')}`
    : `${verdict} ${reason.code} ${reason.place?.path}: ${reason.message}`
}

/** A mail with header lines and a body as they are. */
function mailOf(lines: readonly string[], body: string): string {
  return ['From: a@b.example', 'Date: Wed, 01 Feb 2023 08:00:00 +0100', 'MIME-Version: 1.0', ...lines, '', body].join(
    CRLF,
  )
}

/** A multipart body of parts, each with its header. */
function multipart(boundary: string, ...parts: readonly string[]): string {
  return `${parts.map((part) => `--${boundary}${CRLF}${part}${CRLF}`).join('')}--${boundary}--${CRLF}`
}

const CSV_PART = `Content-Type: text/csv${CRLF}${CRLF}${TABLE}`
const LETTER = `Content-Type: text/plain${CRLF}${CRLF}Dear customer`
const MIXED = 'Content-Type: multipart/mixed; boundary=b1'

describe('parts of mails', () => {
  it('are found wherever they stand, and letters are not bills', async () => {
    assert.equal(await read(mailOf([MIXED], multipart('b1', LETTER, CSV_PART))), 'facts 128 from part 2 self-stated')
    const html = LETTER.replace('plain', 'html')
    const alternative = `Content-Type: multipart/alternative; boundary="b 2"${CRLF}${CRLF}${multipart('b 2', LETTER, html)}`
    assert.equal(
      await read(mailOf([MIXED], multipart('b1', alternative, CSV_PART))),
      'facts 128 from part 2 self-stated',
    )
    const inside = `Content-Type: multipart/related; boundary=b2${CRLF}${CRLF}${multipart('b2', LETTER, CSV_PART)}`
    assert.equal(await read(mailOf([MIXED], multipart('b1', inside, LETTER))), 'facts 128 from part 1.2 self-stated')
    assert.equal(await read(mailOf(['Content-Type: text/csv'], TABLE)), 'facts 128 from body self-stated')
    assert.equal(await read(mailOf([], TABLE)), 'needs-review ERR_BILL_CONTAINER body: mail has no attachment')
    assert.equal(
      await read(mailOf(['Content-Disposition: attachment; filename=x.txt'], TABLE)),
      'facts 128 from body self-stated',
    )
    assert.equal(
      await read(mailOf(['Content-Type: text/plain; name="x.txt"'], TABLE)),
      'facts 128 from body self-stated',
    )
  })

  it('are decoded by what they say, and only if they say it rightly', async () => {
    const part = (encoding: string, body: string): string =>
      mailOf(
        [MIXED],
        multipart('b1', `Content-Type: text/csv${CRLF}Content-Transfer-Encoding: ${encoding}${CRLF}${CRLF}${body}`),
      )
    const base64 = Buffer.from(TABLE).toString('base64')
    assert.equal(await read(part('base64', base64)), 'facts 128 from part 1 self-stated')
    assert.equal(
      await read(part('BASE64', `${base64.slice(0, 9)} ${CRLF}\t${base64.slice(9)}`)),
      'facts 128 from part 1 self-stated',
    )
    const quoted = TABLE.replace('kWh', '=6bWh')
      .replace('country', 'coun=\r\ntry')
      .replaceAll('\n', '  \n')
      .replaceAll('coun=\r  \n', 'coun=\r\n')
    assert.equal(
      await read(part('quoted-printable', quoted.replaceAll(/\r?\n/g, CRLF))),
      'facts 128 from part 1 self-stated',
    )
    assert.equal(await read(part('binary', TABLE)), 'facts 128 from part 1 self-stated')
    const refusal = (why: string): string => `needs-review ERR_BILL_CONTAINER part 1: ${why}`
    assert.equal(await read(part('base64', `${base64.slice(1)}*`)), refusal('part is not base64'))
    assert.equal(await read(part('base64', base64.slice(1))), refusal('part is not base64'))
    assert.equal(await read(part('quoted-printable', `${TABLE}=G0`)), refusal('part is not quoted-printable'))
    assert.equal(await read(part('x-uuencode', TABLE)), refusal('encoding of a part is not known'))
  })

  it('are divided exactly, or not at all', async () => {
    const refused = async (lines: readonly string[], body: string): Promise<string> =>
      (await read(mailOf(lines, body))).replace(/^needs-review ERR_BILL_CONTAINER /, '')
    const body = multipart('b1', CSV_PART)
    assert.equal(await refused([MIXED], body.replace('--b1--', '')), 'body: parts have no end: the mail may be cut off')
    assert.equal(await refused([MIXED], multipart('b11', CSV_PART)), 'body: parts have no end: the mail may be cut off')
    assert.equal(
      await refused(['Content-Type: multipart/mixed'], body),
      'body: boundary of the parts is missing or malformed',
    )
    assert.equal(
      await refused(['Content-Type: multipart/mixed; boundary=b1; boundary=b2'], body),
      'body: a parameter stands twice',
    )
    assert.equal(await refused([MIXED, 'Content-Type: text/csv'], body), 'body: content-type stands twice')
    assert.equal(await refused([MIXED, 'Content-Transfer-Encoding: base64'], body), 'body: parts are encoded together')
    assert.equal(await refused(['Content-Type: text'], body), 'body: content type is malformed')
    const deep = Array.from({ length: 12 }, (_, index) => `c${index}`).reduce(
      (inner, name) => `Content-Type: multipart/mixed; boundary=${name}${CRLF}${CRLF}${multipart(name, inner)}`,
      CSV_PART,
    )
    assert.match(await refused([MIXED], multipart('b1', deep)), /mail has too many parts$/)
    assert.match(
      await refused([MIXED], multipart('b1', ...Array.from({ length: 70 }, () => LETTER))),
      /mail has too many parts$/,
    )
    const noField = multipart('b1', `no field${CRLF}${CRLF}x`)
    assert.equal(await read(mailOf([MIXED], noField)), 'reject ERR_BILL_CONTAINER part 1: header section is malformed')
    // Other text around the parts belongs to nobody.
    assert.equal(await read(mailOf([MIXED], `a${CRLF}${body}b`)), 'facts 128 from part 1 self-stated')
    assert.equal(
      await read(mailOf([MIXED], body.replaceAll('--b1\r', '--b1 \t\r'))),
      'facts 128 from part 1 self-stated',
    )
  })

  it('must hold one bill: two are for a person, and others are left aside', async () => {
    const bytes = Buffer.from(TABLE)
    const file = (name: string, content: Uint8Array): { name: string; bytes: Uint8Array } => ({ name, bytes: content })
    assert.equal(
      await read(makeMail([file('a', bytes), file('b', bytes)])),
      'needs-review ERR_BILL_CONTAINER part 3: mail has several bills: a person must choose',
    )
    assert.equal(
      await read(makeMail([file('a', PNG), file('b', bytes)])),
      'facts 128 from part 3 attachments-ignored self-stated',
    )
    assert.equal(await read(makeMail([])), 'needs-review ERR_BILL_CONTAINER body: mail has no attachment')
    assert.equal(
      await read(makeMail([file('a', PNG), file('b', PNG)])),
      'needs-review ERR_BILL_CONTAINER part 2: none of 2 attachments is a bill that is read',
    )
    assert.equal(
      await read(makeMail([file('a', PNG)])),
      'needs-review ERR_BILL_FORMAT_UNKNOWN part 2: png files are not read: a person must',
    )
    assert.equal(
      await read(makeMail([file('a', Buffer.from(`${HEADER}\n`))])),
      'reject ERR_BILL_NO_CONSUMPTION part 2: table has no row',
    )
    const mail = makeMail([file('a', bytes)])
    const forwarded = makeMail([file('a', latin1(mail))])
    assert.equal(await read(forwarded), 'facts 128 from part 2 self-stated')
    assert.match(await read(makeMail([file('a', latin1(forwarded))])), /^needs-review ERR_BILL_NESTED part 2: /)
  })

  it('are the same with LF alone, and no reader guesses at other line ends', async () => {
    const mail = mailOf([MIXED], multipart('b1', LETTER, CSV_PART))
    assert.equal(await read(mail.replaceAll(CRLF, '\n')), await read(mail))
    assert.equal(
      await read(mail.replace('Dear', 'De\rar')),
      `reject ERR_BILL_CONTAINER byte ${mail.indexOf('Dear') + 2}: mail has a CR that ends no line`,
    )
    // Letters in any encoding do not matter to the file beside them.
    assert.equal(await read(mail.replace('Dear', 'Gr\xfc\xdfe')), await read(mail))
  })

  it('are of mails only: other files that have colons are something else', async () => {
    for (const text of [
      TABLE,
      'From: a@b.example\r\n\r\nx',
      'Note: x\n',
      `Date: 1\n${TABLE}`,
      'a: b\nc\nFrom: x\nDate: y\n\n',
      text1(makePdf('x')),
    ]) {
      const { format } = await extractBill(latin1(text))
      assert.notEqual(format, 'eml', text.slice(0, 20))
    }
  })

  it('end early at mails that are made to be slow', async () => {
    const blanks = ' '.repeat(5_000_000)
    assert.match(await read(mailOf([`Subject:${blanks}x`], TABLE)), /ERR_BILL_TOO_LARGE|ERR_BILL_FORMAT_UNKNOWN/)
    assert.match(
      await read(mailOf([MIXED, `X: ${'\r\n '.repeat(3_000)}x`], TABLE)),
      /ERR_BILL_TOO_LARGE|ERR_BILL_FORMAT_UNKNOWN/,
    )
    const quoted = mailOf(['Content-Type: text/csv', 'Content-Transfer-Encoding: quoted-printable'], `${blanks}x`)
    assert.match(await read(quoted), /^needs-review ERR_BILL_FORMAT_UNKNOWN/)
    const dashes = mailOf([MIXED], '--b1x\r\n'.repeat(500_000))
    assert.match(await read(dashes), /parts have no end/)
  })
})
