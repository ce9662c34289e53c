import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as dagCbor from '@ipld/dag-cbor'
import { Encrypter } from 'age-encryption'
import { createHeliaLight } from 'helia'
import type { Helia } from 'helia'
import type { CID } from 'multiformats/cid'
import { pino } from 'pino'
import { extractBill } from '#audit'
import { loadDatasets } from '#datasets'
import { announceBatch, encodeBatch, encodeCanonical, leafOf } from '#protocol'
import type { Batch, Claim } from '#protocol'
import { Archive, generateArchiveKey, openBlockStore, seal, Store, unseal } from '#storage'
import type { BlockStore } from '#storage'
import { ArchiveKeys } from '../../node/archive-keys.ts'
import type { ArchiveKey } from '../../node/archive-keys.ts'
import { BatchLoader } from '../../node/batch-loader.ts'
import { BillVault } from '../../node/bill-vault.ts'
import { Examiner } from '../../node/examiner.ts'
import { Intake } from '../../node/intake.ts'
import { Ledger } from '../../node/ledger.ts'
import type { RegionContext } from '../../node/region-context.ts'
import { Accounts } from '../../node/service/accounts.ts'
import { csvBill } from '../support/bills.ts'
import { contextOf } from '../support/region-context.ts'
import { foundRegion, hashOf, makeClaim, REGION } from '../support/region-fixture.ts'

const NEVER = new AbortController().signal

describe('archive keys at a change of the committee', () => {
  const region = foundRegion()
  let dir: string
  let store: Store
  let blocks: BlockStore
  let helia: Helia
  let archive: Archive
  let founding: ArchiveKey
  let next: ArchiveKey
  let holder: Awaited<ReturnType<typeof generateArchiveKey>>

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kwitness-rotation-'))
    store = await Store.open(join(dir, 'store'), region.domain.networkId)
    blocks = await openBlockStore(join(dir, 'blocks'))
    helia = createHeliaLight({ blockstore: blocks, datastore: blocks.datastore, codecs: [dagCbor] })
    await helia.start()
    archive = new Archive({ host: helia, flush: async () => blocks.flush() })
    founding = { epoch: 0, ...(await generateArchiveKey()) }
    next = { epoch: 1, ...(await generateArchiveKey()) }
    holder = await generateArchiveKey()
  })
  after(async () => {
    await helia.stop()
    await blocks.close()
    await store.close()
    await rm(dir, { recursive: true })
  })

  /** What a member knows in an epoch, with these keys. */
  const contextIn = (epoch: number, ...keys: ArchiveKey[]): RegionContext => ({
    ...contextOf(region),
    epoch,
    archive: new ArchiveKeys(keys),
  })

  async function submit(context: RegionContext, bytes: Uint8Array): Promise<CID> {
    const vault = new BillVault(archive, context)
    const log = pino({ level: 'silent' })
    const sandbox = { extract: async (bill: Uint8Array) => extractBill(bill), close: async () => undefined }
    const accounts = new Accounts({ store, nowMs: () => 0, randomBytes: (size) => new Uint8Array(size), log })
    const intake = new Intake({
      context,
      store,
      archive,
      flushBlocks: async () => blocks.flush(),
      vault,
      examiner: new Examiner(sandbox, await loadDatasets()),
      ledger: new Ledger(context, store, () => 0),
      reviews: {
        prepare: () => assert.fail('extraction reads this'),
        announce: async () => undefined,
        claimsOf: async () => [],
      },
      recipientOf: async () => holder.recipient,
      quotas: accounts.quotas,
      accountBills: accounts.bills,
      changes: {
        open: (cid) => store.billsOpen.put(cid.bytes, true),
        note: () => undefined,
        noteAccount: () => undefined,
      },
      waiting: () => 0,
      propose: () => undefined,
      nowMs: () => 0,
      randomBytes: (size) => new Uint8Array(size),
      log,
    })
    const { cid } = await intake.submit({ bytes, visibility: 'sealed', accountId: 'a' }, NEVER)
    return cid
  }

  const read = async (context: RegionContext, cid: CID): Promise<Uint8Array> =>
    new BillVault(archive, context).readPlain(cid, 'sealed', NEVER)

  it('seal new bills for the committee that is, which a member that left cannot open', async () => {
    const before = csvBill({ point: 'before' })
    const old = await submit(contextIn(0, founding), before)
    const bytes = csvBill({ point: 'after' })
    const cid = await submit(contextIn(1, founding, next), bytes)
    const stored = await archive.readBill(cid, { maxBytes: 1_000_000, offline: true })
    // Left: it has the keys of its time, and may know that the epoch has begun.
    for (const epoch of [0, 1]) {
      await assert.rejects(read(contextIn(epoch, founding), cid), { code: 'ERR_SEAL_NO_KEY' })
    }
    for (const { identity } of [next, holder]) assert.deepEqual(await unseal(stored, [identity]), bytes)
    await assert.rejects(unseal(stored, [founding.identity]), { code: 'ERR_SEAL_NO_KEY' })
    // Stays, and joined: what was archived before still opens.
    assert.deepEqual(await read(contextIn(1, founding, next), cid), bytes)
    assert.deepEqual(await read(contextIn(1, founding, next), old), before)
  })

  it('seal the claims of a batch for the committee of its epoch', async () => {
    const claim: Claim = makeClaim('sealed')
    const batchOf = async (context: RegionContext): Promise<Batch> => ({
      v: 1,
      network: region.domain.networkId,
      region: REGION,
      epoch: context.epoch,
      sponsor: context.address,
      seq: 1,
      prev: null,
      entries: [{ kind: 'sealed', bill: claim.bill, leaf: leafOf(region.domain, REGION, claim) }],
      sealed: await seal(encodeCanonical([claim]), [context.archive.recipientAt(context.epoch)]),
    })
    const load = async (context: RegionContext, batch: Batch): Promise<readonly Claim[]> => {
      await archive.putBlock(encodeBatch(batch))
      const loader = new BatchLoader({ context, archive, fetch: async () => undefined, peersFor: () => [] })
      const announcement = announceBatch(region.domain, batch, context.privateKey)
      return (await loader.load(announcement, NEVER)).claims
    }
    const stays = contextIn(1, founding, next)
    const later = await batchOf(stays)
    assert.deepEqual(await load(stays, later), [claim])
    await assert.rejects(load(contextIn(1, founding), later), { code: 'ERR_PROTOCOL_MISMATCH' })
    // A batch of the founders is opened in the next epoch too: who joined audits what is there.
    const earlier = await batchOf(contextIn(0, founding))
    assert.deepEqual(await load(stays, earlier), [claim])
  })

  it('read a peer’s bill that is sealed for as many as are allowed, and refuse one for more', async () => {
    const context = contextIn(1, founding, next)
    const bytes = csvBill({ point: 'many' })
    const others = await Promise.all(Array.from({ length: 15 }, async () => (await generateArchiveKey()).recipient))
    const { cid } = await archive.addBill(await seal(bytes, [...others, next.recipient]))
    assert.deepEqual(await read(context, cid), bytes)
    const encrypter = new Encrypter()
    for (const recipient of [...others, holder.recipient, next.recipient]) encrypter.addRecipient(recipient)
    const { cid: tooMany } = await archive.addBill(await encrypter.encrypt(bytes))
    await assert.rejects(read(context, tooMany), { code: 'ERR_SEAL_CORRUPT' })
    await assert.rejects(read(context, (await archive.addBill(hashOf('no age file'))).cid), {
      code: 'ERR_SEAL_CORRUPT',
    })
  })
})
