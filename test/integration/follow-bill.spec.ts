import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import type { BillState, ObservedRequest } from '#api'
import { ApiClient } from '../../node/cli/client.ts'
import { followBill } from '../../node/cli/follow-bill.ts'
import { Terminal } from '../../node/cli/terminal.ts'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { csvBill } from '../support/bills.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'

/** What the command line does while it waits for a bill. */
describe('following a bill', function () {
  this.timeout(90_000)
  let region: LiveRegion
  let api: RunningApi
  let key: string
  const asked: string[] = []

  before(async () => {
    region = await startLiveRegion()
    const node = region.node(0)
    const by = { actor: 'operator' }
    await node.accounts.addAccount({ id: 'shop' }, by)
    key = (await node.accounts.createKey({ account: 'shop', scopes: ['bills:write', 'bills:read'] }, by)).text
    const observe = node.observeRequest.bind(node)
    node.observeRequest = (request: ObservedRequest): void => {
      asked.push(request.route)
      observe(request)
    }
    api = await startApi({ node, keys: node.keys })
  })
  beforeEach(() => {
    asked.length = 0
  })
  after(async () => {
    await api?.stop()
    await region?.stop()
  })

  const follow = async (client: ApiClient, point: string, signal: AbortSignal): Promise<BillState[]> => {
    const { cid } = await client.submitBill({ bytes: csvBill({ point }) })
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
    const terminal = new Terminal({ ...streams, environment: {}, signal })
    const states: BillState[] = []
    await followBill({ client, terminal, cid, until: 'anchored' }, ({ state }) => states.push(state))
    return states
  }
  const looks = (): number => asked.filter((route) => route === '/v1/bills/{cid}').length

  it('looks when the node tells of a change, not in turns', async () => {
    const { signal } = new AbortController()
    const states = await follow(new ApiClient({ url: api.url, key, signal }), 'listening', signal)
    assert.equal(states.at(-1), 'anchored')
    // Once at the start, once for each of the three changes, and once for every five seconds.
    assert.ok(looks() <= 6, `${looks()} looks`)
  })

  it('asks in turns where the node tells nothing', async () => {
    class DeafClient extends ApiClient {
      override listEvents = async (): Promise<never> => {
        throw new Error('no events here')
      }
    }
    const { signal } = new AbortController()
    const states = await follow(new DeafClient({ url: api.url, key, signal }), 'deaf', signal)
    assert.equal(states.at(-1), 'anchored')
    assert.ok(looks() > 3)
    assert.ok(!asked.includes('/v1/events'))
  })

  it('ends with the signal of its terminal, and leaves no stream open', async () => {
    const ended = new AbortController()
    const client = new ApiClient({ url: api.url, key, signal: ended.signal })
    const following = follow(client, 'ended', ended.signal)
    const checked = assert.rejects(following, /enough/)
    while (!asked.includes('/v1/bills/{cid}')) await new Promise((resolve) => setImmediate(resolve))
    ended.abort(new Error('enough'))
    await checked
  })
})
