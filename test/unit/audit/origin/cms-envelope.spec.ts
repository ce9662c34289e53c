import assert from 'node:assert/strict'
import { extractBill, TRUST_NOBODY } from '#audit'
import type { TrustList } from '#audit'
import { encodeFacts, toHex, utf8 } from '#protocol'
import type { Extraction } from '#protocol'
import { essAttribute, oldEssAttribute, signCms, stampTime } from '../../../support/signing/sign-cms.ts'
import type { CmsOptions } from '../../../support/signing/sign-cms.ts'
import { trusting } from '../../../support/signing/trust.ts'

const TABLE = utf8(
  'country,state,zip,eia_id,utility,point,account,meter,start,end_exclusive,import,export,unit,kind\n' +
    'DE,,,,Nordhafen,P-1,,,2023-01-01,2023-02-01,128,,kWh,actual\n',
)
const SIGNED = signCms({ content: TABLE })
const TRUST = trusting(['below'])

/** `verdict, origin or code, message`. */
function inWords({ verdict, reason, origin }: Extraction): string {
  const from = origin === undefined ? '-' : `${origin.kind} ${origin.covers} ${origin.isTrusted ? '' : 'un'}trusted`
  return reason === undefined ? `${verdict}, ${from}` : `${verdict}, ${from}, ${reason.code}: ${reason.message}`
}

async function read(bytes: Uint8Array, trust: TrustList = TRUST): Promise<string> {
  return inWords(await extractBill(bytes, trust))
}

