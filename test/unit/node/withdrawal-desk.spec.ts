import assert from 'node:assert/strict'
import type { CID } from 'multiformats/cid'
import { pino } from 'pino'
import {
  cidOfDigest,
  claimIdOf,
  concatBytes,
  decodeGossip,
  digestOf,
  encodeGossip,
  equalBytes,
  LIMITS,
  orderBytes,
  RAW_CODE,
  signWithdrawal,
  verifyWithdrawal,
} from '#protocol'
import type { GossipMessage, Withdrawal } from '#protocol'
import { keyOfNumber } from '#storage'
import type { ClaimRecord, WithdrawnRecord } from '#storage'
import { plainKey } from '../../../node/ledger.ts'
import { WithdrawalDesk } from '../../../node/withdrawals/withdrawal-desk.ts'
import type { WithdrawalDeskInit } from '../../../node/withdrawals/withdrawal-desk.ts'
import { createMemoryStore } from '../../support/memory-store.ts'
import type { MemoryStore } from '../../support/memory-store.ts'
import { contextOf } from '../../support/region-context.ts'
import { foundRegion, hashOf, makeBatch, makeClaim, REGION, sealedEntry } from '../../support/region-fixture.ts'
import type { Member } from '../../support/region-fixture.ts'

const founded = foundRegion()
const [us, sponsor, other] = founded.members as [Member, Member, Member, Member]

const cidOf = (label: string): CID => cidOfDigest(hashOf(`bill ${label}`), RAW_CODE)

function withdrawalOf(
  signer: Member,
  seq: number,
  bills: readonly CID[],
  changes: Partial<Withdrawal> = {},
): Withdrawal {
  const content = { region: REGION, sponsor: signer.address, seq, bills: [...bills], ...changes }
  return signWithdrawal(founded.domain, content, signer.key)
}

