import assert from 'node:assert/strict'
import fc from 'fast-check'
import { pino } from 'pino'
import type { BillState } from '#api'
import { accountRange, eventKey } from '../../node/service/event-keys.ts'
import { EventRetention } from '../../node/service/event-retention.ts'
import { ALL, JournalRig } from '../support/journal.ts'
import { until } from '../support/until.ts'

const PATH: readonly BillState[] = ['received', 'proposed', 'certified', 'anchored', 'final']

describe('event journal', () => {
  let rig: JournalRig

  beforeEach(async () => {
    rig = await JournalRig.open()
  })
  afterEach(async () => rig.close())

  it('tells each account of its bills, in numbers of its own without gaps, and the operator of all', async () => {
    rig.journal.start()
    for (const [bill, account] of [
      ['a', 'shop'],
      ['b', 'bakery'],
      ['c', 'shop'],
    ] as const) {
      await rig.take(bill, account)
      rig.move(bill, 'proposed')
      await rig.untilHeard(bill, 'proposed')
    }
    assert.deepEqual(
      (await rig.events('shop')).map(({ seq, cid, state }) => [seq, cid, state]),
      [
        [1, rig.cidOf('a').toString(), 'received'],
        [2, rig.cidOf('a').toString(), 'proposed'],
        [3, rig.cidOf('c').toString(), 'received'],
        [4, rig.cidOf('c').toString(), 'proposed'],
      ],
    )
    assert.deepEqual(await rig.heard('a', 'bakery'), [])
    assert.deepEqual(
      (await rig.events()).map(({ seq }) => seq),
      [1, 2, 3, 4, 5, 6],
    )
    assert.deepEqual(
      (await rig.journal.list({ account: 'shop', all: false }, 2, 1)).map(({ seq }) => seq),
      [3],
    )
    assert.equal(await rig.journal.lastSeq({ account: 'nobody', all: false }), 0)
  })

  it('tells nobody of bills that were handed in elsewhere', async () => {
    rig.journal.start()
    await rig.take('own', 'shop')
    rig.move('foreign', 'certified')
    rig.move('own', 'certified')
    await rig.untilHeard('own', 'certified')
    assert.deepEqual(await rig.heard('foreign'), [])
  })

  it('tells an account that hands in a bill later all that it has passed, and the first one nothing again', async () => {
    rig.journal.start()
    await rig.take('a', 'shop')
    rig.move('a', 'final')
    await rig.untilHeard('a', 'final')
    await rig.take('a', 'bakery')
    rig.note('a')
    await rig.untilHeard('a', 'final', 'bakery')
    for (const account of ['shop', 'bakery', undefined]) assert.deepEqual(await rig.heard('a', account), PATH)
  })

  it('tells an account that comes to a bill while it is followed, and nobody twice when a claim falls back', async () => {
    rig.journal.start()
    await rig.take('a', 'shop')
    rig.move('a', 'certified')
    await rig.untilHeard('a', 'certified')
    await rig.take('a', 'bakery')
    rig.noteAccount('a')
    await rig.untilHeard('a', 'certified', 'bakery')
    await rig.take('b', 'shop')
    for (const state of ['received', 'proposed', 'certified'] as const) {
      rig.move('a', state)
      rig.move('b', state)
      await rig.untilHeard('b', state)
    }
    rig.move('a', 'final')
    await rig.untilHeard('a', 'final', 'bakery')
    for (const account of ['shop', 'bakery', undefined]) assert.deepEqual(await rig.heard('a', account), PATH)
  })

  it('tells an account that is being closed nothing, also what it was told before and after a restart', async () => {
    rig.journal.start()
    await rig.take('a', 'shop')
    await rig.take('a', 'bakery')
    rig.move('a', 'certified')
    await rig.untilHeard('a', 'certified', 'shop')
    rig.closing.add('shop')
    await rig.store.commit(rig.journal.forgetBill(rig.cidOf('a'), 'shop', false), { durable: false })
    rig.move('a', 'anchored')
    await rig.untilHeard('a', 'anchored', 'bakery')
    await rig.restart('crash')
    rig.move('a', 'final')
    await rig.untilHeard('a', 'final', 'bakery')
    assert.deepEqual(await rig.heard('a', 'shop'), PATH.slice(0, 3))
  })

  it('tells no state again behind a withdrawal that came while a claim had fallen back', async () => {
    rig.journal.start()
    await rig.take('a', 'shop')
    rig.move('a', 'certified')
    await rig.untilHeard('a', 'certified')
    rig.withdraw('a', 'proposed')
    rig.note('a')
    await until('the withdrawal is told', async () => (await rig.events('shop')).at(-1)?.withdrawn === true)
    rig.withdraw('a', 'final')
    rig.note('a')
    await rig.untilHeard('a', 'final')
    assert.deepEqual(await rig.heard('a', 'shop'), [...PATH.slice(0, 3), ...PATH.slice(2)])
  })

  it('says why a bill was refused, and tells of the chain that takes a block back', async () => {
    rig.journal.start()
    await rig.take('bad', 'shop')
    rig.move('bad', 'rejected', 'ERR_CLAIM_OVERLAP')
    await rig.untilHeard('bad', 'rejected')
    assert.equal((await rig.events('shop')).at(-1)?.code, 'ERR_CLAIM_OVERLAP')
    await rig.take('a', 'shop')
    for (const state of ['anchored', 'certified', 'final'] as const) {
      rig.move('a', state)
      await rig.untilHeard('a', state)
    }
    const heard = ['received', 'proposed', 'certified', 'anchored', 'certified', 'anchored', 'final']
    assert.deepEqual(await rig.heard('a', 'shop'), heard)
  })

  it('wakes whoever listens to an account, after the events can be read', async () => {
    rig.journal.start()
    const seen: number[] = []
    const listen = (account: string): (() => void) =>
      rig.journal.onNew({ account, all: false }, () => void rig.events(account).then(({ length }) => seen.push(length)))
    const end = listen('shop')
    listen('bakery')
    await rig.take('a', 'shop')
    rig.note('a')
    await until('the listener is called', () => seen.length === 1)
    end()
    rig.move('a', 'final')
    await rig.untilHeard('a', 'final')
    assert.deepEqual(seen, [1])
  })

  it('finds at the start what a crash left between a record and its event', async () => {
    await rig.take('a', 'shop')
    await rig.take('b', 'shop')
    rig.set('b', 'certified')
    rig.journal.start()
    await rig.untilHeard('b', 'certified')
    await rig.untilHeard('a', 'received')
    rig.set('a', 'final')
    await rig.restart('crash')
    await rig.untilHeard('a', 'final')
    assert.deepEqual(await rig.heard('a', 'shop'), PATH)
    assert.deepEqual(await rig.heard('b', 'shop'), PATH.slice(0, 3))
    // Final bills are not looked at again at each start.
    const open = []
    for await (const [key] of rig.store.billsOpen.entries()) open.push(key)
    assert.deepEqual(open, [rig.cidOf('b').bytes])
  })

  it('goes on where a disk was full', async () => {
    rig.journal.start()
    const commit = rig.store.commit.bind(rig.store)
    await rig.take('a', 'shop')
    let failures = 0
    rig.store.commit = async () => {
      failures += 1
      throw new Error('the disk is full')
    }
    rig.move('a', 'certified')
    await until('a commit failed', () => failures > 0)
    rig.store.commit = commit
    await rig.untilHeard('a', 'certified')
    assert.deepEqual(await rig.heard('a', 'shop'), PATH.slice(0, 3))
  })

  it('tells every state once, in order and in numbers without gaps, whenever it is stopped or killed', async function () {
    this.timeout(60_000)
    const bills = ['a', 'b', 'c', 'd']
    const accounts = ['shop', 'bakery']
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('take' as const),
          bill: fc.constantFrom(...bills),
          account: fc.constantFrom(...accounts),
          isNoted: fc.boolean(),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('move' as const),
          bill: fc.constantFrom(...bills),
          isNoted: fc.boolean(),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('crash' as const, 'stop' as const) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('pause' as const) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const run = await JournalRig.open()
        run.journal.start()
        const at = new Map<string, number>()
        const owners = new Map<string, Set<string>>()
        try {
          for (const one of steps) {
            if (one.kind === 'take') {
              await run.take(one.bill, one.account)
              owners.set(one.bill, (owners.get(one.bill) ?? new Set()).add(one.account))
              at.set(one.bill, at.get(one.bill) ?? 0)
              if (one.isNoted) run.note(one.bill)
            } else if (one.kind === 'move') {
              if (!at.has(one.bill)) continue
              const next = Math.min((at.get(one.bill) ?? 0) + 1, PATH.length - 1)
              at.set(one.bill, next)
              run.set(one.bill, PATH[next] ?? 'final')
              if (one.isNoted) run.note(one.bill)
            } else if (one.kind === 'pause') await new Promise((resolve) => setTimeout(resolve, 30))
            else await run.restart(one.kind)
          }
          await run.restart('crash')
          for (const [bill, index] of at) {
            const state = PATH[index] ?? 'final'
            for (const account of owners.get(bill) ?? []) await run.untilHeard(bill, state, account)
          }
          await run.restart('stop')
          for (const account of [...accounts, undefined]) {
            const events = await run.events(account)
            assert.deepEqual(
              events.map(({ seq }) => seq),
              events.map((_, i) => i + 1),
            )
            for (const [bill, index] of at) {
              const isReader = account === undefined || owners.get(bill)?.has(account) === true
              assert.deepEqual(await run.heard(bill, account), isReader ? PATH.slice(0, index + 1) : [])
            }
          }
        } finally {
          await run.close()
        }
      }),
      { numRuns: 40 },
    )
  })

  it('removes what is old or too many, never the last of an account, so that its numbers go on', async () => {
    rig.journal.start()
    await rig.take('a', 'shop')
    await rig.take('b', 'bakery')
    rig.move('a', 'final')
    rig.move('b', 'final')
    await rig.untilHeard('a', 'final')
    await rig.untilHeard('b', 'final')
    const numbers = async (account: string): Promise<number[]> => (await rig.events(account)).map(({ seq }) => seq)
    const retention = { store: rig.store, nowMs: () => Date.now(), log: pino({ level: 'silent' }) }
    await new EventRetention({ ...retention, kept: 2 }).clear()
    assert.deepEqual(await numbers('shop'), [4, 5])
    assert.deepEqual(await numbers('bakery'), [4, 5])
    assert.equal((await rig.events()).length, 2)
    await new EventRetention({ ...retention, keptMs: -1 }).clear()
    assert.deepEqual(await numbers('shop'), [5])
    await rig.restart()
    await rig.take('c', 'shop')
    rig.note('c')
    await rig.untilHeard('c', 'received')
    assert.deepEqual(await numbers('shop'), [5, 6])
  })

  it('forgets an account that is closed, and tells it nothing of what still happens to its bills', async () => {
    rig.journal.start()
    await rig.take('a', 'shop')
    rig.note('a')
    await rig.untilHeard('a', 'received', 'shop')
    await rig.journal.forget('shop')
    rig.move('a', 'final')
    await rig.untilHeard('a', 'final')
    assert.deepEqual(await rig.events('shop'), [])
    assert.deepEqual(await rig.heard('a'), PATH)
  })

  it('writes the changes of two hundred bills a second with little work', async function () {
    this.timeout(60_000)
    rig.journal.start()
    let commits = 0
    const commit = rig.store.commit.bind(rig.store)
    rig.store.commit = async (...args) => {
      commits += 1
      await commit(...args)
    }
    const count = 400
    const bills = Array.from({ length: count }, (_, i) => `bill-${i}`)
    for (const bill of bills) await rig.take(bill, 'shop')
    commits = 0
    const startMs = performance.now()
    const cpu = process.cpuUsage()
    for (const state of PATH) for (const bill of bills) rig.move(bill, state)
    await until('all are told', async () => (await rig.journal.lastSeq(ALL)) === count * PATH.length)
    const { user, system } = process.cpuUsage(cpu)
    assert.ok(commits <= 10, `${commits} commits`)
    assert.ok(performance.now() - startMs < 5_000)
    // Two seconds of bills at that pace: less than half of one of their seconds, on a busy machine.
    assert.ok((user + system) / 1e6 < 2, `${(user + system) / 1e6} s of processor time`)
    const [range, first] = [accountRange('shop'), eventKey('shop', 1)]
    assert.ok(Buffer.compare(range.from, first) < 0 && Buffer.compare(first, range.below) < 0)
  })
})