async function readSigned(options: Partial<CmsOptions>, trust?: TrustList): Promise<string> {
  return read(signCms({ content: TABLE, ...options }), trust)
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function linesOf(text: string, end = '\n'): string {
  return (text.match(/.{1,64}/g) ?? []).join(end) + end
}

/** The same structure in BER as streaming writers make it: indefinite lengths, and the content in pieces. */
function streamed(der: Uint8Array, content: Uint8Array): Uint8Array {
  const hex = toHex(der).slice(2)
  const octets = toHex(content).slice(2)
  const at = hex.indexOf(octets)
  const pieces = octets.match(/.{1,64}/g) ?? []
  const parts = pieces.map((piece) => `04${(piece.length / 2).toString(16).padStart(2, '0')}${piece}`).join('')
  // ContentInfo, [0], SignedData, EncapsulatedContentInfo, [0] and OCTET STRING lose their lengths, from inside out.
  const inner = /30[0-9a-f]{2,6}(06092a864886f70d010701)a0[0-9a-f]{2,6}04[0-9a-f]{2,4}$/.exec(hex.slice(0, at))
  const outer = /^30[0-9a-f]{6}(06092a864886f70d010702)a0[0-9a-f]{6}30[0-9a-f]{6}/.exec(hex)
  assert.ok(inner !== null && outer !== null)
  const enclosed = `3080${inner[1]}a0802480${parts}000000000000`
  const between = hex.slice(outer[0].length, inner.index)
  const rest = hex.slice(at + octets.length)
  return new Uint8Array(Buffer.from(`3080${outer[1]}a0803080${between}${enclosed}${rest}000000000000`, 'hex'))
}

describe('signed envelopes', () => {
  it('give the facts of the file inside and the origin of the envelope', async () => {
    const inside = await extractBill(TABLE)
    const extraction = await extractBill(SIGNED, TRUST)
    assert.equal(inWords(extraction), 'facts, cms all trusted')
    assert.equal(extraction.format, 'kwitness-csv-1')
    assert.deepEqual(extraction.bills.map(encodeFacts), inside.bills.map(encodeFacts))
    assert.equal(inside.origin, undefined)
  })

  it('are read as DER, as BER in pieces, and as base64 with and without lines', async () => {
    const base64 = base64Of(SIGNED)
    const forms: Record<string, Uint8Array> = {
      ber: streamed(SIGNED, TABLE),
      'padded with a line end': new Uint8Array([...SIGNED, 13, 10]),
      base64: utf8(base64),
      'base64 in lines': utf8(linesOf(base64)),
      'base64 in CRLF lines after blanks': utf8(`\r\n ${linesOf(base64, '\r\n')}`),
      pkcs7: utf8(`-----BEGIN PKCS7-----\n${linesOf(base64)}-----END PKCS7-----\n`),
      cms: utf8(`\uFEFF-----BEGIN CMS-----\r\n${linesOf(base64, '\r\n')}-----END CMS-----\r\n`),
    }
    for (const [form, bytes] of Object.entries(forms)) {
      assert.equal(await read(bytes), 'facts, cms all trusted', form)
    }
  })

  it('may name the certificate of the signer in the older form', async () => {
    assert.equal(await readSigned({ ess: 'none', more: [oldEssAttribute('utility')] }), 'facts, cms all trusted')
    assert.match(await readSigned({ ess: 'none', more: [oldEssAttribute('root')] }), /another certificate is its own$/)
  })

  it('need no trust to be read', async () => {
    assert.equal(await read(SIGNED, TRUST_NOBODY), 'facts, cms all untrusted')
    assert.equal(await readSigned({ digest: 'sha1' }), 'facts, cms all untrusted')
    assert.equal(await readSigned({ hasSignedAttributes: false }), 'facts, cms all trusted')
  })

  it('hold with every signer or not at all, and are trusted for one of them', async () => {
    assert.equal(await readSigned({ seals: ['stranger', 'utility'] }), 'facts, cms all trusted')
    assert.equal(await readSigned({ seals: ['stranger', 'curve'] }), 'facts, cms all untrusted')
    const changed = signCms({ content: TABLE, seals: ['utility', 'curve'] })
    changed[changed.byteLength - 1] = (changed.at(-1) ?? 0) ^ 1
    assert.match(await read(changed), /^needs-review, -, ERR_BILL_SIGNATURE: signature of the envelope: signature /)
  })

  it('are for a person when the signature does not hold, and then give no facts', async () => {
    const figure = new Uint8Array(
      Buffer.from(Buffer.from(SIGNED).toString('latin1').replace(',128,', ',828,'), 'latin1'),
    )
    const refused = await extractBill(figure, TRUST)
    assert.equal(
      inWords(refused),
      'needs-review, -, ERR_BILL_SIGNATURE: signature of the envelope: digest of the signed bytes is another one',
    )
    assert.deepEqual(refused.reason?.place, { path: 'SignedData' })
    assert.deepEqual(refused.bills, [])
    const codes = await Promise.all([
      readSigned({ digestOf: new Uint8Array(1) }),
      readSigned({ ess: 'root' }),
      readSigned({ digest: 'md5' }),
      readSigned({ isDetached: true }),
      readSigned({ seals: [] }),
      readSigned({ more: [essAttribute('utility')] }),
      readSigned({ algorithm: '1.2.840.10045.4.3.2' }),
      read(new Uint8Array([...SIGNED, 1])),
      read(SIGNED.subarray(0, -1)),
    ])
    for (const code of codes) assert.match(code, /^needs-review, -, ERR_BILL_SIGNATURE: signature of the envelope: /)
    assert.match(await readSigned({ more: [essAttribute('utility')] }), /signature has an attribute twice$/)
    assert.match(await readSigned({ algorithm: '1.2.840.10045.4.3.2' }), /signature algorithm does not fit the key$/)
    assert.match(
      await readSigned({ algorithm: '1.2.840.113549.1.1.13' }),
      /signature uses SHA-512, its frame says SHA-256$/,
    )
  })

  it('keep the origin when the file inside gives no facts', async () => {
    assert.equal(
      await readSigned({ content: utf8('Dear customer') }),
      'unsupported, cms all trusted, ERR_BILL_FORMAT_UNKNOWN: no format of this version',
    )
  })

  it('are opened twice inside each other, and not when they are encrypted', async () => {
    assert.match(await readSigned({ content: signCms({ content: SIGNED }) }), /ERR_BILL_NESTED/)
    const encrypted = new Uint8Array(SIGNED)
    const oid = Buffer.from(encrypted).indexOf(Buffer.from('2a864886f70d010702', 'hex'))
    encrypted[oid + 8] = 3
    assert.match(await read(encrypted), /^unsupported, -, ERR_BILL_FORMAT_UNKNOWN: the envelope is not one of signed/)
  })

  it('leave certificates aside that are malformed', async () => {
    const der = signCms({ content: TABLE, certificates: ['root', 'utility', 'below'] })
    // The end of the root's validity in a form that RFC 5280 does not have.
    der.set(utf8('2099123123+0000'), Buffer.from(der).indexOf('20991231235959Z'))
    assert.equal(await read(der), 'facts, cms all trusted')
    assert.equal(await read(der, trusting(['root'])), 'facts, cms all untrusted')
  })

  it('state the proven time of signing', async () => {
    const bytes = signCms({ content: TABLE, stamp: stampTime('20230203040506Z') })
    const { origin } = await extractBill(bytes, trusting(['below'], ['stamper']))
    assert.equal(origin?.validity?.signedAt, '2023-02-03T04:05:06Z')
  })

  it('end early when they are made to be slow', async () => {
    const nested = new Uint8Array(Buffer.from(`308006092a864886f70d010702${'a080'.repeat(200_000)}`, 'hex'))
    assert.match(await read(nested), /ERR_BILL_SIGNATURE.*nesting depth/)
    const wide = new Uint8Array(Buffer.from(`308006092a864886f70d010702a080${'0500'.repeat(200_000)}`, 'hex'))
    assert.match(await read(wide), /ERR_BILL_SIGNATURE.*node count/)
  })
})
