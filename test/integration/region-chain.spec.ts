import assert from 'node:assert/strict'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { checkInvariants, readChainAnchors } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { until } from '../support/until.ts'
import { JsonRpc } from '../../node/chain/json-rpc.ts'
import { RpcProxy } from './chain-proxy.ts'

const ALL = [0, 1, 2, 3]

describe('a region whose chain fails', () => {
  let region: LiveRegion
  let proxy: RpcProxy
  const cids: string[] = []

  before(async () => {
    const anchor = { intervalMs: 500, maxClaims: 1_000, stageMs: 1_000 }
    region = await startLiveRegion({ started: [], anchor, change: () => ({ chain: { rpcUrl: proxy.url } }) })
    proxy = await RpcProxy.open(region.anvil.rpcUrl)
    for (const position of ALL) await region.startNode(position)
  })

  after(async () => {
    await region.stop()
    await proxy.close()
  })

  async function submit(position: number, point: string): Promise<string> {
    const { cid } = await submitTo(region.node(position), submissionOf(csvBill({ point })))
    cids.push(cid)
    return cid
  }

  const untilFinal = async (): Promise<void> => {
    await Promise.all(cids.map(async (cid) => untilState(region.node(0), cid, 'final', 40_000)))
  }

  /** Each claim is counted by one anchor of the chain, and by the contract's own numbers. */
  async function assertAnchoredOnce(): Promise<void> {
    const anchors = await readChainAnchors(region)
    assert.equal(
      anchors.reduce((sum, { claims }) => sum + claims, 0),
      cids.length,
    )
    assert.deepEqual(
      anchors.map(({ seq }) => seq),
      anchors.map((_, i) => i + 1),
    )
  }

  it('certifies while the endpoint is down, says so, and anchors when it is back', async () => {
    await submit(0, 'before')
    await untilFinal()
    proxy.override = () => 'hang-up'
    await until('all auditors see the chain down', () => ALL.every((i) => !region.node(i).health().chain.ok))
    const down = await Promise.all(ALL.map(async (position) => submit(position, `down-${position}`)))
    for (const [i, cid] of down.entries()) await untilState(region.node((i + 1) % 4), cid, 'certified')
    await until('the wait is told', () => region.node(1).health().anchorLag.claims === 4)
    assert.match(region.node(0).health().chain.reason ?? '', /^ERR_CHAIN_UNREACHABLE/)
    assert.equal(region.node(0).health().ok, true)
    // An auditor also starts without a chain, and takes part.
    await region.stopNode(2)
    await region.startNode(2)
    await untilState(region.node(2), await submit(2, 'restarted'), 'certified')
    proxy.override = () => undefined
    await untilFinal()
    await assertAnchoredOnce()
    assert.equal(region.node(0).health().chain.ok, true)
  })

  it('anchors once though the endpoint takes transactions and hangs up', async () => {
    let lost = 0
    proxy.override = async (call) => {
      if (call.method !== 'eth_sendRawTransaction' || lost >= 2) return undefined
      lost += 1
      const headers = { 'content-type': 'application/json' }
      await fetch(region.anvil.rpcUrl, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', ...call }) })
      return 'hang-up'
    }
    await submit(1, 'lost-answer')
    await untilFinal()
    assert.ok(lost > 0)
    await assertAnchoredOnce()
  })

  it('anchors once though every auditor believes that it is its turn', async () => {
    proxy.override = () => 'hang-up'
    await until('all auditors see the chain down', () => ALL.every((i) => !region.node(i).health().chain.ok))
    const cid = await submit(3, 'all-turns')
    await untilState(region.node(0), cid, 'certified')
    // Past the last stage of the rotation: all four try to send as soon as the chain is back.
    await until('the last stage has come', () => region.node(0).health().anchorLag.oldestMs > 3_000)
    proxy.override = () => undefined
    await untilFinal()
    await assertAnchoredOnce()
  })

  it('takes claims back when the block of their anchor is replaced, and anchors them again', async () => {
    const rpc = new JsonRpc({ url: region.anvil.rpcUrl })
    const before = (await readChainAnchors(region)).length
    // From here on a block comes only when the test says so: what is anchored does not become final meanwhile.
    await rpc.request('evm_setIntervalMining', [0])
    const cid = await submit(0, 'replaced')
    await until('the anchor is in the pool', async () => {
      const { pending } = (await rpc.request('txpool_status', [])) as { pending: string }
      return Number(pending) > 0
    })
    await rpc.request('evm_mine', [])
    await Promise.all(ALL.map(async (position) => untilState(region.node(position), cid, 'anchored')))
    await rpc.request('anvil_reorg', [1, []])
    assert.equal((await readChainAnchors(region)).length, before)
    for (const position of ALL) {
      await until(
        `auditor ${position} has taken the claim back`,
        async () => (await region.node(position).findStatus(cid))?.state === 'certified',
      )
    }
    await rpc.request('evm_setIntervalMining', [1])
    await untilFinal()
    await assertAnchoredOnce()
  })

  it('holds its invariants on every disk after all of it', async () => {
    for (const cid of cids) for (const position of ALL) await untilState(region.node(position), cid, 'final')
    await Promise.all(ALL.map(async (position) => region.stopNode(position)))
    const { certified } = await checkInvariants(region, ALL)
    assert.equal(certified.size, cids.length)
  })
})
