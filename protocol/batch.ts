import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { abiEncode, encodeRegion, wordOfBytes32, wordOfUint } from './abi-words.ts'
import { equalBytes, ZERO_32 } from './bytes.ts'
import { claimShape } from './claim.ts'
import { cidOfBlock, decodeCanonical, digestOf, encodeCanonical, parseShape } from './codec.ts'
import { digestInDomain, typeHash } from './domain.ts'
import type { Domain } from './domain.ts'
import { keccak256 } from './hash.ts'
import { LIMITS } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'
import {
  addressShape,
  billCidShape,
  blockCidShape,
  bytesUpToShape,
  countShape,
  hashShape,
  regionNameShape,
  signatureShape,
} from './shapes.ts'
import { recoverAddress, signDigest } from './signature.ts'

const entryShape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('public'), claim: claimShape }),
  /** The claim itself is in the batch's `sealed` part; the public sees its salted leaf and the sealed bill's CID. */
  z.strictObject({ kind: z.literal('sealed'), bill: billCidShape, leaf: hashShape }),
])

const batchShape = z.strictObject({
  v: z.literal(1),
  network: hashShape,
  region: regionNameShape,
  epoch: countShape,
  sponsor: addressShape,
  /** 1 for a sponsor's first batch of the epoch, then one more each. */
  seq: z.number().int().min(1),
  /** CID of the sponsor's batch before; null for the first. */
  prev: blockCidShape.nullable(),
  entries: z.array(entryShape).min(1).max(LIMITS.batchClaims),
  /** age file, for the region's archive key, of the DAG-CBOR list of the sealed claims in entry order. */
  sealed: bytesUpToShape(LIMITS.batchBytes).nullable(),
})

/** An ordered list of claims from one sponsor, a link of its own hash chain (DESIGN 9). */
export type Batch = z.infer<typeof batchShape>
/** One claim's place in a batch. */
export type BatchEntry = Batch['entries'][number]

/** Canonical bytes of a batch block. */
export function encodeBatch(batch: Batch): Uint8Array {
  return encodeCanonical(batch)
}

/**
 * A batch from a block whose hash has been checked.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_TOO_LARGE, ERR_PROTOCOL_CODEC, ERR_PROTOCOL_SCHEMA.
 */
export function decodeBatch(bytes: Uint8Array): Batch {
  return parseShape(batchShape, decodeCanonical(bytes, LIMITS.batchBytes), 'batch')
}

/** CID of a bill that an entry speaks of. */
export function billOfEntry(entry: BatchEntry): CID {
  return entry.kind === 'public' ? entry.claim.bill : entry.bill
}

/** Schema of an announcement: the signed header of a batch, as gossip carries it. */
export const announcementShape = z.strictObject({
  region: regionNameShape,
  epoch: countShape,
  sponsor: addressShape,
  seq: z.number().int().min(1),
  prev: blockCidShape.nullable(),
  batch: blockCidShape,
  claims: z.number().int().min(1).max(LIMITS.batchClaims),
  signature: signatureShape,
})

/** Signed header of a batch. */
export type Announcement = z.infer<typeof announcementShape>

const BATCH_TYPE = typeHash('Batch(bytes32 region,uint64 epoch,uint64 seq,bytes32 prev,bytes32 batch,uint32 claims)')

function hashHeader(domain: Domain, header: Omit<Announcement, 'signature' | 'sponsor'>): Uint8Array {
  return digestInDomain(
    domain,
    keccak256(
      abiEncode([
        BATCH_TYPE,
        encodeRegion(header.region),
        wordOfUint(header.epoch, 64),
        wordOfUint(header.seq, 64),
        header.prev === null ? ZERO_32 : digestOf(header.prev),
        wordOfBytes32(digestOf(header.batch)),
        wordOfUint(header.claims, 32),
      ]),
    ),
  )
}

/** The sponsor's signed announcement of its batch. */
export function announceBatch(domain: Domain, batch: Batch, privateKey: Uint8Array): Announcement {
  const header = {
    region: batch.region,
    epoch: batch.epoch,
    seq: batch.seq,
    prev: batch.prev,
    batch: cidOfBlock(encodeBatch(batch)),
    claims: batch.entries.length,
  }
  return { ...header, sponsor: batch.sponsor, signature: signDigest(hashHeader(domain, header), privateKey) }
}

/**
 * Checks that the named sponsor signed an announcement.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE.
 */
export function verifyAnnouncement(domain: Domain, announcement: Announcement): void {
  const signer = recoverAddress(hashHeader(domain, announcement), announcement.signature)
  if (!equalBytes(signer, announcement.sponsor)) {
    throw new ProtocolError('announcement is not signed by its sponsor', { code: 'ERR_PROTOCOL_SIGNATURE' })
  }
}

/**
 * Checks that a batch block is the one that was announced.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_MISMATCH with the first field that differs.
 */
export function verifyBatchMatches(domain: Domain, announcement: Announcement, batch: Batch): void {
  const prevOf = (cid: CID | null): string => cid?.toString() ?? 'none'
  const fields: [string, boolean][] = [
    ['network', equalBytes(batch.network, domain.networkId)],
    ['region', batch.region === announcement.region],
    ['epoch', batch.epoch === announcement.epoch],
    ['sponsor', equalBytes(batch.sponsor, announcement.sponsor)],
    ['seq', batch.seq === announcement.seq],
    ['prev', prevOf(batch.prev) === prevOf(announcement.prev)],
    ['claims', batch.entries.length === announcement.claims],
  ]
  const wrong = fields.find(([, same]) => !same)
  if (wrong !== undefined) {
    throw new ProtocolError(`batch differs from its announcement in ${wrong[0]}`, {
      code: 'ERR_PROTOCOL_MISMATCH',
      place: wrong[0],
    })
  }
}
