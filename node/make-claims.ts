import type { CID } from 'multiformats/cid'
import type { Claim } from '#protocol'
import type { DeclaredPlace } from '#storage'
import { buildClaim, countryOf, regionOf } from './examiner.ts'
import type { Examination } from './examiner.ts'
import { NodeError } from './node-error.ts'
import type { RegionContext } from './region-context.ts'

/** What every claim of a bill says. */
export type CommonParts = {
  readonly bill: CID
  readonly plainHash: Uint8Array
  /** Commitment to the account that handed it in. */
  readonly holder: Uint8Array
  readonly declaredPlace: DeclaredPlace | undefined
}

/**
 * Claims of an examined bill, each with a salt of its own; none of one that people must read.
 *
 * @throws {NodeError} ERR_REGION_UNKNOWN, ERR_REGION_OTHER.
 */
export function makeClaims(
  { context, randomBytes }: { readonly context: RegionContext; readonly randomBytes: (size: number) => Uint8Array },
  examination: Examination,
  { declaredPlace, ...common }: CommonParts,
): Claim[] {
  if (examination.kind === 'refused') return []
  return examination.bills.map((examined) => {
    const region = regionOf(context, examined)
    const country = countryOf(examined)
    if (region === undefined) {
      throw new NodeError(`no region of this network answers for ${country}`, { code: 'ERR_REGION_UNKNOWN', country })
    }
    if (region !== context.region.name) {
      throw new NodeError(`this bill belongs to region ${region}: submit it to an auditor there`, {
        code: 'ERR_REGION_OTHER',
        region,
      })
    }
    const parts = {
      ...common,
      ordinal: examined.ordinal,
      salt: randomBytes(32),
      ...(declaredPlace === undefined ? {} : { declaredPlace }),
    }
    return buildClaim(context, parts, examined)
  })
}
