import assert from 'node:assert/strict'
import type { ReviewView } from '#api'
import { loadDatasets } from '#datasets'
import {
  commitEntry,
  decodeReviewOpening,
  encodeGossip,
  encodeReviewOpening,
  equalBytes,
  hashReviewEntry,
  protocolPrefix,
  signReviewNotice,
  signReviewRequest,
  toHex,
} from '#protocol'
import type { Claim, ReviewEntry, ReviewNotice, ReviewOpening } from '#protocol'
import { buildClaim, Examiner } from '../../node/examiner.ts'
import { hashFile } from '../../node/hash-file.ts'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo } from '../support/follow.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { readEntry, scan, untilCertified } from '../support/reviews.ts'
import { Rogue } from '../support/rogue.ts'
import { until } from '../support/until.ts'

const NEVER = new AbortController().signal
const SALT = hashFile(new TextEncoder().encode('salt'))

/** It reads no bill: what people read is all that it computes with. */
async function makeExaminer(): Promise<Examiner> {
  const extract = async (): Promise<never> => Promise.reject(new Error('no bill is read'))
  return new Examiner({ extract, close: async () => undefined }, await loadDatasets())
}

describe('a region with a liar among those who review', () => {
  let region: LiveRegion
  let rogue: Rogue
  let protocol: string
  /** What the rogue was asked to open, by whom, and what it answers. */
  let asked: { readonly by: string; readonly opening: ReviewOpening }[]
  /** All that it was opened with. */
  const salts: Uint8Array[] = []
  let answer: (opening: ReviewOpening) => ReviewOpening | undefined

  before(async () => {
    region = await startLiveRegion({ started: [0, 1, 2] })
    rogue = await Rogue.join(region, 3)
    protocol = `${protocolPrefix(region.charter)}/reviews/1`
    rogue.network.handle(protocol, async function* answerOpening(bytes, peer) {
      const opening = decodeReviewOpening(bytes)
      asked.push({ by: toHex(peer.address), opening })
      salts.push(opening.salt)
      const own = answer(opening)
      if (own !== undefined) yield encodeReviewOpening(own)
    })
  })

  beforeEach(() => {
    asked = []
    answer = () => undefined
  })

  after(async () => {
    await rogue.stop()
    await region.stop()
  })

  async function reviewedClaim(bytes: Uint8Array, entry: ReviewEntry): Promise<Claim> {
    const { cid } = await rogue.archive.addBill(bytes)
    const examination = (await makeExaminer()).examineReviewed(entry)
    assert.ok(examination.kind === 'facts' && examination.bills[0] !== undefined)
    const parts = { bill: cid, plainHash: hashFile(bytes), ordinal: 0, holder: SALT, salt: SALT }
    return buildClaim(rogue.context, parts, examination.bills[0])
  }

  async function untilHere(position: number, cid: string): Promise<void> {
    await until(`auditor ${position} has the bill to review`, async () =>
      (await region.node(position).listReviews()).some((review) => review.cid === cid && review.here),
    )
  }

  async function enterAt(positions: readonly number[], cid: string, entry: ReviewEntry): Promise<void> {
    for (const position of positions) {
      await untilHere(position, cid)
      await region.node(position).enterReview(cid, entry, NEVER)
    }
  }

  async function untilReview(position: number, cid: string, holds: (review: ReviewView) => boolean): Promise<void> {
    await until(`the review of ${cid} at auditor ${position}`, async () =>
      (await region.node(position).listReviews()).some((review) => review.cid === cid && holds(review)),
    )
  }

  function noticeOf(bytes: Uint8Array, seq: number, commitment: Uint8Array | null): ReviewNotice {
    const { domain, region: own, address, privateKey } = rogue.context
    const header = { region: own.name, epoch: 0, auditor: address, plainHash: hashFile(bytes) }
    return signReviewNotice(domain, { ...header, seq, commitment }, privateKey)
  }

  /** What an honest auditor would have signed and would open. */
  function openingOf(bytes: Uint8Array, entry: ReviewEntry, seq = 1): ReviewOpening {
    const of = { salt: SALT, entry: hashReviewEntry(entry), plainHash: hashFile(bytes), auditor: rogue.context.address }
    const commitment = commitEntry(rogue.context.domain, { ...of, region: rogue.context.region.name })
    return { notice: noticeOf(bytes, seq, commitment), salt: of.salt, entry: of.entry }
  }

  async function say(notice: ReviewNotice): Promise<void> {
    await rogue.say({ kind: 'review-notice', notice })
  }

  /** Opens a commitment to an auditor. @returns what it opens in turn, nothing if it does not. */
  async function open(position: number, opening: ReviewOpening, by = rogue): Promise<ReviewOpening | undefined> {
    const { address } = region.node(position).health()
    const peer = by.network.peers().find((one) => toHex(one.address) === address)
    assert.ok(peer !== undefined)
    for await (const frame of by.network.request(peer.peerId, protocol, encodeReviewOpening(opening))) {
      return decodeReviewOpening(frame)
    }
    return undefined
  }

  it('refuses a reviewed claim that nobody has entered, and one of a bill that extraction reads', async () => {
    const entry = readEntry('NOBODY')
    const picture = await reviewedClaim(scan('nobody'), entry)
    const readable = await reviewedClaim(csvBill({ point: 'readable' }), readEntry('READABLE', '1'))
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
    await enterAt([0, 1], cid, readEntry('LIED'))
    const lie = await reviewedClaim(bytes, readEntry('LIED', '1'))
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
    for (const position of [1, 2]) await untilHere(position, after)
    const { cid } = await submitTo(region.node(0), submissionOf(bytes))
    for (const position of [1, 2]) await untilHere(position, cid)
  })

  it('opens nothing to one that opens early, and nothing to one that has not committed or is no member', async () => {
    const bytes = scan('early')
    const { cid } = await submitTo(region.node(1), submissionOf(bytes))
    const right = readEntry('EARLY')
    await enterAt([1], cid, right)
    // One has entered, and the liar: that is no quorum, and what it opens is not taken.
    const early = openingOf(bytes, right)
    await say(early.notice)
    await untilReview(1, cid, ({ entries }) => entries === 2)
    assert.equal(await open(1, early), undefined)
    assert.deepEqual(asked, [])
    await untilReview(1, cid, ({ equal }) => equal === undefined)
    // Withdrawn, it has nothing to open, whoever else has entered.
    const withdrawn = noticeOf(bytes, 2, null)
    await say(withdrawn)
    await enterAt([0, 2], cid, readEntry('EARLY', '2'))
    await untilReview(1, cid, ({ entries, equal }) => entries === 3 && equal === 1)
    assert.equal(await open(1, { ...early, notice: withdrawn }), undefined)
    // What it withdrew does not stand any more either.
    assert.equal(await open(1, early), undefined)
    assert.deepEqual(asked, [])
    const key = new Uint8Array(32).fill(9)
    const stranger = await Rogue.join(region, 3, { key, bootstrap: region.node(1).health().listen })
    try {
      const own = { ...openingOf(bytes, right, 3), notice: noticeOf(bytes, 3, SALT) }
      assert.equal(await open(1, own, stranger), undefined)
    } finally {
      await stranger.stop()
    }
    await enterAt([0, 2], cid, right)
    await untilCertified(region, 1, cid)
  })

  it('waits for no commitment that is never opened, and lets nobody learn an entry by it', async () => {
    const bytes = scan('never')
    const { cid } = await submitTo(region.node(1), submissionOf(bytes))
    const right = readEntry('NEVER')
    await say(noticeOf(bytes, 1, SALT))
    await enterAt([1, 0], cid, right)
    // A quorum stands committed; the liar is asked, and what it is given it could have read in the bill.
    await until('the liar is asked', () =>
      asked.some(({ opening }) => equalBytes(opening.entry, hashReviewEntry(right))),
    )
    await untilReview(1, cid, ({ entries, equal }) => entries === 3 && equal === 2)
    assert.equal((await region.node(1).findStatus(cid))?.state, 'needs-review')
    // It opens something else than it committed to: not taken, and answered with nothing.
    assert.equal(await open(1, { ...openingOf(bytes, right), notice: noticeOf(bytes, 1, SALT) }), undefined)
    await untilReview(1, cid, ({ equal }) => equal === 2)
    await enterAt([2], cid, right)
    await untilCertified(region, 1, cid)
  })

  it('counts one that commits twice under one number once, by what came first', async () => {
    const bytes = scan('twice')
    const { cid } = await submitTo(region.node(1), submissionOf(bytes))
    const right = readEntry('TWICE')
    await say(openingOf(bytes, readEntry('TWICE', '1')).notice)
    await untilReview(1, cid, ({ entries }) => entries === 1)
    const second = openingOf(bytes, right)
    answer = () => second
    await say(second.notice)
    await enterAt([1, 0], cid, right)
    await until('the liar is asked', () => asked.length >= 2)
    assert.equal(await open(1, second), undefined)
    await untilReview(1, cid, ({ entries, equal }) => entries === 3 && equal === 2)
    assert.equal((await region.node(1).findStatus(cid))?.state, 'needs-review')
    // Under the next number it is one that has corrected itself.
    const third = openingOf(bytes, right, 2)
    answer = () => third
    await say(third.notice)
    await until('the bill is proposed', async () => (await region.node(1).findStatus(cid))?.claims.length === 1)
    await enterAt([2], cid, right)
    await untilCertified(region, 1, cid)
  })

  it('counts no commitment that was copied, even with what opens it', async () => {
    const bytes = scan('copied')
    const { cid } = await submitTo(region.node(1), submissionOf(bytes))
    const right = readEntry('COPIED')
    await enterAt([1, 0], cid, right)
    const victim = toHex(rogueVictim())
    const notice = await until('the rogue hears a notice', () =>
      rogue.heard
        .flatMap((message) => (message.kind === 'review-notice' ? [message.notice] : []))
        .find((one) => equalBytes(one.plainHash, hashFile(bytes)) && toHex(one.auditor) === victim),
    )
    const copied = noticeOf(bytes, 1, notice.commitment)
    await say(copied)
    const { opening } = await until('the victim opens to the copier', () => asked.find(({ by }) => by === victim))
    // With the salt and the entry of the one that it copied.
    assert.equal(await open(1, { ...opening, notice: copied }), undefined)
    // Or as if it were that one.
    assert.equal(await open(1, opening), undefined)
    await untilReview(1, cid, ({ entries, equal }) => entries === 3 && equal === 2)
    assert.equal((await region.node(1).findStatus(cid))?.state, 'needs-review')
    // With the entry itself, the liar is as good as anybody; its vote is another matter.
    const own = openingOf(bytes, right, 2)
    await say(own.notice)
    await untilReview(1, cid, ({ entries }) => entries === 3)
    const opened = await until('the liar is opened to in turn', async () => open(1, own))
    assert.deepEqual(opened.entry, hashReviewEntry(right))
    await until('the bill is proposed', async () => (await region.node(1).findStatus(cid))?.claims.length === 1)
    assert.equal((await region.node(1).findStatus(cid))?.claims[0]?.state, 'proposed')
    await enterAt([2], cid, right)
    await untilCertified(region, 1, cid)
  })

  it('says nothing to the region that opens a commitment', () => {
    assert.ok(salts.length > 0)
    const said = Buffer.concat(rogue.heard.map(encodeGossip))
    assert.ok(said.includes(Buffer.from(hashFile(scan('copied')))))
    for (const salt of salts) assert.equal(said.includes(Buffer.from(salt)), false)
  })

  /** The other auditor than the sponsor. */
  function rogueVictim(): Uint8Array {
    const address = region.node(0).health().address
    const member = region.charter.regions[0]?.committee.find((one) => toHex(one) === address)
    assert.ok(member !== undefined)
    return member
  }
})
