import type { CID } from 'multiformats/cid'
import type { BillState, BillStatus, ClaimStatus } from '#api'
import {
  cidOfDigest,
  DAG_CBOR_CODE,
  decimalOfRational,
  formatCivilDate,
  formatDecimal,
  formatRational,
  makeRational,
  toHex,
} from '#protocol'
import { keyOfNumber } from '#storage'
import type { AccountBillRecord, AnchorRecord, BillRecord, ClaimRecord, Store } from '#storage'
import { plainKey } from './ledger.ts'
import type { RegionContext } from './region-context.ts'

/** Order of the states that a claim passes; the least advanced claim gives the bill's state. */
const PATH: readonly BillState[] = ['received', 'proposed', 'certified', 'anchored', 'final']

/** Batches whose sponsor is remembered: those of the bills that are being looked at. */
const SPONSORS_KEPT = 4_096

/** What others tell of bills. */
export type StatusViews = {
  /** How far the review of a bill by people is. */
  readonly progressOf: (cid: CID) => BillStatus['review']
  /** What became of a withdrawn file; `undefined` for one that is kept. */
  readonly withdrawnOf: (cid: CID) => Promise<BillStatus['withdrawn']>
}

/** Reads the state of bills from the records. */
export class Statuses {
  readonly #context: RegionContext
  readonly #store: Store
  /** Sponsors of batches, by digest. */
  readonly #sponsors = new Map<string, string>()

  readonly #views: StatusViews

  constructor(context: RegionContext, store: Store, views: StatusViews) {
    this.#context = context
    this.#store = store
    this.#views = views
  }

  /**
   * Status of a bill that was submitted here or claimed anywhere in the region.
   *
   * @param own an account's own record of it: its file name and times are shown, not those of whoever was first.
   */
  async find(cid: CID, own?: AccountBillRecord): Promise<BillStatus | undefined> {
    const record = await this.#store.bills.find(cid.bytes)
    const claims = await this.listClaims(cid)
    if (record === undefined && claims.length === 0) return undefined
    const status = await this.describe(record, claims, cid, own)
    // An account that has it keeps it here.
    if (own !== undefined || status.visibility === 'public') return status
    const withdrawn = await this.#views.withdrawnOf(cid)
    return withdrawn === undefined ? status : { ...status, withdrawn }
  }

  /** State of a bill alone, with the code of its reason: cheap enough to be asked at every change. */
  async findState(
    cid: CID,
  ): Promise<{ readonly state: BillState; readonly code?: string; readonly withdrawn?: true } | undefined> {
    const [record, claims, withdrawn] = await Promise.all([
      this.#store.bills.find(cid.bytes),
      this.listClaims(cid),
      this.#views.withdrawnOf(cid),
    ])
    if (record === undefined && claims.length === 0) return undefined
    const state = stateOf(record, claims)
    const isEnded = state === 'rejected' || state === 'needs-review'
    return {
      state,
      ...(isEnded && record?.reason !== undefined ? { code: record.reason.code } : {}),
      ...(withdrawn === undefined ? {} : { withdrawn: true }),
    }
  }

