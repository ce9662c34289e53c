import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { ReviewView } from '#api'
import { extractBill } from '#audit'
import { extractionToJson, parseReviewEntry, utf8 } from '#protocol'
import type { ReviewEntry } from '#protocol'
import { withExaminer } from '../../node/cli/with-examiner.ts'
import { hashFile } from '../../node/hash-file.ts'
import { verifyProof } from '../../node/verify.ts'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { Rogue } from '../support/rogue.ts'
import { until } from '../support/until.ts'
import { bill, kWh, ublFile } from '../unit/audit/einvoice-file.ts'

const NEVER = new AbortController().signal
const POINT = 'P-WITHOUT-PERIOD'
const HONEST = [0, 1, 2] as const

/** An invoice of 600 kWh that says everything but the period. */
function undatedInvoice(): Uint8Array {
  const lines = [
    kWh('Electricity usage - Peak', '400', { price: '0.25', amount: '100.00' }),
    kWh('Electricity usage - Off-peak', '200', { price: '0.20', amount: '40.00' }),
    kWh('Electricity tax', '600', { price: '0.01', amount: '6.00' }),
  ]
  const { period, ...invoice } = bill(lines, { points: [], country: 'US' })
  assert.ok(period)
  return utf8(ublFile({ ...invoice, lines: invoice.lines.map((line) => ({ ...line, point: [POINT, 'AVE'] })) }))
}

/** What a person reads: the figures of the file, and the period that a person knows. */
function entryOf(end = '2022-04-01'): ReviewEntry {
  return parseReviewEntry({
    commodity: 'electricity',
    point: POINT,
    service: { start: '2022-03-01', end },
    import: { value: '600', unit: 'kWh' },
    kind: 'actual',
    place: { country: 'US', state: 'CA' },
  })
}

describe('a region that is handed facts of which no claim can be made', () => {
  const bytes = undatedInvoice()
  let region: LiveRegion
  let rogue: Rogue

  before(async () => {
    region = await startLiveRegion({ started: HONEST })
    rogue = await Rogue.join(region, 3)
  })

  after(async () => {
    await rogue.stop()
    await region.stop()
  })

  async function untilHere(position: number, cid: string): Promise<ReviewView> {
    return until(`auditor ${position} has the bill to review`, async () =>
      (await region.node(position).listReviews()).find((review) => review.cid === cid && review.here),
    )
  }

  it('refuses a claim of them with an invented period, whoever makes it', async () => {
    const { cid } = await rogue.archive.addBill(bytes)
    const readable = await rogue.claimOf(csvBill({ point: POINT, kWh: '600' }))
    const invented = { ...readable, bill: cid, plainHash: hashFile(bytes) }
    const { batch } = await rogue.propose({ claims: [invented], seq: 1 })
    for (const { content, refusals } of await rogue.untilVotes(batch, HONEST.length)) {
      assert.equal(content.accepted, 0)
      assert.deepEqual(
        refusals.map(({ code }) => code),
        ['ERR_BILL_UNSTATED'],
      )
    }
  })

  it('shows people the figures, and certifies them with the period that a quorum has entered', async () => {
    const { verdict, read } = extractionToJson(await extractBill(bytes))
    assert.deepEqual([verdict, read?.[0]?.import?.kWh, read?.[0]?.missing], ['facts', '600', ['service']])
    const { cid, state, reason, claims } = await submitTo(region.node(0), submissionOf(bytes))
    assert.deepEqual([state, reason?.code, claims], ['needs-review', 'ERR_BILL_UNSTATED', []])
    await assert.rejects(region.node(0).figures.explain(cid, undefined, NEVER), {
      code: 'ERR_BILL_NO_FIGURES',
      details: { reason: 'ERR_BILL_UNSTATED' },
    })
    for (const position of HONEST) {
      await untilHere(position, cid)
      const shown = await region.node(position).showReview(cid, NEVER)
      assert.deepEqual([shown.reason?.code, shown.read], ['ERR_BILL_UNSTATED', read])
    }
    for (const position of [1, 2]) await region.node(position).enterReview(cid, entryOf(), NEVER)
    // Two of three are no quorum, and nothing that extraction read stands in for the third.
    assert.equal((await region.node(0).findStatus(cid))?.state, 'needs-review')
    await region.node(0).enterReview(cid, entryOf(), NEVER)
    await until('the bill leaves review', async () =>
      (await region.node(0).findStatus(cid))?.state === 'needs-review' ? undefined : true,
    )
    const { claims: certified } = await untilState(region.node(0), cid, 'final')
    assert.deepEqual(
      certified.map(({ assurance, energyKWh, service }) => [assurance, energyKWh, service]),
      [['reviewed', '600', { start: '2022-03-01', end: '2022-04-01' }]],
    )
    const proof = await region.node(0).findProof(cid, NEVER, 0, 'test account')
    assert.ok(proof !== undefined)
    const { charter, regionSecret } = region
    await withExaminer(async (examiner) => {
      const verify = async (entry: ReviewEntry): Promise<readonly string[]> => {
        const { checks } = await verifyProof({
          proof,
          charter,
          bill: { bytes, examiner, regionSecret },
          reviewed: { entry, examiner, regionSecret },
          signal: NEVER,
        })
        return checks.filter(({ ok }) => !ok).map(({ name }) => name)
      }
      assert.deepEqual(await verify(entryOf()), [])
      assert.deepEqual(await verify(entryOf('2022-05-01')), ['facts', 'derivation', 'period'])
    })
  })

  it('treats what a plant produced and feed-in alone the same way', async () => {
    const produced = readFileSync(new URL('../../samples/formats/csv/enphase.csv', import.meta.url))
    const feedIn = [kWh('Solar feed-in', '150', { price: '-0.05', amount: '-7.50' })]
    for (const [file, code] of [
      [new Uint8Array(produced), 'ERR_BILL_GENERATION'],
      [utf8(ublFile(bill(feedIn, { points: ['P-FEED-IN'] }))), 'ERR_BILL_UNSTATED'],
    ] as const) {
      assert.equal((await extractBill(file)).verdict, 'facts')
      const { cid, state, reason, claims } = await submitTo(region.node(1), submissionOf(file))
      assert.deepEqual([state, reason?.code, claims], ['needs-review', code, []])
      const shown = await region.node(1).showReview(cid, NEVER)
      assert.ok(shown.read?.[0]?.missing.includes('import') === true)
    }
  })
})
