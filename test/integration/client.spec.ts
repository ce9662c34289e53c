import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createApiKey, createStaticKeyRing } from '#api'
import { ClientError, KwitnessClient, OperatorClient } from '#client'
import { CodedError, LIMITS } from '#protocol'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { csvBill } from '../support/bills.ts'
import { OPERATOR_CALLS, PUBLIC_CALLS } from '../support/client-operations.ts'
import { FAKE_PUBLIC_BILL as CID, FakeNode } from '../support/fake-node.ts'
import { FAKE_FIGURES } from '../support/fake-views.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'

const PAGE = fileURLToPath(new URL('../support/web-page.ts', import.meta.url))

/** A fake node whose estimates look like ones. */
class EstimatingNode extends FakeNode {
  override readonly figures = { ...FAKE_FIGURES, estimate: async () => '{"gramsCO2e":"380","exact":"380/1"}' }
}

describe('the client at a listener', () => {
  const { record, text: key } = createApiKey({
    id: new Uint8Array(6).fill(1),
    secret: new Uint8Array(32).fill(1),
    account: 'tester',
    scopes: ['bills:write', 'bills:read', 'proofs:read', 'review', 'admin'],
    createdAt: '2026-01-01T00:00:00Z',
  })
  let node: FakeNode
  let api: RunningApi
  let operator: RunningApi

  beforeEach(async () => {
    node = new EstimatingNode()
    const keys = createStaticKeyRing([record])
    api = await startApi({ node, keys })
    operator = await startApi({ node, keys }, { kind: 'operator' })
  })
  afterEach(async () => {
    await operator.stop()
    await api.stop()
  })

  it('understands the answer, or the refusal, of every operation', async () => {
    node.events.add(CID, 'received')
    const answered: string[] = []
    const ask = async (id: string, call: () => Promise<unknown>): Promise<void> => {
      try {
        await call()
        answered.push(id)
      } catch (thrown) {
        assert.ok(thrown instanceof ClientError && thrown.isProblem, `${id}: ${String(thrown)}`)
      }
    }
    const client = new KwitnessClient({ url: api.url, key })
    for (const [id, call] of Object.entries(PUBLIC_CALLS)) await ask(id, async () => call(client))
    const administrator = new OperatorClient({ url: operator.url, key })
    for (const [id, call] of Object.entries(OPERATOR_CALLS)) await ask(id, async () => call(administrator))
    // What this node has not: it is no gateway, and nobody has entered what is asked for; an empty entry is none.
    const refused = ['getBillFacts', 'discloseBill', 'getAnchor', 'getBatch', 'getIpfs', 'enterReview']
    const asked = [...Object.keys(PUBLIC_CALLS), ...Object.keys(OPERATOR_CALLS)]
    assert.deepEqual(
      asked.filter((id) => !answered.includes(id)),
      refused,
    )
  })

  it('sends a bill again when the node is busy, and the node gets it once', async () => {
    const busy = { code: 'ERR_NODE_BUSY', retryAfterS: 0 } as const
    node.failure = new CodedError('the queue is full', busy)
    const told: string[] = []
    const onRetry = ({ code }: ClientError): void => {
      told.push(code)
      if (told.length === 2) node.failure = undefined
    }
    const client = new KwitnessClient({ url: api.url, key, onRetry })
    const bytes = new Uint8Array(LIMITS.billBytes).fill(7)
    assert.equal((await client.submitBill({ bytes })).cid, CID)
    assert.deepEqual(told, ['ERR_NODE_BUSY', 'ERR_NODE_BUSY'])
    assert.equal(node.submissions.length, 1)
    assert.equal(Buffer.compare(node.submissions[0]?.bytes ?? Buffer.alloc(0), bytes), 0)
  })

  it('goes on behind the last event when the node was away', async () => {
    const address = new URL(api.url)
    const client = new KwitnessClient({ url: api.url, key })
    const seqs: number[] = []
    node.events.add(CID, 'received')
    for await (const { seq } of client.followEvents(0)) {
      seqs.push(seq)
      if (seqs.length === 1) {
        await api.stop()
        node.events.add(CID, 'proposed')
        node.events.add(CID, 'certified')
        api = await startApi({ node, keys: createStaticKeyRing([record]) }, { port: Number(address.port) })
      }
      if (seqs.length === 3) break
    }
    assert.deepEqual(seqs, [1, 2, 3])
  })

  it('says that nobody is there, and why', async () => {
    await api.stop()
    const client = new KwitnessClient({ url: api.url, key, retry: { attempts: 2, firstMs: 1 } })
    await assert.rejects(client.listBills(), {
      code: 'ERR_CLIENT_UNREACHABLE',
      message: `cannot reach ${api.url}: connection refused`,
      attempts: 2,
    })
  })

  it('runs where there is nothing of Node: fetch, streams, timers and what else every browser has', async () => {
    node.events.add(CID, 'received')
    node.events.add(CID, 'certified')
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--experimental-vm-modules',
      '--no-warnings',
      PAGE,
      api.url,
      key,
    ])
    const { found, files } = JSON.parse(stdout) as { found: Record<string, unknown>; files: number }
    assert.ok(files > 10)
    assert.deepEqual(found, {
      state: 'received',
      listed: (await node.listBills(10)).map(({ cid }) => cid),
      events: [1, 2],
      proof: JSON.stringify({ proof: CID, disclose: false }),
      file: [1, 2, 3],
      code: 'ERR_API_KEY_MISSING',
      node: [],
    })
  })
})

