import assert from 'node:assert/strict'
import { encodeBytes32String, getBytes, hexlify, TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import {
  decodeGossip,
  decodeSyncRecord,
  decodeSyncRequest,
  encodeCanonical,
  encodeGossip,
  encodeSyncRecord,
  encodeSyncRequest,
  hashAnchor,
  hashAnchorStruct,
  LIMITS,
} from '#protocol'
import type { Anchor, GossipMessage, SyncRecord, SyncRequest } from '#protocol'
import { cidOfDigest, DAG_CBOR_CODE } from '#protocol'
import { blockCids, bytesOf, hashes } from '../../support/arbitraries.ts'
import {
  certifyBatch,
  flipBit,
  foundRegion,
  hashOf,
  makeClaim,
  makeVote,
  REGION,
} from '../../support/region-fixture.ts'
import { SIGNED_TYPES, typedDomain } from '../../support/typed-data.ts'

const region = foundRegion()
const [member, other] = region.members
assert.ok(member !== undefined && other !== undefined)
const list = [makeClaim('a'), makeClaim('b')]
const own = certifyBatch(region, list)
const vote = makeVote(region, other, own.announcement, list, [1])
const rival = certifyBatch(region, [makeClaim('c')])
const anchor = {
  region: REGION,
  epoch: 0,
  seq: 1,
  prev: hashOf('prev'),
  root: hashOf('root'),
  manifest: hashOf('manifest'),
  claims: 2,
  gramsLocation: '44960',
  gramsMarket: '0',
}
const equivocation = { first: own.announcement, second: rival.announcement }
const gossip: GossipMessage[] = [
  { kind: 'announcement', announcement: own.announcement },
  { kind: 'vote', vote },
  { kind: 'anchor-signature', anchor, signer: member.address, signature: vote.signature },
  { kind: 'equivocation', equivocation },
]
const records: SyncRecord[] = [
  { kind: 'batch', announcement: own.announcement, certificate: own.certificate, votes: [] },
  { kind: 'batch', announcement: own.announcement, certificate: null, votes: [vote] },
  {
    kind: 'anchor',
    anchor,
    manifest: cidOfDigest(anchor.manifest, DAG_CBOR_CODE),
    signatures: [{ signer: member.address, signature: vote.signature }],
  },
  { kind: 'equivocation', equivocation },
]

describe('messages', () => {
  it('decode to what was encoded', () => {
    for (const message of gossip)
      assert.deepEqual(encodeGossip(decodeGossip(encodeGossip(message))), encodeGossip(message))
    for (const record of records) {
      assert.deepEqual(encodeSyncRecord(decodeSyncRecord(encodeSyncRecord(record))), encodeSyncRecord(record))
    }
    fc.assert(
      fc.property(
        fc.array(
          fc.record(
            { sponsor: bytesOf(20), knownUpTo: fc.nat(), open: fc.array(fc.nat(), { maxLength: 8 }) },
            { noNullPrototype: true },
          ),
          { maxLength: 8 },
        ),
        fc.nat(),
        (chains, seq) => {
          const request: SyncRequest = { region: REGION, epoch: 0, chains, anchoredUpTo: seq }
          assert.deepEqual(decodeSyncRequest(encodeSyncRequest(request)), request)
        },
      ),
    )
  })

  it('from strangers never throw anything but a coded error', () => {
    const decoders = [decodeGossip, decodeSyncRequest, decodeSyncRecord]
    const check = (bytes: Uint8Array): void => {
      for (const decode of decoders) {
        try {
          decode(bytes)
        } catch (thrown) {
          assert.match(String((thrown as { code?: string }).code), /^ERR_PROTOCOL_/)
        }
      }
    }
    for (const message of gossip) {
      const bytes = encodeGossip(message)
      for (let bit = 0; bit < bytes.byteLength * 8; bit += 5) check(flipBit(bytes, bit))
    }
    fc.assert(
      fc.property(fc.anything(), (value) => {
        let bytes: Uint8Array
        try {
          bytes = encodeCanonical({ kind: 'vote', vote: value })
        } catch {
          return
        }
        check(bytes)
      }),
    )
  })

  it('with a wrong figure in any text field are refused, not thrown about', () => {
    for (const totalGrams of ['1.0', '', '0x1', '-1', '1'.repeat(79)]) {
      const message = { kind: 'vote', vote: { ...vote, content: { ...vote.content, totalGrams } } }
      assert.throws(() => decodeGossip(encodeCanonical(message)), { code: 'ERR_PROTOCOL_SCHEMA' }, totalGrams)
    }
  })

  it('over their size limit are not parsed', () => {
    const tooLarge = { code: 'ERR_PROTOCOL_TOO_LARGE' }
    assert.throws(() => decodeGossip(new Uint8Array(LIMITS.gossipBytes + 1)), tooLarge)
    assert.throws(() => decodeSyncRequest(new Uint8Array(LIMITS.gossipBytes + 1)), tooLarge)
    assert.throws(() => decodeSyncRecord(new Uint8Array(LIMITS.gossipBytes * 4 + 1)), tooLarge)
  })

  it('fit their limits at their largest: a vote that refuses each of 512 claims', () => {
    const refusals = Array.from({ length: LIMITS.batchClaims }, (_, index) => ({
      index,
      code: 'ERR_CLAIM_OVERLAP',
      heldBy: hashOf('x'),
    }))
    const bitmap = new Uint8Array(LIMITS.batchClaims / 8)
    const bytes = encodeGossip({ kind: 'vote', vote: { ...vote, bitmap, refusals } })
    assert.ok(bytes.byteLength <= LIMITS.gossipBytes, `${bytes.byteLength} bytes`)
    decodeGossip(bytes)
  })
})

describe('anchor', () => {
  it('has the EIP-712 hashes of ethers', () => {
    const anchors: fc.Arbitrary<Anchor> = fc.record({
      region: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
      epoch: fc.nat(),
      seq: fc.maxSafeInteger().map(Math.abs),
      prev: hashes,
      root: hashes,
      manifest: blockCids.map((cid) => cid.multihash.digest),
      claims: fc.nat(),
      gramsLocation: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
      gramsMarket: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
    })
    const types = { Anchor: [...SIGNED_TYPES.Anchor] }
    fc.assert(
      fc.property(anchors, (value) => {
        const { region: name, prev, root, manifest } = value
        const typed = {
          ...value,
          region: encodeBytes32String(name),
          prev: hexlify(prev),
          root: hexlify(root),
          manifest: hexlify(manifest),
        }
        assert.deepEqual(hashAnchorStruct(value), getBytes(TypedDataEncoder.hashStruct('Anchor', types, typed)))
        const digest = TypedDataEncoder.hash(typedDomain(region.domain), types, typed)
        assert.deepEqual(hashAnchor(region.domain, value), getBytes(digest))
      }),
    )
  })
})
