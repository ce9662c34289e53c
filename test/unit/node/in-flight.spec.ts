import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { pino } from 'pino'
import { fillBallot } from '#consensus'
import { claimIdOf, hashVote, signDigest, toHex } from '#protocol'
import type { Certificate, Claim } from '#protocol'
import type { BillRecord, ClaimRecord, Store } from '#storage'
import { BatchLoader } from '../../../node/batch-loader.ts'
import type { LoadedBatch } from '../../../node/batch-loader.ts'
import { InFlight } from '../../../node/in-flight.ts'
import type { PreparedBill } from '../../../node/in-flight.ts'
import { Polls } from '../../../node/polls.ts'
import { createMemoryStore } from '../../support/memory-store.ts'
import type { MemoryStore } from '../../support/memory-store.ts'
import { contextOf } from '../../support/region-context.ts'
import { foundRegion, hashOf, makeBatch, makeClaim, publicEntry, REGION } from '../../support/region-fixture.ts'
import type { Member } from '../../support/region-fixture.ts'

const region = foundRegion()
const context = contextOf(region)
const members = region.members as [Member, Member, Member, Member]
/** Time after which a contested batch gives up its place. */
const RELIEF_MS = 10_000

/** All that was begun is done, but for what waits for a timer. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Batches in flight of the first member, on a store without disk, with timers that the test turns. */
class Flight {
  readonly store: MemoryStore = createMemoryStore()
  readonly again: PreparedBill[] = []
  readonly polls = new Polls(context, this.store as unknown as Store)
  readonly inFlight: InFlight
  freed = 0
  /** While set, batches cannot be read. */
  isUnreadable = false
  /** What reading a batch waits for. */
  gate: Promise<void> = Promise.resolve()
  readonly #batches = new Map<string, LoadedBatch>()
  #seq = 0

  constructor() {
    this.inFlight = new InFlight({
      context,
      store: this.store as unknown as Store,
      loader: {
        load: async ({ batch }: { batch: { toString(): string } }) => {
          await this.gate
          if (this.isUnreadable) throw new Error('the disk does not answer')
          return this.#batches.get(batch.toString())
        },
      } as unknown as BatchLoader,
      polls: this.polls,
      changes: { note: () => {} },
      again: (bill) => this.again.push(bill),
      freed: () => (this.freed += 1),
      log: pino({ level: 'silent' }),
    })
  }

