import type { BillState, BillStatus, Visibility } from '#api'
import type { BillProgress } from './bill-run.ts'
import { gramsOf } from './bill-run.ts'

/** The stable last line of `kwitness devnet --once --json`. */
export type DevnetReport = {
  readonly bills: readonly {
    readonly cid: string
    readonly file: string
    readonly region: string
    readonly visibility: Visibility
    readonly state: BillState
    /** Decimal text; the sum over the claims of the file. */
    readonly gramsCO2e: string
    readonly verified: boolean
    /** Since the bill was received. */
    readonly certifiedMs: number | null
    readonly finalMs: number | null
    /** Why it is not verified. */
    readonly failure?: string
  }[]
  readonly anchors: readonly {
    readonly region: string
    readonly seq: number
    readonly claims: number
    readonly gas: number
    readonly tx: string
  }[]
  /** Processes of all regions. */
  readonly auditors: number
  readonly passed: boolean
}

/** Report of a run; it passed if every bill was verified. */
export function createReport(results: readonly BillProgress[], auditors: number): DevnetReport {
  return {
    bills: results.map(({ bill, status, isVerified, failure, ...rest }) => ({
      cid: status?.cid ?? '',
      file: bill.file,
      region: bill.region,
      visibility: bill.visibility,
      state: status?.state ?? 'rejected',
      gramsCO2e: gramsOf({ bill, ...rest, ...(status === undefined ? {} : { status }) }) ?? '0',
      verified: isVerified === true,
      certifiedMs: status?.certifiedMs ?? null,
      finalMs: status?.finalMs ?? null,
      ...(failure === undefined ? {} : { failure }),
    })),
    anchors: listAnchors(results.flatMap(({ status }) => (status === undefined ? [] : [status]))),
    auditors,
    passed: results.length > 0 && results.every((result) => result.isVerified === true),
  }
}

function listAnchors(statuses: readonly BillStatus[]): DevnetReport['anchors'] {
  const anchors = new Map<string, DevnetReport['anchors'][number]>()
  for (const { region, claims } of statuses) {
    for (const { anchor } of claims) {
      if (anchor === undefined) continue
      const { seq, claims: count, gasUsed, tx } = anchor
      anchors.set(`${region} ${seq}`, { region, seq, claims: count, gas: Number(gasUsed), tx })
    }
  }
  return [...anchors.values()].toSorted((a, b) =>
    a.region === b.region ? a.seq - b.seq : a.region < b.region ? -1 : 1,
  )
}
