import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { extractBill, TRUST_NOBODY } from '#audit'
import { extractPdf } from '#audit/extraction'
import type { Facts } from '#protocol'
import { pdfLines } from '../../support/pdf-lines.ts'
import { BEISPIELSTADT } from './beispielstadt.ts'
import { pdfFile } from './pdf-file.ts'
import type { MadeText } from './pdf-file.ts'
import { rgePage } from './rge-bill.ts'

const GUIDE = new URL('../../../docs/add-a-pdf-template.md', import.meta.url)
const CONTEXT = { trust: TRUST_NOBODY, readInner: extractBill, readLast: extractBill }

/** Figures of an invented bill; the defaults agree with each other. */
type Bill = {
  readonly energy?: string
  readonly charged?: string
  readonly total?: string
  readonly days?: string
  readonly note?: string
}

function pageOf({
  energy = '2740',
  charged = '2740',
  total = '1.015,92',
  days = '366',
  note = '',
}: Bill = {}): MadeText[] {
  const rows = [
    ['Stadtwerke Beispielstadt GmbH'],
    ['Rechnungsnummer ', '20240817'],
    ['Jahresrechnung Strom'],
    ['Marktlokation ', '70123456784'],
    [`Ablesung vom 01.02.2024 bis 01.02.2025 (${days} Tage)`, note],
    ['Zählernummer', 'Zustand neu', 'Zustand alt', 'Faktor', 'Verbrauch'],
    ['8812345670', 'Bezug', '48211', '45471', '1,00', `${energy} kWh Bezug`],
    [`Arbeitspreis ${charged} kWh x 32,70 ct`, '895,98 EUR'],
    ['Grundpreis', '119,94 EUR'],
    ['Rechnungsbetrag', `${total} EUR`],
  ]
  return rows.flatMap((row, index) =>
    row.map((text, at) => ({ text, x: 60 + (row.length === 2 ? 220 : 78) * at, y: 80 + 20 * index })),
  )
}

async function read(bill?: Bill): Promise<Facts> {
  const { bills } = await extractPdf(pdfFile({ pages: [pageOf(bill)] }), CONTEXT, [BEISPIELSTADT])
  assert.ok(bills[0])
  return bills[0]
}

async function refused(bill: Bill, code: string): Promise<void> {
  await assert.rejects(read(bill), ({ reason }: { reason: { code: string } }) => reason.code === code)
}

describe('the guide to PDF templates', () => {
  it('shows a template that is tested here, to the letter', () => {
    const source = readFileSync(new URL('beispielstadt.ts', import.meta.url), 'utf8')
    assert.ok(readFileSync(GUIDE, 'utf8').includes(source.replace("from '#audit'", "from '../template.ts'").trim()))
  })

  it('shows how to see the lines that patterns see', async () => {
    const lines = await pdfLines(pdfFile({ pages: [pageOf()] }))
    assert.ok(lines.includes('page 1, y 200: 8812345670Bezug48211454711,002740kWhBezug'), lines.join('\n'))
    assert.ok(lines.some((line) => line.startsWith('    8812345670 @60-110  Bezug @138')))
  })

  it('leads to a template that reads what was put in', async () => {
    const facts = await read()
    assert.deepEqual(facts.import, { value: { u: 274n, e: 1 }, unit: 'kWh' })
    assert.deepEqual(facts.service, { start: '2024-02-01', end: '2025-02-01', basis: 'reading-dates' })
    assert.deepEqual(facts.money, { currency: 'EUR', payable: { u: 101592n, e: -2 } })
    assert.deepEqual([facts.point, facts.meter, facts.invoice], ['70123456784', '8812345670', '20240817'])
    assert.equal(facts.export, undefined)
  })

  it('leads to a template that refuses each figure that contradicts another one', async () => {
    await refused({ energy: '2741' }, 'ERR_BILL_ARITHMETIC')
    await refused({ charged: '2739' }, 'ERR_BILL_ARITHMETIC')
    await refused({ total: '1.015,93' }, 'ERR_BILL_ARITHMETIC')
    await refused({ days: '365' }, 'ERR_BILL_PERIOD')
    await refused({ note: 'Zustand geschätzt' }, 'ERR_BILL_TEMPLATE')
  })

  it('leads to a template that refuses more energy than any customer uses', async () => {
    const absurd = extractPdf(pdfFile({ pages: [pageOf()] }), CONTEXT, [{ ...BEISPIELSTADT, unit: 'GWh' }])
    await assert.rejects(absurd, ({ reason }: { reason: { code: string } }) => reason.code === 'ERR_BILL_ABSURD')
  })

  it('leads to a template that leaves other prints alone, and its own where a label has moved', async () => {
    const moved = pageOf().map((one) => (one.text === 'Jahresrechnung Strom' ? { ...one, x: one.x + 2 } : one))
    for (const page of [rgePage(), moved]) {
      await assert.rejects(extractPdf(pdfFile({ pages: [page] }), CONTEXT, [BEISPIELSTADT]), /no template/)
    }
  })
})
