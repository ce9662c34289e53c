import { CodedError } from '#protocol'

/** Failures of rules, estimates and the sandbox. A bad bill is not one of them: it is a verdict. */
export type AuditFailure =
  /** No data set has a factor for the place in the year of consumption or an earlier one; never taken from a later year. */
  | { readonly code: 'ERR_FACTOR_NOT_AVAILABLE'; readonly place: string; readonly year?: number }
  /** The edition asked for was withdrawn by its publisher, or the set has only such ones; ask for another edition or set. */
  | { readonly code: 'ERR_FACTOR_SUPERSEDED'; readonly dataset: string }
  /** What the publisher printed for exactly that year is an error (a negative intensity); ask for another edition or set. */
  | { readonly code: 'ERR_FACTOR_INVALID'; readonly dataset: string; readonly year: number }
  /** No shipped data set has this name. */
  | { readonly code: 'ERR_FACTOR_DATASET_UNKNOWN'; readonly dataset: string }
  /** The method is not one for footprints (`location`, `market`): marginal rates never are. */
  | { readonly code: 'ERR_FACTOR_METHOD_NOT_AVAILABLE'; readonly method: string }
  /** No item of the data set is the fuel, flight or travel that was asked for. */
  | { readonly code: 'ERR_ACTIVITY_UNKNOWN'; readonly dataset: string }
  /** Several items of the data set are; the message lists what tells them apart. */
  | { readonly code: 'ERR_ACTIVITY_AMBIGUOUS'; readonly dataset: string }
  /** Gas by volume without its heat content: the bill prints one, and an average would be a guess. */
  | { readonly code: 'ERR_HEAT_CONTENT_MISSING' }
  /** An instrument of the market-based method is malformed or given twice. */
  | { readonly code: 'ERR_INSTRUMENT'; readonly id: string }
  /** A state, subregion, postal code or country that no data set knows. */
  | { readonly code: 'ERR_PLACE_UNKNOWN'; readonly found: string }
  /** Parts of the place contradict each other (a utility of California with state NV). */
  | { readonly code: 'ERR_PLACE_CONFLICT'; readonly found: string }
  /** Consumption below zero: exports are stated apart, never netted. */
  | { readonly code: 'ERR_ENERGY_NEGATIVE' }
  /** An estimate's request is not JSON, or has an unknown, missing or wrong field; `path` names it. */
  | { readonly code: 'ERR_ESTIMATE_REQUEST'; readonly path: string }
  /** Golden vectors are missing or malformed: the checkout is damaged. */
  | { readonly code: 'ERR_AUDIT_VECTORS'; readonly file: string }
  /** A trust list's file is not JSON, has an unknown, missing or wrong field, or an entry twice; `path` names it. */
  | { readonly code: 'ERR_AUDIT_TRUST_LIST'; readonly path: string }
  /** Extraction took longer than allowed on this machine: abstain, never refuse the bill. */
  | { readonly code: 'ERR_AUDIT_TIMEOUT'; readonly timeoutMs: number }
  /** Extraction needed more memory than allowed: abstain. */
  | { readonly code: 'ERR_AUDIT_MEMORY'; readonly memoryMb: number }
  /** The sandbox's worker failed otherwise; `cause` tells how. */
  | { readonly code: 'ERR_AUDIT_WORKER' }
  /** The caller aborted, or the sandbox was closed. */
  | { readonly code: 'ERR_AUDIT_ABORTED' }

/** Error of `audit/`. */
export class AuditError extends CodedError<AuditFailure> {}
