import assert from 'node:assert/strict'
import type { CID } from 'multiformats/cid'
import { pino } from 'pino'
import { loadDatasets } from '#datasets'
import {
  cidOfDigest,
  commitEntry,
  decodeReviewOpening,
  encodeReviewOpening,
  equalBytes,
  hashReviewEntry,
  isOpeningTrue,
  RAW_CODE,
  REVIEW_NOTICES,
  signReviewNotice,
  signReviewRequest,
} from '#protocol'
import type { GossipMessage, ReviewNotice, ReviewOpening } from '#protocol'
import type { ReviewRecord } from '#storage'
import type { LoadedBatch } from '../../../node/batch-loader.ts'
import { Examiner } from '../../../node/examiner.ts'
import { hashFile } from '../../../node/hash-file.ts'
import type { PeerView } from '../../../node/network/types.ts'
import { noticeKey, OPEN_PER_SPONSOR, UNKNOWN_PER_AUDITOR } from '../../../node/review/review-book.ts'
import { ReviewDesk } from '../../../node/review/review-desk.ts'
import type { ReviewDeskInit } from '../../../node/review/review-desk.ts'
import { createMemoryStore } from '../../support/memory-store.ts'
import type { MemoryStore } from '../../support/memory-store.ts'
import { contextOf } from '../../support/region-context.ts'
import { foundRegion, hashOf, REGION } from '../../support/region-fixture.ts'
import type { Member } from '../../support/region-fixture.ts'
import { readEntry } from '../../support/reviews.ts'

const founded = foundRegion()
const { domain } = founded
const [us, sponsor, liar, other] = founded.members as [Member, Member, Member, Member]
const NEVER = new AbortController().signal
const STRANGER = new Uint8Array(20).fill(7)
const BYTES = new TextEncoder().encode('a scan')
const PLAIN = hashFile(BYTES)
const BILL = cidOfDigest(hashOf('bill'), RAW_CODE)
const ENTRY = readEntry('P1')

function noticeOf(by: Member, seq: number, commitment: Uint8Array | null, plainHash = PLAIN): ReviewNotice {
  return signReviewNotice(domain, { region: REGION, epoch: 0, auditor: by.address, plainHash, seq, commitment }, by.key)
}

function openingOf(by: Member, seq = 1, entry = ENTRY): ReviewOpening {
  const of = { salt: hashOf(`salt ${seq}`), entry: hashReviewEntry(entry), plainHash: PLAIN, auditor: by.address }
  const notice = noticeOf(by, seq, commitEntry(domain, { ...of, region: REGION }))
  return { notice, salt: of.salt, entry: of.entry }
}

function recordOf(state: ReviewRecord['state'], bill = BILL, plainHash = PLAIN, by: Member = sponsor): ReviewRecord {
  const content = { region: REGION, epoch: 0, sponsor: by.address, bill, visibility: 'public', plainHash } as const
  return { request: signReviewRequest(domain, content, by.key), state }
}

const peerOf = ({ address }: Member): PeerView => ({
  peerId: Buffer.from(address).toString('hex'),
  address,
  remoteAddr: '',
  direction: 'inbound',
  since: 0,
  agent: '',
  handshake: 'ok',
})

