import assert from 'node:assert/strict'
import type { BillStatus, ReviewView } from '#api'
import { loadDatasets } from '#datasets'
import {
  CodedError,
  commitEntry,
  hashReviewEntry,
  parseReviewEntry,
  signReviewNotice,
  signReviewRequest,
} from '#protocol'
import type { Claim, ReviewEntry } from '#protocol'
import { buildClaim, Examiner } from '../../node/examiner.ts'
import { hashFile } from '../../node/hash-file.ts'
import { verifyProof } from '../../node/verify.ts'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { checkInvariants } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { Rogue } from '../support/rogue.ts'
import { until } from '../support/until.ts'

const NEVER = new AbortController().signal

/** A picture, which no extractor reads; other bytes for each label. */
function scan(label: string): Uint8Array {
  return new Uint8Array([0x89, 0x50, 0x4e, 0x47, ...new TextEncoder().encode(label)])
}

function entryOf(point: string, value = '128', unit = 'kWh'): ReviewEntry {
  return parseReviewEntry({
    commodity: 'electricity',
    point,
    service: { start: '2022-03-01', end: '2022-04-01' },
    import: { value, unit },
    kind: 'actual',
    place: { country: 'US', state: 'CA' },
  })
}

/** It reads no bill: what people read is all that it computes with. */
async function makeExaminer(): Promise<Examiner> {
  const extract = async (): Promise<never> => Promise.reject(new Error('no bill is read'))
  return new Examiner({ extract, close: async () => undefined }, await loadDatasets())
}

