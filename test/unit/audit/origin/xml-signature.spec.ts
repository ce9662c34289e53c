import assert from 'node:assert/strict'
import { extractBill, TRUST_NOBODY } from '#audit'
import { verifyXmlSignature } from '#audit/extraction'
import type { TrustList } from '#audit'
import { toHex, utf8 } from '#protocol'
import { hashOfSeal } from '../../../support/signing/keys.ts'
import {
  certificatesOf,
  ENVELOPED,
  EXCLUSIVE,
  HERE,
  signedProperties,
  signXml,
} from '../../../support/signing/sign-xml.ts'
import type { XmlSigning } from '../../../support/signing/sign-xml.ts'
import { trusting } from '../../../support/signing/trust.ts'

const PLAIN = '<Bill xmlns="urn:bill" Id="b-1"><Energy unit="kWh">128</Energy></Bill>'
const BILL = PLAIN.replace('</Bill>', `${HERE}</Bill>`)
const SIGNED = signXml(BILL)
const TRUST = trusting(['below'])
const C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'

/** `trusted` or `untrusted` and the text that may be read; the reason of a refusal; or `unsigned`. */
async function verdict(text: string, trust: TrustList = TRUST): Promise<string> {
  try {
    const found = await verifyXmlSignature(text, trust)
    if (found === undefined) return 'unsigned'
    assert.equal(found.origin.covers, 'all')
    assert.deepEqual(found.covered, utf8(found.text))
    return `${found.origin.isTrusted ? 'trusted' : 'untrusted'} ${found.text}`
  } catch (thrown) {
    const { verdict: kind, reason } = thrown as {
      verdict: string
      reason: { code: string; message: string; place: { path: string } }
    }
    assert.equal(kind, 'needs-review')
    assert.equal(reason.code, 'ERR_BILL_SIGNATURE')
    assert.deepEqual(reason.place, { path: 'Signature' })
    return reason.message.replace('signature of the document: ', '')
  }
}

async function signedWith(options: XmlSigning, trust?: TrustList): Promise<string> {
  return verdict(signXml(BILL, options), trust)
}

