import assert from 'node:assert/strict'
import { decodeBatch } from '#protocol'
import type { BatchEntry } from '#protocol'
import type { Archive } from '#storage'
import { BatchLoader } from '../../../node/batch-loader.ts'
import { contextOf } from '../../support/region-context.ts'
import { foundRegion, makeBatch, makeClaim, publicEntry, sealedEntry, hashOf } from '../../support/region-fixture.ts'
import type { Member } from '../../support/region-fixture.ts'

const region = foundRegion()
const context = contextOf(region)
const [sponsor] = region.members as [Member]

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
