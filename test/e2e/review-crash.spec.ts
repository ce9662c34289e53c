import assert from 'node:assert/strict'
import { addressOfPrivateKey, domainOf, equalBytes, hashReviewEntry, isOpeningTrue } from '#protocol'
import type { ReviewEntry } from '#protocol'
import { noticeKey } from '../../node/review/review-book.ts'
import { AuditorProcess, findFreePort } from '../support/auditor-process.ts'
import { submissionOf } from '../support/bills.ts'
import { submitTo } from '../support/follow.ts'
import { checkInvariants, withStore } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { readEntry, scan } from '../support/reviews.ts'
import { until } from '../support/until.ts'

const HONEST = [0, 1]
const VICTIM = 3
const NEVER = new AbortController().signal

/** The third of three running auditors dies in each of its first commits after its people have entered a bill. */
describe('an auditor that dies while its people review', function () {
  this.timeout(120_000)
  let region: LiveRegion
  let victim: AuditorProcess
  let port: number

  before(async () => {
    region = await startLiveRegion({ started: HONEST })
    port = await findFreePort()
    victim = await start()
  })

  after(async () => {
    await victim?.kill()
    await region.stop()
  })

  const start = async (): Promise<AuditorProcess> =>
    AuditorProcess.start(region.nodeInit(VICTIM, { listen: [`/ip4/127.0.0.1/tcp/${port}`] }))

  async function enterAt(positions: readonly number[], cid: string, entry: ReviewEntry): Promise<void> {
    for (const position of positions) {
      await until(`auditor ${position} has the bill`, async () =>
        (await region.node(position).listReviews()).some((review) => review.cid === cid && review.here),
      )
      await region.node(position).enterReview(cid, entry, NEVER)
    }
  }

  async function untilCertified(cid: string): Promise<void> {
    for (const node of [victim, region.node(0), region.node(1)]) {
      await until(`bill ${cid} is certified`, async () => {
        const status = await node.findStatus(cid)
        return ['certified', 'anchored', 'final'].includes(status?.state ?? '')
      })
    }
  }

  /** Whatever was entered is opened by the salt beside it, and no other auditor knows of a later notice. */
  async function checkOpenings(position: number): Promise<void> {
    const domain = domainOf(region.charter)
    const auditor = addressOfPrivateKey(region.keys[position] ?? new Uint8Array())
    const seqs = new Map<string, number>()
    await withStore(region, position, async (store) => {
      for await (const [plainHash, { entry, salt }] of store.reviewEntries.entries()) {
        const notice = await store.reviewNotices.find(noticeKey({ plainHash, auditor }))
        assert.ok(notice !== undefined && entry !== undefined && salt !== undefined)
        assert.ok(isOpeningTrue(domain, { notice, salt, entry: hashReviewEntry(entry) }))
        // One for what was entered first, one for what was entered then: no commitment was said and lost.
        assert.equal(notice.seq, position === VICTIM ? 2 : 1)
        seqs.set(plainHash.join(), notice.seq)
      }
    })
    assert.equal(seqs.size, 8)
    for (const other of [...HONEST, VICTIM]) {
      await withStore(region, other, async (store) => {
        for await (const [, notice] of store.reviewNotices.entries()) {
          if (equalBytes(notice.auditor, auditor)) assert.ok(notice.seq <= (seqs.get(notice.plainHash.join()) ?? 0))
        }
      })
    }
  }

  for (const role of ['sponsor', 'reviewer'] as const) {
    for (const commits of [1, 2, 3, 4]) {
      it(`loses no entry as ${role}, killed in commit ${commits}`, async () => {
        const label = `${role}-${commits}`
        const entry = readEntry(label)
        const sponsor = role === 'sponsor' ? victim : region.node(0)
        const { cid } = await submitTo(sponsor, submissionOf(scan(label), commits % 2 === 0 ? 'sealed' : 'public'))
        await enterAt(HONEST, cid, entry)
        // Its people may enter once it has the bill; a sponsor has it at once.
        await until('the victim has the bill', async () => {
          const tried = await victim.enterReview(cid, readEntry(`${label} first`)).then(
            () => true,
            () => false,
          )
          return tried
        })
        await victim.dieInCommit(commits)
        const answered = await victim.enterReview(cid, entry).then(
          () => true,
          () => false,
        )
        await until('the auditor is gone', () => victim.isGone)
        victim = await start()
        // Answered: it is written down. Not answered: whoever entered it enters it again.
        if (!answered)
          await victim.enterReview(cid, entry).catch((thrown: unknown) => assert.match(String(thrown), /certified/))
        await untilCertified(cid)
      })
    }
  }

  it('holds its invariants on every disk after all of it', async () => {
    await victim.stop()
    await Promise.all(HONEST.map(async (position) => region.stopNode(position)))
    const { certified } = await checkInvariants(region, [...HONEST, VICTIM])
    assert.equal(certified.size, 8)
    for (const position of [...HONEST, VICTIM]) await checkOpenings(position)
  })
})
