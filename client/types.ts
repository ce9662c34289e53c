import type { Account, BillState, KeyView, ReviewView } from '#api'
import type { JsonObject } from './answer.ts'

/** Where a list begins and how long its pages are. */
export type PageQuery = {
  /** Items of a page, at most 1,000. @default 100 */
  readonly limit?: number | undefined
  /** `next` of the page before. */
  readonly cursor?: string | undefined
}

/** Which bills a list has. Times: ISO 8601, UTC. */
export type BillListQuery = PageQuery & {
  readonly state?: BillState | undefined
  /** Handed in then or later. */
  readonly from?: string | undefined
  /** Handed in before. */
  readonly to?: string | undefined
}

/** Which factors: docs/api.md has the fields. */
export type FactorListQuery = {
  readonly place?: string
  readonly utility?: string
  readonly zip?: string
  readonly subregion?: string
  readonly nerc?: string
  readonly year?: number
  readonly dataset?: string
  readonly activity?: string
  readonly limit?: number
}

/** What is asked of the gateway. */
export type IpfsQuery = {
  readonly format: 'raw' | 'car'
  readonly scope?: 'block' | 'entity' | 'all'
  /** `from:to` in bytes of a file, `*` for its end. */
  readonly entityBytes?: string
  readonly duplicates?: boolean
}

/** The bytes of a bill; `isSealed`: they are an age file, for its holder to open. */
export type BillFile = { readonly bytes: Uint8Array; readonly isSealed: boolean }

/** Answer to an estimate, as `kwitness estimate --json` prints it. */
export type EstimateAnswer = JsonObject & { readonly gramsCO2e: string; readonly exact: string }

/** Where the figures of a bill come from, as `kwitness explain CID --json` prints it. */
export type ExplanationAnswer = { readonly ok: boolean; readonly cid: string; readonly bills: readonly JsonObject[] }

/** What people read in a bill. */
export type EnteredFacts = NonNullable<ReviewView['entry']>

/** The account of a key, and the key. */
export type OwnAccount = { readonly account: Account; readonly key: KeyView }
