/*
 * What must hold in a region whatever happened to it, read from the disks of its stopped auditors and from the chain.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { z } from 'zod'
import {
  billOfEntry,
  charterCid,
  cidOfDigest,
  DAG_CBOR_CODE,
  decodeBatch,
  digestOf,
  domainOf,
  equalBytes,
  findRegion,
  isBitSet,
  merkleRoot,
  toHex,
  verifyCertificate,
} from '#protocol'
import { openBlockStore, Store } from '#storage'
import type { ClaimRecord } from '#storage'
import { logShape } from '../../node/chain/chain-shapes.ts'
import { JsonRpc } from '../../node/chain/json-rpc.ts'
import { anchoredTopic, findAnchoredEvent } from '../../node/chain/registry-abi.ts'
import type { AnchoredEvent } from '../../node/chain/registry-abi.ts'
import { chainKey } from '../../node/ledger.ts'
import type { LiveRegion } from './live-region.ts'

/** Opens the records of an auditor that is not running, for the time of `look`. */
export async function withStore<T>(
  region: LiveRegion,
  position: number,
  look: (store: Store) => Promise<T>,
): Promise<T> {
  const networkId = digestOf(charterCid(region.charter))
  const store = await Store.open(join(region.dataDir(position), 'store'), networkId)
  try {
    return await look(store)
  } finally {
    await store.close()
  }
}

/** All values of a bucket. */
export async function valuesOf<V>(bucket: { entries(): AsyncIterable<[Uint8Array, V]> }): Promise<V[]> {
  const values: V[] = []
  for await (const [, value] of bucket.entries()) values.push(value)
  return values
}

/** `Anchored` events of a region, oldest first, as the chain itself has them. */
export async function readChainAnchors(region: LiveRegion): Promise<AnchoredEvent[]> {
  const { registry } = region.charter.chain
  const filter = { address: toHex(registry), topics: [anchoredTopic()], fromBlock: '0x0', toBlock: 'latest' }
  const logs = await new JsonRpc({ url: region.anvil.rpcUrl }).call(z.array(logShape), 'eth_getLogs', [filter])
  return logs.map((log) => findAnchoredEvent(registry, log)).filter((event) => event !== undefined)
}

async function keysOf(bucket: { entries(): AsyncIterable<[Uint8Array, unknown]> }): Promise<Uint8Array[]> {
  const keys: Uint8Array[] = []
  for await (const [key] of bucket.entries()) keys.push(key)
  return keys
}

/** What the checks found, for tests that expect more of it. */
export type RegionSummary = {
  /** Claims that any auditor has certified, by id. */
  readonly certified: ReadonlyMap<string, ClaimRecord>
  readonly anchors: readonly AnchoredEvent[]
}

/**
 * Checks the invariants on auditors that are stopped:
 * no two certified claims of one metering point overlap, on no node and between no two nodes, those aside that another one
 * replaced; every certificate stands
 * and is about the leaves beside it; locks never overlap and every certified claim has its own; each claim is counted by
 * one anchor at most; the chain's counts and sums are those of the claims; nothing waits in a queue.
 */
export async function checkInvariants(region: LiveRegion, positions: readonly number[]): Promise<RegionSummary> {
  const certified = new Map<string, ClaimRecord>()
  for (const position of positions) {
    await withStore(region, position, async (store) => {
      const claims = (await valuesOf(store.claims)).filter(({ state }) => state !== 'proposed')
      const superseded = new Set((await keysOf(store.superseded)).map(toHex))
      const standing = claims.filter(({ claimId }) => !superseded.has(toHex(claimId)))
      for (const claim of standing) certified.set(toHex(claim.claimId), claim)
      await checkCertificates(region, store)
      await checkLocks(store, standing)
      await checkAnchors(store, claims)
      assert.deepEqual(await valuesOf(store.queue), [], `auditor ${position} still has bills in its queue`)
      const open = (await valuesOf(store.bills)).filter(({ state }) => state === 'open')
      assert.deepEqual(open, [], `auditor ${position} has bills that never left the state received`)
    })
  }
  checkNoOverlap([...certified.values()])
  return { certified, anchors: await readChainAnchors(region) }
}

