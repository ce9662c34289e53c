import { toHex } from './bytes.ts'
import { factsToJson, moneyToJson, quantityToJson, serviceToJson } from './facts.ts'
import type { Facts, FactsJson, MoneyJson, QuantityJson, Service } from './facts.ts'
import type { Metered, Quantity } from './units.ts'

/**
 * Outcome of extraction; all auditors share it. It says what the file states: whether a claim can be made of that is the
 * rules' question, so that `facts` may come with a reason and without bills ({@link StatedFigures}).
 */
export type Verdict = 'facts' | 'correction' | 'needs-review' | 'reject' | 'unsupported'

/** Where in a file something was found; line and column count from 1. */
export type FilePlace = { readonly line?: number; readonly column?: number; readonly path?: string }

/** Why a file gives no facts, or facts that no claim can be made of. */
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

/** What a file states of one bill that no claim can be made of. */
export type PartialReading = Pick<Facts, 'commodity' | 'point' | 'account' | 'export' | 'money'> & {
  /** As in facts, where the file states it. */
  readonly import?: Metered
  /** As in facts, where the file states it. */
  readonly service?: Service
  /** Energy that a plant produced: neither consumption nor what was fed into the grid. */
  readonly produced?: Quantity
  /** Numbers of the invoice's lines that the energy was read from. */
  readonly lines?: readonly string[]
  /** Rows of the table that it was read from. */
  readonly rows?: number
  /** Facts that the file does not state, sorted; at least one. */
  readonly missing: readonly ('import' | 'service')[]
  /** As in facts: how the figures were found. */
  readonly flags?: readonly string[]
}

/** What every result has. */
type FileRead = {
  readonly format: string
  /** Absent when the file has no signature that could be checked and holds. */
  readonly origin?: Origin
}

/** Bills that the rules can be asked about. */
export type StatedBills = FileRead & {
  readonly verdict: 'facts' | 'correction'
  /** At least one. */
  readonly bills: readonly Facts[]
  readonly reason?: never
  readonly read?: never
}

/**
 * A file that was read whole and without a guess, and states too little for a claim: no service period, or only what a plant
 * produced. For a person to complete: nothing of it is ever claimed ([ADR 0014](../docs/adr/0014-facts-without-a-claim.md)).
 */
export type StatedFigures = FileRead & {
  readonly verdict: 'facts'
  /** Why no claim can be made of it. */
  readonly reason: ExtractionReason
  readonly bills: readonly []
  /** What the file states, for each of its bills. */
  readonly read: readonly [PartialReading, ...PartialReading[]]
}

/** A file without facts, or one that would be read by guessing. */
export type RefusedFile = FileRead & {
  readonly verdict: 'needs-review' | 'reject' | 'unsupported'
  readonly reason: ExtractionReason
  readonly bills: readonly []
  readonly read?: never
}

/** Result of extraction: bills, or figures that no claim can be made of, or a refusal; the latter two with a reason. */
export type Extraction = StatedBills | StatedFigures | RefusedFile

/** A signature in the JSON of `kwitness extract`; the hash as `0x` hex. */
export type OriginJson = {
  kind: string
  covers: string
  signer: string
  keyHash: string
  isTrusted: boolean
  validity?: { notBefore: string; notAfter: string; signedAt?: string }
}

/** What a file states of a bill that no claim can be made of, in the JSON of `kwitness extract`. */
export type PartialReadingJson = {
  commodity: string
  point?: string
  account?: string
  service?: FactsJson['service']
  import?: QuantityJson
  export?: QuantityJson
  produced?: QuantityJson
  money?: MoneyJson
  lines?: string[]
  rows?: number
  missing: string[]
  flags?: string[]
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

/** The stable JSON of what a file states of a bill that no claim can be made of. */
export function partialReadingToJson(reading: PartialReading): PartialReadingJson {
  const { service, import: imported, export: exported, produced, money, lines, missing, flags = [], ...rest } = reading
  return {
    ...rest,
    ...(service === undefined ? {} : { service: serviceToJson(service) }),
    ...(imported === undefined ? {} : { import: quantityToJson(imported) }),
    ...(exported === undefined ? {} : { export: quantityToJson(exported) }),
    ...(produced === undefined ? {} : { produced: quantityToJson(produced) }),
    ...(money === undefined ? {} : { money: moneyToJson(money) }),
    ...(lines === undefined ? {} : { lines: [...lines] }),
    missing: [...missing],
    ...(flags.length === 0 ? {} : { flags: [...flags] }),
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
