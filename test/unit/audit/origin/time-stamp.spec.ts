import assert from 'node:assert/strict'
import { verifyPdfSignatures } from '#audit/extraction'
import type { TrustList } from '#audit'
import { stampTime } from '../../../support/signing/sign-cms.ts'
import { makePdf, signPdf } from '../../../support/signing/sign-pdf.ts'
import type { PdfSigning } from '../../../support/signing/sign-pdf.ts'
import { trusting } from '../../../support/signing/trust.ts'

const BILL = makePdf('Energy 128 kWh')
const TRUST = trusting(['below', 'expired'], ['stamper'])

/** Whether the signer is trusted, and the proven time if there is one. */
async function judge(options: PdfSigning, trust: TrustList = TRUST): Promise<string> {
  const found = await verifyPdfSignatures(signPdf(BILL, { hexChars: 20_000, ...options }), trust)
  return `${found?.origin.isTrusted ? 'trusted' : 'untrusted'} ${found?.origin.validity?.signedAt ?? '-'}`
}

describe('time stamps of signatures', () => {
  it('prove the time of signing when their service is trusted', async () => {
    assert.equal(await judge({ stamp: stampTime('20210818213230Z') }), 'trusted 2021-08-18T21:32:30Z')
    assert.equal(await judge({ stamp: stampTime('20210818213230.25Z') }), 'trusted 2021-08-18T21:32:30Z')
    assert.equal(
      await judge({ stamp: stampTime('20210818213230Z') }, trusting(['below'], ['root'])),
      'trusted 2021-08-18T21:32:30Z',
    )
  })

  it('make a certificate count only within its validity', async () => {
    assert.equal(
      await judge({ seal: 'expired', stamp: stampTime('20210818213230Z') }),
      'untrusted 2021-08-18T21:32:30Z',
    )
  })

  it('are missed by no clock: without one a validity is reported and judged by nothing', async () => {
    assert.equal(await judge({}), 'trusted -')
    assert.equal(await judge({ seal: 'expired' }), 'trusted -')
    const found = await verifyPdfSignatures(signPdf(BILL, { seal: 'expired' }), TRUST)
    assert.deepEqual(found?.origin.validity, { notBefore: '2015-01-01T00:00:00Z', notAfter: '2015-12-31T23:59:59Z' })
  })

  it('prove nothing and refuse nothing when they are of somebody else, or of other bytes', async () => {
    const stamp = stampTime('20210818213230Z')
    assert.equal(await judge({ stamp }, trusting(['below'])), 'trusted -')
    // Whoever is trusted for bills is not for time, and the other way round.
    assert.equal(await judge({ stamp }, trusting(['below', 'stamper'])), 'trusted -')
    assert.equal(await judge({}, trusting([], ['below'])), 'untrusted -')
    const other = stampTime('20210818213230Z', { imprintOf: new Uint8Array(4) })
    assert.equal(await judge({ stamp: other }), 'trusted -')
    const noStamper = stampTime('20210818213230Z', { seal: 'curve' })
    assert.equal(await judge({ stamp: noStamper }, trusting(['below'], ['root', 'curve'])), 'trusted -')
    const beforeItsTime = stampTime('20190818213230Z')
    assert.equal(await judge({ stamp: beforeItsTime }), 'trusted -')
    const withoutEss = stampTime('20210818213230Z', { ess: 'none' })
    assert.equal(await judge({ stamp: withoutEss }), 'trusted -')
    const localTime = stampTime('20210818213230')
    assert.equal(await judge({ stamp: localTime }), 'trusted -')
    const changed = (signature: Uint8Array): Uint8Array => {
      const token = stampTime('20210818213230Z')(signature)
      token[60] = (token[60] ?? 0) ^ 1
      return token
    }
    assert.equal(await judge({ stamp: changed }), 'trusted -')
  })
})
