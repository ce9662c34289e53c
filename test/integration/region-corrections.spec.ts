import assert from 'node:assert/strict'
import type { BillStatus, ClaimStatus } from '#api'
import { parseReviewEntry } from '#protocol'
import type { ReviewEntry } from '#protocol'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { checkInvariants, valuesOf, withStore } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { until } from '../support/until.ts'

const NEVER = new AbortController().signal
const UNKNOWN = `0x${'7'.repeat(64)}`

/** A picture, which no extractor reads; other bytes for each label. */
function scan(label: string): Uint8Array {
  return new Uint8Array([0x89, 0x50, 0x4e, 0x47, ...new TextEncoder().encode(label)])
}

type Read = { readonly kWh: string; readonly end?: string; readonly supersedes?: string; readonly point?: string }

function entryOf({ kWh, end = '2022-04-01', supersedes, point = 'P1' }: Read): ReviewEntry {
  return parseReviewEntry({
    commodity: 'electricity',
    point,
    service: { start: '2022-03-01', end },
    import: { value: kWh, unit: 'kWh' },
    kind: 'actual',
    place: { country: 'US', state: 'CA' },
    ...(supersedes === undefined ? {} : { supersedes }),
  })
}

describe('a region in which a bill is corrected', () => {
  let region: LiveRegion

  before(async () => {
    region = await startLiveRegion()
  })

  after(async () => {
    await region.stop()
  })

  async function claimOf(position: number, cid: string): Promise<ClaimStatus> {
    const [claim] = (await region.node(position).findStatus(cid))?.claims ?? []
    assert.ok(claim !== undefined)
    return claim
  }

  async function certify(point: string): Promise<ClaimStatus> {
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point })))
    for (const position of [0, 1, 2]) await untilState(region.node(position), cid, 'certified')
    return claimOf(0, cid)
  }

  async function enterAt(position: number, cid: string, entry: ReviewEntry): Promise<unknown> {
    await until(`auditor ${position} has the bill to review`, async () =>
      (await region.node(position).listReviews()).some((review) => review.cid === cid && review.here),
    )
    return region.node(position).enterReview(cid, entry, NEVER)
  }

  async function correct(label: string, entry: ReviewEntry): Promise<string> {
    const { cid } = await submitTo(region.node(1), submissionOf(scan(label)))
    for (const position of [0, 1, 2]) await enterAt(position, cid, entry)
    return cid
  }

  async function untilCertified(position: number, cid: string): Promise<BillStatus> {
    return until(`bill ${cid} is certified at auditor ${position}`, async () => {
      const status = await region.node(position).findStatus(cid)
      return status !== undefined && ['certified', 'anchored', 'final'].includes(status.state) ? status : undefined
    })
  }

  /** Who holds the period, as whoever hands in another bill of it is told. */
  async function holderOf(point: string, days: { start: string; end: string }, kWh = '999'): Promise<string> {
    const other = submissionOf(csvBill({ point, kWh, ...days }))
    const refusal = await submitTo(region.node(0), other).then(
      () => 'taken',
      (thrown: { readonly code?: string; readonly details?: { readonly heldBy?: string } }) =>
        `${thrown.code ?? ''} ${thrown.details?.heldBy ?? ''}`,
    )
    return refusal
  }

  it('gives the period to the claim that names the one it replaces, and to no other', async () => {
    // One auditor is away, and learns of everything later, in whatever order.
    await region.stopNode(3)
    const old = await certify('P1')
    const march = { start: '2022-03-01', end: '2022-04-01' }
    assert.equal(await holderOf('P1', march), `ERR_CLAIM_OVERLAP ${old.claimId}`)

    // The correction is shorter, and says what it replaces.
    const right = entryOf({ kWh: '100', end: '2022-03-20', supersedes: old.claimId })
    const cid = await correct('first correction', right)
    for (const position of [0, 1, 2]) {
      const { claims } = await untilCertified(position, cid)
      const [claim] = claims
      assert.deepEqual([claim?.supersedes, claim?.energyKWh, claim?.assurance], [old.claimId, '100', 'reviewed'])
      const oldCid = (await submitTo(region.node(0), submissionOf(csvBill({ point: 'P1' })))).cid
      const replaced = await claimOf(position, oldCid)
      assert.deepEqual([replaced.claimId, replaced.supersededBy], [old.claimId, claim?.claimId])
      assert.equal(claim?.supersededBy, undefined)
    }
    const corrected = await claimOf(0, cid)
    assert.equal(await holderOf('P1', march), `ERR_CLAIM_OVERLAP ${corrected.claimId}`)

    // A second correction replaces the first one; the old claim cannot be replaced again.
    const { cid: second } = await submitTo(region.node(1), submissionOf(scan('second correction')))
    const again = entryOf({ kWh: '90', supersedes: old.claimId })
    await assert.rejects(enterAt(1, second, again), (thrown: { details?: object }) => {
      assert.deepEqual(thrown.details, { reason: 'ERR_CLAIM_SUPERSEDES' })
      return true
    })
    const last = entryOf({ kWh: '90', supersedes: corrected.claimId })
    for (const position of [0, 1, 2]) await enterAt(position, second, last)
    for (const position of [0, 1, 2]) await untilCertified(position, second)
    const standing = await claimOf(0, second)
    assert.equal((await claimOf(2, cid)).supersededBy, standing.claimId)
    assert.equal(
      await holderOf('P1', { start: '2022-03-25', end: '2022-04-01' }),
      `ERR_CLAIM_OVERLAP ${standing.claimId}`,
    )

    // The auditor that was away comes to the same.
    await region.startNode(3)
    await untilCertified(3, cid)
    await untilCertified(3, second)
    assert.deepEqual(
      [(await claimOf(3, cid)).supersededBy, (await claimOf(3, second)).supersededBy],
      [standing.claimId, undefined],
    )
  })

  it('takes no entry that replaces a claim which is not known, or is of another metering point', async () => {
    const other = await certify('P2')
    const { cid } = await submitTo(region.node(1), submissionOf(scan('of nothing')))
    for (const supersedes of [UNKNOWN, other.claimId]) {
      await assert.rejects(
        enterAt(1, cid, entryOf({ kWh: '1', point: 'P9', supersedes })),
        (thrown: { details?: object }) => {
          assert.deepEqual(thrown.details, { reason: 'ERR_CLAIM_SUPERSEDES' })
          return true
        },
      )
    }
    assert.equal((await region.node(1).findStatus(cid))?.review?.entries, 0)
  })

  it('refuses a correction that does not say what it replaces', async () => {
    const old = await certify('P3')
    const cid = await correct('says nothing', entryOf({ kWh: '70', point: 'P3' }))
    const refused = await until('the correction is refused', async () => {
      const status = await region.node(1).findStatus(cid)
      return status?.state === 'rejected' ? status : undefined
    })
    assert.deepEqual([refused.reason?.code, refused.reason?.heldBy], ['ERR_CLAIM_OVERLAP', old.claimId])
  })

  it('needs a quorum that replaces the same claim', async () => {
    const [first, second] = [await certify('P4'), await certify('P5')]
    assert.notEqual(first.claimId, second.claimId)
    const { cid } = await submitTo(region.node(1), submissionOf(scan('of two minds')))
    await enterAt(0, cid, entryOf({ kWh: '5', point: 'P4', supersedes: first.claimId }))
    await enterAt(1, cid, entryOf({ kWh: '5', point: 'P4', supersedes: first.claimId }))
    await enterAt(2, cid, entryOf({ kWh: '5', point: 'P4' }))
    for (const [position, equal] of [2, 2, 1].entries()) {
      await until('all entries are opened', async () =>
        (await region.node(position).listReviews()).some((review) => review.cid === cid && review.equal === equal),
      )
    }
    assert.equal((await region.node(1).findStatus(cid))?.state, 'needs-review')
  })

  it('keeps its records in order, and both claims on record', async () => {
    await Promise.all([0, 1, 2, 3].map(async (position) => region.stopNode(position)))
    await checkInvariants(region, [0, 1, 2, 3])
    for (const position of [0, 1, 2, 3]) {
      await withStore(region, position, async (store) => {
        const replaced = await valuesOf(store.superseded)
        assert.equal(replaced.length, 2, `auditor ${position}`)
      })
    }
  })
})
