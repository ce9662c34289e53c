/** A request that a client gave a name of its own, so that it can send it again. */
export type NamedRequest = {
  readonly account: string
  /** The `Idempotency-Key`. */
  readonly key: string
  /** SHA-256 over everything that the request says. */
  readonly fingerprint: Uint8Array
}

/** What came of a named request. */
export type NamedAnswer = {
  /** CID of the bill. */
  readonly cid: string
  /** True if the request had been answered before: nothing was done now. */
  readonly isRepeated: boolean
}

/** Remembers for a day which request gave which bill, across restarts. */
export interface IdempotencyView {
  /**
   * Does a request once: while the same one is under way it is waited for, and if it was done before, its answer is given
   * again. What failed is not remembered: it may be sent again under the same name.
   *
   * @param run does it; gives the CID of a bill that is durable.
   * @throws {CodedError} ERR_API_IDEMPOTENCY if the key names another request; whatever `run` throws.
   */
  once(request: NamedRequest, run: () => Promise<string>): Promise<NamedAnswer>
}
