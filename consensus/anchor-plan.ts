import {
  cidOfBlock,
  digestOf,
  encodeCanonical,
  encodeManifest,
  isBitSet,
  LIMITS,
  merkleRoot,
  merklePath,
  toHex,
} from '#protocol'
import type { Anchor, Announcement, Certificate, Manifest } from '#protocol'

/** A certified batch with what anchoring needs of each of its claims. */
export type CertifiedBatch = {
  readonly announcement: Announcement
  readonly certificate: Certificate
  readonly leaves: readonly Uint8Array[]
  readonly claimIds: readonly Uint8Array[]
  readonly gramsLocation: readonly bigint[]
  readonly gramsMarket: readonly (bigint | undefined)[]
}

/** Where an anchor would stand. */
export type AnchorPlace = {
  readonly region: string
  readonly epoch: number
  readonly seq: number
  readonly prev: Uint8Array
}

/** An anchor with its manifest. */
export type AnchorPlan = { readonly anchor: Anchor; readonly manifest: Manifest }

/** CBOR writes the length of a list of up to 65,535 entries in 3 bytes; that of an empty one in 1. */
const LIST_HEAD_BYTES = 2

/** Indices of the claims of a batch that enter an anchor: accepted, not omitted. */
export function countedClaims(batch: CertifiedBatch, omitted: readonly number[]): number[] {
  return batch.leaves.flatMap((_, i) => (isBitSet(batch.certificate.bitmap, i) && !omitted.includes(i) ? [i] : []))
}

function entryOf({ announcement, certificate }: CertifiedBatch, omitted: number[]): Manifest['batches'][number] {
  return { announcement, certificate, omitted }
}

function rootOf(batch: CertifiedBatch, counted: readonly number[]): Uint8Array {
  return merkleRoot(counted.flatMap((i) => batch.leaves[i] ?? []))
}

/**
 * The anchor over certified batches, in the order given. A claim that is anchored already, or stands earlier in this
 * anchor, is omitted; a batch of which nothing is left is listed all the same, so that it is done with. Batches beyond
 * what one anchor may list, count, or write into its manifest are left for the next one.
 *
 * @param isAnchored whether a claim id is in an anchor of the chain.
 * @returns undefined if no claim is left to anchor.
 */
export function planAnchor(
  place: AnchorPlace,
  batches: readonly CertifiedBatch[],
  isAnchored: (claimId: Uint8Array) => boolean,
): AnchorPlan | undefined {
  const seen = new Set<string>()
  const listed: { batch: CertifiedBatch; omitted: number[]; counted: number[] }[] = []
  let claims = 0
  let sizeBytes = encodeManifest({ v: 1, ...place, batches: [] }).byteLength + LIST_HEAD_BYTES
  for (const batch of batches) {
    if (listed.length === LIMITS.anchorBatches || claims + batch.certificate.content.accepted > LIMITS.anchorClaims)
      break
    const omitted = countedClaims(batch, []).filter((i) => {
      const claimId = batch.claimIds[i]
      return claimId === undefined || isAnchored(claimId) || seen.has(toHex(claimId))
    })
    sizeBytes += encodeCanonical(entryOf(batch, omitted)).byteLength
    if (sizeBytes > LIMITS.manifestBytes) break
    const counted = countedClaims(batch, omitted)
    for (const i of counted) seen.add(toHex(batch.claimIds[i] ?? new Uint8Array()))
    claims += counted.length
    listed.push({ batch, omitted, counted })
  }
  if (claims === 0) return undefined
  const manifest: Manifest = {
    v: 1,
    ...place,
    batches: listed.map(({ batch, omitted }) => entryOf(batch, omitted)),
  }
  const sum = (grams: (batch: CertifiedBatch, i: number) => bigint | undefined): bigint =>
    listed.reduce((all, { batch, counted }) => counted.reduce((s, i) => s + (grams(batch, i) ?? 0n), all), 0n)
  const anchor: Anchor = {
    ...place,
    root: merkleRoot(rootsOf(listed)),
    manifest: digestOf(cidOfBlock(encodeManifest(manifest))),
    claims,
    gramsLocation: sum((batch, i) => batch.gramsLocation[i]),
    gramsMarket: sum((batch, i) => batch.gramsMarket[i]),
  }
  return { anchor, manifest }
}

// A batch of which nothing is counted has no root and therefore no leaf in the upper tree.
function rootsOf(listed: readonly { batch: CertifiedBatch; counted: readonly number[] }[]): Uint8Array[] {
  return listed.filter(({ counted }) => counted.length > 0).map(({ batch, counted }) => rootOf(batch, counted))
}

/** A batch of an anchor's manifest with the claims that it omits. */
export type AnchoredBatch = {
  readonly certificate: Certificate
  readonly omitted: readonly number[]
  /** Of all claims in batch order; of other batches than the claim's own, needed only where claims are omitted. */
  readonly leaves?: readonly Uint8Array[]
}

// Nothing omitted: the root is the one that the votes carry, so that the other batches' leaves need not be at hand.
function anchoredRootOf({ certificate, omitted, leaves = [] }: AnchoredBatch): Uint8Array[] {
  const { accepted, acceptedRoot } = certificate.content
  if (accepted === omitted.length) return []
  return [omitted.length === 0 ? acceptedRoot : merkleRoot(countedLeaves(certificate, leaves, omitted))]
}

function countedLeaves(
  certificate: Certificate,
  leaves: readonly Uint8Array[],
  omitted: readonly number[],
): Uint8Array[] {
  return leaves.filter((_, i) => isBitSet(certificate.bitmap, i) && !omitted.includes(i))
}

/**
 * Path from a claim's leaf to the root of an anchor: through its batch's counted leaves, then through the batches' roots.
 *
 * @param batches the manifest's batches in order, each with its omitted claims.
 * @returns undefined if the anchor does not count the claim.
 */
export function anchorPath(batches: readonly AnchoredBatch[], at: number, index: number): Uint8Array[] | undefined {
  const own = batches[at]
  const leaf = own?.leaves?.[index]
  if (own === undefined || leaf === undefined) return undefined
  if (!isBitSet(own.certificate.bitmap, index) || own.omitted.includes(index)) return undefined
  const counted = countedLeaves(own.certificate, own.leaves ?? [], own.omitted)
  const position = countedLeaves(own.certificate, own.leaves?.slice(0, index) ?? [], own.omitted).length
  const below = batches.slice(0, at).flatMap(anchoredRootOf).length
  return [...merklePath(counted, position), ...merklePath(batches.flatMap(anchoredRootOf), below)]
}
