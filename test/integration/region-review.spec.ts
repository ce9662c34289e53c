import assert from 'node:assert/strict'
import type { BillStatus, ReviewView } from '#api'
import { loadDatasets } from '#datasets'
import { CodedError, hashReviewEntry, parseReviewEntry } from '#protocol'
import type { ReviewEntry } from '#protocol'
import { Examiner } from '../../node/examiner.ts'
import { verifyProof } from '../../node/verify.ts'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { checkInvariants } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { readEntry, scan, untilCertified } from '../support/reviews.ts'
import { until } from '../support/until.ts'

const NEVER = new AbortController().signal

/** It reads no bill: what people read is all that it computes with. */
async function makeExaminer(): Promise<Examiner> {
  const extract = async (): Promise<never> => Promise.reject(new Error('no bill is read'))
  return new Examiner({ extract, close: async () => undefined }, await loadDatasets())
}

describe('a region whose people read what extraction does not', () => {
  let region: LiveRegion

  before(async () => {
    region = await startLiveRegion()
  })

  after(async () => {
    await region.stop()
  })

  async function untilHere(position: number, cid: string): Promise<ReviewView> {
    return until(`auditor ${position} has the bill to review`, async () =>
      (await region.node(position).listReviews()).find((review) => review.cid === cid && review.here),
    )
  }

  async function untilEntries(position: number, cid: string, entries: number): Promise<void> {
    await until(`auditor ${position} knows of ${entries} entries`, async () => {
      const review = (await region.node(position).listReviews()).find((one) => one.cid === cid)
      return review?.entries === entries
    })
  }

  async function untilEqual(position: number, cid: string, equal: number): Promise<void> {
    await until(`auditor ${position} knows of ${equal} equal entries`, async () =>
      (await region.node(position).listReviews()).some((one) => one.cid === cid && one.equal === equal),
    )
  }

  async function enter(position: number, cid: string, entry: ReviewEntry): Promise<ReviewView> {
    await untilHere(position, cid)
    return region.node(position).enterReview(cid, entry, NEVER)
  }

  /** The proof with the bill, without and with what people read, and with something else. */
  async function verifyAll(cid: string, bytes: Uint8Array, entry: ReviewEntry): Promise<void> {
    const proof = await region.node(0).findProof(cid, NEVER, 0, 'test account')
    assert.ok(proof !== undefined)
    const examiner = await makeExaminer()
    const { charter, regionSecret, archiveIdentity } = region
    const bill = { bytes, examiner, sealedIdentities: [archiveIdentity], regionSecret }
    const verify = async (facts?: ReviewEntry): ReturnType<typeof verifyProof> =>
      verifyProof({
        proof,
        charter,
        bill,
        signal: NEVER,
        rpcUrl: region.anvil.rpcUrl,
        ...(facts === undefined ? {} : { reviewed: { entry: facts, examiner, regionSecret } }),
      })
    const without = await verify()
    assert.ok(without.ok, JSON.stringify(without.checks))
    const said = without.checks.find(({ name }) => name === 'recomputation')
    assert.match(said?.detail ?? '', /reviewed by 3 auditors.*recomputation from bytes not possible/)
    const disclosed = await verify(entry)
    assert.ok(disclosed.ok, JSON.stringify(disclosed.checks))
    for (const name of ['facts', 'derivation', 'period', 'energy', 'grams', 'place', 'point-tag']) {
      const line = disclosed.checks.find((check) => check.name === name)
      assert.deepEqual([line?.ok, line?.skipped], [true, undefined], name)
    }
    const other = await verify(readEntry('R1', '129'))
    const failed = other.checks.filter(({ ok }) => !ok).map(({ name }) => name)
    assert.deepEqual(failed, ['facts', 'derivation', 'energy', 'grams', 'point-tag'])
  }

  async function statusAt(position: number, cid: string): Promise<BillStatus | undefined> {
    return region.node(position).findStatus(cid)
  }

  for (const visibility of ['public', 'sealed'] as const) {
    it(`certifies a ${visibility} bill that a quorum has entered alike, as reviewed`, async () => {
      const bytes = scan(`three ${visibility}`)
      const { cid, state } = await submitTo(region.node(0), submissionOf(bytes, visibility))
      assert.equal(state, 'needs-review')
      // The same in other words: blanks, case and trailing zeros are no difference.
      const entries = [readEntry('r 1 ' + visibility), readEntry('R1' + visibility.toUpperCase(), '128.0')]
      assert.deepEqual(hashReviewEntry(entries[0] ?? []), hashReviewEntry(entries[1] ?? []))
      await untilHere(1, cid)
      assert.deepEqual(await region.node(1).readReview(cid, NEVER), bytes)
      const shown = await region.node(1).showReview(cid, NEVER)
      assert.equal(shown.reason?.code, 'ERR_BILL_FORMAT_UNKNOWN')
      await enter(1, cid, entries[1] ?? [])
      await enter(2, cid, entries[0] ?? [])
      await untilEntries(0, cid, 2)
      const waiting = await statusAt(0, cid)
      assert.deepEqual([waiting?.state, waiting?.review], ['needs-review', { entries: 2, quorum: 3 }])
      // How many are equal is not said before a quorum has entered.
      for (const position of [0, 1, 2]) assert.equal((await untilHere(position, cid)).equal, undefined)
      await enter(0, cid, entries[0] ?? [])
      for (const position of [0, 1, 2, 3]) {
        const { claims } = await untilCertified(region, position, cid)
        assert.deepEqual(
          claims.map(({ assurance, energyKWh, gramsCO2e, origin }) => [assurance, energyKWh, gramsCO2e, origin]),
          [['reviewed', '128', '26561', 'unsigned']],
        )
      }
      assert.deepEqual(await region.node(0).listReviews(), [])
      const access = { accountId: 'test account', isReviewer: false }
      assert.deepEqual(await region.node(0).findReviewed(cid, access), entries[0])
      const stranger = await region.node(0).findReviewed(cid, { accountId: 'somebody', isReviewer: false })
      assert.equal(stranger === undefined, visibility === 'sealed')
      await assert.rejects(region.node(1).enterReview(cid, readEntry('OTHER'), NEVER), { code: 'ERR_REVIEW_CLOSED' })
      await untilState(region.node(0), cid, 'final')
      await verifyAll(cid, bytes, entries[0] ?? [])
    })
  }

  it('certifies nothing while one of three differs, and certifies once that is corrected', async () => {
    const { cid } = await submitTo(region.node(1), submissionOf(scan('differs')))
    const right = readEntry('DIFFERS')
    await enter(1, cid, right)
    await enter(2, cid, right)
    await enter(3, cid, readEntry('DIFFERS', '182'))
    await untilEqual(1, cid, 2)
    await untilEqual(2, cid, 2)
    // Whoever erred sees that nobody else read the same, and nothing of what they read.
    await untilEqual(3, cid, 1)
    assert.equal((await statusAt(1, cid))?.state, 'needs-review')
    assert.deepEqual((await statusAt(1, cid))?.claims, [])
    await enter(3, cid, right)
    await untilCertified(region, 1, cid)
    await untilCertified(region, 0, cid)
  })

  it('counts no entry that was withdrawn', async () => {
    const { cid } = await submitTo(region.node(2), submissionOf(scan('withdrawn')))
    const right = readEntry('WITHDRAWN')
    await enter(0, cid, right)
    assert.equal((await region.node(0).withdrawReview(cid)).own, 'withdrawn')
    await enter(1, cid, right)
    await enter(2, cid, right)
    await until('the withdrawal is known', async () =>
      (await region.node(2).listReviews()).some((one) => one.cid === cid && one.entries === 2 && one.own === 'entered'),
    )
    assert.equal((await statusAt(2, cid))?.state, 'needs-review')
    await enter(0, cid, right)
    await untilCertified(region, 2, cid)
  })

  it('goes on after a restart of everybody in between', async () => {
    const { cid } = await submitTo(region.node(3), submissionOf(scan('restart'), 'sealed'))
    const right = readEntry('RESTART')
    await enter(3, cid, right)
    await enter(0, cid, right)
    for (const position of [3, 0]) await region.stopNode(position)
    for (const position of [3, 0]) await region.startNode(position)
    await untilEntries(3, cid, 2)
    assert.equal((await region.node(0).showReview(cid, NEVER)).own, 'entered')
    await enter(1, cid, right)
    const { claims } = await untilCertified(region, 3, cid)
    assert.equal(claims[0]?.assurance, 'reviewed')
  })

  it('takes no entry for a bill that extraction reads, for no bill, and none that gives no claim', async () => {
    const { cid } = await submitTo(region.node(0), submissionOf(scan('not needed')))
    const readable = await submitTo(region.node(0), submissionOf(csvBill({ point: 'readable' })))
    const enterAt = async (which: string, entry: ReviewEntry): Promise<ReviewView> =>
      region.node(0).enterReview(which, entry, NEVER)
    await assert.rejects(enterAt(readable.cid, readEntry('X')), { code: 'ERR_REVIEW_UNKNOWN' })
    const elsewhere = parseReviewEntry({ ...readEntry('X')[0], place: { country: 'DE' } })
    const detailsOf = (thrown: unknown): object => {
      assert.ok(thrown instanceof CodedError)
      return { ...thrown.details, code: thrown.code }
    }
    await assert.rejects(enterAt(cid, elsewhere), (thrown) => {
      assert.deepEqual(detailsOf(thrown), { code: 'ERR_REVIEW_FACTS', reason: 'ERR_REGION_OTHER' })
      return true
    })
    const overlapping = parseReviewEntry([
      ...readEntry('X'),
      { ...readEntry('X')[0], service: { start: '2022-03-31', end: '2022-05-01' } },
    ])
    await assert.rejects(enterAt(cid, overlapping), (thrown) => {
      assert.deepEqual(detailsOf(thrown), { code: 'ERR_REVIEW_FACTS', reason: 'ERR_CLAIM_OVERLAP' })
      return true
    })
    const noFactor = parseReviewEntry({ ...readEntry('X')[0], service: { start: '1991-01-01', end: '1991-02-01' } })
    await assert.rejects(enterAt(cid, noFactor), (thrown) => {
      assert.deepEqual(detailsOf(thrown), { code: 'ERR_REVIEW_FACTS', reason: 'ERR_FACTOR_NOT_AVAILABLE' })
      return true
    })
  })

  it('keeps its records in order', async () => {
    await Promise.all([0, 1, 2, 3].map(async (position) => region.stopNode(position)))
    await checkInvariants(region, [0, 1, 2, 3])
  })
})
