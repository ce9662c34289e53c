import assert from 'node:assert/strict'
import { pino } from 'pino'
import { cidOfDigest, RAW_CODE, signWithdrawal } from '#protocol'
import type { Withdrawal } from '#protocol'
import type { Store } from '#storage'
import type { PeerView } from '../../../node/network/types.ts'
import type { Polls } from '../../../node/polls.ts'
import { Sync } from '../../../node/sync.ts'
import { WithdrawalBook, withdrawalKey } from '../../../node/withdrawals/withdrawal-book.ts'
import { createMemoryStore } from '../../support/memory-store.ts'
import { contextOf } from '../../support/region-context.ts'
import { foundRegion, hashOf, REGION } from '../../support/region-fixture.ts'
import type { Member } from '../../support/region-fixture.ts'
import { until } from '../../support/until.ts'

const region = foundRegion()
const [us, them, sponsor] = region.members as [Member, Member, Member]
const PEER = { peerId: 'peer', address: them.address } as PeerView

function withdrawalOf(seq: number): Withdrawal {
  const content = { region: REGION, sponsor: sponsor.address, seq, bills: [cidOfDigest(hashOf(`${seq}`), RAW_CODE)] }
  return signWithdrawal(region.domain, content, sponsor.key)
}

type Side = {
  readonly sync: Sync
  /** Numbers of the withdrawals that were offered to it, in their order. */
  readonly offered: number[]
  /** Begins an exchange with the other side and waits for its end. */
  readonly exchange: () => Promise<void>
}

/** A node that knows some withdrawals, and takes of others what `mayTake` says. */
async function createSide(
  member: Member,
  known: readonly Withdrawal[],
  ask: (bytes: Uint8Array) => AsyncIterable<Uint8Array>,
  mayTake: (withdrawal: Withdrawal) => boolean = () => false,
): Promise<Side> {
  const memory = createMemoryStore()
  await memory.commit(
    known.map((withdrawal) => memory.withdrawals.put(withdrawalKey(withdrawal), withdrawal)),
    { durable: true },
  )
  const store = {
    ...memory,
    anchors: { entries: async function* () {} },
    proposals: { entries: async function* () {} },
  } as unknown as Store
  const book = new WithdrawalBook(store)
  await book.load()
  const offered: number[] = []
  const nothing = async (): Promise<void> => undefined
  let ended = Promise.withResolvers<void>()
  const sync = new Sync({
    context: contextOf(region, region.members.indexOf(member)),
    store,
    polls: {} as Polls,
    network: {
      peers: () => [PEER],
      async *request(_peer, _protocol, bytes) {
        let received = 0
        for await (const frame of ask(bytes)) {
          received += 1
          yield frame
        }
        if (received === 0) ended.resolve()
      },
    },
    protocol: '/sync',
    intervalMs: 60_000,
    take: {
      batch: nothing,
      vote: nothing,
      proposal: nothing,
      equivocation: nothing,
      review: nothing,
      withdrawal: async (withdrawal) => {
        offered.push(withdrawal.seq)
        if (mayTake(withdrawal)) book.know(withdrawal)
      },
    },
    reviews: { digest: () => new Uint8Array(32), records: () => [] },
    withdrawals: book,
    log: pino({ level: 'silent' }),
  })
  const exchange = async (): Promise<void> => {
    ended = Promise.withResolvers()
    // One that is under way leaves the map only after its last answer.
    await until('an exchange begins and ends', async () => {
      sync.with(PEER)
      return Promise.race([
        ended.promise.then(() => true),
        new Promise<false>((resolve) => setImmediate(resolve, false)),
      ])
    })
  }
  return { sync, offered, exchange }
}

describe('sync of withdrawals', () => {
  const count = 100
  const all = Array.from({ length: count }, (_, i) => withdrawalOf(i + 1))
  const numbers = all.map(({ seq }) => seq)

  it('offers all of a peer’s in one exchange', async () => {
    const peer = await createSide(them, all, async function* () {})
    const { offered, exchange } = await createSide(
      us,
      [],
      (bytes) => peer.sync.answer(bytes),
      () => true,
    )
    await exchange()
    assert.deepEqual(offered, numbers)
  })

  it('offers also those behind what there is no room for, and all of them again in the next exchange', async () => {
    const peer = await createSide(them, all, async function* () {})
    const { offered, exchange } = await createSide(us, [], (bytes) => peer.sync.answer(bytes))
    await exchange()
    assert.deepEqual(offered, numbers)
    await exchange()
    assert.deepEqual(offered, [...numbers, ...numbers])
  })

  it('goes on in the next exchange when there were too many for one', async () => {
    const many = Array.from({ length: 600 }, (_, i) => withdrawalOf(i + 1))
    const peer = await createSide(them, many, async function* () {})
    const { offered, exchange } = await createSide(us, [], (bytes) => peer.sync.answer(bytes))
    await exchange()
    assert.deepEqual(
      offered,
      many.map(({ seq }) => seq),
    )
  })
})
