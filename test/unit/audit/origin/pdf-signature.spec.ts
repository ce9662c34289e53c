import assert from 'node:assert/strict'
import { TRUST_NOBODY } from '#audit'
import { verifyPdfSignatures } from '#audit/extraction'
import type { TrustList } from '#audit'
import { concatBytes, toHex } from '#protocol'
import { hashOfSeal } from '../../../support/signing/keys.ts'
import { signCms } from '../../../support/signing/sign-cms.ts'
import { appendObjects, hexOf, latin1, makePdf, signPdf, text1 } from '../../../support/signing/sign-pdf.ts'
import type { PdfSigning } from '../../../support/signing/sign-pdf.ts'
import { trusting } from '../../../support/signing/trust.ts'

const BILL = makePdf('Energy 128 kWh')
const SIGNED = signPdf(BILL)
const TRUST = trusting(['root'])
const WITH_ROOT = { certificates: ['utility', 'below', 'root'] } as const

/** `covers trusted|untrusted`, or the code and message of the refusal, or `unsigned`. */
async function verdict(bytes: Uint8Array, trust: TrustList = trusting(['below'])): Promise<string> {
  try {
    const found = await verifyPdfSignatures(bytes, trust)
    if (found === undefined) return 'unsigned'
    return `${found.origin.covers} ${found.origin.isTrusted ? 'trusted' : 'untrusted'}`
  } catch (thrown) {
    const { verdict: kind, reason } = thrown as {
      verdict: string
      reason: { code: string; message: string; place: { path: string } }
    }
    assert.equal(kind, 'needs-review')
    assert.equal(reason.code, 'ERR_BILL_SIGNATURE')
    assert.match(reason.place.path, /^signature dictionar/)
    return reason.message
  }
}

async function signedWith(options: PdfSigning, trust?: TrustList): Promise<string> {
  return verdict(signPdf(BILL, options), trust)
}

/** Attack: the text of a signed file with one part replaced by another of the same length. */
function replaced(file: Uint8Array, search: string, by: string): Uint8Array {
  const text = text1(file)
  assert.equal(search.length, by.length)
  assert.ok(text.includes(search))
  return latin1(text.replace(search, by))
}

