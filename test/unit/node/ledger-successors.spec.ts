import assert from 'node:assert/strict'
import { claimIdOf, decodeBatch, toHex } from '#protocol'
import type { Claim } from '#protocol'
import type { Archive, Store } from '#storage'
import { BatchLoader } from '../../../node/batch-loader.ts'
import { Ledger } from '../../../node/ledger.ts'
import { createMemoryStore } from '../../support/memory-store.ts'
import type { MemoryStore } from '../../support/memory-store.ts'
import { contextOf } from '../../support/region-context.ts'
import { certifyBatch, foundRegion, hashOf, makeClaim, REGION } from '../../support/region-fixture.ts'

const region = foundRegion()
const context = contextOf(region)
const idOf = (claim: Claim): Uint8Array => claimIdOf(region.domain, REGION, claim)
const pointTag = hashOf('point')

// Each correction moves the period back. The last one does not meet the first claim's: nothing but the chain of
// corrections ends that one's lock.
const first = makeClaim('first', { pointTag, startDay: 18_000, endDay: 18_031 })
const second = makeClaim('second', { pointTag, startDay: 17_990, endDay: 18_010, supersedes: idOf(first) })
const third = makeClaim('third', { pointTag, startDay: 17_980, endDay: 18_000, supersedes: idOf(second) })
const stranger = makeClaim('stranger', { pointTag: hashOf('another point') })

type Auditor = { readonly store: MemoryStore; readonly ledger: Ledger; readonly take: (claim: Claim) => Promise<void> }

/** A ledger, and how it gets the certificate of a batch with one claim, as sync brings it. */
function createAuditor(): Auditor {
  const store = createMemoryStore()
  const ledger = new Ledger(context, store as unknown as Store, () => 0)
  const loader = new BatchLoader({ context, archive: {} as Archive, fetch: async () => undefined, peersFor: () => [] })
  const chain = [first, second, third, stranger]
  const take = async (claim: Claim): Promise<void> => {
    const { announcement, certificate, block } = certifyBatch(region, [claim], { seq: chain.indexOf(claim) + 1 })
    await ledger.admit(announcement, true)
    assert.ok(await ledger.certify(loader.open(announcement, decodeBatch(block), []), certificate))
  }
  return { store, ledger, take }
}

async function locksOf({ store }: Auditor, tag: Uint8Array): Promise<object[]> {
  const locks = (await store.locks.find(tag)) ?? []
  return locks.map(({ claimId, startDay, endDay }) => ({ claimId: toHex(claimId), startDay, endDay }))
}

/** Who holds one day, as whoever claims it is told. */
async function holderOf({ ledger }: Auditor, day: number): Promise<string | undefined> {
  const claim = makeClaim('another', { pointTag, startDay: day, endDay: day + 1 })
  const heldBy = await ledger.findHolder(claim, idOf(claim))
  return heldBy === undefined ? undefined : toHex(heldBy)
}

function permute<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, i) => permute(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))
}

const nameOf = (claim: Claim): string => ['first', 'second', 'third'][[first, second, third].indexOf(claim)] ?? ''

describe('a ledger that learns of corrections late', () => {
  it('keeps the period for the correction when its predecessor is certified here after it', async () => {
    const auditor = createAuditor()
    await auditor.take(second)
    await auditor.take(first)
    assert.equal(await holderOf(auditor, 18_005), toHex(idOf(second)))
    // What the correction leaves is free, as it is for whoever saw them in order.
    assert.equal(await holderOf(auditor, 18_025), undefined)
  })

  for (const order of permute([first, second, third])) {
    it(`ends with the same locks in the order ${order.map(nameOf).join(', ')}`, async () => {
      const auditor = createAuditor()
      for (const claim of order) await auditor.take(claim)
      assert.deepEqual(await locksOf(auditor, pointTag), [
        { claimId: toHex(idOf(third)), startDay: 17_980, endDay: 18_000 },
      ])
      assert.equal(await holderOf(auditor, 18_005), undefined)
      for (const [claim, by] of [
        [first, second],
        [second, third],
      ] as const) {
        assert.deepEqual(await auditor.store.superseded.find(idOf(claim)), idOf(by))
      }
    })
  }

  it('leaves the locks of other points alone', async () => {
    const auditor = createAuditor()
    await auditor.take(stranger)
    await auditor.take(second)
    await auditor.take(first)
    assert.equal((await locksOf(auditor, stranger.pointTag)).length, 1)
  })
})
