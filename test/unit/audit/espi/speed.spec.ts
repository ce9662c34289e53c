import assert from 'node:assert/strict'
import { SaxesParser } from 'saxes'
import { extractBill } from '#audit'
import { utf8 } from '#protocol'
import { greenButtonFile, hourly } from '../green-button-file.ts'

const RUNS = 12
/** Extraction takes about 1.6 times as long as the parser alone; a parser that has lost its speed takes five times as long. */
const MOST_TIMES = 4

/** Shortest time of several runs: a machine that is busy with something else makes runs longer, never shorter. */
async function shortestMs(run: () => unknown): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY
  for (let count = 0; count < RUNS; count += 1) {
    const start = performance.now()
    await run()
    shortest = Math.min(shortest, performance.now() - start)
  }
  return shortest
}

describe('reading of Green Button', () => {
  it('takes little more time than its XML parser does for nothing', async function () {
    this.timeout(60_000)
    const text = greenButtonFile({ readings: hourly(Array.from({ length: 4_000 }, (_, index) => index % 700)) })
    const bytes = utf8(text)
    const parserMs = await shortestMs(() => {
      const parser = new SaxesParser({ xmlns: true })
      parser.on('text', () => undefined)
      parser.write(text).close()
    })
    const wholeMs = await shortestMs(async () => {
      const { verdict } = await extractBill(bytes)
      assert.equal(verdict, 'facts')
    })
    assert.ok(wholeMs < MOST_TIMES * parserMs, `${wholeMs} ms for a file that the parser alone reads in ${parserMs} ms`)
  })
})
