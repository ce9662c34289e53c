import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const PRINTER = fileURLToPath(new URL('../support/print-modules.ts', import.meta.url))
/** What reads signatures, PDFs and archives: long to load, and needed for few files. */
const LIBRARIES = /node_modules\/(?:pkijs|asn1js|pvtsutils|unpdf)\//

/** Modules that a fresh process has loaded after it imported one. */
async function modulesOf(entry: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [PRINTER, entry])
  const modules = JSON.parse(stdout) as string[]
  assert.ok(modules.some((url) => url.endsWith(entry)))
  return modules
}

describe('the start of a process', () => {
  it('loads no reader of bills with the rules: workers read them', async () => {
    const modules = await modulesOf('audit/index.ts')
    assert.deepEqual(
      modules.filter((url) => LIBRARIES.test(url) || /\/(?:saxes|yauzl|csv-parse)\//.test(url)),
      [],
    )
    assert.deepEqual(
      modules.filter((url) => /\/audit\/(?:formats\/[^/]+\/|extract\.ts)/.test(url)),
      [],
    )
  })

  it('loads no library for signatures or PDFs with the readers: the first file that needs one does', async () => {
    const modules = await modulesOf('audit/extract.ts')
    assert.ok(modules.some((url) => url.endsWith('/audit/formats/pdf/extract-pdf.ts')))
    assert.deepEqual(
      modules.filter((url) => LIBRARIES.test(url)),
      [],
    )
  })
})
