import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { extractBill, parseTrustList, TRUST_NOBODY } from '#audit'
import { verifyPdfSignatures } from '#audit/extraction'
import type { TrustList } from '#audit'
import { encodeFacts, toHex } from '#protocol'
import type { Extraction, Origin } from '#protocol'
import { signCms } from '../support/signing/sign-cms.ts'

const SAMPLES = new URL('../../samples/formats/signed/', import.meta.url)
const CORPUS = new URL('../../../shared/bills/open/', import.meta.url)

const expectedShape = z.object({
  cmsValid: z.union([z.boolean(), z.array(z.boolean())]).optional(),
  coversWholeFile: z.boolean().optional(),
  lastCoversWholeFile: z.boolean().optional(),
  trusted: z.boolean().optional(),
  dkim: z.array(z.object({ d: z.string(), s: z.string(), a: z.string(), result: z.string() })).optional(),
})
type Expected = z.infer<typeof expectedShape>

/** DNS answers beside a mail: name -> TXT -> records, each in strings. */
const dnsShape = z.record(z.string(), z.object({ TXT: z.array(z.array(z.string())) }))

/** Corpus files of signatures; the mail's keys stand in another file. */
const FILES = ['signed/pades_simple.pdf', 'signed/two_signatures.pdf', 'signed/dkim_ed25519_rsa.eml'] as const

function readSample(name: string): Uint8Array {
  return readFileSync(new URL(name, SAMPLES))
}

function factsOf({ bills }: Extraction): readonly string[] {
  return bills.map((facts) => toHex(encodeFacts(facts)))
}

function inWords(origin: Origin | undefined): string {
  return origin === undefined ? '-' : `${origin.kind} ${origin.covers} ${origin.isTrusted ? 'trusted' : 'untrusted'}`
}

describe('own signed samples', () => {
  const { list } = parseTrustList(readFileSync(new URL('trust.json', SAMPLES), 'utf8'))

  it('are all read here', () => {
    assert.deepEqual(readdirSync(SAMPLES).sort(), [
      'README.md',
      'bill.eml',
      'feed.xml',
      'statement-twice.pdf',
      'statement.pdf',
      'table-ber.csv.p7m',
      'table-pem.csv.p7m',
      'table.csv',
      'table.csv.p7m',
      'trust.json',
    ])
  })

  for (const name of ['table.csv.p7m', 'table-ber.csv.p7m', 'table-pem.csv.p7m']) {
    it(`give the facts of the file inside, sealed by OpenSSL: ${name}`, async () => {
      const found = await extractBill(readSample(name), list)
      assert.equal(inWords(found.origin), 'cms all trusted')
      assert.deepEqual(factsOf(found), factsOf(await extractBill(readSample('table.csv'))))
      assert.equal(inWords((await extractBill(readSample(name))).origin), 'cms all untrusted')
    })
  }

  it('give the facts of the document, signed by the Java class library: feed.xml', async () => {
    const found = await extractBill(readSample('feed.xml'), list)
    assert.equal(inWords(found.origin), 'xml-signature all trusted')
    assert.equal(found.bills.length, 1)
    assert.deepEqual(factsOf(found), factsOf(await extractBill(readSample('../../europe/roof-day.xml'))))
    const changed = readFileSync(new URL('feed.xml', SAMPLES), 'utf8').replace(/value>\d+/, 'value>7')
    const refused = await extractBill(new TextEncoder().encode(changed), list)
    assert.equal(refused.reason?.code, 'ERR_BILL_SIGNATURE')
    assert.deepEqual(refused.bills, [])
  })

  it('keep the origin of the file inside when the envelope proves less', async () => {
    const content = readSample('feed.xml')
    const around = await extractBill(signCms({ content, seal: 'stranger', certificates: ['stranger'] }), list)
    assert.equal(inWords(around.origin), 'xml-signature all trusted')
    const both = await extractBill(signCms({ content }), list)
    assert.equal(inWords(both.origin), 'cms all trusted')
  })

  it('give the facts of the attached file, signed by two keys of a domain: bill.eml', async () => {
    const found = await extractBill(readSample('bill.eml'), list)
    assert.equal(inWords(found.origin), 'dkim all trusted')
    assert.equal(found.bills[0]?.sources['attachment'], 'part 2')
  })

  it('cover the whole file: statement.pdf, statement-twice.pdf', async () => {
    const once = await verifyPdfSignatures(readSample('statement.pdf'), list)
    assert.equal(inWords(once?.origin), 'pdf-signature all trusted')
    const twice = await verifyPdfSignatures(readSample('statement-twice.pdf'), list)
    assert.equal(inWords(twice?.origin), 'pdf-signature all untrusted')
  })
})

