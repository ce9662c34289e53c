/** One figure of a bench. */
export type BenchResult = { readonly name: string; readonly value: number; readonly unit: string }

/** What a bench may do besides measuring. */
export type BenchOptions = {
  /** Says what is measured now. */
  readonly progress: (line: string) => void
}