describe('signatures of XML documents', () => {
  it('give the document as it was signed, and who signed', async () => {
    const found = await verifyXmlSignature(SIGNED, TRUST)
    assert.equal(found?.text, PLAIN)
    assert.deepEqual(found?.origin, {
      kind: 'xml-signature',
      covers: 'all',
      signer: 'C=ZZ, O=Nordhafen Stadtwerke (sample), CN=Sample Billing Seal',
      keyHash: found?.origin.keyHash,
      isTrusted: true,
      validity: { notBefore: '2020-01-01T00:00:00Z', notAfter: '2099-12-31T23:59:59Z' },
    })
    assert.equal(toHex(found?.origin.keyHash ?? new Uint8Array(0)).slice(2), hashOfSeal('utility'))
  })

  it('say nothing of a document without one', async () => {
    assert.equal(await verdict(PLAIN), 'unsigned')
    assert.equal(await verdict('<a>http://www.w3.org/2000/09/xmldsig#</a>'), 'unsigned')
    assert.equal(await verdict(SIGNED.replaceAll('xmldsig#', 'xmldsig2#')), 'unsigned')
  })

  it('hold with RSA, P-256 and Ed25519, and for both ways to name the document', async () => {
    assert.equal(await signedWith({ seal: 'curve' }, trusting(['curve'])), `trusted ${PLAIN}`)
    assert.equal(await signedWith({ seal: 'edwards' }, trusting(['edwards'])), `trusted ${PLAIN}`)
    assert.equal(await signedWith({ references: [{ uri: '#b-1' }] }), `trusted ${PLAIN}`)
    assert.equal(await signedWith({ references: [{ transforms: [ENVELOPED] }] }), `trusted ${PLAIN}`)
    assert.equal(await signedWith({ references: [{ transforms: [ENVELOPED, C14N] }] }), `trusted ${PLAIN}`)
    assert.equal(await signedWith({ certificates: ['below', 'root', 'utility'] }), `trusted ${PLAIN}`)
    assert.equal(await verdict(`<?xml version="1.0"?>\r\n${SIGNED}\r\n`), `trusted ${PLAIN}`)
  })

  it('read what canonical forms drop or keep as those who sign do', async () => {
    const rich =
      '<b:Bill xmlns="urn:d" xmlns:Z="urn:z" xmlns:b="urn:b" xmlns:c="urn:unused"><Line x="&#xA;" Z:q="&#x9;&quot;">1 &lt; 2 &gt; &#xD;é</Line>' +
      `<None xmlns=""><In xmlns="urn:d"></In></None>${HERE}</b:Bill>`
    const references = [{ transforms: [ENVELOPED, C14N] }]
    const loose = signXml(rich, { references })
      .replace('<Line x="&#xA;" Z:q="&#x9;&quot;">', "<Line\n  Z:q='&#9;\"' x='&#10;' >")
      .replace('1 &lt; 2', '<![CDATA[1 < ]]><!-- two -->2')
      .replace('<In xmlns="urn:d"></In>', '<In  xmlns="urn:d"/>')
    assert.equal(await verdict(loose), `trusted ${rich.replace(HERE, '')}`)
    const around = `<?style a?>\n${rich}\n<?end b?>`
    assert.equal(await verdict(signXml(around, { references })), `trusted ${around.replace(HERE, '')}`)
    assert.match(
      await verdict(signXml(rich, { references }).replace('<b:Bill', '<?style a?><b:Bill')),
      /^digest of the/,
    )
  })

  it('make extraction read what was signed, and not the file around it', async () => {
    const feed =
      '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content><x:IntervalReading xmlns:x="urn:trap"></x:IntervalReading>' +
      `</content></entry>${HERE}</feed>`
    const around = `<?xml version="1.0"?>\n<!-- two\nlines -->\n${feed}`
    const signed = signXml(around, { references: [{ text: feed.replace(HERE, '') }] })
    const found = await extractBill(utf8(signed), TRUST)
    assert.equal(found.reason?.code, 'ERR_BILL_NAMESPACE')
    assert.equal(found.reason.place?.line, 1)
    assert.equal(found.origin?.isTrusted, true)
    const unsigned = await extractBill(utf8(around.replace(HERE, '')), TRUST)
    assert.equal(unsigned.reason?.place?.line, 4)
    assert.equal(unsigned.origin, undefined)
  })

  it('do not depend on the language of the machine', async () => {
    // Prefixes that languages order in other ways than code points.
    const many = `<r xmlns:B="urn:1" xmlns:Ch="urn:2" xmlns:a="urn:3" xmlns:ch="urn:4" xmlns:h="urn:5" xmlns:z="urn:6" xmlns:ä="urn:7">${HERE}</r>`
    const references = [{ transforms: [ENVELOPED, C14N] }]
    assert.equal(await verdict(signXml(many, { references })), `trusted ${many.replace(HERE, '')}`)
  })

  it('hold with the properties of XAdES, and then for the certificate that these name', async () => {
    const withProperties = (seal: 'utility' | 'root', id = 'properties'): XmlSigning => ({
      references: [{}, { uri: '#properties', transforms: [EXCLUSIVE], text: signedProperties(seal) }],
      objects: `<ds:Object><q>${signedProperties(seal, id)}</q></ds:Object>`,
    })
    assert.equal(await signedWith(withProperties('utility')), `trusted ${PLAIN}`)
    assert.equal(await signedWith(withProperties('root')), 'signer signed that another certificate is its own')
    assert.equal(await signedWith(withProperties('utility', 'others')), 'a reference leads nowhere')
    const changed = signXml(BILL, withProperties('utility')).replace('<xades:Cert>', '<xades:Cert URI="x">')
    assert.equal(await verdict(changed), 'digest of the signed text is another one')
  })

  describe('that were attacked', () => {
    it('are refused when the document was changed', async () => {
      const other = 'digest of the signed text is another one'
      assert.equal(await verdict(SIGNED.replace('>128<', '>8<')), other)
      assert.equal(await verdict(SIGNED.replace('kWh', 'MWh')), other)
      assert.equal(await verdict(SIGNED.replace('<Energy', '<Energy2 /><Energy')), other)
      assert.equal(await verdict(SIGNED.replace('</Bill>', '<Energy unit="kWh">999</Energy></Bill>')), other)
      // Text that canonical forms drop is dropped from what is read, too.
      assert.equal(await verdict(SIGNED.replace('>128<', '>1<!-- 00 -->28<')), `trusted ${PLAIN}`)
    })

    it('are refused when the signature or what it says was changed', async () => {
      assert.equal(await verdict(SIGNED.replace(/(<ds:SignatureValue>\n.)./, '$1A')), 'signature does not hold')
      assert.equal(await verdict(SIGNED.replace('URI=""', 'URI="#b-1"')), 'signature does not hold')
      const digest = /<ds:DigestValue>([^<]+)/.exec(SIGNED)?.[1] ?? ''
      assert.equal(await verdict(SIGNED.replace(digest, `A${digest.slice(1)}`)), 'signature does not hold')
      assert.equal(await signedWith({ keyInfo: certificatesOf(['stranger']) }), 'signature does not hold')
      assert.equal(await signedWith({ keyInfo: '' }), 'certificate of the signer is not in the file')
      assert.equal(
        await signedWith({ keyInfo: '<ds:KeyValue></ds:KeyValue>' }),
        'certificate of the signer is not in the file',
      )
    })

    it('are refused when the signed document is wrapped in another one', async () => {
      const byId = signXml(BILL, { references: [{ uri: '#b-1' }] })
      const fake = '<Bill xmlns="urn:bill" Id="evil"><Energy unit="kWh">999</Energy>'
      const elsewhere = 'a reference is of something else than the document and the signature'
      assert.equal(await verdict(`${fake}<Old>${byId}</Old></Bill>`), elsewhere)
      const signature = byId.slice(byId.indexOf('<ds:Signature '), byId.indexOf('</Bill>'))
      assert.equal(await verdict(`${fake}${signature}<Old>${PLAIN}</Old></Bill>`), elsewhere)
      // The signed document hidden inside of the signature.
      const inside = signature.replace('</ds:Signature>', `<ds:Object>${PLAIN}</ds:Object></ds:Signature>`)
      assert.equal(await verdict(`${fake}${inside}</Bill>`), elsewhere)
      const asObject = signature.replace(
        '</ds:Signature>',
        `<ds:Object Id="b-1">${PLAIN.replace(' Id="b-1"', '')}</ds:Object></ds:Signature>`,
      )
      assert.equal(
        await verdict(`${fake}${asObject}</Bill>`),
        'transforms of a reference are not plain canonicalization',
      )
      // Two elements with one identifier.
      const twice = `${fake.replace('evil', 'b-1')}${signature}<Old>${PLAIN}</Old></Bill>`
      assert.equal(await verdict(twice), 'two elements have the identifier of a reference')
      const whole = signXml(BILL)
      assert.equal(await verdict(`${fake}${whole}</Bill>`), 'digest of the signed text is another one')
    })

    it('are refused with other transforms than the plain ones', async () => {
      const transforms = 'transforms of the document are not the plain ones of an enveloped signature'
      for (const list of [
        [],
        [EXCLUSIVE],
        [EXCLUSIVE, ENVELOPED],
        [ENVELOPED, EXCLUSIVE, C14N],
        ['http://www.w3.org/TR/1999/REC-xpath-19991116', EXCLUSIVE],
        ['http://www.w3.org/2002/06/xmldsig-filter2', EXCLUSIVE],
      ]) {
        assert.equal(await signedWith({ references: [{ transforms: list }] }), transforms, list.join(' '))
      }
      const canonicalization = 'canonicalization is not one that is checked'
      for (const name of [
        'http://www.w3.org/TR/1999/REC-xslt-19991116',
        'http://www.w3.org/2000/09/xmldsig#base64',
        ENVELOPED,
      ]) {
        assert.equal(await signedWith({ references: [{ transforms: [ENVELOPED, name] }] }), canonicalization)
      }
      assert.equal(await signedWith({ canonicalization: 'urn:none' }), canonicalization)
    })

    it('are refused with references out of the file, to parts of the document, to two documents, and to none', async () => {
      const out = 'a reference leads out of the file'
      assert.equal(await signedWith({ references: [{ uri: 'http://example.com/bill.xml' }] }), out)
      assert.equal(await signedWith({ references: [{}, { uri: 'file:///etc/passwd' }] }), out)
      assert.equal(await signedWith({ references: [{ uri: '#' }] }), out)
      assert.equal(await signedWith({ references: [{ uri: '#xpointer(/)' }] }), 'a reference leads nowhere')
      assert.equal(await signedWith({ references: [{}, {}] }), 'not exactly one reference is of the whole document')
      assert.equal(await signedWith({ references: [] }), 'not exactly one reference is of the whole document')
      const part = BILL.replace('<Energy ', '<Energy Id="e" ')
      const references = [{ uri: '#e', transforms: [EXCLUSIVE] }]
      assert.match(await verdict(signXml(part, { references })), /^a reference is of something else/)
      assert.match(
        await verdict(signXml(part, { references: [{}, ...references] })),
        /^a reference is of something else/,
      )
      assert.equal(await verdict(SIGNED.replace('URI=""', '')), 'a reference says not of what it is')
    })

    it('are refused with algorithms that are not checked', async () => {
      const method = 'signature method is not one that is checked'
      assert.equal(await signedWith({ method: 'http://www.w3.org/2000/09/xmldsig#hmac-sha1' }), method)
      assert.equal(await signedWith({ method: 'http://www.w3.org/2000/09/xmldsig#dsa-sha1' }), method)
      assert.equal(await signedWith({ method: 'toString' }), method)
      // The name of another kind of key.
      assert.equal(
        await signedWith({ method: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256' }),
        'signature does not hold',
      )
      const digest = SIGNED.replace('xmlenc#sha256', 'xmldsig-more#md5')
      assert.equal(await verdict(digest), 'digest method is not one that is checked')
    })

    it('are refused when the file can be read in several ways', async () => {
      assert.equal(await verdict(`<!DOCTYPE Bill [<!ENTITY e "1">]>${SIGNED}`), 'signed file has a document type')
      assert.equal(
        await verdict(
          SIGNED.replace(
            '<ds:SignedInfo',
            '<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/><ds:SignedInfo',
          ).replace(
            ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:CanonicalizationMethod',
            '><ds:CanonicalizationMethod',
          ),
        ),
        'not exactly one SignedInfo',
      )
      const around =
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:Object><Bill/></ds:Object></ds:Signature>'
      assert.equal(await verdict(around), 'a signature around a document is not opened')
    })

    it('end early at files that are made to be slow', async () => {
      const deep = `${SIGNED.slice(0, -'</Bill>'.length)}${'<a>'.repeat(100)}${'</a>'.repeat(100)}</Bill>`
      assert.match(await verdict(deep), /too many elements/)
      const wide = SIGNED.replace('</Bill>', `${'<a/>'.repeat(110_000)}</Bill>`)
      assert.match(await verdict(wide), /too many elements/)
      assert.match(await verdict(SIGNED.replace('</Bill>', `${' '.repeat(9_000_000)}</Bill>`)), /too long/)
      const many = SIGNED.slice(SIGNED.indexOf('<ds:Signature '), SIGNED.indexOf('</Bill>'))
      assert.match(await verdict(SIGNED.replace('</Bill>', `${many.repeat(5)}</Bill>`)), /too many signatures/)
    })
  })

  describe('and trust', () => {
    it('take the signer itself or an authority above it whose certificates are in the file', async () => {
      assert.equal(await verdict(SIGNED, trusting(['utility'])), `trusted ${PLAIN}`)
      assert.equal(await verdict(SIGNED, TRUST_NOBODY), `untrusted ${PLAIN}`)
      assert.equal(await verdict(SIGNED, trusting(['root'])), `untrusted ${PLAIN}`)
      const certificates = ['utility', 'below', 'root'] as const
      assert.equal(await signedWith({ certificates }, trusting(['root'])), `trusted ${PLAIN}`)
    })

    it('never count weak keys and hash functions', async () => {
      const weak = { seal: 'weak', certificates: ['weak', 'root'] } as const
      assert.equal(await signedWith(weak, trusting(['weak', 'root'])), `untrusted ${PLAIN}`)
      assert.equal(await signedWith({ references: [{ digest: 'sha1' }] }), `untrusted ${PLAIN}`)
      const method = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1'
      assert.equal(await signedWith({ method }), `untrusted ${PLAIN}`)
    })

    it('take the signature that was made last, which covers the others', async () => {
      // In canonical form a namespace is declared once.
      const text = SIGNED.replace(/(<ds:SignedInfo) [^>]+/, '$1')
      const seal = { seal: 'curve', certificates: ['curve'], references: [{ text }] } as const
      const second = signXml(SIGNED.replace('</Bill>', `${HERE}</Bill>`), seal)
      assert.match(await verdict(second, trusting(['curve'])), /^trusted <Bill/)
      assert.match(await verdict(second, TRUST), /^untrusted <Bill/)
    })
  })
})
