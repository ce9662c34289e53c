import type { Extraction } from '#protocol'

/** A bill that waits for a worker. */
export type WaitingBill = {
  readonly bytes: Uint8Array
  /** Whose bill it is: lanes take turns. */
  readonly lane: string
  readonly resolve: (extraction: Extraction) => void
  readonly reject: (cause: unknown) => void
  /** True once nobody waits for it any more. */
  isAbandoned: boolean
  /** True once it made a group fail. */
  isAlone: boolean
}

type FairQueueInit = {
  readonly groupBills: number
  readonly groupBytes: number
  /** Workers that lanes with a bill that failed may have, all of them together. */
  readonly slowAtATime: number
}

/**
 * Bills by lanes that take turns, so that a thousand poisoned bills of one sponsor cost the others one turn each. A lane of
 * which a bill took all its time is slow until it is empty: slow lanes leave a worker to the rest.
 */
export class FairQueue {
  readonly #init: FairQueueInit
  /** In the order of their turns. */
  readonly #lanes = new Map<string, WaitingBill[]>()
  readonly #slow = new Set<string>()
  /** Groups under way, by lane. */
  readonly #running = new Map<string, number>()
  #size = 0

  constructor(init: FairQueueInit) {
    this.#init = init
  }

  /** Bills that wait. */
  get size(): number {
    return this.#size
  }

  add(waiting: WaitingBill): void {
    const lane = this.#lanes.get(waiting.lane)
    if (lane === undefined) this.#lanes.set(waiting.lane, [waiting])
    else lane.push(waiting)
    this.#size += 1
  }

  /** Bills of the lane whose turn it is, to be read in one go; none when no lane may have a worker. */
  take(): WaitingBill[] {
    let slow = 0
    for (const name of this.#slow) slow += this.#running.get(name) ?? 0
    for (const [name, lane] of this.#lanes) {
      if (this.#slow.has(name) && slow >= this.#init.slowAtATime) continue
      const group = this.#takeOf(lane)
      this.#lanes.delete(name)
      if (lane.length > 0) this.#lanes.set(name, lane)
      if (group.length === 0) continue
      this.#running.set(name, (this.#running.get(name) ?? 0) + 1)
      return group
    }
    return []
  }

  /** Takes back a group that failed: the bill that was being read goes last and alone, the others have their turn again. */
  giveBack(group: readonly WaitingBill[], at: number): void {
    const [blamed] = group.slice(at)
    if (blamed !== undefined) {
      blamed.isAlone = true
      this.add(blamed)
    }
    const others = group.filter((one) => one !== blamed)
    const [first] = others
    if (first === undefined) return
    const lane = this.#lanes.get(first.lane) ?? []
    lane.unshift(...others)
    this.#lanes.set(first.lane, lane)
    this.#size += others.length
  }

  /** A group of a lane is done with; `isSlow` when one of its bills used up time or memory. */
  release(lane: string, isSlow: boolean): void {
    const left = (this.#running.get(lane) ?? 1) - 1
    if (left > 0) this.#running.set(lane, left)
    else this.#running.delete(lane)
    if (isSlow) this.#slow.add(lane)
    if (left === 0 && !this.#lanes.has(lane)) this.#slow.delete(lane)
  }

  #takeOf(lane: WaitingBill[]): WaitingBill[] {
    const { groupBills, groupBytes } = this.#init
    const group: WaitingBill[] = []
    let sizeBytes = 0
    for (let next = lane[0]; next !== undefined; next = lane[0]) {
      if (!next.isAbandoned) {
        sizeBytes += next.bytes.byteLength
        const isFull = sizeBytes > groupBytes || group.length === groupBills || next.isAlone
        if (group.length > 0 && (isFull || group[0]?.isAlone === true)) break
        group.push(next)
      }
      lane.shift()
      this.#size -= 1
    }
    return group
  }
}
