import { CID } from 'multiformats/cid'
import { z } from 'zod'
import { announcementShape } from './batch.ts'
import { fromHex, toHex } from './bytes.ts'
import { claimShape } from './claim.ts'
import { cidOfDigest, DAG_CBOR_CODE, digestOf } from './codec.ts'
import { LIMITS } from './limits.ts'
import { anchorShape } from './messages.ts'
import { addressShape, billCidShape, blockCidShape, bytesUpToShape, countShape, hashShape } from './shapes.ts'
import { regionNameShape, signatureShape } from './shapes.ts'
import { voteContentShape } from './vote.ts'

/*
 * The proof file's fields are those of the structures it shows, with bytes as lower-case 0x hex and CIDs as base32 text.
 * Every text has one spelling only, so that a file that decodes also encodes back to the same bytes.
 */

type BytesShape = z.ZodType<Uint8Array, Uint8Array>

function hexText(size: number, bytes: BytesShape): z.ZodType<Uint8Array, string> {
  const text = z.string().regex(new RegExp(`^0x[0-9a-f]{${2 * size}}$`), `expected ${size} bytes of lower-case 0x hex`)
  return z.codec(text, bytes, { decode: (hex) => fromHex(hex), encode: toHex })
}

function hexTextUpTo(limit: number): z.ZodType<Uint8Array, string> {
  const text = z.string().regex(/^0x(?:[0-9a-f]{2})*$/, 'expected lower-case 0x hex')
  return z.codec(text.max(2 + 2 * limit), bytesUpToShape(limit), { decode: (hex) => fromHex(hex), encode: toHex })
}

// A CIDv1 with sha2-256 is 36 bytes; in base32, lower case, without padding, that has one spelling of 59 characters.
const CID_TEXT = /^b[a-z2-7]{58}$/

function parseCid(text: string): CID | undefined {
  if (!CID_TEXT.test(text)) return undefined
  try {
    return CID.parse(text)
  } catch {
    // Not a CID at all: the schema says so with the field's name.
    return undefined
  }
}

function cidText(cids: z.ZodType<CID, CID>): z.ZodType<CID, string> {
  return z.codec(z.string(), cids, {
    decode: (text, context) => {
      const cid = parseCid(text)
      if (cid !== undefined) return cid
      context.issues.push({ code: 'custom', message: 'expected a CID in base32', input: text.slice(0, 80) })
      return z.NEVER
    },
    encode: (cid) => cid.toString(),
  })
}

const hashText = hexText(32, hashShape)
const addressText = hexText(20, addressShape)
const signatureText = hexText(65, signatureShape)
const billCidText = cidText(billCidShape)
const blockCidText = cidText(blockCidShape)

// An anchor signs the digest of its manifest's CID; the file shows the CID itself, which is what one fetches.
const manifestText = z.codec(blockCidText, hashShape, {
  decode: (cid) => digestOf(cid),
  encode: (digest) => cidOfDigest(digest, DAG_CBOR_CODE),
})

/** Longest path in a proof: 2^32 claims of an anchor would not fill it. */
const MAX_PATH = 32

const pathText = z.array(hashText).max(MAX_PATH)
const quorumText = z.array(signatureText).min(1).max(64)

const claimText = claimShape.extend({
  bill: billCidText,
  plainHash: hashText,
  factsHash: hashText,
  derivationHash: hashText,
  pointTag: hashText,
  holder: hashText,
  supersedes: hashText.optional(),
  salt: hashText,
})

const anchorText = anchorShape.extend({ prev: hashText, root: hashText, manifest: manifestText })

/** Schema between the JSON value of a proof file, without its checksum, and {@link Proof}. */
export const proofShape = z.strictObject({
  kind: z.literal('kwitness-proof'),
  v: z.literal(1),
  /** CID of the charter. */
  network: blockCidText,
  region: regionNameShape,
  bill: z.strictObject({ cid: billCidText, visibility: z.enum(['public', 'sealed']) }),
  /** The claim itself, or only its leaf where a sealed bill's claim is not disclosed. */
  claim: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('full'), content: claimText }),
    z.strictObject({ kind: z.literal('leaf'), leaf: hashText }),
  ]),
  batch: z.strictObject({
    announcement: announcementShape.extend({
      sponsor: addressText,
      prev: blockCidText.nullable(),
      batch: blockCidText,
      signature: signatureText,
    }),
    /** Position of the claim in the batch, from 0. */
    index: z
      .number()
      .int()
      .min(0)
      .max(LIMITS.batchClaims - 1),
  }),
  certificate: z.strictObject({
    content: voteContentShape.extend({ batch: blockCidText, acceptedRoot: hashText }),
    bitmap: hexTextUpTo(LIMITS.batchClaims / 8),
    signatures: quorumText,
    /** Siblings from the claim's leaf up to `content.acceptedRoot`. */
    path: pathText,
  }),
  anchor: z
    .strictObject({
      content: anchorText,
      /** A quorum's signatures, ascending by signer. */
      signatures: quorumText,
      /** Siblings from the claim's leaf through its batch up to `content.root`. */
      path: pathText,
      /** Where the chain has the anchor; no signature covers this, only the chain itself proves it. */
      transaction: hashText,
      blockNumber: countShape,
      blockHash: hashText,
    })
    .optional(),
})

/** What a proof file says: claim -> batch -> certificate -> anchor -> block (DESIGN 12). */
export type Proof = z.output<typeof proofShape>
/** A proof's anchor with its path, signatures and place in the chain. */
export type ProofAnchor = NonNullable<Proof['anchor']>
