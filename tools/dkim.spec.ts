import assert from 'node:assert/strict'
import fc from 'fast-check'
import { dkimSign } from 'mailauth/lib/dkim/sign.js'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { extractBill } from '../audit/index.ts'
import { utf8 } from '../protocol/index.ts'
import { privateKeyOf, recordOf } from '../test/support/signing/keys.ts'
import { makeMail, signMail } from '../test/support/signing/sign-mail.ts'
import { latin1 } from '../test/support/signing/sign-pdf.ts'
import { trustingMail } from '../test/support/signing/trust.ts'

// A second program for DKIM, too large to be installed with the project: it lies beside the checking tools.

const TABLE = utf8(
  'country,state,zip,eia_id,utility,point,account,meter,start,end_exclusive,import,export,unit,kind\n' +
    'DE,,,,Nordhafen,P-1,,,2023-01-01,2023-02-01,128,,kWh,actual\n',
)
const MAIL = makeMail([{ name: 'bill.csv', bytes: TABLE }])
const TRUST = trustingMail({
  'bills._domainkey.nordhafen.example': 'mail',
  'ed._domainkey.nordhafen.example': 'mailed',
})
const GOOD = 'facts, dkim all trusted'

async function read(mail: string): Promise<string> {
  const { verdict, reason, origin } = await extractBill(latin1(mail), TRUST)
  const from = origin === undefined ? '-' : `${origin.kind} ${origin.covers} ${origin.isTrusted ? '' : 'un'}trusted`
  return reason === undefined ? `${verdict}, ${from}` : `${verdict}, ${from}, ${reason.code}: ${reason.message}`
}

describe('our DKIM beside another implementation', () => {
  it('holds what mailauth signs, and mailauth holds what we sign', async () => {
    const names = 'From:To:Subject:Date:Message-ID:MIME-Version:Content-Type'
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^[ \ta-z=.]{0,12}$/), { maxLength: 8 }),
        fc.stringMatching(/^[ \t]{1,3}[A-Za-z ]{0,20}(?:\r\n[ \t]{1,2}[a-z]{1,5})?[ \t]{0,2}$/),
        fc.constantFrom('relaxed/relaxed', 'simple/simple', 'relaxed/simple', 'simple/relaxed'),
        fc.boolean(),
        async (lines, subject, canonicalization, isEd) => {
          const body = MAIL.slice(MAIL.indexOf('\r\n\r\n') + 4)
          const mail = `${MAIL.slice(0, MAIL.indexOf('\r\n\r\n'))}\r\n\r\n${body}${lines.join('\r\n')}`.replace(
            ' Your bill',
            subject,
          )
          const key = isEd ? 'mailed' : 'mail'
          const selector = isEd ? 'ed' : 'bills'
          const privateKey = privateKeyOf(key).export({ type: 'pkcs8', format: 'pem' }).toString()
          const signature = { signingDomain: 'nordhafen.example', selector, privateKey, headerList: names.split(':') }
          const signTime = 1_675_000_000_000
          const { signatures, errors } = await dkimSign(mail, {
            ...signature,
            canonicalization,
            signTime,
            signatureData: [signature],
          })
          assert.deepEqual(errors, [])
          assert.equal(await read(signatures + mail), GOOD)
          const own = signMail(mail, {
            key,
            selector,
            form: canonicalization === 'simple/simple' ? 'simple' : 'relaxed',
          })
          assert.equal(await read(own), GOOD)
          const { results } = await dkimVerify(Buffer.from(own, 'latin1'), {
            resolver: async () => [[recordOf(key)]],
            strict: true,
          })
          assert.deepEqual(
            results.map(({ status }) => status.result),
            ['pass'],
          )
        },
      ),
      { numRuns: 60 },
    )
  })
})