  /** Status of a bill from its record and its claims. */
  async describe(
    record: BillRecord | undefined,
    claims: readonly ClaimRecord[],
    cid: CID | undefined = record?.cid,
    own?: AccountBillRecord,
  ): Promise<BillStatus> {
    const file = own === undefined ? record?.file : own.file
    const receivedAtMs = own?.atMs ?? record?.receivedAtMs
    const statuses = await Promise.all(claims.map(async (claim) => this.#describe(claim)))
    const state = stateOf(record, claims)
    const isEnded = state === 'rejected' || state === 'needs-review'
    const review = state === 'needs-review' && cid !== undefined ? this.#views.progressOf(cid) : undefined
    const last = (key: keyof ClaimRecord): number | undefined => latest(claims.map((claim) => claim[key]))
    return {
      cid: cid?.toString() ?? '',
      state,
      visibility: record?.visibility ?? (await this.#visibilityOf(claims[0], cid)),
      region: this.#context.region.name,
      ...(file === undefined ? {} : { file }),
      ...(receivedAtMs === undefined ? {} : { receivedAt: new Date(receivedAtMs).toISOString() }),
      ...(record?.reason === undefined || !isEnded ? {} : { reason: record.reason }),
      claims: statuses,
      ...(review === undefined ? {} : { review }),
      ...(record?.unclaimed === undefined ? {} : { unclaimed: record.unclaimed }),
      ...since(receivedAtMs, 'certifiedMs', last('certifiedAtMs')),
      ...since(receivedAtMs, 'anchoredMs', last('anchoredAtMs')),
      ...since(receivedAtMs, 'finalMs', last('finalAtMs')),
    }
  }

  // The same plain bytes handed in sealed and public are two files and one claim, whose record is of one of them.
  async #visibilityOf(claim: ClaimRecord | undefined, cid: CID | undefined): Promise<BillRecord['visibility']> {
    if (claim === undefined || cid === undefined) return 'sealed'
    if (claim.claim.bill.equals(cid)) return claim.visibility
    const open = await this.#store.billsByPlainHash.find(plainKey('public', claim.claim.plainHash))
    return open?.equals(cid) === true ? 'public' : 'sealed'
  }

  /** The latest bills that were submitted here, newest first. */
  async list(limit: number): Promise<BillStatus[]> {
    const statuses: BillStatus[] = []
    for await (const [, cid] of this.#store.billsByTime.entries({ reverse: true, limit })) {
      const status = await this.find(cid)
      if (status !== undefined) statuses.push(status)
    }
    return statuses
  }

  /** Claims of a bill, by their place in the file. */
  async listClaims(cid: CID): Promise<ClaimRecord[]> {
    const found = await this.#store.claimsByBill.listOf(cid)
    const claims = await this.#store.claims.findMany(found.map(({ claimId }) => claimId))
    return claims.filter((claim) => claim !== undefined)
  }

  async #describe({ claimId, claim, batch, state, anchorSeq }: ClaimRecord): Promise<ClaimStatus> {
    const [sponsor, supersededBy, anchor] = await Promise.all([
      this.#sponsorOf(batch),
      this.#store.superseded.find(claimId),
      anchorSeq === undefined ? undefined : this.#store.anchors.find(keyOfNumber(anchorSeq)),
    ])
    const kWh = makeRational(BigInt(claim.energyWh.n), BigInt(claim.energyWh.d) * 1000n)
    const decimal = decimalOfRational(kWh)
    return {
      claimId: toHex(claimId),
      ordinal: claim.ordinal,
      state,
      service: { start: formatCivilDate(claim.startDay), end: formatCivilDate(claim.endDay) },
      energyKWh: decimal === undefined ? formatRational(kWh) : formatDecimal(decimal),
      gramsCO2e: claim.gramsLocation,
      assurance: claim.assurance,
      origin: claim.origin,
      batch: cidOfDigest(batch, DAG_CBOR_CODE).toString(),
      sponsor,
      ...(anchor === undefined ? {} : { anchor: describeAnchor(anchor) }),
      ...(claim.supersedes === undefined ? {} : { supersedes: toHex(claim.supersedes) }),
      ...(supersededBy === undefined ? {} : { supersededBy: toHex(supersededBy) }),
    }
  }

  // A batch has one sponsor for ever, and its record is large: hundreds of leaves.
  async #sponsorOf(batch: Uint8Array): Promise<string> {
    const key = toHex(batch)
    const known = this.#sponsors.get(key)
    if (known !== undefined) return known
    const record = await this.#store.batches.find(batch)
    if (record === undefined) return ''
    const sponsor = toHex(record.announcement.sponsor)
    const [oldest] = this.#sponsors.keys()
    if (this.#sponsors.size >= SPONSORS_KEPT && oldest !== undefined) this.#sponsors.delete(oldest)
    this.#sponsors.set(key, sponsor)
    return sponsor
  }
}

function describeAnchor(record: AnchorRecord): NonNullable<ClaimStatus['anchor']> {
  return {
    seq: record.anchor.seq,
    claims: record.anchor.claims,
    tx: toHex(record.transactionHash),
    block: record.blockNumber,
    gasUsed: record.gasUsed,
  }
}

// A claim that is certified counts, whatever this node had concluded before: a refusal shows only where none is.
function stateOf(record: BillRecord | undefined, claims: readonly ClaimRecord[]): BillState {
  const isEnded = record?.state === 'rejected' || record?.state === 'needs-review'
  const standing = isEnded ? claims.filter((claim) => claim.state !== 'proposed') : claims
  if (isEnded && standing.length === 0) return record.state === 'rejected' ? 'rejected' : 'needs-review'
  if (standing.length === 0) return record?.state === 'claimed' ? 'proposed' : 'received'
  return PATH[Math.min(...standing.map((claim) => PATH.indexOf(claim.state)))] ?? 'received'
}

function latest(times: readonly unknown[]): number | undefined {
  const known = times.filter((time) => typeof time === 'number')
  return known.length === 0 || known.length < times.length ? undefined : Math.max(...known)
}

function since(
  receivedAtMs: number | undefined,
  name: 'certifiedMs' | 'anchoredMs' | 'finalMs',
  at: number | undefined,
): Partial<BillStatus> {
  return receivedAtMs === undefined || at === undefined ? {} : { [name]: Math.max(0, at - receivedAtMs) }
}
