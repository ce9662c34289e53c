import type { CID } from 'multiformats/cid'
import { concatBytes, toHex } from '#protocol'
import type { Withdrawal } from '#protocol'
import { keyOfNumber } from '#storage'
import type { Store, WithdrawnRecord } from '#storage'

/** Key of a withdrawal. */
export function withdrawalKey({ sponsor, seq }: Pick<Withdrawal, 'sponsor' | 'seq'>): Uint8Array {
  return concatBytes([sponsor, keyOfNumber(seq)])
}

/** Key of a withdrawn bill: of its sponsor too, so that nobody's word about another's bill stands in its way. */
export function withdrawnKey(bill: CID, sponsor: Uint8Array): Uint8Array {
  return concatBytes([bill.bytes, sponsor])
}

/** Which withdrawals are known, and which of their bills are not settled yet, in memory; the desk writes them down first. */
export class WithdrawalBook {
  readonly #store: Pick<Store, 'withdrawals' | 'withdrawn'>
  /** Bills that are not gone, by their key in hex. */
  readonly #pending = new Map<string, WithdrawnRecord>()
  /** Bills that are told and not gone, by sponsor. */
  readonly #told = new Map<string, number>()
  /** Sequence numbers known of each sponsor: all up to `upTo`, and `beyond` it. */
  readonly #known = new Map<string, { upTo: number; readonly beyond: Set<number> }>()

  constructor(store: Pick<Store, 'withdrawals' | 'withdrawn'>) {
    this.#store = store
  }

  async load(): Promise<void> {
    for await (const [, withdrawal] of this.#store.withdrawals.entries()) this.know(withdrawal)
    for await (const [, record] of this.#store.withdrawn.entries()) this.put(record)
  }

  put(record: WithdrawnRecord): void {
    this.drop(record)
    if (record.state === 'gone') return
    this.#pending.set(toHex(withdrawnKey(record.bill, record.sponsor)), record)
    if (record.state === 'told') this.#count(record.sponsor, 1)
  }

  drop(record: WithdrawnRecord): void {
    const key = toHex(withdrawnKey(record.bill, record.sponsor))
    if (this.#pending.get(key)?.state === 'told') this.#count(record.sponsor, -1)
    this.#pending.delete(key)
  }

  #count(sponsor: Uint8Array, by: number): void {
    const name = toHex(sponsor)
    this.#told.set(name, (this.#told.get(name) ?? 0) + by)
  }

  /** True while a bill is as this record says, and not gone. */
  isPending(record: WithdrawnRecord): boolean {
    return this.#pending.get(toHex(withdrawnKey(record.bill, record.sponsor))) === record
  }

  /** Bills that are not gone; the one put last comes last. */
  pending(state: 'due' | 'told'): WithdrawnRecord[] {
    return [...this.#pending.values()].filter((record) => record.state === state)
  }

  /** How many bills of a sponsor are told and not gone. */
  countTold(sponsor: Uint8Array): number {
    return this.#told.get(toHex(sponsor)) ?? 0
  }

  know({ sponsor, seq }: Pick<Withdrawal, 'sponsor' | 'seq'>): void {
    const name = toHex(sponsor)
    const known = this.#known.get(name) ?? { upTo: 0, beyond: new Set<number>() }
    this.#known.set(name, known)
    known.beyond.add(seq)
    while (known.beyond.delete(known.upTo + 1)) known.upTo += 1
  }

  /** Highest sequence number known of a sponsor. */
  lastSeq(sponsor: Uint8Array): number {
    const known = this.#known.get(toHex(sponsor))
    return known === undefined ? 0 : Math.max(known.upTo, ...known.beyond)
  }

  /** For a sync request: the sequence number up to which all withdrawals of a sponsor are known. */
  knownUpTo(sponsor: Uint8Array): number {
    return this.#known.get(toHex(sponsor))?.upTo ?? 0
  }

  /** For a sync answer: withdrawals of a sponsor after a sequence number, at most `limit`. */
  async *after(sponsor: Uint8Array, seq: number, limit: number): AsyncGenerator<Withdrawal> {
    const from = withdrawalKey({ sponsor, seq: seq + 1 })
    const below = withdrawalKey({ sponsor, seq: Number.MAX_SAFE_INTEGER })
    for await (const [, withdrawal] of this.#store.withdrawals.entries({ from, below, limit })) {
      yield withdrawal
    }
  }
}
