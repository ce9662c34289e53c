import type { BillState, BillStatus } from '#api'
import { BillBell } from './bill-bell.ts'
import { hasReached, isStuck } from './bill-lines.ts'
import { CliError } from './cli-error.ts'
import type { ApiClient } from './client.ts'
import type { Terminal } from './terminal.ts'

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
  if (until === undefined) {
    const status = await client.getBill(cid)
    onChange(status)
    return status
  }
  const deadline = AbortSignal.timeout(init.timeoutMs ?? 2 ** 31 - 1)
  const bell = new BillBell(client, cid, terminal.signal)
  await bell.start()
  try {
    let shown: BillState | undefined
    for (;;) {
      const status = await client.getBill(cid)
      if (status.state !== shown) onChange(status)
      shown = status.state
      if (hasReached(status, until) || isStuck(status)) return status
      if (deadline.aborted) {
        throw new CliError(`bill ${cid} is still ${status.state}`, { code: 'ERR_CLI_TIMEOUT', state: status.state })
      }
      terminal.progress(`waiting for ${until}: ${status.state}`)
      await bell.wait(deadline)
    }
  } finally {
    await bell.stop()
  }
}
