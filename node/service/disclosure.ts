import type { DisclosureRequest, DisclosureView } from '#api'
import { checkRecipient, seal } from '#storage'
import type { Archive } from '#storage'
import type { BillVault } from '../bill-vault.ts'
import { findCid } from '../intake.ts'
import type { Accounts } from './accounts.ts'

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

  constructor(components: DisclosureComponents) {
    this.#components = components
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
    const file = await seal(await vault.readPlain(parsed, own.visibility, signal), [to])
    // Before it is answered: what left the node is on record.
    await accounts.audit.record(by, 'bill.disclose', `${parsed.toString()} ${to}`, [])
    return file
  }
}
