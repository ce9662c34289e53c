import { toHex } from './bytes.ts'
import { factsToJson, moneyToJson, quantityToJson } from './facts.ts'
import type { Facts, FactsJson, MoneyJson, QuantityJson } from './facts.ts'
import type { Metered, Quantity } from './units.ts'

/** Outcome of extraction; all auditors share it. */
export type Verdict = 'facts' | 'correction' | 'needs-review' | 'reject' | 'unsupported'

/** Where in a file something was found; line and column count from 1. */
export type FilePlace = { readonly line?: number; readonly column?: number; readonly path?: string }

/** Why a file gives no facts. */
export type ExtractionReason = {
  /** `ERR_BILL_…`, stable; the message is for people. */
  readonly code: `ERR_${string}`
  readonly message: string
  readonly place?: FilePlace
}

/**
 * What a signature in the file shows. `covers` says of which bytes: facts are read from covered bytes only, and only
 * `all` with `isTrusted` makes a bill `utility-signed`.
 */
export type Origin = {
  readonly kind: 'pdf-signature' | 'cms' | 'xml-signature' | 'dkim'
  /** `earlier-revision`: something was appended after signing, and facts come from the signed revision. */
  readonly covers: 'all' | 'earlier-revision'
  /** Name of the signer as its certificate or domain states it. */
  readonly signer: string
  /** SHA-256 of the signer's certificate (DER), or of the public key of a domain. */
  readonly keyHash: Uint8Array
  /** The key, or an authority above it, stands in the trust list of the network. */
  readonly isTrusted: boolean
  /** What the signer's certificate states, ISO 8601; `signedAt` only if a trusted time stamp proves it (RFC 3161). */
  readonly validity?: { readonly notBefore: string; readonly notAfter: string; readonly signedAt?: string }
}

/** What was read of one bill that gives no facts. */
export type PartialReading = Pick<Facts, 'commodity' | 'point' | 'account' | 'export' | 'money'> & {
  /** As in facts, where the file states it. */
  readonly import?: Metered
  /** Energy that a plant produced: neither consumption nor what was fed into the grid. */
  readonly produced?: Quantity
  /** Numbers of the invoice's lines that the energy was read from. */
  readonly lines?: readonly string[]
  /** Rows of the table that it was read from. */
  readonly rows?: number
  /** Facts that the file does not state, sorted. */
  readonly missing: readonly ('import' | 'service')[]
}

/** Result of extraction; `bills` is empty unless the verdict is `facts` or `correction`. */
export type Extraction = {
  readonly verdict: Verdict
  readonly reason?: ExtractionReason
  readonly format: string
  readonly bills: readonly Facts[]
  /**
   * What was read of bills that give no facts, because something is missing that only a person can state; with
   * `needs-review` only. For that person to complete: nothing of it is ever claimed.
   */
  readonly read?: readonly PartialReading[]
  /** Absent when the file has no signature that could be checked and holds. */
  readonly origin?: Origin
}

/** A signature in the JSON of `kwitness extract`; the hash as `0x` hex. */
export type OriginJson = {
  kind: string
  covers: string
  signer: string
  keyHash: string
  isTrusted: boolean
  validity?: { notBefore: string; notAfter: string; signedAt?: string }
}

/** What was read of a bill without facts, in the JSON of `kwitness extract`. */
export type PartialReadingJson = {
  commodity: string
  point?: string
  account?: string
  import?: QuantityJson
  export?: QuantityJson
  produced?: QuantityJson
  money?: MoneyJson
  lines?: string[]
  rows?: number
  missing: string[]
}

/** The stable JSON of `kwitness extract FILE --json`. */
export type ExtractionJson = {
  verdict: Verdict
  reason?: ExtractionReason
  format: string
  bills: FactsJson[]
  read?: PartialReadingJson[]
  origin?: OriginJson
}

/** The stable JSON of what a signature shows. */
export function originToJson({ validity, keyHash, ...origin }: Origin): OriginJson {
  return { ...origin, keyHash: toHex(keyHash), ...(validity === undefined ? {} : { validity: { ...validity } }) }
}

/** The stable JSON of what was read of a bill without facts. */
export function partialReadingToJson(reading: PartialReading): PartialReadingJson {
  const { import: imported, export: exported, produced, money, lines, missing, ...rest } = reading
  return {
    ...rest,
    ...(imported === undefined ? {} : { import: quantityToJson(imported) }),
    ...(exported === undefined ? {} : { export: quantityToJson(exported) }),
    ...(produced === undefined ? {} : { produced: quantityToJson(produced) }),
    ...(money === undefined ? {} : { money: moneyToJson(money) }),
    ...(lines === undefined ? {} : { lines: [...lines] }),
    missing: [...missing],
  }
}

/** The stable JSON of an extraction. */
export function extractionToJson(extraction: Extraction): ExtractionJson {
  return {
    verdict: extraction.verdict,
    ...(extraction.reason === undefined ? {} : { reason: extraction.reason }),
    format: extraction.format,
    bills: extraction.bills.map(factsToJson),
    ...(extraction.read === undefined ? {} : { read: extraction.read.map(partialReadingToJson) }),
    ...(extraction.origin === undefined ? {} : { origin: originToJson(extraction.origin) }),
  }
}
