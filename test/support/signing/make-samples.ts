import { readFileSync, writeFileSync } from 'node:fs'
import { hashOfSeal, recordOf } from './keys.ts'
import { makeMail, signMail } from './sign-mail.ts'
import { latin1, makePdf, signPdf } from './sign-pdf.ts'

// Writes those samples of samples/formats/signed/ that are signed by the helpers of the tests; see make-samples.sh.
const FOLDER = new URL('../../../samples/formats/signed/', import.meta.url)

function write(name: string, bytes: Uint8Array | string): void {
  writeFileSync(new URL(name, FOLDER), bytes)
}

const table = new Uint8Array(readFileSync(new URL('table.csv', FOLDER)))
const statement = makePdf('Nordhafen Stadtwerke \\(sample\\): 128 kWh, January 2023')
const mail = makeMail([{ name: 'table.csv', bytes: table }])

write('statement.pdf', signPdf(statement))
write('statement-twice.pdf', signPdf(signPdf(statement), { seal: 'curve', certificates: ['curve'] }))
write('bill.eml', latin1(signMail(mail, { key: 'mailed', selector: 'ed' }, {})))
const trust = {
  v: 1,
  kind: 'trust-list',
  certificates: [
    { sha256: hashOfSeal('below'), comment: 'Nordhafen Stadtwerke (sample): authority of its billing seals' },
  ],
  timestampAuthorities: [{ sha256: hashOfSeal('stamper'), comment: 'Sample Time Stamps' }],
  domainKeys: [
    { name: 'bills._domainkey.nordhafen.example', txt: recordOf('mail'), comment: 'answered on 2023-01-02' },
    { name: 'ed._domainkey.nordhafen.example', txt: recordOf('mailed'), comment: 'answered on 2023-01-02' },
  ],
}
write('trust.json', `${JSON.stringify(trust, null, 2)}\n`)