describe('the client at a running auditor', function () {
  this.timeout(60_000)
  let region: LiveRegion
  let api: RunningApi
  let operator: RunningApi

  before(async () => {
    region = await startLiveRegion({ started: [0] })
    const node = region.node(0)
    api = await startApi({ node, keys: node.keys })
    operator = await startApi({ node, keys: node.keys }, { kind: 'operator' })
  })
  after(async () => {
    await operator?.stop()
    await api?.stop()
    await region?.stop()
  })

  it('signs up an account, hands in its bills, follows, lists and reads them, and closes it', async () => {
    const node = region.node(0)
    const by = { actor: 'operator' }
    await node.accounts.addAccount({ id: 'operator' }, by)
    const { text } = await node.accounts.createKey({ account: 'operator', scopes: ['admin'] }, by)
    const administrator = new OperatorClient({ url: operator.url, key: text })
    const { account, identity } = await administrator.addAccount({ id: 'shop', quota: { billsPerDay: 10 } })
    assert.equal(account.state, 'open')
    assert.match(identity ?? '', /^AGE-SECRET-KEY-/)
    const made = await administrator.createKey({ account: 'shop', scopes: ['bills:write', 'bills:read'] })

    const client = new KwitnessClient({ url: api.url, key: made.apiKey })
    const bills = ['one', 'two', 'three'].map((point) => csvBill({ point }))
    const cids: string[] = []
    for (const bytes of bills) cids.push((await client.submitBill({ bytes, file: 'bill.csv' })).cid)
    assert.equal(new Set(cids).size, 3)
    const [first] = bills
    assert.ok(first)
    const named = { bytes: first, idempotencyKey: 'ours-1' }
    assert.equal((await client.submitBill(named)).cid, (await client.submitBill(named)).cid)

    const seen = new Set<string>()
    for await (const { cid } of client.followEvents(0)) {
      seen.add(cid)
      if (seen.size === 3) break
    }
    assert.deepEqual([...seen].toSorted(), cids.toSorted())
    const listed: string[] = []
    for await (const { cid } of client.eachBill({ limit: 2 })) listed.push(cid)
    assert.deepEqual(listed, cids.toReversed())
    const file = await client.getBillFile(cids[0] ?? '')
    assert.equal(file.isSealed, false)
    assert.deepEqual(file.bytes, first)
    assert.equal((await client.getOwnAccount()).account.usage.bills, 3)

    const actions: string[] = []
    for await (const { action } of administrator.eachAuditEntry()) actions.push(action)
    assert.ok(actions.includes('key.create'), actions.join())
    assert.equal((await administrator.closeAccount('shop')).account.id, 'shop')
    await assert.rejects(client.listBills(), { code: 'ERR_API_KEY_WRONG', status: 401 })
  })
})
