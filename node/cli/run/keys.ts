import type { ApiScope, KeyView } from '#api'
import { printable } from '../bill-lines.ts'
import { usageError } from '../cli-error.ts'
import { asOperator } from '../operator.ts'
import type { Operator, OperatorOptions } from '../operator.ts'
import { keepSecret } from '../secret-file.ts'
import { tableLines } from '../table.ts'
import type { TableRow } from '../table.ts'
import type { Terminal } from '../terminal.ts'

/** Options of `kwitness key create`. */
export type CreateKeyOptions = OperatorOptions & {
  readonly scopes: readonly ApiScope[]
  readonly label?: string
  /** ISO 8601, UTC. */
  readonly expires?: string
  readonly out?: string
}

/** Options of `kwitness key rotate`. */
export type RotateKeyOptions = OperatorOptions & { readonly grace?: number; readonly out?: string }

type MadeKey = { readonly key: KeyView; readonly text: string }

/** `kwitness key create`. */
export async function createKey(terminal: Terminal, account: string, options: CreateKeyOptions): Promise<void> {
  const { scopes, label, expires } = options
  await makeKey(terminal, options, async (operator) =>
    operator.createKey({
      account,
      scopes,
      ...(label === undefined ? {} : { label }),
      ...(expires === undefined ? {} : { expiresAt: expires }),
    }),
  )
}

/** `kwitness key rotate`. */
export async function rotateKey(terminal: Terminal, id: string, options: RotateKeyOptions): Promise<void> {
  await makeKey(terminal, options, async (operator) => operator.rotateKey(bareId(id), options.grace ?? 0))
}

async function makeKey(
  terminal: Terminal,
  options: OperatorOptions & { readonly out?: string },
  make: (operator: Operator) => Promise<MadeKey>,
): Promise<void> {
  const { out } = options
  const { key, text } = await asOperator(terminal, options, async (operator) =>
    keepSecret(
      out,
      async () => make(operator),
      (made) => `${made.text}\n`,
    ),
  )
  if (options.json === true) {
    terminal.json({ key, ...(out === undefined ? { apiKey: text } : { output: out }) })
    return
  }
  tableLines([keyRow(terminal, key)]).forEach((line) => terminal.note(line))
  if (out !== undefined) {
    terminal.line(out)
    return
  }
  // Alone on standard output: KEY=$(kwitness key create …) has the key and nothing else.
  terminal.line(text)
  terminal.note('The key is shown this once; the node keeps only its hash.')
}

/** `kwitness key list`. */
export async function listKeys(
  terminal: Terminal,
  account: string | undefined,
  options: OperatorOptions,
): Promise<void> {
  const keys = await asOperator(terminal, options, async (operator) => {
    // A name that is misspelt must not look like an account without keys.
    if (account !== undefined) await operator.getAccount(account)
    return operator.listKeys(account)
  })
  if (options.json === true) terminal.json({ keys })
  else tableLines(keys.map((key) => keyRow(terminal, key))).forEach((line) => terminal.line(line))
}

/** `kwitness key revoke`. */
export async function revokeKey(terminal: Terminal, id: string, options: OperatorOptions): Promise<void> {
  const key = await asOperator(terminal, options, async (operator) => operator.revokeKey(bareId(id)))
  if (options.json === true) terminal.json({ key })
  else terminal.line(`key ${key.id} of ${printable(key.account)} is revoked`)
}

/** A key as a row for people. */
export function keyRow(terminal: Terminal, key: KeyView): TableRow {
  const { id, account, scopes, label, lastUsedAt } = key
  return [
    `kw_${id}`,
    printable(account),
    scopes.join(','),
    stateOf(terminal, key),
    lastUsedAt === undefined ? 'never used' : `used ${shortTime(lastUsedAt)}`,
    printable(label ?? ''),
  ]
}

function stateOf(
  terminal: Terminal,
  { revokedAt, expiresAt }: KeyView,
): { text: string; paint: (text: string) => string } {
  const paint =
    (style: 'red' | 'green'): ((text: string) => string) =>
    (text) =>
      terminal.paint(style, text)
  if (revokedAt !== undefined) return { text: `revoked ${shortTime(revokedAt)}`, paint: paint('red') }
  if (expiresAt === undefined) return { text: 'valid', paint: paint('green') }
  const isOver = Date.parse(expiresAt) <= Date.now()
  return { text: `${isOver ? 'expired' : 'until'} ${shortTime(expiresAt)}`, paint: paint(isOver ? 'red' : 'green') }
}

function shortTime(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')}Z`
}

// Lists show ids as keys begin: what is copied from there is taken. A whole key is refused here, unrepeated: it would stand in
// the node's log.
function bareId(text: string): string {
  const [, id] = /^(?:kw_)?([0-9a-f]{12})$/.exec(text) ?? []
  if (id !== undefined) return id
  throw usageError('expected the id of a key, the 12 hex digits after kw_: see kwitness key list')
}
