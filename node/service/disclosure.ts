import type { DisclosureRequest, DisclosureView } from '#api'
import { checkRecipient, seal } from '#storage'
import type { Archive, Store } from '#storage'
import type { BillVault } from '../bill-vault.ts'
import { findCid } from '../intake.ts'
import { AccountError } from './account-error.ts'
import type { Accounts } from './accounts.ts'
import { DISCLOSURES_PER_DAY } from './constants.ts'
import { DailyCounts } from './daily-counts.ts'

/** What handing bills on needs. */
export type DisclosureComponents = {
  readonly store: Pick<Store, 'dailyCounts'>
  readonly accounts: {
    readonly bills: Pick<Accounts['bills'], 'find'>
    readonly audit: Pick<Accounts['audit'], 'record'>
  }
  readonly archive: Pick<Archive, 'hasBill'>
  readonly vault: Pick<BillVault, 'readPlain'>
}

/**
 * Hands bills on. The archived file has its recipients for ever, since its CID is that of its bytes: a verifier gets another
 * file, made for it alone.
 */
export class Disclosure implements DisclosureView {
  readonly #components: DisclosureComponents
  readonly #counts: DailyCounts

  /** @param init `perDay`: disclosures of one account in a UTC day, {@link DISCLOSURES_PER_DAY} unless told. */
  constructor(
    components: DisclosureComponents,
    { nowMs, perDay = DISCLOSURES_PER_DAY }: { readonly nowMs: () => number; readonly perDay?: number },
  ) {
    this.#components = components
    this.#counts = new DailyCounts({ store: components.store, kind: 'disclosure', perDay, nowMs })
  }

  async discloseBill(
    { cid, to, account, by }: DisclosureRequest,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const { accounts, archive, vault } = this.#components
    const parsed = findCid(cid)
    const own = parsed === undefined ? undefined : await accounts.bills.find(account, parsed)
    if (parsed === undefined || own === undefined || !(await archive.hasBill(parsed))) return undefined
    await checkRecipient(to)
    await this.#count(account)
    const file = await seal(await vault.readPlain(parsed, own.visibility, signal), [to])
    // Before it is answered: what left the node is on record.
    await accounts.audit.record(by, 'bill.disclose', `${parsed.toString()} ${to}`, () => [this.#counts.write(account)])
    return file
  }

  async #count(account: string): Promise<void> {
    if (await this.#counts.take(account)) return
    const limit = this.#counts.perDay
    throw new AccountError(`account ${account} may hand on ${limit} bills a day; the next begins at 00:00 UTC`, {
      code: 'ERR_QUOTA_DISCLOSURES',
      limit,
      retryAfterS: this.#counts.retryAfterS(),
    })
  }
}