  /** Announces a batch, as a sponsor does when it is durable. */
  async propose(claims: readonly Claim[], sponsor = members[0]): Promise<LoadedBatch> {
    this.#seq += 1
    const { batch, announcement } = makeBatch(region, sponsor, claims.map(publicEntry), { seq: this.#seq })
    const loader = new BatchLoader({ context, archive: {} as never, fetch: async () => undefined, peersFor: () => [] })
    const loaded = loader.open(announcement, batch, [])
    this.#batches.set(announcement.batch.toString(), loaded)
    const { leaves, claimIds, digest } = loaded
    const { store } = this
    const bills = claims.map(({ bill, plainHash }): [Uint8Array, BillRecord] => [
      bill.bytes,
      {
        cid: bill,
        visibility: 'public',
        plainHash,
        sizeBytes: 1,
        holder: hashOf('holder'),
        receivedAtMs: 0,
        state: 'claimed',
        claimIds: [],
      },
    ])
    await store.commit(
      [
        store.batches.put(digest, { announcement, state: 'announced', leaves, claimIds }),
        ...(sponsor === members[0] ? bills.map(([key, record]) => store.bills.put(key, record)) : []),
      ],
      { durable: true },
    )
    this.inFlight.add(announcement)
    return loaded
  }

  /** Counts a member's vote that refuses the claims at the given places, with the given codes. */
  async vote(voter: Member, loaded: LoadedBatch, refused: Readonly<Record<number, string>> = {}): Promise<void> {
    const findings = loaded.leaves.map((leaf, i) => ({
      leaf,
      grams: BigInt(loaded.claims[i]?.gramsLocation ?? 0),
      ...(refused[i] === undefined ? {} : { refusal: { code: refused[i] } }),
    }))
    const { content, bitmap, refusals } = fillBallot(loaded.announcement, 0, findings)
    const signature = signDigest(hashVote(region.domain, content), voter.key)
    await this.polls.add({ content, bitmap, refusals: [...refusals], voter: voter.address, signature }, true)
  }

  /** State of a bill, and the code of its reason. */
  async stateOf(claim: Claim): Promise<readonly [string | undefined, string | undefined]> {
    const record = await this.store.bills.find(claim.bill.bytes)
    return [record?.state, record?.reason?.code]
  }

  async queued(): Promise<string[]> {
    const cids: string[] = []
    for await (const [, cid] of this.store.queue.entries()) cids.push(cid.toString())
    return cids
  }

  /** What is proposed again: the salts of the claims that go together. */
  proposedAgain(): string[] {
    return this.again.map((bill) => bill.claims.map((claim) => toHex(claim.salt)).join())
  }
}

const saltOf = (claim: Claim): string => toHex(claim.salt)

describe('batches in flight', () => {
  let flight: Flight

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] })
    flight = new Flight()
  })

  afterEach(async () => {
    await flight.inFlight.stop()
    mock.timers.reset()
  })

  const elapse = async (ms: number): Promise<void> => {
    mock.timers.tick(ms)
    await settled()
  }

  it('end a claim that two auditors cannot read as needs-review, after five retries with growing pauses', async () => {
    const claim = makeClaim('unreadable')
    const pauses: number[] = []
    for (let round = 0; round <= 5; round += 1) {
      const loaded = await flight.propose([claim])
      for (const voter of members.slice(0, 2)) await flight.vote(voter, loaded)
      for (const voter of members.slice(2)) await flight.vote(voter, loaded, { 0: 'ERR_CLAIM_ABSTAINED' })
      await flight.inFlight.split(loaded.announcement)
      if (round === 5) break
      assert.deepEqual(await flight.stateOf(claim), ['claimed', undefined])
      let waitedMs = 0
      while (flight.again.length === round) {
        await elapse(1_000)
        waitedMs += 1_000
        assert.ok(waitedMs < 100_000, 'the claim is never proposed again')
      }
      pauses.push(waitedMs)
    }
    assert.deepEqual(pauses, [2_000, 4_000, 8_000, 16_000, 32_000])
    assert.deepEqual(await flight.stateOf(claim), ['needs-review', 'ERR_CLAIM_ABSTAINED'])
    await elapse(1_000_000)
    assert.equal(flight.again.length, 5)
    assert.equal(flight.inFlight.size, 0)
  })

  it('begin to count anew for a bill that was certified in between', async () => {
    const claim = makeClaim('flaky')
    const split = async (): Promise<void> => {
      const loaded = await flight.propose([claim])
      for (const voter of members.slice(0, 2)) await flight.vote(voter, loaded)
      for (const voter of members.slice(2)) await flight.vote(voter, loaded, { 0: 'ERR_CLAIM_ABSTAINED' })
      await flight.inFlight.split(loaded.announcement)
    }
    for (let round = 0; round < 4; round += 1) await split()
    const loaded = await flight.propose([claim])
    for (const voter of members) await flight.vote(voter, loaded)
    const certificate = flight.polls.findCertificate(loaded.digest, loaded.leaves)
    assert.ok(certificate !== undefined)
    await flight.inFlight.certified(loaded, certificate)
    for (let round = 0; round < 5; round += 1) {
      await split()
      assert.deepEqual(await flight.stateOf(claim), ['claimed', undefined])
    }
  })

  it('give up the place of a batch that a quorum has voted on without agreeing, and propose the rest again', async () => {
    const claims = ['contested', 'agreed', 'too'].map((label) => makeClaim(label)) as [Claim, Claim, Claim]
    const loaded = await flight.propose(claims)
    for (const voter of members.slice(0, 2)) await flight.vote(voter, loaded)
    await flight.vote(members[2], loaded, { 0: 'ERR_CLAIM_OVERLAP' })
    await elapse(RELIEF_MS - 1)
    assert.deepEqual([flight.inFlight.size, flight.freed], [1, 0])
    await elapse(1)
    assert.equal(flight.inFlight.size, 0)
    assert.ok(flight.freed > 0)
    assert.deepEqual(
      (await flight.queued()).toSorted(),
      claims
        .slice(1)
        .map(({ bill }) => bill.toString())
        .toSorted(),
    )
    await elapse(2_000)
    assert.deepEqual(
      flight.proposedAgain().toSorted(),
      claims
        .slice(1)
        .map((claim) => saltOf(claim))
        .toSorted(),
    )
    // Those are certified in another batch; then the missing auditor comes, and refuses too.
    const [, agreed, too] = claims
    await markCertified(flight.store, loaded, [agreed, too])
    await flight.vote(members[3], loaded, { 0: 'ERR_CLAIM_OVERLAP' })
    await flight.inFlight.split(loaded.announcement)
    assert.deepEqual(await flight.stateOf(claims[0]), ['rejected', 'ERR_CLAIM_OVERLAP'])
    await elapse(100_000)
    assert.equal(flight.again.length, 2, 'what is certified was proposed once more')
  })

  it('keep the place of a batch that too few have voted on: with two of four away nothing else would get through', async () => {
    const loaded = await flight.propose([makeClaim('waits')])
    for (const voter of members.slice(0, 2)) await flight.vote(voter, loaded)
    for (let i = 0; i < 10; i += 1) await elapse(RELIEF_MS)
    assert.equal(flight.inFlight.size, 1)
    assert.deepEqual(flight.again, [])
    await flight.vote(members[2], loaded, { 0: 'ERR_CLAIM_OVERLAP' })
    await elapse(RELIEF_MS)
    assert.equal(flight.inFlight.size, 0)
  })

  it('have claims in the durable queue again before a split is carried out, and keep the batch if that fails', async () => {
    const claims = ['one', 'two', 'three'].map((label) => makeClaim(label)) as [Claim, Claim, Claim]
    const loaded = await flight.propose(claims)
    await flight.vote(members[0], loaded)
    await flight.vote(members[1], loaded, { 0: 'ERR_CLAIM_OVERLAP' })
    await flight.vote(members[2], loaded, { 1: 'ERR_CLAIM_OVERLAP' })
    await flight.vote(members[3], loaded)
    flight.isUnreadable = true
    await assert.rejects(flight.inFlight.split(loaded.announcement), /does not answer/)
    flight.isUnreadable = false
    flight.store.fault = new Error('no space left')
    await assert.rejects(flight.inFlight.split(loaded.announcement), /no space/)
    assert.equal(flight.inFlight.size, 1)
    flight.store.fault = undefined
    await flight.inFlight.split(loaded.announcement)
    assert.deepEqual((await flight.queued()).toSorted(), claims.map(({ bill }) => bill.toString()).toSorted())
    assert.equal(flight.inFlight.size, 0)
    await elapse(2_000)
    const isAlone = new Map(flight.again.map((bill) => [bill.cid.toString(), bill.isContested]))
    assert.deepEqual(
      claims.map(({ bill }) => isAlone.get(bill.toString())),
      [true, true, false],
    )
  })

  it('take two contested claims of one bill apart: together they would be contested again and again', async () => {
    const first = makeClaim('file')
    const claims = [first, makeClaim('row', { bill: first.bill, plainHash: first.plainHash, ordinal: 1 })] as const
    const loaded = await flight.propose(claims)
    await flight.vote(members[0], loaded)
    await flight.vote(members[1], loaded, { 0: 'ERR_CLAIM_OVERLAP' })
    await flight.vote(members[2], loaded, { 1: 'ERR_CLAIM_OVERLAP' })
    await flight.vote(members[3], loaded)
    await flight.inFlight.split(loaded.announcement)
    await elapse(2_000)
    assert.deepEqual(
      flight.proposedAgain(),
      claims.map((claim) => saltOf(claim)),
    )
    assert.equal((await flight.queued()).length, 2)
  })

  it('decide every claim when the split comes while the batch is relieved', async () => {
    const claims = ['kept', 'lost'].map((label) => makeClaim(label)) as [Claim, Claim]
    const loaded = await flight.propose(claims)
    for (const voter of members.slice(0, 2)) await flight.vote(voter, loaded)
    await flight.vote(members[2], loaded, { 1: 'ERR_CLAIM_OVERLAP' })
    let open = (): void => undefined
    flight.gate = new Promise((resolve) => (open = resolve))
    await elapse(RELIEF_MS)
    await flight.vote(members[3], loaded, { 1: 'ERR_CLAIM_OVERLAP' })
    const split = flight.inFlight.split(loaded.announcement)
    open()
    await split
    assert.deepEqual(await flight.stateOf(claims[1]), ['rejected', 'ERR_CLAIM_OVERLAP'])
    assert.deepEqual(await flight.queued(), [claims[0].bill.toString()])
  })

  it('hold no place any more when relief fails after the split has come', async () => {
    const loaded = await flight.propose([makeClaim('slow')])
    for (const voter of members.slice(0, 2)) await flight.vote(voter, loaded)
    await flight.vote(members[2], loaded, { 0: 'ERR_CLAIM_OVERLAP' })
    let fail = (_cause: Error): void => undefined
    flight.gate = new Promise((_resolve, reject) => (fail = reject))
    await elapse(RELIEF_MS)
    flight.gate = Promise.resolve()
    await flight.vote(members[3], loaded, { 0: 'ERR_CLAIM_OVERLAP' })
    const split = flight.inFlight.split(loaded.announcement)
    await settled()
    fail(new Error('the disk does not answer'))
    await split
    await settled()
    assert.equal(flight.inFlight.size, 0)
  })

  it('refuse no claim because of votes whose bitmaps were changed on the way', async () => {
    const claims = ['good', 'bad'].map((label) => makeClaim(label)) as [Claim, Claim]
    const loaded = await flight.propose(claims)
    const { polls } = flight
    const add = polls.add.bind(polls)
    // Two honest votes that accept the first claim reach this node with the bits turned around.
    polls.add = async (vote, isKnown) => add({ ...vote, bitmap: new Uint8Array([0b10]) }, isKnown)
    for (const voter of members.slice(1, 3)) await flight.vote(voter, loaded, { 1: 'ERR_CLAIM_OVERLAP' })
    polls.add = add
    await flight.vote(members[0], loaded)
    await flight.vote(members[3], loaded)
    await flight.inFlight.split(loaded.announcement)
    assert.deepEqual(await flight.stateOf(claims[0]), ['claimed', undefined])
    assert.ok((await flight.queued()).includes(claims[0].bill.toString()))
  })

  it('free the place of a batch that was certified while the store failed, and end what the quorum refused', async () => {
    const claims = ['yes', 'no'].map((label) => makeClaim(label)) as [Claim, Claim]
    const loaded = await flight.propose(claims)
    for (const voter of members) await flight.vote(voter, loaded, { 1: 'ERR_CLAIM_FIGURES' })
    const certificate = flight.polls.findCertificate(loaded.digest, loaded.leaves) as Certificate
    const { store } = flight
    const record = await store.batches.get(loaded.digest)
    await store.commit([store.batches.put(loaded.digest, { ...record, state: 'certified', certificate })], {
      durable: true,
    })
    store.fault = new Error('no space left')
    await assert.rejects(flight.inFlight.certified(loaded, certificate))
    store.fault = undefined
    flight.polls.close(loaded.digest)
    await elapse(RELIEF_MS)
    assert.equal(flight.inFlight.size, 0)
    assert.equal((await flight.stateOf(claims[1]))[0], 'rejected')
    assert.deepEqual(flight.again, [])
  })

  it('leave batches of other sponsors alone', async () => {
    const loaded = await flight.propose([makeClaim('other')], members[1])
    for (const voter of members.slice(0, 2)) await flight.vote(voter, loaded)
    for (const voter of members.slice(2)) await flight.vote(voter, loaded, { 0: 'ERR_CLAIM_OVERLAP' })
    flight.isUnreadable = true
    await flight.inFlight.split(loaded.announcement)
    assert.deepEqual([flight.again, await flight.queued()], [[], []])
  })

  it('leave no timer behind when they stop, not even of what was under way', async () => {
    const claims = ['stopped', 'too'].map((label) => makeClaim(label)) as [Claim, Claim]
    const loaded = await flight.propose(claims)
    for (const voter of members.slice(0, 2)) await flight.vote(voter, loaded)
    await flight.vote(members[2], loaded, { 0: 'ERR_CLAIM_OVERLAP' })
    let open = (): void => undefined
    flight.gate = new Promise((resolve) => (open = resolve))
    await elapse(RELIEF_MS)
    const stopped = flight.inFlight.stop()
    open()
    await stopped
    // Durable, for the next start; but nothing more happens here.
    assert.deepEqual(await flight.queued(), [claims[1].bill.toString()])
    await elapse(1_000_000)
    assert.deepEqual(flight.again, [])
  })
})

async function markCertified(store: MemoryStore, loaded: LoadedBatch, claims: readonly Claim[]): Promise<void> {
  const records = claims.map((claim): ClaimRecord => {
    const claimId = claimIdOf(region.domain, REGION, claim)
    const { digest: batch } = loaded
    return { claimId, claim, visibility: 'public', batch, index: 0, state: 'certified', proposedAtMs: 0 }
  })
  await store.commit(
    records.map((record) => store.claims.put(record.claimId, record)),
    { durable: true },
  )
}
