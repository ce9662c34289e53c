import type { CID } from 'multiformats/cid'
import type { BillQuery, BillStatus, Page, Submission, Viewer } from '#api'
import { DAG_PB_CODE, RAW_CODE } from '#protocol'
import type { ReviewEntry } from '#protocol'
import { isAgeFile } from '#storage'
import type { Store } from '#storage'
import type { Components } from '../compose.ts'
import { findCid } from '../intake.ts'
import { NodeError } from '../node-error.ts'
import { BillLists } from './bill-lists.ts'

/** What the desk needs. */
export type BillDeskComponents = Pick<
  Components,
  'intake' | 'statuses' | 'archive' | 'vault' | 'proofs' | 'reviews' | 'accounts'
> & { readonly store: Store }

/** Bills as their holders see them: submission, state, bytes, proof, and what people read. */
export class BillDesk {
  readonly #components: BillDeskComponents
  readonly #stopped: AbortSignal
  readonly #lists: BillLists

  constructor(components: BillDeskComponents, stopped: AbortSignal) {
    this.#components = components
    this.#lists = new BillLists({
      store: components.store,
      accountBills: components.accounts.bills,
      findStatus: async (cid, viewer) => this.#findStatus(cid, viewer),
    })
    this.#stopped = stopped
  }

  async submit(submission: Submission, signal: AbortSignal): Promise<BillStatus> {
    const { intake, statuses } = this.#components
    if (this.#stopped.aborted) throw new NodeError('the node is stopping', { code: 'ERR_NODE_STOPPED' })
    const { cid, record } = await intake.submit(submission, AbortSignal.any([signal, this.#stopped]))
    const viewer = { account: submission.accountId, all: false }
    const status = record === undefined ? await this.#findStatus(cid, viewer) : await statuses.describe(record, [])
    if (status === undefined) throw new NodeError('the bill vanished', { code: 'ERR_NODE_STOPPED' })
    return status
  }

  async findStatus(cid: string, viewer?: Viewer): Promise<BillStatus | undefined> {
    const parsed = findCid(cid)
    return parsed === undefined ? undefined : this.#findStatus(parsed, viewer)
  }

  // What is not the account's is not there: nothing else is looked at, so that time tells no difference either.
  async #findStatus(cid: CID, viewer?: Viewer): Promise<BillStatus | undefined> {
    const { statuses, accounts } = this.#components
    if (viewer === undefined || viewer.all) return statuses.find(cid)
    const own = await accounts.bills.find(viewer.account, cid)
    return own === undefined ? undefined : statuses.find(cid, own)
  }

  async page(query: BillQuery, viewer: Viewer): Promise<Page<BillStatus>> {
    return this.#lists.page(query, viewer)
  }

  async list(limit: number): Promise<BillStatus[]> {
    return this.#components.statuses.list(limit)
  }

  async read(
    cid: string,
    signal: AbortSignal,
    accountId?: string,
  ): Promise<{ bytes: Uint8Array; sealed: boolean } | undefined> {
    const { archive, vault, intake } = this.#components
    const parsed = findCid(cid)
    const isBill = parsed?.code === RAW_CODE || parsed?.code === DAG_PB_CODE
    if (parsed === undefined || !isBill || !(await archive.hasBill(parsed))) return undefined
    const stored = await vault.readPlain(parsed, 'public', signal)
    if (!isAgeFile(stored)) return { bytes: stored, sealed: false }
    // Only who handed a sealed bill in here gets it opened; everybody else gets the age file.
    if (accountId === undefined || !(await intake.isHolder(parsed, accountId))) return { bytes: stored, sealed: true }
    return { bytes: await vault.readPlain(parsed, 'sealed', signal), sealed: false }
  }

  async findProof(cid: string, signal: AbortSignal, ordinal = 0, accountId?: string): Promise<Uint8Array | undefined> {
    const parsed = findCid(cid)
    if (parsed === undefined) return undefined
    const disclose = accountId !== undefined && (await this.#components.intake.isHolder(parsed, accountId))
    return this.#components.proofs.findProof(parsed, { ordinal, disclose, signal })
  }

  async findReviewed(
    cid: string,
    { accountId, isReviewer }: { readonly accountId: string; readonly isReviewer: boolean },
  ): Promise<ReviewEntry | undefined> {
    const { statuses, intake, reviews } = this.#components
    const parsed = findCid(cid)
    if (parsed === undefined) return undefined
    const claims = await statuses.listClaims(parsed)
    // What this auditor's people read stays here until a quorum has read the same: nobody may copy it.
    const reviewed = claims.find(({ claim, state }) => claim.assurance === 'reviewed' && state !== 'proposed')
    if (reviewed === undefined) return undefined
    const isShown = reviewed.visibility === 'public' || isReviewer || (await intake.isHolder(parsed, accountId))
    return isShown ? reviews.findEntry(reviewed.claim.plainHash) : undefined
  }
}
