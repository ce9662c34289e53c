import { CID } from 'multiformats/cid'
import { ApiError } from '#api'
import type { IdempotencyView, NamedAnswer, NamedRequest } from '#api'
import { concatBytes, equalBytes, sha256, toHex, utf8 } from '#protocol'
import { keyOfNumber } from '#storage'
import type { IdempotencyRecord, Store, Write } from '#storage'
import { Serial } from '../serial.ts'
import { DailyCounts } from './daily-counts.ts'

/** How long a name holds: clients repeat within minutes, and a name that holds for ever is a disk that fills. */
const KEPT_MS = 24 * 60 * 60_000

/**
 * Names that one account is remembered by in a day, about 150 MB: a bill that it has already costs it nothing, and could be sent
 * under a new name for ever. Beyond them a bill is still found by its bytes.
 */
const NAMES_PER_DAY = 1_000_000

/** Old names forgotten with each new one: more than one, so that their number falls after a busy day. */
const FORGOTTEN_AT_ONCE = 4

/**
 * Remembers in the store which named request gave which bill.
 *
 * Names lie by the UTC day on which they were given: a name is looked for on two days, and only those of days before are
 * removed, so that nothing that is being written is ever forgotten.
 */
export class Idempotency implements IdempotencyView {
  readonly #store: Pick<Store, 'idempotency' | 'dailyCounts' | 'commit'>
  readonly #nowMs: () => number
  readonly #counts: DailyCounts
  /** Requests under way by name. */
  readonly #underWay = new Map<string, { readonly tasks: Serial; users: number }>()

  /** @param perDay names remembered of one account in a UTC day. */
  constructor(
    store: Pick<Store, 'idempotency' | 'dailyCounts' | 'commit'>,
    nowMs: () => number,
    perDay = NAMES_PER_DAY,
  ) {
    this.#store = store
    this.#nowMs = nowMs
    this.#counts = new DailyCounts({ store, kind: 'request-name', perDay, nowMs })
  }

  async once(request: NamedRequest, run: () => Promise<string>): Promise<NamedAnswer> {
    const name = sha256(utf8(`${request.account}\0${request.key}`))
    return this.#oneByOne(toHex(name), async () => {
      const known = await this.#find(name)
      if (known !== undefined) return repeat(known, request)
      const cid = await run()
      if (!(await this.#counts.take(request.account))) return { cid, isRepeated: false }
      // Durable before it is answered: who has the answer may rely on the name. A crash between the bill's commit and this
      // one leaves a bill without name, which the same bytes find again by their hash.
      const record = { fingerprint: request.fingerprint, cid: CID.parse(cid), atMs: this.#nowMs() }
      const forgotten = await this.#forget()
      const named = this.#store.idempotency.put(keyOf(record.atMs, name), record)
      await this.#store.commit([...forgotten, named, this.#counts.write(request.account)], { durable: true })
      return { cid, isRepeated: false }
    })
  }

  async #find(name: Uint8Array): Promise<IdempotencyRecord | undefined> {
    const nowMs = this.#nowMs()
    const records = await this.#store.idempotency.findMany([keyOf(nowMs, name), keyOf(nowMs - KEPT_MS, name)])
    return records.find((record) => record !== undefined && nowMs - record.atMs < KEPT_MS)
  }

  async #forget(): Promise<Write[]> {
    const below = keyOf(this.#nowMs() - KEPT_MS, new Uint8Array(0))
    const writes: Write[] = []
    for await (const [key] of this.#store.idempotency.entries({ below, limit: FORGOTTEN_AT_ONCE })) {
      writes.push(this.#store.idempotency.remove(key))
    }
    return writes
  }

  async #oneByOne<T>(name: string, task: () => Promise<T>): Promise<T> {
    const entry = this.#underWay.get(name) ?? { tasks: new Serial(), users: 0 }
    this.#underWay.set(name, entry)
    entry.users += 1
    try {
      return await entry.tasks.run(task)
    } finally {
      entry.users -= 1
      if (entry.users === 0) this.#underWay.delete(name)
    }
  }
}

function repeat(record: IdempotencyRecord, request: NamedRequest): NamedAnswer {
  if (equalBytes(record.fingerprint, request.fingerprint)) return { cid: record.cid.toString(), isRepeated: true }
  throw new ApiError('this Idempotency-Key was used for another request', { code: 'ERR_API_IDEMPOTENCY' })
}

function keyOf(atMs: number, name: Uint8Array): Uint8Array {
  return concatBytes([keyOfNumber(Math.max(0, Math.floor(atMs / KEPT_MS))), name])
}