function checkNoOverlap(claims: readonly ClaimRecord[]): void {
  const byTag = Map.groupBy(claims, ({ claim }) => toHex(claim.pointTag))
  for (const [tag, list] of byTag) {
    const sorted = list.toSorted((a, b) => a.claim.startDay - b.claim.startDay)
    for (const [i, { claim }] of sorted.entries()) {
      const next = sorted[i + 1]?.claim
      assert.ok(next === undefined || claim.endDay <= next.startDay, `two certified claims of ${tag} overlap`)
    }
  }
}

async function checkCertificates(region: LiveRegion, store: Store): Promise<void> {
  const domain = domainOf(region.charter)
  const committee = findRegion(region.charter, 'north-america')?.committee ?? []
  const places = new Map<string, string>()
  for (const { announcement, certificate, leaves } of await valuesOf(store.batches)) {
    if (certificate === undefined) continue
    verifyCertificate(domain, committee, certificate)
    assert.ok(certificate.content.batch.equals(announcement.batch))
    const accepted = leaves.filter((_, i) => isBitSet(certificate.bitmap, i))
    assert.ok(equalBytes(merkleRoot(accepted), certificate.content.acceptedRoot))
    const place = `${toHex(announcement.sponsor)} ${announcement.seq}`
    assert.equal(places.get(place), undefined, `two certified batches for ${place}`)
    places.set(place, announcement.batch.toString())
    const inChain = await store.chains.find(chainKey(announcement.epoch, announcement.sponsor, announcement.seq))
    assert.deepEqual(inChain, digestOf(announcement.batch), `the certified batch for ${place} is not in its chain`)
  }
}

async function checkLocks(store: Store, claims: readonly ClaimRecord[]): Promise<void> {
  for (const locks of await valuesOf(store.locks)) {
    for (const [i, lock] of locks.entries()) {
      const next = locks[i + 1]
      assert.ok(next === undefined || lock.endDay <= next.startDay, 'locks of one metering point overlap')
    }
  }
  for (const { claim, claimId } of claims) {
    const locks = (await store.locks.find(claim.pointTag)) ?? []
    assert.ok(
      locks.some((lock) => equalBytes(lock.claimId, claimId)),
      `certified claim ${toHex(claimId)} has no lock`,
    )
  }
}

async function checkAnchors(store: Store, claims: readonly ClaimRecord[]): Promise<void> {
  for (const { anchor } of await valuesOf(store.anchors)) {
    const own = claims.filter(({ anchorSeq }) => anchorSeq === anchor.seq)
    const grams = own.reduce((sum, { claim }) => sum + BigInt(claim.gramsLocation), 0n)
    assert.equal(own.length, anchor.claims, `anchor ${anchor.seq} counts other claims than those that name it`)
    assert.equal(grams.toString(), anchor.gramsLocation, `anchor ${anchor.seq} sums up other grams`)
  }
}

/**
 * Checks that an auditor that is stopped has no block on disk that no record names: a refused bill left nothing behind.
 * Bills must be smaller than a chunk.
 */
export async function checkNoStrayBlocks(region: LiveRegion, position: number): Promise<void> {
  const blocks = await openBlockStore(join(region.dataDir(position), 'blocks'))
  try {
    const named = await withStore(region, position, async (store) => {
      const digests = (await valuesOf(store.batches)).map(({ announcement }) => announcement.batch)
      const manifests = [...(await valuesOf(store.anchors)), ...(await valuesOf(store.proposals))]
      const bills = (await valuesOf(store.bills)).map(({ cid }) => cid)
      bills.push(...(await valuesOf(store.reviews)).map(({ request }) => request.bill))
      for (const batch of digests) {
        const bytes = await blocks.find(batch)
        if (bytes !== undefined) bills.push(...decodeBatch(bytes).entries.map(billOfEntry))
      }
      const cids = [...digests, ...bills, ...manifests.map(({ anchor }) => cidOfDigest(anchor.manifest, DAG_CBOR_CODE))]
      return new Set(cids.map((cid) => toHex(digestOf(cid))))
    })
    for await (const { cid } of blocks.getAll()) {
      assert.ok(named.has(toHex(digestOf(cid))), `auditor ${position} has block ${cid.toString()} that nothing names`)
    }
  } finally {
    await blocks.close()
  }
}
