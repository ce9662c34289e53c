import { setTimeout as delay } from 'node:timers/promises'
import type { BillState, BillStatus } from '#api'
import { hasReached, isStuck } from './bill-lines.ts'
import { CliError } from './cli-error.ts'
import type { ApiClient } from './client.ts'
import type { Terminal } from './terminal.ts'

/** Time between two questions to the node: quick for an eye, cheap for a node. */
const POLL_MS = 250

/** What is followed. */
export type FollowInit = {
  readonly client: ApiClient
  readonly terminal: Terminal
  readonly cid: string
  /** State to wait for; without it the bill is looked at once. */
  readonly until: BillState | undefined
  /** Longest wait in ms; without it there is none. */
  readonly timeoutMs?: number
}

/**
 * Follows a bill and tells each change of its state, the first look included.
 *
 * @returns the last status: the state waited for, or one that needs a person.
 * @throws {CliError} ERR_CLI_TIMEOUT, ERR_CLI_REFUSED, ERR_CLI_UNREACHABLE
 */
export async function followBill(init: FollowInit, onChange: (status: BillStatus) => void): Promise<BillStatus> {
  const { client, terminal, cid, until } = init
  const deadline = AbortSignal.timeout(init.timeoutMs ?? 2 ** 31 - 1)
  let shown: BillState | undefined
  for (;;) {
    const status = await client.getBill(cid)
    if (status.state !== shown) onChange(status)
    shown = status.state
    if (until === undefined || hasReached(status, until) || isStuck(status)) return status
    if (deadline.aborted) {
      throw new CliError(`bill ${cid} is still ${status.state}`, { code: 'ERR_CLI_TIMEOUT', state: status.state })
    }
    terminal.progress(`waiting for ${until}: ${status.state}`)
    await delay(POLL_MS, undefined, { signal: terminal.signal })
  }
}
