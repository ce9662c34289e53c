import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cidOfBlock, CodedError, decodeCharter, encodeCanonical, encodeCharter, explainDifference } from '#protocol'
import type { Charter } from '#protocol'
import { createNode } from '../../node/node.ts'
import { createTestNode } from './network-node.ts'
import type { TestNode } from './network-node.ts'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { until } from '../support/until.ts'

/** Another block's CID: of a data set or of golden vectors that nobody has. */
const OTHER = cidOfBlock(encodeCanonical(['another']))

/** What differs, how the charter then is, and the sentence for each side. */
const FOREIGN: readonly (readonly [
  string,
  (ours: Charter) => Charter,
  (ours: Charter) => readonly [string, string],
])[] = [
  [
    'the rules version',
    (ours) => ({ ...ours, rules: { ...ours.rules, version: 'rules-9' } }),
    (ours) => [
      `rules version: ours ${ours.rules.version}, theirs rules-9`,
      `rules version: ours rules-9, theirs ${ours.rules.version}`,
    ],
  ],
  [
    'the golden vectors',
    (ours) => ({ ...ours, rules: { ...ours.rules, vectors: OTHER } }),
    (ours) => [
      `golden vectors: ours ${ours.rules.vectors.toString()}, theirs ${OTHER.toString()}`,
      `golden vectors: ours ${OTHER.toString()}, theirs ${ours.rules.vectors.toString()}`,
    ],
  ],
  [
    'a data set',
    (ours) => ({ ...ours, datasets: ours.datasets.map((set, i) => (i === 0 ? { ...set, cid: OTHER } : set)) }),
    ({ datasets: [first] }) => [
      `data set ${first?.name}: ours ${first?.cid.toString()}, theirs ${OTHER.toString()}`,
      `data set ${first?.name}: ours ${OTHER.toString()}, theirs ${first?.cid.toString()}`,
    ],
  ],
  [
    'a missing data set',
    (ours) => ({ ...ours, datasets: ours.datasets.slice(1) }),
    ({ datasets: [first] }) => [
      `data set ${first?.name}: ours ${first?.cid.toString()}, theirs none`,
      `data set ${first?.name}: ours none, theirs ${first?.cid.toString()}`,
    ],
  ],
  [
    'the chain',
    (ours) => ({ ...ours, chain: { ...ours.chain, chainId: 1 } }),
    ({ chain }) => [`chain id: ours ${chain.chainId}, theirs 1`, `chain id: ours 1, theirs ${chain.chainId}`],
  ],
  [
    'the name alone',
    (ours) => ({ ...ours, name: 'another network' }),
    ({ name }) => [
      `network name: ours ${name}, theirs another network`,
      `network name: ours another network, theirs ${name}`,
    ],
  ],
  [
    'nothing but a region',
    (ours) => ({
      ...ours,
      regions: ours.regions.map((one, i) => (i === 1 ? { ...one, jurisdictions: one.jurisdictions.slice(1) } : one)),
    }),
    () => ['regions or their committees', 'regions or their committees'],
  ],
]

describe('an auditor that meets another network', () => {
  let region: LiveRegion
  const strangers: TestNode[] = []

  before(async () => {
    region = await startLiveRegion()
  })

  after(async () => {
    await Promise.all(strangers.map(async (stranger) => stranger.stop()))
    await region.stop()
  })

  for (const [i, [what, change, sentences]] of FOREIGN.entries()) {
    it(`refuses a peer whose charter differs in ${what}, and both sides say so`, async () => {
      const foreign = change(region.charter)
      const [ours, theirs] = sentences(region.charter)
      const [address = ''] = region.node(0).health().listen
      // A stranger with the same judgement on its own charter: this build cannot be started with foreign rules.
      const stranger = await createTestNode({
        seed: 100 + i,
        hello: encodeCharter(foreign),
        judge: (hello) => {
          const differences = explainDifference(foreign, decodeCharter(hello))
          return { ok: false, code: 'ERR_CHARTER_DIFFERS', reason: differences.join('; ') }
        },
        bootstrap: [address],
      })
      strangers.push(stranger)
      await stranger.network.start()
      const { peerId } = stranger.network
      const refusal = await until('the auditor refuses', () =>
        region
          .node(0)
          .refusals()
          .find(({ peer }) => peer === peerId),
      )
      const here = await until('the stranger refuses', () => stranger.network.refusals()[0])
      assert.ok(refusal.reason.endsWith(`other network: ${ours}`), refusal.reason)
      assert.equal(here.reason, theirs)
      assert.deepEqual(
        region
          .node(0)
          .peers()
          .filter((peer) => peer.peerId === peerId),
        [],
      )
      assert.deepEqual(stranger.network.peers(), [])
    })
  }

  it('tells a stranger that would accept it why it does not', async () => {
    const stranger = await createTestNode({
      seed: 150,
      hello: encodeCharter({ ...region.charter, name: 'eager' }),
      bootstrap: [region.node(1).health().listen[0] ?? ''],
    })
    strangers.push(stranger)
    await stranger.network.start()
    const told = await until('the stranger is told', () => stranger.network.refusals()[0])
    assert.equal(told.by, 'them')
    assert.match(told.reason, /network name: ours live test region, theirs eager/)
  })

  it('refuses what is no charter', async () => {
    const stranger = await createTestNode({
      seed: 151,
      hello: new Uint8Array(randomBytes(500)),
      bootstrap: [region.node(1).health().listen[0] ?? ''],
    })
    strangers.push(stranger)
    await stranger.network.start()
    await until('the auditor refuses', () =>
      region
        .node(1)
        .refusals()
        .find(({ peer }) => peer === stranger.network.peerId),
    )
  })

  it('refuses an auditor of the same rules whose charter names another network, both being real', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kwitness-foreign-'))
    const charter = { ...region.charter, name: 'the other real network' }
    const [address = ''] = region.node(2).health().listen
    const node = await createNode(region.nodeInit(3, { dataDir: folder, charter, bootstrap: [address] }))
    try {
      await node.start()
      const { peerId } = node.health()
      const there = await until('the region refuses', () =>
        region
          .node(2)
          .refusals()
          .find(({ peer }) => peer === peerId),
      )
      const here = await until('the other refuses', () => node.refusals()[0])
      assert.match(there.reason, /network name: ours live test region, theirs the other real network/)
      assert.match(here.reason, /network name: ours the other real network, theirs live test region/)
    } finally {
      await node.stop()
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('does not start with a charter of other rules or data sets, and says which', async () => {
    for (const [what, change] of FOREIGN.slice(0, 3)) {
      await assert.rejects(
        createNode(
          region.nodeInit(3, { dataDir: join(tmpdir(), 'kwitness-never-made'), charter: change(region.charter) }),
        ),
        (thrown) => {
          assert.ok(thrown instanceof CodedError, String(thrown))
          assert.equal(thrown.code, 'ERR_NODE_RULES')
          assert.match(thrown.message, /rules-9|golden vectors|data set/)
          return true
        },
        what,
      )
    }
  })

  it('has gone on with its work', async () => {
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: 'meanwhile' })))
    await Promise.all([0, 1, 2, 3].map(async (position) => untilState(region.node(position), cid, 'certified')))
  })
})
