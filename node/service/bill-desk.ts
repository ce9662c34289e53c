import type { BillStatus, Submission } from '#api'
import { DAG_PB_CODE, RAW_CODE } from '#protocol'
import type { ReviewEntry } from '#protocol'
import { isAgeFile } from '#storage'
import type { Components } from '../compose.ts'
import { findCid } from '../intake.ts'
import { NodeError } from '../node-error.ts'

/** What the desk needs. */
export type BillDeskComponents = Pick<Components, 'intake' | 'statuses' | 'archive' | 'vault' | 'proofs' | 'reviews'>

/** Bills as their holders see them: submission, state, bytes, proof, and what people read. */
export class BillDesk {
  readonly #components: BillDeskComponents
  readonly #stopped: AbortSignal

  constructor(components: BillDeskComponents, stopped: AbortSignal) {
    this.#components = components
    this.#stopped = stopped
  }

  async submit(submission: Submission, signal: AbortSignal): Promise<BillStatus> {
    const { intake, statuses } = this.#components
    if (this.#stopped.aborted) throw new NodeError('the node is stopping', { code: 'ERR_NODE_STOPPED' })
    const { cid, record } = await intake.submit(submission, AbortSignal.any([signal, this.#stopped]))
    const status = record === undefined ? await statuses.find(cid) : await statuses.describe(record, [])
    if (status === undefined) throw new NodeError('the bill vanished', { code: 'ERR_NODE_STOPPED' })
    return status
  }

  async findStatus(cid: string): Promise<BillStatus | undefined> {
    const parsed = findCid(cid)
    return parsed === undefined ? undefined : this.#components.statuses.find(parsed)
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
