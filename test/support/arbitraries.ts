import fc from 'fast-check'
import type { Claim } from '#protocol'
import { ASSURANCES, cidOfDigest, DAG_CBOR_CODE, DAG_PB_CODE, ORIGINS, RAW_CODE, TAG_BASES } from '#protocol'
import type { CID } from 'multiformats/cid'

/** Byte strings of one length. */
export function bytesOf(size: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: size, maxLength: size })
}

/** 32-byte hashes. */
export const hashes = bytesOf(32)

/** Decimal texts below 2^256. */
export const decimalTexts: fc.Arbitrary<string> = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(String)

/** CIDs of DAG-CBOR blocks. */
export const blockCids: fc.Arbitrary<CID> = hashes.map((digest) => cidOfDigest(digest, DAG_CBOR_CODE))

const letters = (count: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom('A', 'C', 'M', 'X', 'Z'), { minLength: count, maxLength: count }).map((l) => l.join(''))

/** Claims of every shape that the schema allows. */
export const claims: fc.Arbitrary<Claim> = fc.record(
  {
    bill: fc.tuple(hashes, fc.constantFrom(RAW_CODE, DAG_PB_CODE)).map(([digest, code]) => cidOfDigest(digest, code)),
    plainHash: hashes,
    ordinal: fc.nat(63),
    factsHash: hashes,
    derivationHash: hashes,
    rules: fc.string({ minLength: 1, maxLength: 32 }),
    pointTag: hashes,
    tagBasis: fc.constantFrom(...TAG_BASES),
    startDay: fc.integer({ min: -100_000, max: 100_000 }),
    endDay: fc.integer({ min: -100_000, max: 100_000 }),
    energyWh: fc.record({ n: decimalTexts, d: decimalTexts }, { noNullPrototype: true }),
    gramsLocation: decimalTexts,
    gramsMarket: decimalTexts,
    assurance: fc.constantFrom(...ASSURANCES),
    origin: fc.constantFrom(...ORIGINS),
    declaredPlace: fc.record(
      { country: letters(2), state: letters(2) },
      { requiredKeys: ['country'], noNullPrototype: true },
    ),
    holder: hashes,
    supersedes: hashes,
    salt: hashes,
  },
  {
    noNullPrototype: true,
    requiredKeys: [
      'bill',
      'plainHash',
      'ordinal',
      'factsHash',
      'derivationHash',
      'rules',
      'pointTag',
      'tagBasis',
      'startDay',
      'endDay',
      'energyWh',
      'gramsLocation',
      'assurance',
      'origin',
      'holder',
      'salt',
    ],
  },
)
