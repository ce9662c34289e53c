import type { BillState, BillStatus, NodeView, Submission } from '#api'

import { until } from './until.ts'

type Followed = Pick<NodeView, 'findStatus'>

const PATH: readonly BillState[] = ['received', 'proposed', 'certified', 'anchored', 'final']
const NEVER = new AbortController().signal

/** Submits a bill, with no limit of time but the test's own. */
export async function submitTo(node: Pick<NodeView, 'submitBill'>, submission: Submission): Promise<BillStatus> {
  return node.submitBill(submission, NEVER)
}

/**
 * Waits until a node shows a bill in a state or beyond it.
 *
 * @throws {Error} at once when the bill was refused; after the deadline with the state that it was last seen in.
 */
export async function untilState(
  node: Followed,
  cid: string,
  state: BillState,
  deadlineMs?: number,
): Promise<BillStatus> {
  let last: BillStatus | undefined
  return until(
    `bill ${cid} is ${state}`,
    async () => {
      last = await node.findStatus(cid)
      if (last === undefined) return undefined
      if (!PATH.includes(last.state)) throw new Error(`bill is ${last.state}: ${JSON.stringify(last.reason)}`)
      return PATH.indexOf(last.state) >= PATH.indexOf(state) ? last : undefined
    },
    { ...(deadlineMs === undefined ? {} : { deadlineMs }), lastSeen: () => last?.state ?? 'unknown here' },
  )
}

/** Waits until a bill is certified or has been refused: it must not stay in between. */
export async function untilSettled(node: Followed, cid: string, deadlineMs?: number): Promise<BillStatus> {
  let last: BillStatus | undefined
  return until(
    `bill ${cid} is settled`,
    async () => {
      last = await node.findStatus(cid)
      return last !== undefined && last.state !== 'received' && last.state !== 'proposed' ? last : undefined
    },
    { ...(deadlineMs === undefined ? {} : { deadlineMs }), lastSeen: () => last?.state ?? 'unknown here' },
  )
}
