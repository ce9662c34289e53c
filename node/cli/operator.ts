import type { Command } from 'commander'
import type { Account, AccountsView, AuditEntry, KeyView, NewAccount, NewKey, Quota } from '#api'
import { OperatorClient } from '#client'
import type { MadeKey } from '#client'
import { errorCodeOf } from '#protocol'
import { readConfig } from '../data-files.ts'
import { CLI_RETRY, findKeyIn, readKeyFile, tellRetry, toError, urlOfListener } from './client.ts'
import { usageError } from './cli-error.ts'
import { defaultDir } from './default-dir.ts'
import type { Terminal } from './terminal.ts'

/** Options of commands for the operator of a node. */
export type OperatorOptions = {
  readonly dir?: string
  readonly operator?: string
  readonly keyFile?: string
  readonly json?: boolean
}

/** Accounts and keys of a node, wherever it is: each change is told to the audit log with whoever is at the terminal. */
export type Operator = {
  addAccount(account: NewAccount): ReturnType<AccountsView['addAccount']>
  listAccounts(): Promise<Account[]>
  getAccount(id: string): Promise<Account>
  changeQuota(id: string, quota: Quota): Promise<Account>
  closeAccount(id: string): ReturnType<AccountsView['closeAccount']>
  createKey(key: NewKey): ReturnType<AccountsView['createKey']>
  listKeys(account?: string): Promise<KeyView[]>
  rotateKey(id: string, graceMs: number): ReturnType<AccountsView['rotateKey']>
  revokeKey(id: string): Promise<KeyView>
  listAudit(afterSeq: number, limit: number): Promise<AuditEntry[]>
}

/** Adds the options that say whose accounts they are. */
export function addOperatorOptions(command: Command): Command {
  return command
    .option('--dir <dir>', 'data directory of the node, running or not (KWITNESS_DIR) (default: ~/.kwitness)')
    .option('--operator <url>', "the node's operator listener instead (KWITNESS_OPERATOR)")
    .option('--key-file <file>', 'file with a key that has the scope admin, if the node runs (KWITNESS_KEY_FILE)')
    .option('--json', 'one line of JSON')
}

/**
 * Does something as operator: at the listener that was named; else at the node of the data directory if it runs; else on its
 * store itself, which whoever owns the directory may do without a key.
 *
 * @throws {CliError} ERR_CLI_UNREACHABLE, ERR_CLI_REFUSED, ERR_CLI_FILE, ERR_CLI_USAGE.
 */
export async function asOperator<T>(
  terminal: Terminal,
  options: OperatorOptions,
  task: (operator: Operator) => Promise<T>,
): Promise<T> {
  const url = options.operator ?? terminal.environment['KWITNESS_OPERATOR']
  const dir = options.dir ?? defaultDir(terminal)
  if (url !== undefined) {
    return task(
      remoteOperator(await clientOf(terminal, url, options, options.dir ?? terminal.environment['KWITNESS_DIR'])),
    )
  }
  // Only here: whoever reads --help needs no store, rules or data sets.
  const { openAccounts } = await import('../service/open-accounts.ts')
  try {
    const { accounts, close } = await openAccounts(dir)
    try {
      return await task(localOperator(accounts))
    } finally {
      await close()
    }
  } catch (thrown) {
    if (errorCodeOf(thrown) !== 'ERR_STORAGE_LOCKED') throw thrown
  }
  const at = urlOfListener((await readConfig(dir, { environment: terminal.environment })).operator)
  return task(remoteOperator(await clientOf(terminal, at, options, dir)))
}

async function clientOf(
  terminal: Terminal,
  url: string,
  options: OperatorOptions,
  dir: string | undefined,
): Promise<OperatorClient> {
  if (!URL.canParse(url)) throw usageError(`--operator ${url} is not a URL`)
  const keyFile = options.keyFile ?? terminal.environment['KWITNESS_KEY_FILE']
  const key = keyFile === undefined ? await findKeyIn(dir) : await readKeyFile(keyFile)
  return new OperatorClient({
    url,
    key,
    signal: terminal.signal,
    onRetry: tellRetry(terminal),
    toError,
    retry: CLI_RETRY,
  })
}

function localOperator(accounts: AccountsView): Operator {
  const by = { actor: 'operator' }
  return {
    addAccount: async (account) => accounts.addAccount(account, by),
    listAccounts: async () => accounts.listAccounts(),
    getAccount: async (id) => accounts.getAccount(id),
    changeQuota: async (id, quota) => accounts.changeQuota(id, quota, by),
    closeAccount: async (id) => accounts.closeAccount(id, by),
    createKey: async (key) => accounts.createKey(key, by),
    listKeys: async (account) => accounts.listKeys(account),
    rotateKey: async (id, graceMs) => accounts.rotateKey(id, graceMs, by),
    revokeKey: async (id) => accounts.revokeKey(id, by),
    listAudit: async (afterSeq, limit) => accounts.listAudit(afterSeq, limit),
  }
}

function remoteOperator(client: OperatorClient): Operator {
  const made = ({ key, apiKey }: MadeKey): { key: KeyView; text: string } => ({ key, text: apiKey })
  return {
    addAccount: async (account) => client.addAccount(account),
    listAccounts: async () => collect(client.eachAccount()),
    getAccount: async (id) => client.getAccount(id),
    changeQuota: async (id, quota) => client.changeQuota(id, quota),
    closeAccount: async (id) => client.closeAccount(id),
    createKey: async (key) => made(await client.createKey(key)),
    listKeys: async (account) => collect(client.eachKey({ account })),
    rotateKey: async (id, graceMs) => made(await client.rotateKey(id, graceMs)),
    revokeKey: async (id) => client.revokeKey(id),
    listAudit: async (afterSeq, limit) => client.listAuditLog(afterSeq, limit),
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
