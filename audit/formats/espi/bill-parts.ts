import type { Commodity, FactsKind, GreenClaim, Metered, Money, Quantity, Readings, Service } from '#protocol'

/** What one bill of a file is made from. */
export type BillParts = {
  readonly commodity: Commodity
  readonly service: Service
  readonly imported: Metered
  readonly exported?: Quantity
  readonly kind: FactsKind
  readonly readings?: Readings
  readonly money?: Money
  readonly greenClaim?: GreenClaim
  readonly flags: readonly string[]
  readonly point?: string
  /** Elements that import and service period were read from. */
  readonly source: { readonly amount: string; readonly service: string }
}
