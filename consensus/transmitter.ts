import { concatBytes, encodeRegion, hmacSha256, orderBytes, wordOfUint } from '#protocol'

/**
 * Order in which the committee's members send anchor `seq`: a permutation keyed by the network, so that it rotates and
 * everybody computes the same one.
 */
export function transmitterOrder(
  networkId: Uint8Array,
  region: string,
  seq: number,
  committee: readonly Uint8Array[],
): Uint8Array[] {
  const place = concatBytes([encodeRegion(region), wordOfUint(seq)])
  const rank = (member: Uint8Array): Uint8Array => hmacSha256(networkId, concatBytes([place, member]))
  return committee.toSorted((a, b) => orderBytes(rank(a), rank(b)))
}

/**
 * When a member may send: the first at once, two more after one stage, all after two (DESIGN 11). A stage is longer
 * than an anchor normally takes, so that usually one transaction is sent.
 *
 * @returns delay in milliseconds after the anchor fell due.
 */
export function transmitterDelayMs(position: number, stageMs: number): number {
  if (position === 0) return 0
  return position <= 2 ? stageMs : 2 * stageMs
}
