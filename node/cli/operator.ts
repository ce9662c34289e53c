import type { Command } from 'commander'
import type { Account, AccountsView, AuditEntry, KeyView, NewAccount, NewKey, Quota } from '#api'
import { errorCodeOf } from '#protocol'
import { readConfig } from '../data-files.ts'
import { openAccounts } from '../service/open-accounts.ts'
import { ApiClient, findKeyIn, readKeyFile } from './client.ts'
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
  const { host, port } = (await readConfig(dir, { environment: terminal.environment })).operator
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const at = `http://${address.includes(':') ? `[${address}]` : address}:${port}`
  return task(remoteOperator(await clientOf(terminal, at, options, dir)))
}

async function clientOf(
  terminal: Terminal,
  url: string,
  options: OperatorOptions,
  dir: string | undefined,
): Promise<ApiClient> {
  if (!URL.canParse(url)) throw usageError(`--operator ${url} is not a URL`)
  const keyFile = options.keyFile ?? terminal.environment['KWITNESS_KEY_FILE']
  const key = keyFile === undefined ? await findKeyIn(dir) : await readKeyFile(keyFile)
  return new ApiClient({ url: url.replace(/\/+$/, ''), key, signal: terminal.signal })
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

function remoteOperator(client: ApiClient): Operator {
  const accountPath = (id: string): string => `/v1/accounts/${encodeURIComponent(id)}`
  const keyPath = (id: string): string => `/v1/keys/${encodeURIComponent(id)}`
  const made = ({ key, apiKey }: { key: KeyView; apiKey: string }): { key: KeyView; text: string } => ({
    key,
    text: apiKey,
  })
  return {
    addAccount: async (account) => client.ask('/v1/accounts', account),
    listAccounts: async () =>
      readAll(async (after) => {
        const { accounts, next } = await client.ask<{ accounts: Account[]; next?: string }>(`/v1/accounts${after}`)
        return { items: accounts, next }
      }),
    getAccount: async (id) => client.ask(accountPath(id)),
    changeQuota: async (id, quota) => client.ask(`${accountPath(id)}/quota`, quota, 'PUT'),
    closeAccount: async (id) => client.ask(`${accountPath(id)}/close`, { confirm: id }),
    createKey: async (key) => made(await client.ask('/v1/keys', key)),
    listKeys: async (account) =>
      readAll(async (after) => {
        const of = account === undefined ? '' : `${after === '' ? '?' : '&'}account=${encodeURIComponent(account)}`
        const { keys, next } = await client.ask<{ keys: KeyView[]; next?: string }>(`/v1/keys${after}${of}`)
        return { items: keys, next }
      }),
    rotateKey: async (id, graceMs) => made(await client.ask(`${keyPath(id)}/rotate`, { graceMs })),
    revokeKey: async (id) => client.ask(`${keyPath(id)}/revoke`, {}),
    listAudit: async (afterSeq, limit) =>
      (await client.ask<{ entries: AuditEntry[] }>(`/v1/audit-log?after=${afterSeq}&limit=${limit}`)).entries,
  }
}

/** All items of a list that comes in parts. @param ask with `?after=…` behind a part. */
async function readAll<T>(ask: (after: string) => Promise<{ items: T[]; next: string | undefined }>): Promise<T[]> {
  const all: T[] = []
  let after = ''
  for (;;) {
    const { items, next } = await ask(after)
    all.push(...items)
    if (next === undefined) return all
    after = `?after=${encodeURIComponent(next)}`
  }
}
