import assert from 'node:assert/strict'
import { decodeBatch, signWithdrawal } from '#protocol'
import type { BatchEntry, Withdrawal } from '#protocol'
import type { Archive } from '#storage'
import { BatchLoader } from '../../../node/batch-loader.ts'
import type { FetchBlocks } from '../../../node/batch-loader.ts'
import { BillSearches } from '../../../node/withdrawals/bill-searches.ts'
import type { BillSearch } from '../../../node/withdrawals/bill-searches.ts'
import { contextOf } from '../../support/region-context.ts'
import { foundRegion, makeBatch, makeClaim, publicEntry, sealedEntry, hashOf } from '../../support/region-fixture.ts'
import type { Member } from '../../support/region-fixture.ts'

const region = foundRegion()
const context = contextOf(region)
const [sponsor, other] = region.members as [Member, Member]

function open(entries: readonly BatchEntry[], sealed: Parameters<BatchLoader['open']>[2] = []): void {
  const { block, announcement } = makeBatch(region, sponsor, entries)
  const archive = {} as Archive
  const loader = new BatchLoader({ context, archive, fetch: async () => undefined, peersFor: () => [] })
  loader.open(announcement, decodeBatch(block), sealed)
}

describe('batch loader', () => {
  const claim = makeClaim('a')
  const mismatch = { code: 'ERR_PROTOCOL_MISMATCH' }

  it('refuses a batch with the same claim twice: its certificate would fit two bitmaps', () => {
    open([claim, makeClaim('b')].map(publicEntry))
    assert.throws(() => open([claim, makeClaim('b'), claim].map(publicEntry)), mismatch)
    assert.throws(() => open([publicEntry(claim), sealedEntry(region, claim)], [claim]), mismatch)
    assert.throws(() => open([sealedEntry(region, claim), sealedEntry(region, claim)], [claim, claim]), mismatch)
  })

  it('takes one claim in two forms: the ledger accepts the first of them', () => {
    open([claim, { ...claim, salt: hashOf('another salt') }].map(publicEntry))
  })
})

describe('batch loader, when a bill is withdrawn while it is looked for', () => {
  const claims = [makeClaim('gone'), makeClaim('stays')]
  const [gone, stays] = claims.map(({ bill }) => bill.toString())
  const { block, announcement } = makeBatch(
    region,
    sponsor,
    claims.map((claim) => sealedEntry(region, claim)),
  )

  /** A search that ends when it is told to, the withdrawals that the node knows, and who listens to them. */
  function search(): {
    readonly looked: string[][]
    readonly searches: Set<BillSearch>
    readonly tell: (by: Member, bills?: Withdrawal['bills']) => void
    readonly find: (signal: AbortSignal) => Promise<void>
  } {
    const looked: string[][] = []
    const searches = new Set<BillSearch>()
    const underWay = new BillSearches()
    const told: Withdrawal[] = []
    const fetch: FetchBlocks = async (roots, { signal }) => {
      looked.push(roots.map(String))
      // The second bill is with peers, the first one with nobody.
      if (!looked.at(-1)?.includes(gone ?? '')) return
      const { promise, reject } = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => reject(signal.reason))
      await promise
    }
    const isWithdrawn = async (bill: { toString(): string }, by: Uint8Array): Promise<boolean> =>
      told.some((it) => it.sponsor === by && it.bills.some((named) => named.toString() === bill.toString()))
    const beginSearch = (search: BillSearch): (() => void) => {
      const end = underWay.begin(search)
      searches.add(search)
      return () => {
        searches.delete(search)
        end()
      }
    }
    const archive = {} as Archive
    const withdrawals = { isWithdrawn, beginSearch }
    const loader = new BatchLoader({ context, archive, fetch, peersFor: () => [], withdrawals })
    const loaded = loader.open(announcement, decodeBatch(block), claims)
    const tell = (by: Member, bills = claims.slice(0, 1).map(({ bill }) => bill)): void => {
      const content = { region: context.region.name, sponsor: by.address, seq: told.length + 1, bills }
      told.push(signWithdrawal(context.domain, content, by.key))
      underWay.told(told.at(-1) as Withdrawal)
    }
    return { looked, searches, tell, find: async (signal) => loader.fetchBills(loaded, signal) }
  }

  it('ends the search for it, and goes on with the others', async () => {
    const { looked, searches, tell, find } = search()
    const found = find(new AbortController().signal)
    await new Promise(setImmediate)
    tell(sponsor)
    await found
    assert.deepEqual(looked, [[gone, stays], [stays]])
    assert.equal(searches.size, 0)
  })

  it('listens to nobody but its sponsor, and to nothing about other bills', async () => {
    const { looked, searches, tell, find } = search()
    const stop = new AbortController()
    const found = find(stop.signal)
    await new Promise(setImmediate)
    tell(other)
    tell(sponsor, [makeClaim('of another batch').bill])
    await new Promise(setImmediate)
    assert.deepEqual(looked, [[gone, stays]])
    stop.abort(new Error('stopped'))
    await assert.rejects(found, /stopped/)
    assert.equal(searches.size, 0)
  })
})