describe('the review desk', () => {
  let store: MemoryStore
  let said: GossipMessage[]
  let salts: number
  let desk: ReviewDesk
  let serve: (bytes: Uint8Array, peer: PeerView, signal: AbortSignal) => AsyncIterable<Uint8Array>
  /** Whom it has asked for an opening, and what is answered. */
  let asked: { readonly by: string; readonly opening: ReviewOpening }[]
  let answer: (signal: AbortSignal) => Promise<ReviewOpening | undefined>
  /** Ends when the bytes of a bill may come. */
  let fetched: Promise<void>
  let examiner: Pick<Examiner, 'examine' | 'examineReviewed'>

  before(async () => {
    const extract = async (): Promise<never> => Promise.reject(new Error('no bill is read'))
    const real = new Examiner({ extract, close: async () => undefined }, await loadDatasets())
    examiner = {
      examine: async () => ({ kind: 'refused', verdict: 'needs-review', reason: { code: 'ERR_BILL', message: '' } }),
      examineReviewed: (entry) => real.examineReviewed(entry),
    }
  })

  async function openDesk(): Promise<ReviewDesk> {
    const init: Partial<Record<keyof ReviewDeskInit, unknown>> = {
      context: contextOf(founded),
      store,
      archive: { pinBatch: async () => undefined },
      vault: { readPlain: async () => BYTES },
      examiner,
      network: {
        peers: () => [sponsor, liar, other].map(peerOf),
        async *request(by: string, _protocol: string, bytes: Uint8Array, { signal }: { signal: AbortSignal }) {
          asked.push({ by, opening: decodeReviewOpening(bytes) })
          const given = await answer(signal)
          if (given !== undefined) yield encodeReviewOpening(given)
        },
        handle: (_protocol: string, handler: typeof serve) => void (serve = handler),
      },
      protocol: '/reviews/1',
      fetch: async () => fetched,
      peersFor: () => [],
      flushBlocks: async () => undefined,
      publish: async (message: GossipMessage) => void said.push(message),
      propose: () => undefined,
      randomBytes: (size: number) => new Uint8Array(size).fill((salts += 1)),
      intervalMs: 1_000_000,
      log: pino({ level: 'silent' }),
    }
    const opened = new ReviewDesk(init as unknown as ReviewDeskInit)
    await opened.load()
    return opened
  }

  beforeEach(async () => {
    store = createMemoryStore()
    said = []
    salts = 0
    asked = []
    answer = async () => undefined
    fetched = Promise.resolve()
    await store.commit([store.reviews.put(BILL.bytes, recordOf('here'))], { durable: true })
    desk = await openDesk()
  })

  afterEach(async () => {
    await desk.stop()
  })

  /** What opens the own commitment, as it is on disk. */
  async function stored(): Promise<ReviewOpening> {
    const record = await store.reviewEntries.find(PLAIN)
    const notice = await store.reviewNotices.find(noticeKey({ plainHash: PLAIN, auditor: us.address }))
    assert.ok(record?.entry !== undefined && record.salt !== undefined && notice !== undefined)
    return { notice, salt: record.salt, entry: hashReviewEntry(record.entry) }
  }

  async function open(opening: ReviewOpening, by: Uint8Array): Promise<ReviewOpening | undefined> {
    const peer = { ...peerOf(liar), address: by }
    for await (const frame of serve(encodeReviewOpening(opening), peer, NEVER)) return decodeReviewOpening(frame)
    return undefined
  }

  const countNotices = async (): Promise<number> => {
    let count = 0
    for await (const _ of store.reviewNotices.entries()) count += 1
    return count
  }

  describe('that has an entry', () => {
    it('has salt, entry and notice on disk before it says anything, and says nothing when they are not', async () => {
      store.fault = new Error('disk')
      await assert.rejects(desk.enter(BILL, ENTRY, NEVER), /disk/)
      assert.deepEqual(said, [])
      store.fault = undefined
      const before = store.commits
      await desk.enter(BILL, ENTRY, NEVER)
      assert.equal(store.commits, before + 1)
      const opening = await stored()
      assert.equal(isOpeningTrue(domain, opening), true)
      assert.deepEqual(said, [{ kind: 'review-notice', notice: opening.notice }])
    })

    it('keeps the commitment to the same entry, and has another salt for another one', async () => {
      await desk.enter(BILL, ENTRY, NEVER)
      const first = await stored()
      await desk.enter(BILL, ENTRY, NEVER)
      assert.deepEqual(await stored(), first)
      await desk.enter(BILL, readEntry('P2'), NEVER)
      const second = await stored()
      assert.deepEqual([second.notice.seq, equalBytes(second.salt, first.salt)], [2, false])
      await desk.withdraw(BILL)
      await desk.enter(BILL, readEntry('P2'), NEVER)
      const third = await stored()
      assert.deepEqual([third.notice.seq, equalBytes(third.salt, second.salt)], [4, false])
    })

    it('commits anew to an entry of before commitments had a salt', async () => {
      const old = noticeOf(us, 3, hashOf('commitment without a salt'))
      await store.commit(
        [store.reviewEntries.put(PLAIN, { entry: ENTRY }), store.reviewNotices.put(noticeKey(old), old)],
        { durable: true },
      )
      desk = await openDesk()
      assert.equal((await desk.list())[0]?.own, 'entered')
      await desk.start()
      const opening = await stored()
      assert.deepEqual([opening.notice.seq, opening.entry], [4, hashReviewEntry(ENTRY)])
      assert.equal(isOpeningTrue(domain, opening), true)
      assert.deepEqual(said, [{ kind: 'review-notice', notice: opening.notice }])
    })

    it('opens nothing that a backup does not know, and commits anew at the next start', async () => {
      await desk.enter(BILL, ENTRY, NEVER)
      await desk.takeNotice(noticeOf(us, 5, hashOf('of after the backup')))
      for (const member of [sponsor, other]) await desk.takeNotice(openingOf(member).notice)
      assert.equal(await open(openingOf(sponsor), sponsor.address), undefined)
      assert.deepEqual(asked, [])
      await desk.stop()
      desk = await openDesk()
      await desk.start()
      assert.equal((await stored()).notice.seq, 6)
      assert.ok((await open(openingOf(sponsor), sponsor.address)) !== undefined)
    })

    it('is changed as often as notices count, and can be withdrawn then', async () => {
      await desk.takeNotice(noticeOf(us, REVIEW_NOTICES - 2, null))
      await desk.enter(BILL, ENTRY, NEVER)
      await assert.rejects(desk.enter(BILL, readEntry('P2'), NEVER), { code: 'ERR_REVIEW_CLOSED' })
      await desk.enter(BILL, ENTRY, NEVER)
      await desk.withdraw(BILL)
      assert.deepEqual(
        said.map((message) => message.kind === 'review-notice' && message.notice.seq),
        [REVIEW_NOTICES - 1, REVIEW_NOTICES - 1, REVIEW_NOTICES],
      )
    })
  })

  describe('that is asked to open its commitment', () => {
    beforeEach(async () => {
      await desk.enter(BILL, ENTRY, NEVER)
    })

    it('opens it to a member that has opened its own, once a quorum stands committed', async () => {
      const [theirs, third] = [openingOf(sponsor), openingOf(other)]
      await desk.takeNotice(theirs.notice)
      assert.equal(await open(theirs, sponsor.address), undefined)
      assert.equal((await desk.list())[0]?.equal, undefined)
      await desk.takeNotice(third.notice)
      assert.deepEqual(await open(theirs, sponsor.address), await stored())
      assert.equal((await desk.list())[0]?.equal, 2)
      // Withdrawn by one of them, a quorum does not stand any more.
      await desk.takeNotice(noticeOf(other, 2, null))
      assert.equal(await open(theirs, sponsor.address), undefined)
      assert.equal((await desk.list())[0]?.equal, undefined)
    })

    it('opens it to nobody else', async () => {
      const theirs = openingOf(sponsor)
      for (const { notice } of [theirs, openingOf(other)]) await desk.takeNotice(notice)
      const falsely = { ...theirs, entry: hashOf('another') }
      const unsigned = { ...openingOf(liar), notice: { ...openingOf(liar).notice, signature: theirs.notice.signature } }
      const older = openingOf(liar, 1)
      await desk.takeNotice(openingOf(liar, 2).notice)
      assert.equal(await open(theirs, STRANGER), undefined)
      assert.equal(await open(theirs, liar.address), undefined)
      assert.equal(await open(falsely, sponsor.address), undefined)
      assert.equal(await open(older, liar.address), undefined)
      const unknown = { ...unsigned, notice: { ...unsigned.notice, seq: 3 } }
      await assert.rejects(open(unknown, liar.address), { code: 'ERR_PROTOCOL_SIGNATURE' })
      assert.equal((await desk.list())[0]?.equal, 1)
      assert.ok((await open(theirs, sponsor.address)) !== undefined)
    })

    it('counts an entry no more when its auditor has changed it', async () => {
      const theirs = openingOf(sponsor)
      for (const { notice } of [theirs, openingOf(other)]) await desk.takeNotice(notice)
      await open(theirs, sponsor.address)
      assert.equal((await desk.list())[0]?.equal, 2)
      await desk.takeNotice(openingOf(sponsor, 2, readEntry('P2')).notice)
      assert.equal((await desk.list())[0]?.equal, 1)
    })

    it('stops while others never answer, and asks each once at a time', async () => {
      answer = async (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
      for (const member of [sponsor, other]) await desk.takeNotice(openingOf(member).notice)
      for (let seq = 1; seq <= 100; seq += 1) await desk.takeNotice(openingOf(liar, seq).notice)
      await desk.stop()
      assert.deepEqual(new Set(asked.map(({ by }) => by)).size, 3)
      assert.equal(asked.length, 3)
    })
  })

  describe('that is flooded', () => {
    it('keeps a limited number of notices about bills that nobody has asked for, and those of others', async () => {
      for (let i = 0; i < UNKNOWN_PER_AUDITOR + 50; i += 1) {
        const isTaken = await desk.takeNotice(noticeOf(liar, 1, hashOf('c'), hashOf(`nobody has ${i}`)))
        assert.equal(isTaken, i < UNKNOWN_PER_AUDITOR)
      }
      assert.equal(await countNotices(), UNKNOWN_PER_AUDITOR)
      // Those that it has may be changed, those of known bills come in, and nobody else is held up.
      assert.equal(await desk.takeNotice(noticeOf(liar, 2, hashOf('d'), hashOf('nobody has 1'))), true)
      assert.equal(await desk.takeNotice(openingOf(liar).notice), true)
      assert.equal(await desk.takeNotice(noticeOf(other, 1, hashOf('c'), hashOf('nobody has 200'))), true)
      // The same after a restart; asked for, a bill makes room.
      desk = await openDesk()
      const more = noticeOf(liar, 1, hashOf('c'), hashOf('one more'))
      assert.equal(await desk.takeNotice(more), false)
      const { request } = recordOf('wanted', cidOfDigest(hashOf('x'), RAW_CODE), hashOf('nobody has 3'))
      assert.equal(await desk.takeRequest(request), true)
      assert.equal(await desk.takeNotice(more), true)
    })

    it('takes no notice of one that is no member, of another’s name, or about a bill that is closed', async () => {
      const stranger = { ...openingOf(liar).notice, auditor: STRANGER }
      assert.equal(await desk.takeNotice(stranger), false)
      await assert.rejects(desk.takeNotice({ ...openingOf(liar).notice, auditor: other.address }), {
        code: 'ERR_PROTOCOL_SIGNATURE',
      })
      await desk.close(BILL)
      assert.equal(await desk.takeNotice(openingOf(liar).notice), false)
      assert.equal(await countNotices(), 0)
    })

    it('keeps a limited number of bills of one sponsor, whose ended ones make room and whose false ones do not', async () => {
      const bills = Array.from({ length: OPEN_PER_SPONSOR + 1 }, (_, i) => cidOfDigest(hashOf(`bill ${i}`), RAW_CODE))
      const ask = async (bill: CID): Promise<boolean> =>
        desk.takeRequest(recordOf('wanted', bill, hashOf(bill.toString()), liar).request)
      const last = bills.pop()
      assert.ok(last !== undefined)
      for (const bill of bills) assert.equal(await ask(bill), true)
      assert.equal(await ask(last), false)
      // Of another plain hash than was said.
      await desk.stop()
      for await (const [key, record] of store.reviews.entries()) {
        if (!record.request.bill.equals(BILL))
          await store.commit([store.reviews.put(key, { ...record, state: 'false' })], { durable: true })
      }
      desk = await openDesk()
      assert.equal(await ask(last), false)
      const [first] = bills
      assert.ok(first !== undefined)
      await store.commit([store.reviews.put(first.bytes, recordOf('here', first, PLAIN, liar))], { durable: true })
      desk = await openDesk()
      await desk.forget(first, PLAIN)
      assert.equal(await ask(last), true)
    })
  })

  it('takes the request of who holds a bill when one that does not has lied about it, or withdrawn it', async () => {
    for (const state of ['false', 'ended'] as const) {
      const bill = cidOfDigest(hashOf(state), RAW_CODE)
      await store.commit([store.reviews.put(bill.bytes, recordOf(state, bill, PLAIN, liar))], { durable: true })
      desk = await openDesk()
      assert.equal(await desk.takeRequest(recordOf('wanted', bill, PLAIN, liar).request), false)
      assert.equal(await desk.takeRequest(recordOf('wanted', bill, PLAIN).request), true)
      assert.equal(await desk.takeRequest(recordOf('wanted', bill, PLAIN, liar).request), false)
      assert.deepEqual((await store.reviews.find(bill.bytes))?.request.sponsor, sponsor.address)
    }
  })

  it('keeps nothing of an entry whose bill was withdrawn while it was checked', async () => {
    const begun = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const { examine } = examiner
    examiner.examine = async (...call) => {
      begun.resolve()
      await ended.promise
      return examine(...call)
    }
    try {
      const entering = desk.enter(BILL, ENTRY, NEVER)
      await begun.promise
      await desk.forget(BILL, PLAIN)
      ended.resolve()
      await assert.rejects(entering, { code: 'ERR_REVIEW_CLOSED' })
    } finally {
      examiner.examine = examine
    }
    assert.equal(await store.reviewEntries.find(PLAIN), undefined)
    assert.deepEqual(said, [])
  })

  it('does not open a review again when the bytes come after the certificate', async () => {
    const late = cidOfDigest(hashOf('late'), RAW_CODE)
    const { promise, resolve } = Promise.withResolvers<void>()
    fetched = promise
    assert.equal(await desk.takeRequest(recordOf('wanted', late).request), true)
    const claims = [{ assurance: 'reviewed', plainHash: PLAIN, bill: late }]
    const loaded = { claims } as unknown as LoadedBatch
    const certificate = { bitmap: new Uint8Array([1]) } as unknown as Parameters<ReviewDesk['settle']>[1]
    await desk.settle(loaded, certificate)
    resolve()
    await desk.stop()
    assert.equal((await store.reviews.find(late.bytes))?.state, 'done')
  })
})
