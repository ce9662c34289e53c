import assert from 'node:assert/strict'
import { cidOfDigest, claimIdOf, concatBytes, DAG_PB_CODE, RAW_CODE } from '#protocol'
import type { Claim } from '#protocol'
import { keyOfNumber } from '#storage'
import type { BillRecord, ClaimRecord, Store } from '#storage'
import { plainKey } from '../../../node/ledger.ts'
import { Statuses } from '../../../node/statuses.ts'
import { createMemoryStore } from '../../support/memory-store.ts'
import type { MemoryStore } from '../../support/memory-store.ts'
import { contextOf } from '../../support/region-context.ts'
import { foundRegion, hashOf, makeClaim, REGION } from '../../support/region-fixture.ts'

const region = foundRegion()

async function putClaim(
  store: MemoryStore,
  claim: Claim,
  state: ClaimRecord['state'],
  bill = claim.bill,
): Promise<void> {
  const claimId = claimIdOf(region.domain, REGION, claim)
  const record: ClaimRecord = {
    claimId,
    claim,
    visibility: 'sealed',
    batch: hashOf('batch'),
    index: 0,
    state,
    proposedAtMs: 0,
  }
  await store.commit(
    [
      store.claims.put(claimId, record),
      store.claimsByBill.put(concatBytes([bill.bytes, keyOfNumber(claim.ordinal), claimId]), claimId),
    ],
    { durable: true },
  )
}

function ended(claim: Claim, state: 'rejected' | 'needs-review'): BillRecord {
  const { bill: cid, plainHash } = claim
  const reason = { code: 'ERR_CLAIM_OVERLAP', message: 'refused' }
  const common = { visibility: 'public', sizeBytes: 1, holder: hashOf('h'), receivedAtMs: 0, claimIds: [] } as const
  return { cid, plainHash, ...common, state, reason }
}

describe('statuses', () => {
  let store: MemoryStore
  let statuses: Statuses

  beforeEach(() => {
    store = createMemoryStore()
    statuses = new Statuses(contextOf(region), store as unknown as Store, {
      progressOf: () => undefined,
      withdrawnOf: async () => undefined,
    })
  })

  for (const state of ['rejected', 'needs-review'] as const) {
    it(`show a bill that ended ${state} as certified, without a reason, once its claim is`, async () => {
      const claim = makeClaim('a')
      await store.commit([store.bills.put(claim.bill.bytes, ended(claim, state))], { durable: true })
      await putClaim(store, claim, 'proposed')
      const before = await statuses.find(claim.bill)
      assert.deepEqual([before?.state, before?.reason?.code], [state, 'ERR_CLAIM_OVERLAP'])
      await putClaim(store, claim, 'certified')
      const after = await statuses.find(claim.bill)
      assert.deepEqual([after?.state, after?.reason], ['certified', undefined])
    })
  }

  it('tell the sealed from the public copy of one bill, where only their common claim is known', async () => {
    const claim = makeClaim('sealed first')
    const open = cidOfDigest(claim.plainHash, DAG_PB_CODE)
    const alsoSealed = cidOfDigest(hashOf('sealed elsewhere'), RAW_CODE)
    for (const bill of [claim.bill, open, alsoSealed]) await putClaim(store, claim, 'certified', bill)
    await store.commit([store.billsByPlainHash.put(plainKey('public', claim.plainHash), open)], { durable: true })
    const visibilities = await Promise.all(
      [claim.bill, open, alsoSealed].map(async (cid) => (await statuses.find(cid))?.visibility),
    )
    assert.deepEqual(visibilities, ['sealed', 'public', 'sealed'])
  })
})
