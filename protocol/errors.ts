/** What every typed failure carries: a stable code, and the values that tell what went wrong where. */
export type ErrorShape = { readonly code: `ERR_${string}` }

/**
 * Base of all failures that a caller may want to tell apart. One subclass per folder, whose `T` is a union on `code`.
 *
 * Codes are `ERR_<AREA>_<WHAT>`, never reused, and compared by `code`, not by message or class.
 */
export class CodedError<T extends ErrorShape = ErrorShape> extends Error {
  readonly code: T['code']
  /** Values beside the code (place, limit, found); no secrets, no bill contents. */
  readonly details: Omit<T, 'code'>

  constructor(message: string, shape: T, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    const { code, ...details } = shape
    this.code = code
    this.details = details
  }
}

/** The code of any thrown value: its own if it is a {@link CodedError}, else `ERR_INTERNAL`. */
export function errorCodeOf(thrown: unknown): string {
  return thrown instanceof CodedError ? thrown.code : 'ERR_INTERNAL'
}
