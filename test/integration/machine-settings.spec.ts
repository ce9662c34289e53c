import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PRINTER = fileURLToPath(new URL('../support/print-figures.ts', import.meta.url))

/** Settings far apart: a day that begins 14 hours earlier, half hours, a decimal comma, digits of another script. */
const SETTINGS: readonly { readonly TZ: string; readonly LANG: string; readonly says: string }[] = [
  { TZ: 'UTC', LANG: 'C', says: 'UTC en-US' },
  { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', says: 'Pacific/Kiritimati tr-TR' },
  { TZ: 'America/St_Johns', LANG: 'ar_EG.UTF-8', says: 'America/St_Johns ar-EG' },
]

type Printed = { readonly figures: string; readonly says: string }

async function printFigures(TZ: string, LANG: string): Promise<Printed> {
  const env = { ...process.env, TZ, LANG, LC_ALL: LANG, LANGUAGE: LANG.slice(0, 2) }
  return new Promise((resolve, reject) => {
    const options = { env, maxBuffer: 64 * 1024 * 1024 }
    execFile(process.execPath, [PRINTER], options, (error, figures, says) => {
      if (error === null) resolve({ figures, says: says.trim() })
      else reject(error)
    })
  })
}

describe('figures', () => {
  it('are the same bytes in any time zone and language', async () => {
    const printed = await Promise.all(SETTINGS.map(async ({ TZ, LANG }) => printFigures(TZ, LANG)))
    const [first] = printed
    assert.ok(first)
    const lines = first.figures.split('\n')
    assert.ok(lines.length > 150, 'samples and vectors were printed')
    assert.ok(lines.some((line) => line.startsWith('[{"year":2022,"wh":')))
    assert.ok(lines.filter((line) => line.includes('"gramsCO2e"')).length > 100)
    for (const [index, { says, TZ, LANG }] of SETTINGS.entries()) {
      // Else the settings did not reach the process, and equality would say nothing.
      assert.equal(printed[index]?.says, says)
      assert.equal(printed[index]?.figures, first.figures, `${TZ} ${LANG}`)
    }
  })
})
