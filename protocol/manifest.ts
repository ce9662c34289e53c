import { z } from 'zod'
import { announcementShape } from './batch.ts'
import { certificateShape } from './certificate.ts'
import { decodeCanonical, encodeCanonical, parseShape } from './codec.ts'
import { LIMITS } from './limits.ts'
import { countShape, hashShape, regionNameShape } from './shapes.ts'

const manifestShape = z.strictObject({
  v: z.literal(1),
  region: regionNameShape,
  epoch: countShape,
  seq: z.number().int().min(1),
  prev: hashShape,
  batches: z
    .array(
      z.strictObject({
        announcement: announcementShape,
        certificate: certificateShape,
        /** Accepted claims that are anchored already or earlier in this list (the same bill sent twice), ascending. */
        omitted: z.array(countShape).max(LIMITS.batchClaims),
      }),
    )
    .min(1)
    .max(LIMITS.anchorBatches),
})

/** What an anchor covers: from it and the batch blocks anyone can rebuild the tree (DESIGN 11). */
export type Manifest = z.infer<typeof manifestShape>

/** Canonical bytes of a manifest block. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return encodeCanonical(manifest)
}

/**
 * A manifest from a block whose hash has been checked.
 *
 * @throws {ProtocolError} ERR_PROTOCOL_TOO_LARGE, ERR_PROTOCOL_CODEC, ERR_PROTOCOL_SCHEMA.
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  return parseShape(manifestShape, decodeCanonical(bytes, LIMITS.manifestBytes), 'manifest')
}
