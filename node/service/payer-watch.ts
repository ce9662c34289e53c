import type { NodeStatus } from '#api'
import { toHex } from '#protocol'
import type { Store } from '#storage'
import { Cached } from './cached.ts'

/** The paying account as the chain has it. */
export type PayerAccount = { readonly balanceWei: bigint; readonly gasPriceWei: bigint }

/** What the watch needs. */
export type PayerWatchInit = {
  /** 20 bytes. */
  readonly address: Uint8Array
  readonly ask: (signal: AbortSignal) => Promise<PayerAccount>
  readonly store: Pick<Store, 'anchors'>
  /** Mean time between anchors now. */
  readonly paceMs: () => number
  /** A clock that never goes back. */
  readonly nowMs: () => number
}

/** Anchors whose gas tells what the next one costs. */
const LATEST_ANCHORS = 10
const DAY_MS = 24 * 3_600_000
/** A balance changes by an anchor every ten minutes: asking more often is a public endpoint's bill. */
const BALANCE_AGE_MS = 30_000

/** What the payer of anchors has, and how long it lasts. */
export class PayerWatch {
  readonly #init: PayerWatchInit
  readonly #account: Cached<PayerAccount>

  constructor(init: PayerWatchInit) {
    this.#init = init
    this.#account = new Cached({
      load: init.ask,
      maxAgeMs: BALANCE_AGE_MS,
      timeoutMs: 5_000,
      waitMs: 1_000,
      nowMs: init.nowMs,
    })
  }

  /** The payer; without balance when the endpoint does not answer, without runway before the first anchor. */
  async describe(): Promise<NonNullable<NodeStatus['payer']>> {
    const address = toHex(this.#init.address)
    const account = await this.#account.get()
    if (account === undefined) return { address }
    const { balanceWei, gasPriceWei } = account
    const known = { address, balanceWei: balanceWei.toString() }
    const gas = await this.#meanGas()
    const weiPerAnchor = gas === undefined ? 0n : gas * gasPriceWei
    // A chain whose gas is free lasts for ever.
    if (weiPerAnchor === 0n) return known
    const runwayAnchors = Number(balanceWei / weiPerAnchor)
    const runwayDays = Math.floor((runwayAnchors * this.#init.paceMs()) / DAY_MS)
    return { ...known, weiPerAnchor: weiPerAnchor.toString(), runwayAnchors, runwayDays }
  }

  async stop(): Promise<void> {
    await this.#account.stop()
  }

  async #meanGas(): Promise<bigint | undefined> {
    let gas = 0n
    let anchors = 0n
    for await (const [, record] of this.#init.store.anchors.entries({ reverse: true, limit: LATEST_ANCHORS })) {
      gas += BigInt(record.gasUsed)
      anchors += 1n
    }
    return anchors === 0n ? undefined : gas / anchors
  }
}
