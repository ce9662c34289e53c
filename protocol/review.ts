import { z } from 'zod'
import { abiEncode, encodeRegion, wordOfBytes32, wordOfUint } from './abi-words.ts'
import { equalBytes, ZERO_32 } from './bytes.ts'
import { placeShape } from './claim.ts'
import { digestOf, encodeCanonical } from './codec.ts'
import { digestInDomain, typeHash } from './domain.ts'
import type { Domain } from './domain.ts'
import { keccak256 } from './hash.ts'
import { ProtocolError } from './protocol-error.ts'
import { addressShape, billCidShape, countShape, hashShape, regionNameShape, signatureShape } from './shapes.ts'
import { recoverAddress, signDigest } from './signature.ts'

/** Schema of a request for review: "people must read this bill", signed by the auditor that it was handed in at. */
export const reviewRequestShape = z.strictObject({
  region: regionNameShape,
  epoch: countShape,
  sponsor: addressShape,
  /** Of a sealed bill, the age file for the region's archive key. */
  bill: billCidShape,
  visibility: z.enum(['public', 'sealed']),
  plainHash: hashShape,
  /** Where the holder says that the energy was used; a hint for whoever reads the bill. */
  declaredPlace: placeShape.optional(),
  signature: signatureShape,
})

/** Request for review. */
export type ReviewRequest = z.infer<typeof reviewRequestShape>

/**
 * Most notices of one auditor for one bill. People correct themselves a few times; each notice is a record and a message
 * at every auditor, so that one that changes its mind for ever must come to an end.
 */
export const REVIEW_NOTICES = 256

/**
 * Schema of a notice of an entry: that an auditor's people have read a bill, and a commitment to what they found, which
 * shows nothing to anybody before it is opened (`ReviewOpening`).
 */
export const reviewNoticeShape = z.strictObject({
  region: regionNameShape,
  epoch: countShape,
  auditor: addressShape,
  plainHash: hashShape,
  /** 1 for an auditor's first entry for the bill, then one more for each correction or withdrawal; the highest counts. */
  seq: z.number().int().min(1).max(REVIEW_NOTICES),
  /** `commitEntry`; null withdraws. */
  commitment: hashShape.nullable(),
  signature: signatureShape,
})

/** Notice of an entry. */
export type ReviewNotice = z.infer<typeof reviewNoticeShape>

const REQUEST_TYPE = typeHash(
  'ReviewRequest(bytes32 region,uint64 epoch,uint64 codec,bytes32 bill,uint8 visibility,bytes32 plainHash,bytes32 place)',
)
const NOTICE_TYPE = typeHash(
  'ReviewNotice(bytes32 region,uint64 epoch,bytes32 plainHash,uint64 seq,bytes32 commitment)',
)

function hashRequest(domain: Domain, request: Omit<ReviewRequest, 'signature' | 'sponsor'>): Uint8Array {
  const { region, epoch, bill, visibility, plainHash, declaredPlace } = request
  return digestInDomain(
    domain,
    keccak256(
      abiEncode([
        REQUEST_TYPE,
        encodeRegion(region),
        wordOfUint(epoch, 64),
        wordOfUint(bill.code, 64),
        digestOf(bill),
        wordOfUint(visibility === 'sealed' ? 1 : 0),
        wordOfBytes32(plainHash),
        declaredPlace === undefined ? ZERO_32 : keccak256(encodeCanonical(declaredPlace)),
      ]),
    ),
  )
}

/** Signs a request for review. */
export function signReviewRequest(
  domain: Domain,
  request: Omit<ReviewRequest, 'signature'>,
  privateKey: Uint8Array,
): ReviewRequest {
  return { ...request, signature: signDigest(hashRequest(domain, request), privateKey) }
}

/** @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE when the named sponsor did not sign. */
export function verifyReviewRequest(domain: Domain, request: ReviewRequest): void {
  if (equalBytes(recoverAddress(hashRequest(domain, request), request.signature), request.sponsor)) return
  throw new ProtocolError('request for review is not signed by its sponsor', { code: 'ERR_PROTOCOL_SIGNATURE' })
}

function hashNotice(domain: Domain, notice: Omit<ReviewNotice, 'signature' | 'auditor'>): Uint8Array {
  const { region, epoch, plainHash, seq, commitment } = notice
  return digestInDomain(
    domain,
    keccak256(
      abiEncode([
        NOTICE_TYPE,
        encodeRegion(region),
        wordOfUint(epoch, 64),
        wordOfBytes32(plainHash),
        wordOfUint(seq, 64),
        commitment ?? ZERO_32,
      ]),
    ),
  )
}

/** Signs a notice of an entry. */
export function signReviewNotice(
  domain: Domain,
  notice: Omit<ReviewNotice, 'signature'>,
  privateKey: Uint8Array,
): ReviewNotice {
  return { ...notice, signature: signDigest(hashNotice(domain, notice), privateKey) }
}

/** @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE when the named auditor did not sign. */
export function verifyReviewNotice(domain: Domain, notice: ReviewNotice): void {
  if (equalBytes(recoverAddress(hashNotice(domain, notice), notice.signature), notice.auditor)) return
  throw new ProtocolError('notice of an entry is not signed by its auditor', { code: 'ERR_PROTOCOL_SIGNATURE' })
}
