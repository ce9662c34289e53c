import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { kwitness } from '../support/kwitness.ts'
import { checkEquations, readExplanation, recomputeFootprint, resultOf } from '../support/explanation-reader.ts'

const samples = z
  .array(
    z.object({
      file: z.string(),
      declaredPlace: z.object({ utility: z.object({ eia: z.number(), state: z.string() }) }).optional(),
      expect: z.array(z.object({ gramsCO2e: z.string() })),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL('../../samples/manifest.json', import.meta.url), 'utf8')))

describe('kwitness explain', function () {
  this.timeout(60_000)

  for (const { file, declaredPlace, expect } of samples) {
    it(`prints arithmetic for ${file} that somebody else can do again, at any width`, async () => {
      const utility = declaredPlace?.utility
      const place = utility === undefined ? [] : ['--utility', `${utility.eia}:${utility.state}`]
      const widths = ['80', '120']
      const texts = await Promise.all(
        widths.map(async (columns) => {
          const { code, out, err } = await kwitness(['explain', `samples/${file}`, ...place], {
            environment: { COLUMNS: columns },
          })
          assert.deepEqual({ code, err }, { code: 0, err: '' })
          return out
        }),
      )
      for (const [i, text] of texts.entries()) {
        const long = text
          .split('\n')
          .filter((line) => line.length > Number(widths[i]) && line.slice(13).trim().includes(' '))
        assert.deepEqual(long, [], 'only a word that is longer than the line may stick out')
        const bills = text.split(/^(?=Bill \d)/m).slice(1)
        assert.equal(bills.length, expect.length)
        for (const [ordinal, bill] of bills.entries()) {
          const sections = readExplanation(bill)
          assert.ok(checkEquations(sections) > 0)
          const grams = recomputeFootprint(sections)
          assert.equal(grams.toString(), expect[ordinal]?.gramsCO2e)
          assert.equal(resultOf(sections, 'Footprint: location-based'), grams)
        }
      }
    })
  }
})
