import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { historyPage } from '../unit/audit/history-print.ts'
import { pdfFile } from '../unit/audit/pdf-file.ts'
import { rge2Page } from '../unit/audit/rge-2-bill.ts'
import { rgePage } from '../unit/audit/rge-bill.ts'

/** Where the samples are kept. */
export const PDF_SAMPLES = new URL('../../samples/formats/pdf/', import.meta.url)

/** The invoice that one of the samples carries. */
export const SAMPLE_INVOICE = new URL('factur-x.xml', PDF_SAMPLES)

/** The files of `samples/formats/pdf/`: streams are not packed, so that the bytes depend on no library. */
export function pdfSamples(): ReadonlyMap<string, Uint8Array> {
  const isPacked = false
  const invoice = { name: 'factur-x.xml', content: readFileSync(SAMPLE_INVOICE) }
  const note = { name: 'tips.txt', content: 'Turn off the light.' }
  return new Map([
    ['rge-3-solar.pdf', pdfFile({ pages: [rgePage()], isPacked })],
    ['rge-2-solar.pdf', pdfFile({ pages: [rge2Page()], isPacked })],
    [
      'factur-x.pdf',
      pdfFile({ pages: [[{ text: 'Stromrechnung', x: 40, y: 80 }]], attachments: [invoice, note], isPacked }),
    ],
    [
      'history.pdf',
      pdfFile({
        pages: [
          historyPage([
            ['5/7/2024', '5/2/24', '30', '1,240'],
            ['5/9/2024', '5/2/24', '30', '-1,240'],
            ['5/9/2024', '12/31/30', '0', '2,475'],
          ]),
        ],
        isPacked,
        pageWidth: 792,
      }),
    ],
    ['no-text.pdf', pdfFile({ isPacked })],
  ])
}

// `node test/support/pdf-samples.ts` writes them anew after a change of the builders; a test compares.
if (process.argv[1] === import.meta.filename) {
  mkdirSync(PDF_SAMPLES, { recursive: true })
  for (const [name, bytes] of pdfSamples()) writeFileSync(new URL(name, PDF_SAMPLES), bytes)
}
