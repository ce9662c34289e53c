import type { DisclosureRequest, DisclosureView } from '#api'
import { checkRecipient, seal } from '#storage'
import type { Archive } from '#storage'
import type { BillVault } from '../bill-vault.ts'
import { findCid } from '../intake.ts'
import { AccountError } from './account-error.ts'
import type { Accounts } from './accounts.ts'
import { DISCLOSURES_PER_DAY } from './constants.ts'

const DAY_MS = 86_400_000

/** What handing bills on needs. */
export type DisclosureComponents = {
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
  readonly #nowMs: () => number
  readonly #perDay: number
  /** Of today, by account; forgotten at a restart, of which a user makes none. */
  readonly #counts = new Map<string, number>()
  #day = 0

  /** @param init `perDay`: disclosures of one account in a UTC day, {@link DISCLOSURES_PER_DAY} unless told. */
  constructor(
    components: DisclosureComponents,
    { nowMs, perDay = DISCLOSURES_PER_DAY }: { readonly nowMs: () => number; readonly perDay?: number },
  ) {
    this.#components = components
    this.#nowMs = nowMs
    this.#perDay = perDay
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
    this.#count(account)
    const file = await seal(await vault.readPlain(parsed, own.visibility, signal), [to])
    // Before it is answered: what left the node is on record.
    await accounts.audit.record(by, 'bill.disclose', `${parsed.toString()} ${to}`, [])
    return file
  }
  #count(account: string): void {
    const nowMs = this.#nowMs()
    const day = Math.floor(nowMs / DAY_MS)
    if (day !== this.#day) this.#counts.clear()
    this.#day = day
    const count = this.#counts.get(account) ?? 0
    if (count >= this.#perDay) {
      throw new AccountError(
        `account ${account} may hand on ${this.#perDay} bills a day; the next begins at 00:00 UTC`,
        {
          code: 'ERR_QUOTA_DISCLOSURES',
          limit: this.#perDay,
          retryAfterS: Math.ceil((DAY_MS - (nowMs % DAY_MS)) / 1_000),
        },
      )
    }
    this.#counts.set(account, count + 1)
  }
}
