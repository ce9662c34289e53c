import assert from 'node:assert/strict'
import { generateArchiveKey } from '#storage'
import { DISCLOSURES_PER_DAY } from '../../../node/service/constants.ts'
import { Disclosure } from '../../../node/service/disclosure.ts'
import { createMemoryStore } from '../../support/memory-store.ts'
import { FAKE_SEALED_BILL as CID } from '../../support/fake-node.ts'

const DAY_MS = 86_400_000
const NEVER = new AbortController().signal
const BY = { actor: 'key:000000000000' }

describe('disclosure', () => {
  it('lets no account fill the audit log: so many a day across restarts, and others as many', async () => {
    let nowMs = 100 * DAY_MS + 1_000
    let entries = 0
    const store = createMemoryStore()
    const create = (): Disclosure =>
      new Disclosure(
        {
          store,
          accounts: {
            bills: { find: async () => ({ atMs: 0, sizeBytes: 1, visibility: 'public' }) },
            audit: {
              record: async (_by, _action, _subject, writes) => {
                entries += 1
                await store.commit(typeof writes === 'function' ? writes() : writes, { durable: true })
              },
            },
          },
          archive: { hasBill: async () => true },
          vault: { readPlain: async () => Uint8Array.of(1) },
        },
        { nowMs: () => nowMs, perDay: 3 },
      )
    let disclosure = create()
    const { recipient: to } = await generateArchiveKey()
    const disclose = async (account: string): Promise<unknown> =>
      disclosure.discloseBill({ cid: CID, to, account, by: BY }, NEVER)
    assert.ok(await disclose('a'))
    // What was counted is in the store: a node that starts again gives nobody the day again.
    disclosure = create()
    for (let i = 0; i < 2; i += 1) assert.ok(await disclose('a'))
    disclosure = create()
    await assert.rejects(disclose('a'), { code: 'ERR_QUOTA_DISCLOSURES', details: { limit: 3, retryAfterS: 86_399 } })
    assert.ok(await disclose('b'))
    assert.equal(entries, 4)
    nowMs += DAY_MS
    assert.ok(await disclose('a'))
    // A log of a hundred thousand entries was gone within minutes.
    assert.ok(DISCLOSURES_PER_DAY <= 10_000)
  })
})
