import { z } from 'zod'
import { abiEncode, encodeRegion, wordOfBytes32, wordOfInt64, wordOfUint } from './abi-words.ts'
import { utf8, ZERO_32 } from './bytes.ts'
import { digestOf } from './codec.ts'
import type { Domain } from './domain.ts'
import { hmacSha256, keccak256 } from './hash.ts'
import { LIMITS } from './limits.ts'
import { billCidShape, decimalTextShape, hashShape } from './shapes.ts'

/**
 * How far a claim's figures come from the bill itself, from strong to weak: where several hold, the weakest is stated.
 * The position is the code in the leaf, never reordered.
 *
 * - `extracted`: everything was read from fields of the file
 * - `place-declared`: the holder said where, because the file does not
 * - `template`: figures stand where the template of one utility's print expects them
 * - `reviewed`: a quorum of auditors' people read them, each alone; nothing can be recomputed from the bytes
 */
export const ASSURANCES = ['extracted', 'place-declared', 'template', 'reviewed'] as const
/** Who is known to have written the bill; the position is the code in the leaf, never reordered. */
export const ORIGINS = ['unsigned', 'utility-signed'] as const
/** What the point tag was made from: a metering point, else weaker keys. */
export const TAG_BASES = ['point', 'account', 'bill'] as const

/** A place that the holder declared, for bills that name none. */
export const placeShape = z.strictObject({
  country: z.string().regex(/^[A-Z]{2}$/),
  state: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional(),
  utility: z
    .strictObject({ eia: z.number().int().min(1).max(999_999), state: z.string().regex(/^[A-Z]{2}$/) })
    .optional(),
  zip: z
    .string()
    .regex(/^[0-9]{5}$/)
    .optional(),
  subregion: z
    .string()
    .regex(/^[A-Z]{4}$/)
    .optional(),
  nerc: z
    .string()
    .regex(/^[A-Z]{2,4}$/)
    .optional(),
})

/** Schema of a claim on the wire and on disk (canonical DAG-CBOR; big integers as decimal texts). */
export const claimShape = z.strictObject({
  bill: billCidShape,
  /** SHA-256 of the bill's own bytes, before sealing. */
  plainHash: hashShape,
  /** Position of this bill among the bills of the file. */
  ordinal: z
    .number()
    .int()
    .min(0)
    .max(LIMITS.billsPerFile - 1),
  /** SHA-256 of the canonical facts. */
  factsHash: hashShape,
  /** SHA-256 of the canonical derivation: place, factors with data-set CIDs, energy per part, exact result. */
  derivationHash: hashShape,
  rules: z.string().min(1).max(32),
  pointTag: hashShape,
  tagBasis: z.enum(TAG_BASES),
  /** Service period as civil days since 1970-01-01, half-open. */
  startDay: z.number().int().min(-100_000).max(100_000),
  endDay: z.number().int().min(-100_000).max(100_000),
  /** Imported energy in Wh, a reduced fraction. */
  energyWh: z.strictObject({ n: decimalTextShape, d: decimalTextShape }),
  gramsLocation: decimalTextShape,
  gramsMarket: decimalTextShape.optional(),
  assurance: z.enum(ASSURANCES),
  origin: z.enum(ORIGINS),
  declaredPlace: placeShape.optional(),
  /** Commitment to the account that submitted the bill. */
  holder: hashShape,
  /** Claim id of the claim that this one corrects. */
  supersedes: hashShape.optional(),
  salt: hashShape,
})

/** "Bill B, facts F, rules R and factors X give G grams CO2e" (DESIGN 8). */
export type Claim = z.infer<typeof claimShape>

const rulesHashes = new Map<string, Uint8Array>()

// A process sees one or two rules versions in its life, and a hash of each for every claim twice.
function hashRules(rules: string): Uint8Array {
  const hash = rulesHashes.get(rules) ?? keccak256(utf8(rules))
  if (rulesHashes.size < 16) rulesHashes.set(rules, hash)
  return hash
}

/**
 * Merkle leaf of a claim: keccak256(keccak256(words)), 23 words in this order:
 *
 * network id | region | bill codec | bill digest | plain hash | ordinal | facts hash | derivation hash | rules hash |
 * point tag | tag basis | start day | end day | energy Wh n | energy Wh d | grams location | market known | grams market |
 * assurance | origin | holder | supersedes (zeros if none) | salt
 */
export function leafOf(domain: Domain, region: string, claim: Claim): Uint8Array {
  const words = [
    wordOfBytes32(domain.networkId),
    encodeRegion(region),
    wordOfUint(claim.bill.code),
    digestOf(claim.bill),
    claim.plainHash,
    wordOfUint(claim.ordinal),
    claim.factsHash,
    claim.derivationHash,
    hashRules(claim.rules),
    claim.pointTag,
    wordOfUint(TAG_BASES.indexOf(claim.tagBasis)),
    wordOfInt64(claim.startDay),
    wordOfInt64(claim.endDay),
    wordOfUint(BigInt(claim.energyWh.n)),
    wordOfUint(BigInt(claim.energyWh.d)),
    wordOfUint(BigInt(claim.gramsLocation)),
    wordOfUint(claim.gramsMarket === undefined ? 0 : 1),
    wordOfUint(BigInt(claim.gramsMarket ?? '0')),
    wordOfUint(ASSURANCES.indexOf(claim.assurance)),
    wordOfUint(ORIGINS.indexOf(claim.origin)),
    claim.holder,
    claim.supersedes ?? ZERO_32,
    claim.salt,
  ]
  return keccak256(keccak256(abiEncode(words)))
}

/**
 * Identity of what a claim says, independent of sponsor, salt and sealing: the same bill sent to two auditors is the
 * same claim (DESIGN 8).
 */
export function claimIdOf(domain: Domain, region: string, claim: Claim): Uint8Array {
  return keccak256(
    abiEncode([
      wordOfBytes32(domain.networkId),
      encodeRegion(region),
      claim.pointTag,
      wordOfInt64(claim.startDay),
      wordOfInt64(claim.endDay),
      wordOfUint(BigInt(claim.energyWh.n)),
      wordOfUint(BigInt(claim.energyWh.d)),
      wordOfUint(BigInt(claim.gramsLocation)),
      wordOfUint(claim.gramsMarket === undefined ? 0 : 1),
      wordOfUint(BigInt(claim.gramsMarket ?? '0')),
      hashRules(claim.rules),
      claim.supersedes ?? ZERO_32,
    ]),
  )
}

/** What a point tag is made from, most telling first. */
export type PointKey = {
  readonly basis: (typeof TAG_BASES)[number]
  /** Normalised metering point; or utility and account; or the plain hash of the bill as hex with its ordinal. */
  readonly id: string
}

/** Key of double counting: the same metering point under two utilities' bills gives the same tag (DESIGN 8). */
export function pointTagOf(
  regionSecret: Uint8Array,
  key: PointKey,
  commodity: string,
  direction: 'import' | 'export',
): Uint8Array {
  return hmacSha256(regionSecret, utf8(['kwitness point 1', key.basis, key.id, commodity, direction].join('\0')))
}
