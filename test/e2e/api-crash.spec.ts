import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { BillStatus } from '#api'
import { csvBill } from '../support/bills.ts'
import { checkInvariants } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { seededRandom } from '../support/random.ts'
import { StartedAuditor } from '../support/started-auditor.ts'
import { until } from '../support/until.ts'

const HONEST = [0, 1, 2]
const VICTIM = 3
const BILLS = 90
const KILLS = 5
/** Programs that hand in bills at the same time. */
const CLIENTS = 6
const ACCOUNTS = ['bakery', 'dairy', 'mill']
/** `KWITNESS_TEST_SEED=7` repeats a run as far as processes can be repeated. */
const SEED = Number(process.env['KWITNESS_TEST_SEED'] ?? Date.now() % 1_000_000)

type Order = {
  readonly account: string
  readonly key: string
  readonly name: string
  readonly path: string
  readonly body: Uint8Array
}
type Answered = Order & { readonly cid: string }
type Event = { readonly seq: number; readonly cid: string; readonly state: string }

describe(`kwitness start, killed again and again while bills come in (seed ${SEED})`, function () {
  this.timeout(240_000)
  const random = seededRandom(SEED)
  const answered: Answered[] = []
  const keys = new Map<string, string>()
  let root: string
  let region: LiveRegion
  let auditor: StartedAuditor

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'kwitness-api-crash-'))
    region = await startLiveRegion({ started: HONEST })
    auditor = await StartedAuditor.create(region, VICTIM, root)
    await auditor.start()
    for (const account of ACCOUNTS) {
      await auditor.post('/v1/accounts', { id: account })
      const wanted = { account, scopes: ['bills:write', 'bills:read'] }
      keys.set(account, (await auditor.post<{ apiKey: string }>('/v1/keys', wanted)).apiKey)
    }
  })
  after(async () => {
    await auditor?.end('SIGKILL')
    await region?.stop()
    await rm(root, { recursive: true, force: true })
  })

  const send = async ({ key, name, path, body }: Order): Promise<Response> =>
    fetch(`${auditor.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'idempotency-key': name },
      body: Uint8Array.from(body),
    })

  /** Sends one bill until it is answered, as a client does. */
  async function submit(order: Order): Promise<void> {
    for (;;) {
      try {
        const response = await send(order)
        const text = await response.text()
        assert.equal(response.status, 202, text)
        answered.push({ ...order, cid: (JSON.parse(text) as BillStatus).cid })
        return
      } catch (thrown) {
        if (thrown instanceof assert.AssertionError) throw thrown
        // Killed on the way: it is not known whether the bill was taken, which is what the name is for.
        await until('the node is up again', () => auditor.isUp, { deadlineMs: 60_000 })
      }
    }
  }

  const get = async <T>(path: string, account: string): Promise<T> => {
    const headers = { authorization: `Bearer ${keys.get(account) ?? ''}`, accept: 'application/json' }
    const response = await fetch(`${auditor.url}${path}`, { headers })
    const text = await response.text()
    assert.equal(response.status, 200, text)
    return JSON.parse(text) as T
  }

  async function untilCertified({ account, cid }: Answered): Promise<void> {
    const look = async (): Promise<boolean> => {
      const { state, reason } = await get<BillStatus>(`/v1/bills/${cid}`, account)
      assert.notEqual(state, 'rejected', JSON.stringify(reason))
      return ['certified', 'anchored', 'final'].includes(state)
    }
    await until(`bill ${cid} is certified`, look, { deadlineMs: 90_000 })
  }

  async function eventsOf(account: string): Promise<Event[]> {
    const events: Event[] = []
    for (;;) {
      const { items } = await get<{ items: Event[] }>(`/v1/events?after=${events.at(-1)?.seq ?? 0}&limit=100`, account)
      if (items.length === 0) return events
      events.push(...items)
    }
  }

  it('certifies every bill that it answered with 202', async () => {
    const orders = Array.from({ length: BILLS }, (_, i): Order => {
      const account = ACCOUNTS[Math.floor(random() * ACCOUNTS.length)] ?? ''
      const path = `/v1/bills?visibility=${random() < 0.5 ? 'sealed' : 'public'}&file=bill-${i}.csv`
      const body = csvBill({ point: `api-crash-${i}`, kWh: String(100 + i) })
      return { account, key: keys.get(account) ?? '', name: `order-${i}`, path, body }
    })
    const next = orders.values()
    const load = Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        for (const order of next) {
          await submit(order)
          await pause(random() * 200)
        }
      }),
    )
    let kills = 0
    const killing = async (): Promise<void> => {
      for (; kills < KILLS && answered.length < BILLS; kills += 1) {
        await pause(50 + random() * 600)
        await auditor.end('SIGKILL')
        await auditor.start()
      }
    }
    await Promise.all([load, killing()])
    assert.ok(kills >= 2, `only ${kills} kills met the load`)
    assert.equal(answered.length, BILLS)
    // Killed once more with all that is still open.
    await auditor.end('SIGKILL')
    await auditor.start()
    for (const one of answered) await untilCertified(one)
  })

  it('answers each name with the bill that it had, and takes none twice', async () => {
    for (const order of answered) {
      const response = await send(order)
      const { cid } = (await response.json()) as BillStatus
      assert.deepEqual([response.status, cid], [202, order.cid])
      assert.equal(response.headers.get('idempotency-replayed'), 'true')
    }
    for (const account of ACCOUNTS) {
      const own = answered.filter((one) => one.account === account).map(({ cid }) => cid)
      const { items } = await get<{ items: BillStatus[] }>('/v1/bills?limit=1000', account)
      assert.deepEqual(items.map(({ cid }) => cid).toSorted(), own.toSorted())
    }
  })

  it('has told every account every state of its bills once, in order and without gaps', async () => {
    for (const account of ACCOUNTS) {
      const events = await until(`all events of ${account}`, async () => {
        const found = await eventsOf(account)
        const certified = found.filter(({ state }) => state === 'certified')
        return certified.length >= answered.filter((one) => one.account === account).length ? found : undefined
      })
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, i) => i + 1),
      )
      for (const { cid } of answered.filter((one) => one.account === account)) {
        const states = events.filter((event) => event.cid === cid).map(({ state }) => state)
        const path = ['received', 'proposed', 'certified', 'anchored', 'final']
        assert.equal(new Set(states).size, states.length, `${cid}: ${states.join()}`)
        assert.deepEqual(
          states,
          path.filter((state) => states.includes(state)),
          'out of order',
        )
        assert.ok(states.includes('certified'), `${cid}: ${states.join()}`)
      }
    }
  })

  it('counted no claim twice: the others have as many as there are bills', async () => {
    for (const { cid } of answered) {
      await until(`bill ${cid} is certified at another auditor`, async () => {
        const status = await region.node(0).findStatus(cid)
        return status !== undefined && ['certified', 'anchored', 'final'].includes(status.state)
      })
    }
    await auditor.end('SIGKILL')
    for (const position of HONEST) await region.stopNode(position)
    const { certified } = await checkInvariants(region, HONEST)
    assert.equal(certified.size, BILLS)
  })
})
