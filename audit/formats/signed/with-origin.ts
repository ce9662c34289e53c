import type { Extraction, Origin } from '#protocol'

/**
 * A result with the origin of the file around it. A trusted signature inside an envelope of somebody else stays the
 * better proof: what it covers is exactly what was read.
 */
export function withOrigin(extraction: Extraction, outer: Origin): Extraction {
  const { origin: inner } = extraction
  return isProof(inner) && !isProof(outer) ? extraction : { ...extraction, origin: outer }
}

function isProof(origin: Origin | undefined): boolean {
  return origin?.isTrusted === true && origin.covers === 'all'
}
