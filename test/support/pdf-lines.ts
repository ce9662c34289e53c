import { readFileSync } from 'node:fs'
import { readPdfPages } from '#audit/extraction'

/** Text of a PDF as templates see it, one line a line: page, distance from the top, pieces with their places. */
export async function pdfLines(bytes: Uint8Array): Promise<readonly string[]> {
  const pages = await readPdfPages(bytes)
  return pages.flatMap(({ lines }) =>
    lines.flatMap(({ page, y, text, items }) => [
      `page ${page}, y ${y}: ${text}`,
      `    ${items.map((item) => `${item.text} @${Math.round(item.left)}-${Math.round(item.right)}`).join('  ')}`,
    ]),
  )
}

// `node test/support/pdf-lines.ts FILE`
if (process.argv[1] === import.meta.filename) {
  for (const line of await pdfLines(readFileSync(process.argv[2] ?? ''))) process.stdout.write(`${line}\n`)
}