describe('signatures of PDFs', () => {
  it('finds signer, certificate and coverage of a signed file', async () => {
    const found = await verifyPdfSignatures(SIGNED, trusting(['below']))
    assert.equal(toHex(found?.origin.keyHash ?? new Uint8Array(0)).slice(2), hashOfSeal('utility'))
    assert.deepEqual(found, {
      origin: {
        kind: 'pdf-signature',
        covers: 'all',
        signer: 'C=ZZ, O=Nordhafen Stadtwerke (sample), CN=Sample Billing Seal',
        keyHash: found?.origin.keyHash,
        isTrusted: true,
        validity: { notBefore: '2020-01-01T00:00:00Z', notAfter: '2099-12-31T23:59:59Z' },
      },
      covered: SIGNED,
    })
  })

  it('says nothing of a file without a signature', async () => {
    assert.equal(await verdict(BILL), 'unsigned')
    assert.equal(await verdict(new Uint8Array(0)), 'unsigned')
    const withField = appendObjects(BILL, [
      [6, '<< /FT /Sig /T (Empty) /SV << /Type /SV /SubFilter [/ETSI.CAdES.detached] >> >>'],
    ])
    assert.equal(await verdict(withField), 'unsigned')
    // Time stamps of archives have no signer, and usage rights are of a maker of software.
    assert.equal(await signedWith({ subFilter: 'ETSI.RFC3161' }), 'unsigned')
    const rights = (text: string): string => text.replace('/Filter', '/Reference [<< /TransformMethod /UR3 >>] /Filter')
    assert.equal(await signedWith({ edit: rights }), 'unsigned')
    assert.equal(await signedWith({ edit: (text) => rights(text).replace('UR3', 'DocMDP') }), 'all trusted')
    // Words of a page, not keys of a dictionary.
    assert.equal(await verdict(makePdf('/ByteRange [0 1 2 3] /Contents <00>')), 'unsigned')
  })

  it('checks both forms of detached signatures, all hash functions, PSS, P-256 and Ed25519', async () => {
    assert.equal(await signedWith({ subFilter: 'adbe.pkcs7.detached' }), 'all trusted')
    assert.equal(await signedWith({ subFilter: 'adbe.pkcs7.detached', hasSignedAttributes: false }), 'all trusted')
    assert.equal(await signedWith({ digest: 'sha384' }), 'all trusted')
    assert.equal(await signedWith({ digest: 'sha512' }), 'all trusted')
    assert.equal(await signedWith({ isPss: true }), 'all trusted')
    assert.equal(await signedWith({ byKeyId: true }), 'all trusted')
    assert.equal(await signedWith({ seal: 'curve' }, trusting(['curve'])), 'all trusted')
    assert.equal(await signedWith({ seal: 'edwards', digest: 'sha512' }, trusting(['edwards'])), 'all trusted')
  })

  describe('that were attacked', () => {
    it('refuses a changed byte anywhere outside of the hex string', async () => {
      for (const at of [9, 60, 200, BILL.byteLength + 20, SIGNED.byteLength - 3]) {
        const changed = new Uint8Array(SIGNED)
        changed[at] = (changed[at] ?? 0) ^ 1
        assert.match(await verdict(changed), /^unsigned$|signature of the PDF: /, `byte ${at}`)
        assert.notEqual(await verdict(changed), 'all trusted')
      }
      const figure = replaced(SIGNED, '128 kWh', '828 kWh')
      assert.equal(await verdict(figure), 'signature of the PDF: digest of the signed bytes is another one')
    })

    it('refuses a gap that is larger than the hex string', async () => {
      const wider = 'signature of the PDF: ByteRange leaves out something other than its own Contents'
      assert.equal(await signedWith({ range: ([a = 0, b = 0, c = 0, d = 0]) => [a, b - 12, c, d] }), wider)
      assert.equal(await signedWith({ range: ([a = 0, b = 0, c = 0, d = 0]) => [a, b, c + 4, d - 4] }), wider)
      assert.equal(await signedWith({ range: ([a = 0, b = 0, c = 0, d = 0]) => [a, b + 1, c - 1, d + 1] }), wider)
      // A second page behind the digits, inside of the gap and so outside of what is signed.
      const page = '4 0 obj << /Length 9 >> stream (999 kWh) endstream endobj'
      const edit = (text: string): string => text.replace(/>( >>)$/, `> /Note (${page})$1`)
      const range = ([a = 0, b = 0, c = 0, d = 0]: readonly number[]): number[] => [a, b, c + 67, d - 67]
      assert.equal(await signedWith({ edit, range }), wider)
      assert.equal(await signedWith({ edit }), 'all trusted')
    })

    it('refuses blanks and other bytes than zeros behind the signature in its hex string', async () => {
      const file = text1(SIGNED)
      const end = file.indexOf('>', file.indexOf('/Contents <'))
      const put = (text: string): Uint8Array => latin1(file.slice(0, end - text.length) + text + file.slice(end))
      assert.equal(await verdict(put('00')), 'all trusted')
      assert.equal(await verdict(put('  ')), 'signature of the PDF: Contents has something beside hex digits')
      assert.equal(await verdict(put('01')), 'signature of the PDF: bytes follow the signature structure')
    })

    it('reads the signed revision alone when something was appended', async () => {
      const found = await verifyPdfSignatures(concatBytes([SIGNED, latin1('\n')]), trusting(['below']))
      assert.equal(found?.origin.covers, 'earlier-revision')
      assert.deepEqual(found?.covered, SIGNED)
      const shown = '<< /Length 40 >>\nstream\nBT /F1 12 Tf 40 100 Td (8 kWh) Tj ET    \nendstream'
      const revised = appendObjects(SIGNED, [[4, shown]])
      assert.equal(await verdict(revised), 'earlier-revision trusted')
      assert.deepEqual((await verifyPdfSignatures(revised, TRUST_NOBODY))?.covered, SIGNED)
    })

    it('refuses a tail that is left out of the range', async () => {
      const short = signPdf(BILL, { range: ([a = 0, b = 0, c = 0, d = 0]) => [a, b, c, d - 30] })
      assert.equal(await verdict(short), 'earlier-revision trusted')
      assert.equal((await verifyPdfSignatures(short, TRUST_NOBODY))?.covered.byteLength, short.byteLength - 30)
    })

    it('refuses ranges that are no four numbers, do not begin at 0, or end behind the file', async () => {
      const malformed = 'signature of the PDF: ByteRange has not four whole numbers'
      const misfit = 'signature of the PDF: ByteRange does not fit the file'
      assert.equal(await signedWith({ range: ([a = 0, b = 0]) => [a, b] }), malformed)
      assert.equal(await signedWith({ range: (range) => [...range, 0, 0] }), malformed)
      assert.equal(await signedWith({ range: ([, b = 0, c = 0, d = 0]) => [-1, b, c, d] }), malformed)
      assert.equal(await signedWith({ range: ([, b = 0, c = 0, d = 0]) => [9, b, c, d] }), misfit)
      assert.equal(await signedWith({ range: ([a = 0, b = 0, c = 0, d = 0]) => [a, b, c, d + 1] }), misfit)
    })

    it('refuses two ByteRanges, two Contents, and none', async () => {
      const kind = 'signature of the PDF: ByteRange or Contents is missing, doubled or of another kind'
      assert.equal(await signedWith({ edit: (text) => text.replace('/Filter', '/ByteRange [0 9 9 9] /Filter') }), kind)
      assert.equal(
        await signedWith({ edit: (text) => text.replace('/Filter', '/Contents <00> /Filter'), hex: '00' }),
        kind,
      )
      assert.equal(await signedWith({ edit: (text) => text.replace('/ByteRange', '/BiteRange') }), kind)
    })

    it('refuses the signature of another file, and another signature of this one', async () => {
      const other = signPdf(makePdf('Energy 999 kWh'))
      const hex = /\/Contents <([0-9a-f]+)>/.exec(text1(other))?.[1] ?? ''
      assert.equal(await signedWith({ hex }), 'signature of the PDF: digest of the signed bytes is another one')
      // The Contents of the second signature put into the first one's place, and the other way round.
      const twice = signPdf(SIGNED, { seal: 'curve', certificates: ['curve'] })
      const [first = '', second = ''] = [...text1(twice).matchAll(/\/Contents <([0-9a-f]+)>/g)].map(
        ([, digits = '']) => digits,
      )
      const swapped = latin1(text1(twice).replace(first, 'X').replace(second, first).replace('X', second))
      assert.equal(await verdict(swapped), 'signature of the PDF: digest of the signed bytes is another one')
    })

    it('refuses a structure that encloses a content of its own, or another kind of content', async () => {
      const content = new TextEncoder().encode('anything')
      const hex = hexOf(signCms({ content }))
      assert.equal(await signedWith({ hex }), 'signature of the PDF: signature is not detached')
      assert.equal(await signedWith({ type: '1.2.3' }), 'signature of the PDF: signature is not detached')
    })

    it('refuses signed attributes that do not fit', async () => {
      const other = 'signature of the PDF: digest of the signed bytes is another one'
      assert.equal(await signedWith({ digestOf: new Uint8Array(3) }), other)
      assert.equal(
        await signedWith({ signedType: '1.2.3' }),
        'signature of the PDF: signed content type is another one',
      )
      assert.equal(
        await signedWith({ ess: 'below' }),
        'signature of the PDF: signer signed that another certificate is its own',
      )
      assert.equal(await signedWith({ ess: 'none', subFilter: 'adbe.pkcs7.detached' }), 'all trusted')
    })

    it('refuses forms and algorithms that are not checked', async () => {
      assert.match(await signedWith({ subFilter: 'adbe.pkcs7.sha1' }), /form adbe\.pkcs7\.sha1 is not one/)
      assert.match(await signedWith({ digest: 'md5' }), /hash function 1\.2\.840\.113549\.2\.5 is not one/)
      assert.match(await signedWith({ hex: 'c0ffee' }), /is not ASN\.1|not signed data|malformed/)
      assert.match(await signedWith({ hex: '' }), /is not ASN\.1|not signed data|malformed/)
      assert.equal(await signedWith({ seals: ['utility', 'curve'] }), 'signature of the PDF: not exactly one signer')
      assert.equal(
        await signedWith({ certificates: ['below'] }),
        'signature of the PDF: certificate of the signer is not in the file',
      )
    })

    it('ends early at files made of signatures', async () => {
      const many = latin1('%PDF-1.7\n' + '1 0 obj << /ByteRange [0 1 2 3] /Contents <00> >> endobj\n'.repeat(40))
      assert.equal(await verdict(many), 'file has too many signatures')
      const deep = latin1(`1 0 obj << /ByteRange ${'['.repeat(5_000)}`)
      assert.equal(await verdict(deep), 'unsigned')
    })
  })

  describe('and trust', () => {
    it('takes the signer itself or an authority above it, by hash', async () => {
      assert.equal(await verdict(SIGNED, trusting(['utility'])), 'all trusted')
      assert.equal(await verdict(SIGNED, trusting(['below'])), 'all trusted')
      assert.equal(await verdict(SIGNED, TRUST_NOBODY), 'all untrusted')
      assert.equal(await verdict(SIGNED, trusting(['stranger'])), 'all untrusted')
    })

    it('climbs by certificates in the file only', async () => {
      assert.equal(await verdict(SIGNED, TRUST), 'all untrusted')
      assert.equal(await signedWith(WITH_ROOT, TRUST), 'all trusted')
      assert.equal(await signedWith({ certificates: ['utility', 'root'] }, TRUST), 'all untrusted')
    })

    it('takes no seal for an authority, and keeps to path lengths', async () => {
      const forged = { seal: 'forged', certificates: ['forged', 'utility', 'below', 'root'] } as const
      assert.equal(await signedWith(forged, trusting(['root', 'utility'])), 'all untrusted')
      const beneath = { seal: 'beneath', certificates: ['beneath', 'toodeep', 'below', 'root'] } as const
      assert.equal(await signedWith(beneath, TRUST), 'all untrusted')
      assert.equal(await signedWith(beneath, trusting(['toodeep'])), 'all trusted')
    })

    it('never trusts weak keys and hash functions', async () => {
      const weak = { seal: 'weak', certificates: ['weak', 'root'] } as const
      assert.equal(await signedWith(weak, trusting(['root', 'weak'])), 'all untrusted')
      assert.equal(await signedWith({ digest: 'sha1' }), 'all untrusted')
      assert.equal(await signedWith({ digest: 'sha1', isPss: true }), 'all untrusted')
      const old = { seal: 'oldfashioned', certificates: ['oldfashioned', 'root'] } as const
      assert.equal(await signedWith(old, TRUST), 'all untrusted')
      assert.equal(await signedWith(old, trusting(['oldfashioned'])), 'all trusted')
      const oldPss = { seal: 'oldpss', certificates: ['oldpss', 'root'] } as const
      assert.equal(await signedWith(oldPss, TRUST), 'all untrusted')
      assert.equal(await signedWith(oldPss, trusting(['oldpss'])), 'all trusted')
    })

    it('takes no certificate that was issued for something else, or demands what nobody knows', async () => {
      const root = (seal: 'server' | 'demanding' | 'stamper' | 'curve') =>
        ({ seal, certificates: [seal, 'root'] }) as const
      assert.equal(await signedWith(root('curve'), TRUST), 'all trusted')
      assert.equal(await signedWith(root('server'), TRUST), 'all untrusted')
      assert.equal(await signedWith(root('stamper'), trusting(['root', 'stamper'])), 'all untrusted')
      assert.equal(await signedWith(root('demanding'), TRUST), 'all untrusted')
    })
  })

  it('takes the signature that covers all of several, else the latest that holds', async () => {
    const countersigned = signPdf(SIGNED, { seal: 'stranger', certificates: ['stranger'] })
    assert.equal(await verdict(countersigned), 'all untrusted')
    assert.equal(await verdict(countersigned, trusting(['stranger'])), 'all trusted')
    const broken = signPdf(SIGNED, { seal: 'stranger', digestOf: new Uint8Array(1) })
    assert.equal(await verdict(broken), 'earlier-revision trusted')
    const third = signPdf(countersigned, { seal: 'curve', certificates: ['curve'] })
    assert.equal(await verdict(concatBytes([third, latin1(' ')]), trusting(['curve'])), 'earlier-revision trusted')
    assert.deepEqual((await verifyPdfSignatures(concatBytes([third, latin1(' ')]), TRUST_NOBODY))?.covered, third)
  })
})
