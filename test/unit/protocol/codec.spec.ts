import assert from 'node:assert/strict'
import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { sha512 } from 'multiformats/hashes/sha2'
import {
  cidOfBlock,
  cidOfDigest,
  DAG_CBOR_CODE,
  decodeCanonical,
  digestOf,
  encodeCanonical,
  fromHex,
  parseShape,
  RAW_CODE,
  sha256,
  toHex,
  billCidShape,
  blockCidShape,
  decimalTextShape,
} from '#protocol'
import { flipBit } from '../../support/region-fixture.ts'

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.maxSafeInteger(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 64 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value

describe('canonical DAG-CBOR', () => {
  it('decodes to what was encoded', () => {
    fc.assert(fc.property(values, (value) => assert.deepEqual(decodeCanonical(encodeCanonical(value), 1 << 20), value)))
  })

  it('never gives one value for two byte strings: a turned bit is refused or another value', () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, at) => {
        const bytes = encodeCanonical(value)
        const flipped = flipBit(bytes, at % (bytes.byteLength * 8))
        let decoded: unknown
        try {
          decoded = decodeCanonical(flipped, 1 << 20)
        } catch (thrown) {
          assert.equal((thrown as { code: string }).code, 'ERR_PROTOCOL_CODEC')
          return
        }
        assert.deepEqual(encodeCanonical(decoded), flipped)
        assert.notDeepEqual(flipped, bytes)
      }),
    )
  })

  it('refuses forms that are not canonical', () => {
    const refused: [string, string][] = [
      ['a longer integer than needed', '0x1800'],
      ['a 64-bit zero', '0x1b0000000000000000'],
      ['members out of order', '0xa2616200616100'],
      ['a member twice', '0xa2616100616101'],
      ['an indefinite array', '0x9f00ff'],
      ['a half float', '0xf93c00'],
      ['undefined', '0xf7'],
      ['bytes after the end', '0x0000'],
      ['an unknown tag', '0xc100'],
      ['nothing', '0x'],
    ]
    for (const [what, hex] of refused) {
      assert.throws(() => decodeCanonical(fromHex(hex), 100), { code: 'ERR_PROTOCOL_CODEC' }, what)
    }
  })

  it('gives bytes whose slice is a copy, at every length', () => {
    for (const length of [1, 100, 10_000]) {
      const bytes = encodeCanonical('x'.repeat(length))
      assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype)
      assert.notEqual(bytes.slice().buffer, bytes.buffer)
    }
  })

  it('does not parse what is over the limit', () => {
    const bytes = encodeCanonical('x'.repeat(100))
    assert.throws(() => decodeCanonical(bytes, bytes.byteLength - 1), { code: 'ERR_PROTOCOL_TOO_LARGE' })
    assert.equal(decodeCanonical(bytes, bytes.byteLength), 'x'.repeat(100))
  })

  it('survives nesting that would fill the stack', () => {
    const bomb = new Uint8Array(200_000).fill(0x81)
    assert.throws(() => decodeCanonical(bomb, 1 << 20), { code: 'ERR_PROTOCOL_CODEC' })
  })
})

describe('CIDs', () => {
  it('of a block are CIDv1, DAG-CBOR, sha2-256', () => {
    const bytes = encodeCanonical({ hello: 'world' })
    const cid = cidOfBlock(bytes)
    assert.equal(cid.toString(), 'bafyreidykglsfhoixmivffc5uwhcgshx4j465xwqntbmu43nb2dzqwfvae')
    assert.deepEqual(digestOf(cid), sha256(bytes))
    assert.deepEqual(dagCbor.decode(bytes), { hello: 'world' })
  })

  it('with another hash have no digest and fit no field', async () => {
    const long = CID.createV1(DAG_CBOR_CODE, await sha512.digest(new Uint8Array(1)))
    const inline = CID.createV1(RAW_CODE, identity.digest(new Uint8Array(32)))
    for (const cid of [long, inline]) {
      assert.throws(() => digestOf(cid), { code: 'ERR_PROTOCOL_SCHEMA' })
      assert.equal(blockCidShape.safeParse(cid).success, false)
      assert.equal(billCidShape.safeParse(cid).success, false)
    }
  })

  it('fit the fields of their kind only', () => {
    const block = cidOfDigest(sha256(new Uint8Array(1)), DAG_CBOR_CODE)
    const raw = cidOfDigest(sha256(new Uint8Array(1)), RAW_CODE)
    assert.deepEqual(
      [blockCidShape, billCidShape].map((shape) => shape.safeParse(block).success),
      [true, false],
    )
    assert.deepEqual(
      [blockCidShape, billCidShape].map((shape) => shape.safeParse(raw).success),
      [false, true],
    )
    assert.equal(billCidShape.safeParse(raw.toString()).success, false)
  })
})

describe('shapes', () => {
  it('read decimal texts in one spelling, below 2^256', () => {
    const accepted = ['0', '7', '9007199254740993', String(2n ** 256n - 1n)]
    const refused = ['', '00', '01', '-1', '+1', '1.0', '1e3', ' 1', '٣', String(2n ** 256n), '9'.repeat(78)]
    for (const text of accepted) assert.ok(decimalTextShape.safeParse(text).success, text)
    for (const text of refused) assert.ok(!decimalTextShape.safeParse(text).success, text)
  })

  it('name the path of the first wrong field', () => {
    assert.throws(() => parseShape(blockCidShape, 1, 'thing'), { code: 'ERR_PROTOCOL_SCHEMA', message: /^thing: / })
  })
})

describe('hex', () => {
  it('has one spelling', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => assert.deepEqual(fromHex(toHex(bytes)), bytes)))
    for (const text of ['', '0', '0X00', '00', '0x0', '0xAB', '0x0g', ' 0x00', '0x00\n']) {
      assert.throws(() => fromHex(text), { code: 'ERR_PROTOCOL_HEX' }, text)
    }
    assert.throws(() => fromHex('0x0000', 1), { code: 'ERR_PROTOCOL_HEX' })
  })
})
