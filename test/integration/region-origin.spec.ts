import assert from 'node:assert/strict'
import { loadDatasets } from '#datasets'
import { checkRules } from '../../node/rules-check.ts'
import { loadTrustList, TRUST_LIST_NAME } from '../../node/trust-list.ts'
import { createNode } from '../../node/node.ts'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { hashOfSeal } from '../support/signing/keys.ts'
import { signCms } from '../support/signing/sign-cms.ts'

const LIST = JSON.stringify({
  v: 1,
  kind: 'trust-list',
  certificates: [{ sha256: hashOfSeal('utility'), comment: 'Example Utility' }],
  timestampAuthorities: [],
  domainKeys: [],
})

describe('a region with a trust list', () => {
  let region: LiveRegion

  before(async () => {
    region = await startLiveRegion({ trust: await loadTrustList(LIST), started: [0, 1, 2] })
  })

  after(async () => {
    await region.stop()
  })

  async function originOf(bytes: Uint8Array): Promise<string | undefined> {
    const { cid } = await submitTo(region.node(0), submissionOf(bytes))
    const statuses = await Promise.all(
      [0, 1, 2].map(async (position) => untilState(region.node(position), cid, 'certified')),
    )
    return statuses[2]?.claims[0]?.origin
  }

  it('certifies a file that a trusted key signed as utility-signed, and others as unsigned', async () => {
    assert.equal(await originOf(signCms({ content: csvBill({ point: 'signed' }) })), 'utility-signed')
    assert.equal(await originOf(signCms({ content: csvBill({ point: 'stranger' }), seal: 'stranger' })), 'unsigned')
    assert.equal(await originOf(csvBill({ point: 'plain' })), 'unsigned')
  })

  it('names the list in its charter, and takes no auditor with another one', async () => {
    const factors = await loadDatasets()
    const { charter } = region
    const trust = await loadTrustList(LIST)
    const named = charter.datasets.find(({ name }) => name === TRUST_LIST_NAME)
    assert.equal(named?.cid.toString(), trust.cid.toString())
    await checkRules(charter, factors, trust)
    const other = { code: 'ERR_NODE_RULES', message: /data set trust-list/ }
    await assert.rejects(checkRules(charter, factors), other)
    await assert.rejects(createNode(region.nodeInit(3, { trust: await loadTrustList() })), other)
    const without = { ...charter, datasets: charter.datasets.filter(({ name }) => name !== TRUST_LIST_NAME) }
    await checkRules(without, factors)
    await assert.rejects(checkRules(without, factors, trust), { code: 'ERR_NODE_RULES', message: /names none/ })
  })
})
