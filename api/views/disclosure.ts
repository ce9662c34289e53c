import type { Actor } from './accounts.ts'

/** A bill that is handed on. */
export type DisclosureRequest = {
  /** CID of the bill. */
  readonly cid: string
  /** age recipient (`age1…`) of whoever may read it. */
  readonly to: string
  /** Account whose bill it must be. */
  readonly account: string
  /** For the audit log. */
  readonly by: Actor
}

/** Hands bills on to verifiers, each sealed for one of them. */
export interface DisclosureView {
  /**
   * The bill as an age file that `to` alone can open; its disclosure is in the audit log before this resolves.
   *
   * @returns undefined for a bill that is not the account's, exactly as for one that does not exist.
   * @throws {CodedError} ERR_SEAL_KEY for what is no recipient.
   */
  discloseBill(request: DisclosureRequest, signal: AbortSignal): Promise<Uint8Array | undefined>
}
