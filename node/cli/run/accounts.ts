import { createInterface } from 'node:readline/promises'
import type { Account, KeyView } from '#api'
import { grouped, printable } from '../bill-lines.ts'
import { usageError } from '../cli-error.ts'
import { asOperator } from '../operator.ts'
import type { Operator, OperatorOptions } from '../operator.ts'
import { keepSecret } from '../secret-file.ts'
import { tableLines } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { keyRow } from './keys.ts'

/** Options of `kwitness account add`. */
export type AddAccountOptions = OperatorOptions & {
  readonly name?: string
  readonly recipient?: string
  readonly identityOut?: string
  readonly billsPerDay?: number
  readonly storedBytes?: number
}

/** Options of `kwitness account quota`. */
export type QuotaOptions = OperatorOptions & {
  readonly billsPerDay?: number | 'none'
  readonly storedBytes?: number | 'none'
}

/** Options of `kwitness account close`. */
export type CloseAccountOptions = OperatorOptions & { readonly yes?: boolean }

/** `kwitness account add`. */
export async function addAccount(terminal: Terminal, id: string, options: AddAccountOptions): Promise<void> {
  const { name, recipient, identityOut, billsPerDay, storedBytes } = options
  if (recipient !== undefined && identityOut !== undefined) {
    throw usageError('--identity-out: with --recipient no key pair is made')
  }
  const made = await asOperator(terminal, options, async (operator) =>
    keepSecret(
      identityOut,
      async () =>
        operator.addAccount({
          id,
          ...(name === undefined ? {} : { name }),
          ...(recipient === undefined ? {} : { recipient }),
          quota: {
            ...(billsPerDay === undefined ? {} : { billsPerDay }),
            ...(storedBytes === undefined ? {} : { storedBytes }),
          },
        }),
      ({ account, identity }) => `# account: ${id}\n# public key: ${account.recipient ?? ''}\n${identity ?? ''}\n`,
    ),
  )
  const { account } = made
  const identity = identityOut === undefined ? made.identity : undefined
  if (options.json === true) {
    terminal.json({ account, ...(identity === undefined ? {} : { identity }) })
    return
  }
  terminal.line(`account    ${account.id}`)
  terminal.line(`recipient  ${account.recipient ?? ''}`)
  if (identity !== undefined) {
    terminal.line(`identity   ${identity}`)
    terminal.line(
      "The identity opens the account's sealed bills: it is shown this once and not kept. Hand it to the account.",
    )
  }
  terminal.note(`Next: kwitness key create ${account.id} --scopes bills:write,bills:read`)
}

/** `kwitness account list`. */
export async function listAccounts(terminal: Terminal, options: OperatorOptions): Promise<void> {
  const accounts = await asOperator(terminal, options, async (operator) => operator.listAccounts())
  if (options.json === true) {
    terminal.json({ accounts })
    return
  }
  const head = ['account', 'state', 'bills', 'bytes', 'today', 'name'].map((text) => ({
    text,
    paint: (it: string) => terminal.paint('gray', it),
  }))
  const rows = accounts.map(({ id, state, usage, quota, name }) => [
    printable(id),
    state,
    grouped(usage.bills),
    ofLimit(usage.storedBytes, quota.storedBytes),
    ofLimit(usage.billsToday, quota.billsPerDay),
    printable(name ?? ''),
  ])
  tableLines([head, ...rows], [2, 3, 4]).forEach((line) => terminal.line(line))
}

/** `kwitness account show`. */
export async function showAccount(terminal: Terminal, id: string, options: OperatorOptions): Promise<void> {
  const { account, keys } = await asOperator(terminal, options, async (operator) => readAccount(operator, id))
  if (options.json === true) {
    terminal.json({ account, keys })
    return
  }
  const { usage, quota } = account
  const fields: [string, string | undefined][] = [
    ['account', printable(account.id)],
    ['name', account.name === undefined ? undefined : printable(account.name)],
    ['state', account.closedAt === undefined ? account.state : `${account.state} ${account.closedAt}`],
    ['created', account.createdAt],
    ['recipient', account.recipient],
    ['bills', grouped(usage.bills)],
    ['bytes', ofLimit(usage.storedBytes, quota.storedBytes)],
    ['today', `${ofLimit(usage.billsToday, quota.billsPerDay)} bills`],
  ]
  const rows = fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  tableLines(rows).forEach((line) => terminal.line(line))
  if (keys.length === 0) return
  terminal.line()
  tableLines(keys.map((key) => keyRow(terminal, key))).forEach((line) => terminal.line(line))
}

