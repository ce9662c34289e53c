import assert from 'node:assert/strict'
import { decodeProof, hashAnchor, sha256, signDigest, utf8, verifyProofOffline, ZERO_32 } from '#protocol'
import type { Anchor } from '#protocol'
import { anchorToWire } from '../../node/anchoring/proposal-book.ts'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { checkInvariants } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { Rogue } from '../support/rogue.ts'
import { until } from '../support/until.ts'
import { RpcProxy } from './chain-proxy.ts'

const EARLY = [0, 1, 2]

describe('a region whose anchors are attacked, missed and misreported', () => {
  let region: LiveRegion
  let proxy: RpcProxy
  const cids: string[] = []

  before(async () => {
    const anchor = { intervalMs: 1_000, maxClaims: 1_000, stageMs: 1_000 }
    // The endpoint of auditor 2 is the one that lies.
    const change = (position: number): object => (position === 2 ? { chain: { rpcUrl: proxy.url } } : {})
    region = await startLiveRegion({ started: [], anchor, change })
    proxy = await RpcProxy.open(region.anvil.rpcUrl)
    for (const position of EARLY) await region.startNode(position)
  })

  after(async () => {
    await region.stop()
    await proxy.close()
  })

  async function submit(point: string): Promise<string> {
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point })))
    cids.push(cid)
    return cid
  }

  it('anchors though a member has signed something for the place that nobody can check', async () => {
    const rogue = await Rogue.join(region, 3)
    try {
      const { domain, privateKey, address: signer } = rogue.context
      const anchor: Anchor = {
        region: rogue.context.region.name,
        epoch: 0,
        seq: 1,
        prev: ZERO_32,
        root: sha256(utf8('of nothing')),
        manifest: sha256(utf8('nobody has it')),
        claims: 1,
        gramsLocation: 1n,
        gramsMarket: 0n,
      }
      const signature = signDigest(hashAnchor(domain, anchor), privateKey)
      await rogue.say({ kind: 'anchor-signature', anchor: anchorToWire(anchor), signer, signature })
      const cid = await submit('attacked')
      for (const position of EARLY) await untilState(region.node(position), cid, 'anchored')
    } finally {
      await rogue.stop()
    }
  })

  it('gives proofs with the anchor also where it was made while the auditor was down', async () => {
    const cid = await submit('missed')
    await untilState(region.node(0), cid, 'final')
    await region.startNode(3)
    for (const missed of cids) {
      await untilState(region.node(3), missed, 'anchored')
      const bytes = await region.node(3).findProof(missed, new AbortController().signal)
      assert.ok(bytes !== undefined)
      assert.ok(decodeProof(bytes).anchor !== undefined)
      const { ok, checks } = verifyProofOffline({ proof: bytes, charter: region.charter })
      assert.ok(ok, JSON.stringify(checks.filter((check) => !check.ok)))
    }
  })

  it('shows nothing as anchored that its endpoint made up, and follows when the endpoint is honest', async () => {
    proxy.override = async (call) => {
      if (call.method !== 'eth_getLogs') return undefined
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ jsonrpc: '2.0', ...call })
      const answer = await fetch(region.anvil.rpcUrl, { method: 'POST', headers, body })
      const { result } = (await answer.json()) as { result: { data: string }[] }
      // Fewer grams than the committee signed: the last but one word of the event.
      const lie = (data: string): string => `${data.slice(0, -128)}${'0'.repeat(63)}1${data.slice(-64)}`
      return { result: result.map((log) => ({ ...log, data: lie(log.data) })) }
    }
    const cid = await submit('misreported')
    await untilState(region.node(0), cid, 'final')
    await until('auditor 2 says what is wrong', () =>
      region.node(2).health().chain.reason?.startsWith('ERR_ANCHOR_CHAIN'),
    )
    assert.equal((await region.node(2).findStatus(cid))?.state, 'certified')
    proxy.override = () => undefined
    await untilState(region.node(2), cid, 'final')
  })

  it('holds its invariants on every disk after all of it', async () => {
    for (const position of [...EARLY, 3]) {
      for (const cid of cids) await untilState(region.node(position), cid, 'final')
    }
    await Promise.all([...EARLY, 3].map(async (position) => region.stopNode(position)))
    const { certified } = await checkInvariants(region, [...EARLY, 3])
    assert.equal(certified.size, cids.length)
  })
})
