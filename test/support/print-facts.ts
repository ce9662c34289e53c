import { stderr, stdout } from 'node:process'
import { extractBill } from '#audit'
import { encodeFacts, toHex } from '#protocol'
import { readSeeds } from '../fuzz/seeds.ts'

// One line for each own sample: its verdict, and the bytes of its facts. On stderr: which time zone and language this process has.
for (const { name, bytes } of readSeeds().own) {
  const { verdict, format, reason, bills } = await extractBill(bytes)
  const facts = bills.map((bill) => toHex(encodeFacts(bill))).join(' ')
  stdout.write(`${name} ${format} ${verdict} ${JSON.stringify(reason ?? '')} ${facts}\n`)
}
const { timeZone, locale } = new Intl.DateTimeFormat().resolvedOptions()
stderr.write(`${timeZone} ${locale}`)
