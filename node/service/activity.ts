import type { BillState } from '#api'
import type { Meters } from '../meters.ts'
import type { BillCounts } from './bill-counts.ts'

/** Seconds over which the rate of certificates is told. */
const RATE_SECONDS = 60
/** Anchors whose distance in time is the region's pace. */
const PACE_ANCHORS = 10
/** Codes that are counted apart; the protocol has a few dozen, and a peer may make up any. */
const MAX_CODES = 64
/** Where the codes beyond {@link MAX_CODES} are counted. */
const OTHER_CODE = 'other'

/** Peers refused, by who refused, why, and whether it is an auditor of this committee. */
export type RefusalCount = {
  readonly by: 'us' | 'them'
  readonly code: string
  readonly isMember: boolean
  readonly count: number
}

/** What a node has done since it was started: counts for status and metrics. */
export class Activity implements Meters {
  readonly #nowMs: () => number
  readonly #bills: Pick<BillCounts, 'move'>
  readonly #perSecond = Array.from({ length: RATE_SECONDS }, () => 0)
  readonly #refusedClaims = new Map<string, number>()
  readonly #refusedPeers = new Map<string, RefusalCount>()
  readonly #startedAtMs: number
  #second: number
  #anchorsAtMs: readonly number[] = []
  claimsCertified = 0
  votes = 0
  anchors = 0
  gasSpent = 0n
  weiSpent = 0n
  peersRefused = 0
  readonly webhookPosts = { ok: 0, failed: 0 }

  /**
   * @param nowMs a clock that never goes back.
   * @param bills counts of bills by state.
   */
  constructor(nowMs: () => number, bills: Pick<BillCounts, 'move'>) {
    this.#nowMs = nowMs
    this.#bills = bills
    this.#startedAtMs = nowMs()
    this.#second = this.#nowSecond()
  }

  /** Claims refused in own votes, by code. */
  get claimsRefused(): ReadonlyMap<string, number> {
    return this.#refusedClaims
  }

  get peerRefusals(): readonly RefusalCount[] {
    return [...this.#refusedPeers.values()]
  }

  certified(claims: number): void {
    this.#forward()
    const place = this.#second % RATE_SECONDS
    this.#perSecond[place] = (this.#perSecond[place] ?? 0) + claims
    this.claimsCertified += claims
  }

  voted(refusals: readonly string[]): void {
    this.votes += 1
    for (const code of refusals) {
      const isNew = !this.#refusedClaims.has(code)
      const name = isNew && this.#refusedClaims.size >= MAX_CODES ? OTHER_CODE : code
      this.#refusedClaims.set(name, (this.#refusedClaims.get(name) ?? 0) + 1)
    }
  }

  anchored(): void {
    this.anchors += 1
    this.#anchorsAtMs = [...this.#anchorsAtMs, this.#nowMs()].slice(-PACE_ANCHORS)
  }

  paid({ gas, wei }: { readonly gas: bigint; readonly wei: bigint }): void {
    this.gasSpent += gas
    this.weiSpent += wei
  }

  peerRefused({ by, code, isMember }: Parameters<Meters['peerRefused']>[0]): void {
    this.peersRefused += 1
    const known = this.#refusedPeers.has(`${by} ${isMember} ${code}`)
    const name = !known && this.#refusedPeers.size >= MAX_CODES ? OTHER_CODE : code
    const key = `${by} ${isMember} ${name}`
    const count = (this.#refusedPeers.get(key)?.count ?? 0) + 1
    this.#refusedPeers.set(key, { by, code: name, isMember, count })
  }

  billMoved(before: BillState | undefined, after: BillState): void {
    this.#bills.move(before, after)
  }

  webhookPosted(ok: boolean): void {
    this.webhookPosts[ok ? 'ok' : 'failed'] += 1
  }

  /** Claims certified per second over the last minute, or since the start if that is less. */
  certifiedPerSecond(): number {
    this.#forward()
    const claims = this.#perSecond.reduce((sum, count) => sum + count, 0)
    const elapsed = (this.#nowMs() - this.#startedAtMs) / 1_000
    return claims / Math.min(RATE_SECONDS, Math.max(1, elapsed))
  }

  /** Mean time between the latest anchors; `undefined` before the second. */
  anchorPaceMs(): number | undefined {
    const [first] = this.#anchorsAtMs
    const last = this.#anchorsAtMs.at(-1)
    if (first === undefined || last === undefined || this.#anchorsAtMs.length < 2) return undefined
    return (last - first) / (this.#anchorsAtMs.length - 1)
  }

  #nowSecond(): number {
    return Math.floor(this.#nowMs() / 1_000)
  }

  // Seconds that have passed since the last look begin at zero.
  #forward(): void {
    const now = this.#nowSecond()
    const passed = Math.min(now - this.#second, RATE_SECONDS)
    for (let i = 0; i < passed; i += 1) this.#perSecond[(now - i) % RATE_SECONDS] = 0
    this.#second = Math.max(now, this.#second)
  }
}