describe('real signed files that are kept outside of this repository', () => {
  for (const file of FILES) {
    it(`give what was expected: ${file}`, async function () {
      const expected = corpusFiles().get(file)
      if (expected === undefined) return this.skip()
      const bytes = readFileSync(new URL(file, CORPUS))
      await (file.endsWith('.pdf') ? checkPdf(bytes, expected) : checkMail(bytes, expected))
      return undefined
    })
  }

  it('are three, and the keys of one', function () {
    const files = [...corpusFiles().keys()].filter((file) => file.startsWith('signed/'))
    if (files.length === 0) return this.skip()
    assert.deepEqual(files.sort(), [...FILES].sort())
    return undefined
  })
})

async function checkPdf(bytes: Uint8Array, expected: Expected): Promise<void> {
  const found = await verifyPdfSignatures(bytes, TRUST_NOBODY)
  const coversAll = expected.coversWholeFile ?? expected.lastCoversWholeFile
  assert.deepEqual(new Set([expected.cmsValid].flat()), new Set([true]))
  assert.equal(found?.origin.covers === 'all', coversAll)
  assert.equal(found?.origin.isTrusted, expected.trusted)
  assert.equal(found?.covered.byteLength, bytes.byteLength)
  // One byte of the file more, or another byte in it, and it is another result.
  const longer = await verifyPdfSignatures(Buffer.concat([bytes, Buffer.from(' ')]), TRUST_NOBODY)
  assert.equal(longer?.origin.covers, 'earlier-revision')
  const changed = Buffer.from(bytes)
  changed[20] = (changed[20] ?? 0) ^ 1
  await assert.rejects(verifyPdfSignatures(changed, TRUST_NOBODY), { name: 'Refusal' })
}

async function checkMail(bytes: Uint8Array, { dkim = [] }: Expected): Promise<void> {
  const answers = dnsShape.parse(JSON.parse(readFileSync(new URL('signed/dkim_dns.json', CORPUS), 'utf8')))
  for (const { d, s, result } of dkim) {
    const name = `${s}._domainkey.${d}`
    const record = answers[name]?.TXT[0]?.join('') ?? ''
    const trust: TrustList = { certificates: new Set(), domainKeys: new Map([[name, record]]) }
    const found = await extractBill(bytes, trust)
    assert.equal(found.verdict, 'needs-review')
    assert.equal(found.reason?.message, 'mail has no attachment')
    assert.equal(inWords(found.origin), result === 'pass' ? 'dkim all trusted' : 'dkim all untrusted', name)
    const changed = Buffer.from(Buffer.from(bytes).toString('latin1').replace('hungry', 'Hungry'), 'latin1')
    assert.equal((await extractBill(changed, trust)).reason?.code, 'ERR_BILL_SIGNATURE')
  }
}

function corpusFiles(): ReadonlyMap<string, Expected> {
  const index = new URL('expected.json', CORPUS)
  if (!existsSync(index)) return new Map()
  const { files } = z
    .object({ files: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(readFileSync(index, 'utf8')))
  return new Map(Object.entries(files).map(([name, expected]) => [name, expectedShape.parse(expected)]))
}