describe('withdrawals', () => {
  let store: MemoryStore
  let removed: string[]
  let said: GossipMessage[]
  let kept: Set<string>
  let crash: Error | undefined
  let desk: WithdrawalDesk

  async function openDesk(): Promise<WithdrawalDesk> {
    const init: Partial<Record<keyof WithdrawalDeskInit, unknown>> = {
      context: contextOf(founded),
      store,
      archive: {
        removeBill: async (cid: CID) => {
          if (crash !== undefined) throw crash
          removed.push(cid.toString())
          return 1
        },
      },
      blocks: { datastore: { has: async () => false } },
      reviews: { close: async () => undefined, forget: async () => undefined },
      intake: { exclusively: async (_v: string, _hash: Uint8Array, task: () => Promise<void>) => task() },
      isKept: async (cid: CID) => kept.has(cid.toString()),
      publish: async (message: GossipMessage) => void said.push(message),
      nowMs: () => 1_000,
      intervalMs: 1_000,
      log: pino({ level: 'silent' }),
    }
    const opened = new WithdrawalDesk(init as unknown as WithdrawalDeskInit)
    await opened.load()
    return opened
  }

  beforeEach(async () => {
    store = createMemoryStore()
    removed = []
    said = []
    kept = new Set()
    crash = undefined
    desk = await openDesk()
  })

  /** A sealed bill that a batch of `by` claims. */
  async function claimed(label: string, by: Member, changes: Partial<ClaimRecord> = {}): Promise<CID> {
    const claim = makeClaim(label)
    const claimId = claimIdOf(founded.domain, REGION, claim)
    const { announcement } = makeBatch(founded, by, [sealedEntry(founded, claim)], { sealed: new Uint8Array(1) })
    const batch = digestOf(announcement.batch)
    const record: ClaimRecord = {
      claimId,
      claim,
      visibility: 'sealed',
      batch,
      index: 0,
      state: 'final',
      proposedAtMs: 0,
      ...changes,
    }
    const isOpen = record.state === 'proposed'
    await store.commit(
      [
        store.claims.put(claimId, record),
        store.claimsByBill.put(concatBytes([claim.bill.bytes, keyOfNumber(0), claimId]), claimId),
        store.billsByPlainHash.put(plainKey('sealed', claim.plainHash), claim.bill),
        store.batches.put(batch, {
          announcement,
          state: isOpen ? 'announced' : 'anchored',
          leaves: [],
          claimIds: [claimId],
        }),
      ],
      { durable: true },
    )
    return claim.bill
  }

  async function submitted(label: string, state: 'open' | 'claimed' | 'rejected' = 'claimed'): Promise<CID> {
    const cid = cidOf(label)
    const record = { cid, visibility: 'sealed' as const, plainHash: hashOf(`bill ${label}`), file: 'june.csv' }
    const rest = { sizeBytes: 1, holder: hashOf('holder'), receivedAtMs: 0, state, claimIds: [] }
    await store.commit([store.bills.put(cid.bytes, { ...record, ...rest })], { durable: true })
    return cid
  }

  const stateOf = async (cid: CID, by: Member): Promise<WithdrawnRecord['state'] | undefined> =>
    (await store.withdrawn.find(concatBytes([cid.bytes, by.address])))?.state

  it('of another auditor remove its own final bills, which nothing finds any more by their bytes', async () => {
    const cid = await claimed('a', sponsor)
    assert.equal(await desk.take(withdrawalOf(sponsor, 1, [cid])), true)
    await desk.settle()
    assert.deepEqual(removed, [cid.toString()])
    assert.equal(await stateOf(cid, sponsor), 'gone')
    assert.equal(await store.billsByPlainHash.find(plainKey('sealed', makeClaim('a').plainHash)), undefined)
    assert.ok(await desk.isExcused(cid))
  })

  it('leave a bill of somebody else, a public one, one that is not final, and one that an account here has', async () => {
    const bills = {
      others: await claimed('others', other),
      open: await claimed('open', sponsor, { visibility: 'public' }),
      early: await claimed('early', sponsor, { state: 'anchored' }),
      voted: await claimed('voted', sponsor, { state: 'proposed' }),
      wanted: await claimed('wanted', sponsor),
      unknown: cidOf('unknown'),
    }
    kept.add(bills.wanted.toString())
    assert.equal(await desk.take(withdrawalOf(sponsor, 1, Object.values(bills))), true)
    await desk.settle()
    assert.deepEqual(removed, [])
    // Nobody is excused from having a bill by somebody else's word.
    assert.equal(await desk.isExcused(bills.others), false)
    // They go when that changes.
    kept.clear()
    await claimed('early', sponsor)
    await desk.settle()
    assert.deepEqual(new Set(removed), new Set([bills.wanted, bills.early].map(String)))
  })

  it('are refused when their sponsor did not sign them, or not these bills, this number or this region', async () => {
    const cid = await claimed('a', sponsor)
    const right = withdrawalOf(sponsor, 1, [cid])
    const wrong: Withdrawal[] = [
      { ...right, sponsor: other.address },
      { ...right, seq: 2 },
      { ...right, bills: [cidOf('b')] },
      { ...withdrawalOf(other, 1, [cid]), sponsor: sponsor.address },
    ]
    for (const withdrawal of wrong) await assert.rejects(desk.take(withdrawal), { code: 'ERR_PROTOCOL_SIGNATURE' })
    const stranger = { key: hashOf('stranger'), address: hashOf('stranger').slice(0, 20) }
    assert.equal(await desk.take(withdrawalOf(stranger, 1, [cid])), false)
    assert.equal(await desk.take(withdrawalOf(sponsor, 1, [cid], { region: 'europe' })), false)
    await desk.settle()
    assert.deepEqual(removed, [])
    assert.equal(await desk.take(right), true)
  })

  it('count once: neither the same again, nor its bills under another number', async () => {
    const cid = await claimed('a', sponsor)
    const withdrawal = withdrawalOf(sponsor, 1, [cid])
    assert.equal(await desk.take(withdrawal), true)
    const { commits } = store
    assert.equal(await desk.take(withdrawal), false)
    assert.equal(await desk.take(withdrawalOf(sponsor, 2, [cid])), false)
    assert.equal(await desk.take(withdrawalOf(sponsor, 1, [cidOf('b')])), false)
    assert.equal(store.commits, commits)
    await desk.settle()
    // Handed in again later, as another file: an old withdrawal says nothing of it.
    const again = await claimed('again', sponsor)
    assert.equal(await desk.take(withdrawal), false)
    await desk.settle()
    assert.ok(!removed.includes(again.toString()))
  })

  /** A withdrawal of as many bills as one may have. */
  const largest = (signer: Member, seq: number, bill?: CID): Withdrawal => {
    const bills = Array.from({ length: LIMITS.withdrawnBills - (bill === undefined ? 0 : 1) }, (_, i) =>
      cidOf(`${seq}/${i}`),
    )
    return withdrawalOf(signer, seq, bill === undefined ? bills : [...bills, bill])
  }

  it('of bills that nobody has fill no more than their sponsor’s share, and take no room of others', async () => {
    for (let seq = 1; seq <= 16; seq += 1) assert.equal(await desk.take(largest(sponsor, seq)), true, String(seq))
    assert.equal(await desk.take(largest(sponsor, 17)), false)
    assert.equal(await desk.take(largest(other, 1)), true)
  })

  it('are taken while many are looked at', async () => {
    await desk.take(largest(sponsor, 1))
    let isSettled = false
    const settled = desk.settle().then(() => (isSettled = true))
    await desk.take(withdrawalOf(other, 1, [cidOf('a')]))
    assert.ok(!isSettled)
    await settled
  })

  it('are looked at in turns, so that what nobody has keeps none waiting', async () => {
    const cid = await claimed('a', other)
    await desk.take(largest(sponsor, 1))
    await desk.take(withdrawalOf(other, 1, [cid]))
    for (let turn = 0; turn < 2; turn += 1) await desk.settle(LIMITS.withdrawnBills / 2)
    assert.deepEqual(removed, [])
    await desk.settle(1)
    assert.deepEqual(removed, [cid.toString()])
  })

  it('beyond their share excuse from bills of certified batches that are looked for, and from nothing else', async () => {
    for (let seq = 1; seq <= 16; seq += 1) await desk.take(largest(sponsor, seq))
    const ended: string[] = []
    const begin = (by: Member, label: string, isCertified: boolean): (() => void) => {
      const bills = new Set([cidOf(label).toString()])
      return desk.searches.begin({ sponsor: by.address, bills, isCertified, onWithdrawn: () => ended.push(label) })
    }
    const end = begin(sponsor, 'certified', true)
    begin(sponsor, 'announced', false)
    begin(other, 'others', true)
    for (const [i, label] of ['certified', 'announced', 'others', 'nobody'].entries()) {
      const { commits } = store
      assert.equal(await desk.take(largest(sponsor, 17 + i, cidOf(label))), false)
      assert.equal(store.commits, commits)
    }
    assert.deepEqual(ended, ['certified'])
    // Again: who is still looking is not told what it knows.
    await desk.take(largest(sponsor, 17, cidOf('certified')))
    assert.deepEqual(ended, ['certified'])
    end()
    const excused = async (label: string): Promise<boolean> => desk.isWithdrawn(cidOf(label), sponsor.address)
    assert.deepEqual(await Promise.all(['certified', 'announced', 'others', 'nobody'].map(excused)), [
      true,
      false,
      false,
      false,
    ])
  })

  it('are canonical and fit a gossip message at their largest', () => {
    const bills = Array.from({ length: LIMITS.withdrawnBills }, (_, i) => cidOf(String(i)))
    const withdrawal = withdrawalOf(sponsor, 1, bills)
    const bytes = encodeGossip({ kind: 'withdrawal', withdrawal })
    assert.ok(bytes.byteLength < LIMITS.gossipBytes / 4)
    const decoded = decodeGossip(bytes)
    assert.ok(decoded.kind === 'withdrawal')
    verifyWithdrawal(founded.domain, decoded.withdrawal)
    const [a, b] = bills.slice(0, 2).toSorted((x, y) => orderBytes(x.bytes, y.bytes)) as [CID, CID]
    for (const wrong of [[], [b, a], [a, a], [...bills, cidOf('more')]]) {
      const message = encodeGossip({ kind: 'withdrawal', withdrawal: { ...withdrawal, bills: wrong } })
      assert.throws(() => decodeGossip(message), { code: 'ERR_PROTOCOL_SCHEMA' })
    }
  })

  it('of own bills are said when each is decided, without the name of the file', async () => {
    const ready = await submitted('ready')
    await claimed('ready', us)
    const refused = await submitted('refused', 'rejected')
    const early = await submitted('early')
    await claimed('early', us, { state: 'certified' })
    const queued = await submitted('queued', 'open')
    await desk.want([ready, refused, early, queued])
    await desk.want([ready])
    await desk.settle()
    const [message] = said
    assert.ok(said.length === 1 && message?.kind === 'withdrawal')
    verifyWithdrawal(founded.domain, message.withdrawal)
    assert.deepEqual(new Set(message.withdrawal.bills.map(String)), new Set([ready, refused].map(String)))
    assert.deepEqual(new Set(removed), new Set([ready, refused].map(String)))
    const record = await store.bills.get(ready.bytes)
    assert.deepEqual([record.file, record.withdrawnAtMs], [undefined, 1_000])
    assert.equal((await store.bills.get(early.bytes)).file, 'june.csv')
    await claimed('early', us)
    await desk.settle()
    assert.equal(said.length, 2)
    assert.ok(removed.includes(early.toString()) && !removed.includes(queued.toString()))
  })

  it('of own bills end where another account has handed the bill in meanwhile', async () => {
    const cid = await submitted('a')
    await claimed('a', us)
    await desk.want([cid])
    kept.add(cid.toString())
    await desk.settle()
    kept.clear()
    await desk.settle()
    assert.deepEqual([said.length, removed.length], [0, 0])
    assert.equal(await stateOf(cid, us), undefined)
  })

  it('go on after a crash between any two of their writes, and say each once', async () => {
    const cid = await submitted('a')
    await claimed('a', us)
    for (let survives = 0; ; survives += 1) {
      assert.ok(survives < 20)
      let left = survives
      const { commit } = store
      const dying = Object.assign(Object.create(store) as MemoryStore, {
        commit: async (...args: Parameters<MemoryStore['commit']>) => {
          if (left === 0) throw new Error('killed')
          left -= 1
          return commit.apply(store, args)
        },
      })
      const whole = store
      store = dying
      desk = await openDesk()
      const run = async (): Promise<void> => {
        await desk.want([cid])
        await desk.settle()
      }
      const died = await run().then(
        () => false,
        () => true,
      )
      store = whole
      if (!died) break
    }
    desk = await openDesk()
    await desk.settle()
    assert.equal(await stateOf(cid, us), 'gone')
    assert.ok(removed.includes(cid.toString()))
    const withdrawals = said.map((message) => (message.kind === 'withdrawal' ? message.withdrawal : undefined))
    assert.ok(withdrawals.every((it) => it !== undefined && it.seq === 1))
    let stored = 0
    for await (const _ of store.withdrawals.entries()) stored += 1
    assert.equal(stored, 1)
  })

  it('that came back from others, after the store was restored from an older copy, are not numbered again', async () => {
    const cid = await submitted('a')
    await claimed('a', us)
    assert.equal(await desk.take(withdrawalOf(us, 1, [cidOf('lost')])), true)
    await desk.want([cid])
    await desk.settle()
    const [message] = said
    assert.ok(message?.kind === 'withdrawal')
    assert.equal(message.withdrawal.seq, 2)
    assert.ok(equalBytes(message.withdrawal.sponsor, us.address))
  })

  it('tries again when blocks could not be removed', async () => {
    const cid = await claimed('a', sponsor)
    await desk.take(withdrawalOf(sponsor, 1, [cid]))
    crash = new Error('disk')
    await assert.rejects(desk.settle(), crash)
    assert.equal(await stateOf(cid, sponsor), 'told')
    crash = undefined
    desk = await openDesk()
    await desk.settle()
    assert.deepEqual(removed, [cid.toString()])
  })
})
