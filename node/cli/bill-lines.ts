import type { BillState, BillStatus, ClaimStatus } from '#api'
import type { Terminal } from './terminal.ts'

/** States of the normal path, in order. */
export const PROGRESS: readonly BillState[] = ['received', 'proposed', 'certified', 'anchored', 'final']

/** True once a bill is in a state, or in one behind it. */
export function hasReached(status: BillStatus, state: BillState): boolean {
  return PROGRESS.indexOf(status.state) >= PROGRESS.indexOf(state)
}

/** True if nothing more will happen without a person. */
export function isStuck(status: BillStatus): boolean {
  return status.state === 'rejected' || status.state === 'needs-review'
}

/** Grams of all claims of a bill, exact. */
export function totalGrams(status: BillStatus): bigint {
  return status.claims.reduce((sum, claim) => sum + BigInt(claim.gramsCO2e), 0n)
}

/** Gas that one claim costs: its share of the anchor's transaction, rounded up; `undefined` before it is anchored. */
export function gasPerClaim(claim: ClaimStatus): bigint | undefined {
  const { anchor } = claim
  if (anchor === undefined) return undefined
  const claims = BigInt(Math.max(anchor.claims, 1))
  return (BigInt(anchor.gasUsed) + claims - 1n) / claims
}

/** A whole number with separators for people. */
export function grouped(value: bigint | number): string {
  return value.toString().replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** A bill and its claims as lines for people. */
export function billLines(terminal: Terminal, status: BillStatus): string[] {
  const head = [status.cid, terminal.paintState(status.state), status.visibility, status.region]
  if (status.file !== undefined) head.push(printable(status.file))
  return [
    head.join('  '),
    ...reasonLines(status),
    ...withdrawnLines(status),
    ...(status.review === undefined
      ? []
      : [`  people read it: ${status.review.entries} of ${status.review.quorum} auditors have entered it`]),
    ...status.claims.flatMap((claim) => [`  ${claimLine(claim)}`, ...supersessionLines(claim)]),
    ...(status.unclaimed ?? []).map(
      ({ ordinal, reason }) => `  no claim for bill ${ordinal}: ${printable(reason.message)} (${reason.code})`,
    ),
  ]
}

function reasonLines(status: BillStatus): string[] {
  const { reason } = status
  if (reason === undefined) return []
  const where = reason.place === undefined ? '' : ` at ${printable(reason.place)}`
  const holder = reason.heldBy === undefined ? '' : `, held by claim ${reason.heldBy}`
  return [`  ${printable(reason.message)}${where}${holder} (${reason.code})`]
}

function withdrawnLines({ withdrawn }: BillStatus): string[] {
  if (withdrawn === undefined) return []
  const when = withdrawn.at === undefined ? '' : ` on ${withdrawn.at.slice(0, 10)}`
  const file = withdrawn.removed ? 'its file is destroyed here' : 'its file is destroyed when its claims are final'
  return [`  withdrawn${when}, its account was closed: ${file}; claims and proofs stay`]
}

function claimLine(claim: ClaimStatus): string {
  const { service, energyKWh, gramsCO2e, assurance, anchor } = claim
  const signed = claim.origin === 'utility-signed' ? ', utility-signed' : ''
  const figures = `${service.start}..${service.end}  ${energyKWh} kWh  ${grouped(BigInt(gramsCO2e))} g CO2e  ${assurance}${signed}`
  if (anchor === undefined) return `${claim.state}  ${figures}`
  const gas = grouped(gasPerClaim(claim) ?? 0n)
  return `${claim.state}  ${figures}  anchor ${anchor.seq} in block ${anchor.block}, ${gas} gas  ${anchor.tx}`
}

function supersessionLines({ supersedes, supersededBy }: ClaimStatus): string[] {
  return [
    ...(supersedes === undefined ? [] : [`    replaces claim ${supersedes}`]),
    ...(supersededBy === undefined ? [] : [`    replaced by claim ${supersededBy}, which holds the period now`]),
  ]
}

/** Text of others on a terminal: without control characters, which could move the cursor or hide lines. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?')
}