/** `kwitness account quota`. */
export async function changeQuota(terminal: Terminal, id: string, options: QuotaOptions): Promise<void> {
  const { billsPerDay, storedBytes } = options
  if (billsPerDay === undefined && storedBytes === undefined) {
    throw usageError('name --bills-per-day or --stored-bytes, with a number or none')
  }
  const account = await asOperator(terminal, options, async (operator) => {
    const before = (await operator.getAccount(id)).quota
    const bills = billsPerDay ?? before.billsPerDay ?? 'none'
    const bytes = storedBytes ?? before.storedBytes ?? 'none'
    return operator.changeQuota(id, {
      ...(bills === 'none' ? {} : { billsPerDay: bills }),
      ...(bytes === 'none' ? {} : { storedBytes: bytes }),
    })
  })
  if (options.json === true) {
    terminal.json({ account })
    return
  }
  const { usage, quota } = account
  terminal.line(`today  ${ofLimit(usage.billsToday, quota.billsPerDay)} bills`)
  terminal.line(`bytes  ${ofLimit(usage.storedBytes, quota.storedBytes)}`)
}

/** `kwitness account close`. */
export async function closeAccount(terminal: Terminal, id: string, options: CloseAccountOptions): Promise<void> {
  // Asked before the store is opened for the change: a node may start while somebody thinks.
  const { account: before, keys } = await asOperator(terminal, options, async (operator) => readAccount(operator, id))
  if (options.yes !== true) await confirm(terminal, before, keys)
  const { account, removedBills } = await asOperator(terminal, options, async (operator) => operator.closeAccount(id))
  if (options.json === true) {
    terminal.json({ account, removedBills })
    return
  }
  if (account.state === 'closing') {
    terminal.line(
      `account ${printable(id)} is closing: its keys are revoked; its bills are destroyed when the node starts`,
    )
  } else {
    terminal.line(
      `account ${printable(id)} is closed: its keys are revoked, sealed bills destroyed: ${grouped(removedBills)}`,
    )
  }
}

async function readAccount(operator: Operator, id: string): Promise<{ account: Account; keys: KeyView[] }> {
  return { account: await operator.getAccount(id), keys: await operator.listKeys(id) }
}

async function confirm(terminal: Terminal, { id, usage, state }: Account, keys: readonly KeyView[]): Promise<void> {
  if (terminal.stdin.isTTY !== true || !terminal.isLive) {
    throw usageError(`closing ${id} destroys its sealed bills for good: say --yes`)
  }
  const valid = keys.filter((key) => key.revokedAt === undefined).length
  terminal.note(
    `Account ${printable(id)} (${state}) has ${grouped(usage.bills)} bills, ${grouped(usage.storedBytes)} bytes.`,
  )
  terminal.note(
    `Closing it revokes its keys (${valid}) at once and destroys every sealed bill that is its alone, for good:`,
  )
  terminal.note(
    'neither you nor the account can bring one back. Public bills, certified claims and anchors stay. The id is never',
  )
  terminal.note('given again.')
  const lines = createInterface({ input: terminal.stdin, signal: terminal.signal })
  try {
    terminal.note(`Type the id of the account to close it:`)
    for await (const line of lines) {
      if (line.trim() === id) return
      break
    }
  } finally {
    lines.close()
  }
  throw usageError(`not confirmed: account ${id} stays as it is`)
}

function ofLimit(used: number, limit: number | undefined): string {
  return limit === undefined ? grouped(used) : `${grouped(used)} of ${grouped(limit)}`
}