/** Waits for the people of others, and then for the committee. */
async function untilCertified(region: LiveRegion, position: number, cid: string): Promise<BillStatus> {
  return until(`bill ${cid} is certified at auditor ${position}`, async () => {
    const status = await region.node(position).findStatus(cid)
    return status !== undefined && ['certified', 'anchored', 'final'].includes(status.state) ? status : undefined
  })
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
    const other = await verify(entryOf('R1', '129'))
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
      const entries = [entryOf('r 1 ' + visibility), entryOf('R1' + visibility.toUpperCase(), '128.0')]
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
      const own = await enter(0, cid, entries[0] ?? [])
      assert.equal(own.equal, 3)
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
      await assert.rejects(region.node(1).enterReview(cid, entryOf('OTHER'), NEVER), { code: 'ERR_REVIEW_CLOSED' })
      await untilState(region.node(0), cid, 'final')
      await verifyAll(cid, bytes, entries[0] ?? [])
    })
  }

  it('certifies nothing while one of three differs, and certifies once that is corrected', async () => {
    const { cid } = await submitTo(region.node(1), submissionOf(scan('differs')))
    const right = entryOf('DIFFERS')
    await enter(1, cid, right)
    await enter(2, cid, right)
    await enter(3, cid, entryOf('DIFFERS', '182'))
    await untilEntries(1, cid, 3)
    const [review] = await region.node(1).listReviews()
    assert.deepEqual([review?.equal, review?.quorum], [2, 3])
    assert.equal((await statusAt(1, cid))?.state, 'needs-review')
    assert.deepEqual((await statusAt(1, cid))?.claims, [])
    await enter(3, cid, right)
    await untilCertified(region, 1, cid)
    await untilCertified(region, 0, cid)
  })

  it('counts no entry that was withdrawn', async () => {
    const { cid } = await submitTo(region.node(2), submissionOf(scan('withdrawn')))
    const right = entryOf('WITHDRAWN')
    await enter(0, cid, right)
    assert.equal((await region.node(0).withdrawReview(cid)).own, 'withdrawn')
    await enter(1, cid, right)
    await enter(2, cid, right)
    await until('the withdrawal is known', async () =>
      (await region.node(2).listReviews()).some((one) => one.equal === 2),
    )
    assert.equal((await statusAt(2, cid))?.state, 'needs-review')
    await enter(0, cid, right)
    await untilCertified(region, 2, cid)
  })

  it('goes on after a restart of everybody in between', async () => {
    const { cid } = await submitTo(region.node(3), submissionOf(scan('restart'), 'sealed'))
    const right = entryOf('RESTART')
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
    await assert.rejects(enterAt(readable.cid, entryOf('X')), { code: 'ERR_REVIEW_UNKNOWN' })
    const elsewhere = parseReviewEntry({ ...entryOf('X')[0], place: { country: 'DE' } })
    const detailsOf = (thrown: unknown): object => {
      assert.ok(thrown instanceof CodedError)
      return { ...thrown.details, code: thrown.code }
    }
    await assert.rejects(enterAt(cid, elsewhere), (thrown) => {
      assert.deepEqual(detailsOf(thrown), { code: 'ERR_REVIEW_FACTS', reason: 'ERR_REGION_OTHER' })
      return true
    })
    const noFactor = parseReviewEntry({ ...entryOf('X')[0], service: { start: '1991-01-01', end: '1991-02-01' } })
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

describe('a region with a liar among those who review', () => {
  let region: LiveRegion
  let rogue: Rogue

  before(async () => {
    region = await startLiveRegion({ started: [0, 1, 2] })
    rogue = await Rogue.join(region, 3)
  })

  after(async () => {
    await rogue.stop()
    await region.stop()
  })

  async function reviewedClaim(bytes: Uint8Array, entry: ReviewEntry): Promise<Claim> {
    const { cid } = await rogue.archive.addBill(bytes)
    const examination = (await makeExaminer()).examineReviewed(entry)
    assert.ok(examination.kind === 'facts' && examination.bills[0] !== undefined)
    const hash = hashFile(new TextEncoder().encode('salt'))
    const parts = { bill: cid, plainHash: hashFile(bytes), ordinal: 0, holder: hash, salt: hash }
    return buildClaim(rogue.context, parts, examination.bills[0])
  }

  it('refuses a reviewed claim that nobody has entered, and one of a bill that extraction reads', async () => {
    const entry = entryOf('NOBODY')
    const picture = await reviewedClaim(scan('nobody'), entry)
    const readable = await reviewedClaim(csvBill({ point: 'readable' }), entryOf('READABLE', '1'))
    const { batch } = await rogue.propose({ claims: [picture, readable], seq: 1 })
    for (const { content, refusals } of await rogue.untilVotes(batch, 3)) {
      assert.equal(content.accepted, 0)
      assert.deepEqual(
        refusals.map(({ code }) => code),
        ['ERR_CLAIM_ABSTAINED', 'ERR_REVIEW_NOT_NEEDED'],
      )
    }
  })

  it('refuses a reviewed claim by whoever has entered something else', async () => {
    const bytes = scan('lied about')
    const { cid } = await submitTo(region.node(0), submissionOf(bytes))
    for (const position of [0, 1]) {
      await until('the bill is here', async () =>
        (await region.node(position).listReviews()).find((review) => review.cid === cid && review.here),
      )
      await region.node(position).enterReview(cid, entryOf('LIED'), NEVER)
    }
    const lie = await reviewedClaim(bytes, entryOf('LIED', '1'))
    const { batch } = await rogue.propose({ claims: [lie], seq: 2, prev: null })
    const codes = (await rogue.untilVotes(batch, 3)).flatMap(({ refusals }) => refusals.map(({ code }) => code))
    assert.deepEqual(codes.toSorted(), ['ERR_CLAIM_ABSTAINED', 'ERR_REVIEW_DIFFERS', 'ERR_REVIEW_DIFFERS'])
  })

  it('takes a true request where a false one for the same file came first', async () => {
    const { domain, region: own, address, privateKey } = rogue.context
    const ask = async (bytes: Uint8Array, plainHash: Uint8Array): Promise<string> => {
      const { cid } = await rogue.archive.addBill(bytes)
      const content = {
        region: own.name,
        epoch: 0,
        sponsor: address,
        bill: cid,
        visibility: 'public',
        plainHash,
      } as const
      await rogue.say({ kind: 'review-request', request: signReviewRequest(domain, content, privateKey) })
      return cid.toString()
    }
    const bytes = scan('asked for falsely')
    await ask(bytes, hashFile(scan('something else')))
    const marker = scan('asked for after that')
    const after = await ask(marker, hashFile(marker))
    for (const position of [1, 2]) {
      await until('the later request is here', async () =>
        (await region.node(position).listReviews()).find((review) => review.cid === after && review.here),
      )
    }
    const { cid } = await submitTo(region.node(0), submissionOf(bytes))
    for (const position of [1, 2]) {
      await until(`auditor ${position} has the bill to review`, async () =>
        (await region.node(position).listReviews()).find((review) => review.cid === cid && review.here),
      )
    }
  })

  it('counts no commitment that was copied from another auditor', async () => {
    const bytes = scan('copied')
    const { cid } = await submitTo(region.node(1), submissionOf(bytes))
    const right = entryOf('COPIED')
    await region.node(1).enterReview(cid, right, NEVER)
    await until('the bill is here', async () =>
      (await region.node(0).listReviews()).find((review) => review.cid === cid && review.here),
    )
    await region.node(0).enterReview(cid, right, NEVER)
    const { domain, region: own, address, privateKey } = rogue.context
    const plainHash = hashFile(bytes)
    const notice = await until('the rogue hears a notice', () =>
      rogue.heard
        .flatMap((message) => (message.kind === 'review-notice' ? [message.notice] : []))
        .find((one) => Buffer.compare(one.plainHash, plainHash) === 0),
    )
    const header = { region: own.name, epoch: 0, auditor: address, plainHash }
    const say = async (seq: number, commitment: Uint8Array | null): Promise<void> =>
      rogue.say({ kind: 'review-notice', notice: signReviewNotice(domain, { ...header, seq, commitment }, privateKey) })
    await say(1, notice.commitment)
    // Three have entered, as far as anybody can see, and two are equal.
    await until('the copy is known', async () =>
      (await region.node(1).listReviews()).some((review) => review.cid === cid && review.entries === 3),
    )
    const review = (await region.node(1).listReviews()).find((one) => one.cid === cid)
    assert.deepEqual([review?.entries, review?.equal], [3, 2])
    assert.equal((await region.node(1).findStatus(cid))?.state, 'needs-review')
    // With the entry itself, the liar is as good as anybody; its vote is another matter.
    const commitment = commitEntry(domain, {
      region: own.name,
      plainHash,
      entry: hashReviewEntry(right),
      auditor: address,
    })
    await say(2, commitment)
    await until('the bill is proposed', async () => (await region.node(1).findStatus(cid))?.claims.length === 1)
    assert.equal((await region.node(1).findStatus(cid))?.claims[0]?.state, 'proposed')
    await region.node(2).enterReview(cid, right, NEVER)
    await untilCertified(region, 1, cid)
  })
})
