import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { KwitnessClient } from '#client'
import type { BillFile, ClientError, ClientInit } from '#client'
import { DATA_FILES, readConfig } from '../data-files.ts'
import { printable } from './bill-lines.ts'
import { CliError, usageError } from './cli-error.ts'
import type { Terminal } from './terminal.ts'

/** Options of commands that talk to a node. */
export type ClientOptions = { readonly api?: string; readonly keyFile?: string; readonly dir?: string }

const DEFAULT_API = 'http://127.0.0.1:4480'

/** Adds the options that say which node is asked, and with which key. */
export function addClientOptions(command: Command): Command {
  return command
    .option('--api <url>', `the node's HTTP API (KWITNESS_API) (default: ${DEFAULT_API})`)
    .option('--key-file <file>', 'file with your API key (KWITNESS_KEY_FILE)')
    .option('--dir <dir>', "data directory of the node: takes the API's address, and the key if it is kept there")
}

/**
 * The node that options and environment name.
 *
 * @throws {CliError} ERR_CLI_FILE when the key's file cannot be read, ERR_CLI_USAGE when a URL is malformed
 */
export async function createClient(terminal: Terminal, options: ClientOptions): Promise<ApiClient> {
  const environment = terminal.environment
  const dir = options.dir ?? environment['KWITNESS_DIR']
  const url =
    options.api ?? environment['KWITNESS_API'] ?? (dir === undefined ? DEFAULT_API : await urlOf(dir, environment))
  const keyFile = options.keyFile ?? environment['KWITNESS_KEY_FILE']
  const key = keyFile === undefined ? await findKeyIn(dir) : await readKeyFile(keyFile)
  if (!URL.canParse(url)) throw usageError(`--api ${url} is not a URL`)
  return new ApiClient({ url, key, signal: terminal.signal, onRetry: tellRetry(terminal) })
}

async function urlOf(dir: string, environment: Terminal['environment']): Promise<string> {
  return urlOfListener((await readConfig(dir, { environment })).api)
}

/** Where a listener of this machine is reached, from its configuration. */
export function urlOfListener(listener: {
  readonly host: string
  readonly port: number
  readonly tlsCertFile?: string | undefined
}): string {
  const { host, port, tlsCertFile } = listener
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `${tlsCertFile === undefined ? 'http' : 'https'}://${address.includes(':') ? `[${address}]` : address}:${port}`
}

/** The key that a data directory keeps for its owner's own commands. */
export async function findKeyIn(dir: string | undefined): Promise<string | undefined> {
  if (dir === undefined) return undefined
  try {
    return (await readFile(join(dir, DATA_FILES.clientKey), 'utf8')).trim()
  } catch {
    return undefined
  }
}

/** The key of a file. @throws {CliError} ERR_CLI_FILE. */
export async function readKeyFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    throw new CliError(`cannot read the key file ${path}`, { code: 'ERR_CLI_FILE', path }, { cause })
  }
}

/** What the command line's clients are made with. */
export type ApiClientInit = Pick<ClientInit, 'url' | 'key' | 'signal' | 'onRetry'>

/** How often the command line sends a request: that no node is there is told within two seconds. */
export const CLI_RETRY = { attempts: 4 }

/** The HTTP API of a node as the command line uses it: with its own errors, and with the key where there is one. */
export class ApiClient extends KwitnessClient {
  constructor(init: ApiClientInit) {
    super({ ...init, toError, retry: CLI_RETRY })
  }

  /** Bytes of a bill; without a key only of public ones. */
  async readBill(cid: string): Promise<BillFile> {
    return this.hasKey ? this.getBillFile(cid) : this.getPublicFile(cid)
  }

  /** Bytes of a proof file; without a key only of public bills. */
  async readProof(cid: string, ordinal: number): Promise<Uint8Array> {
    return this.hasKey ? this.getBillProof(cid, ordinal) : this.getPublicProof(cid, ordinal)
  }

  /** How the node is: everything for a key with the scope `admin`, else its health. Asked once: it is a picture of now. */
  async look(): ReturnType<KwitnessClient['getStatus']> {
    if (this.hasKey) return this.getStatus({ attempts: 1 })
    const [health, { ready }] = await Promise.all([this.getHealth(), this.getReadiness()])
    return { ...health, ready }
  }
}

/** A failure of the client in the words of the command line. What a node says goes to a terminal. */
export function toError({ kind, code, url, status, message }: ClientError): CliError {
  const text = printable(message)
  if (kind === 'request') return usageError(text)
  if (kind === 'unreachable' || kind === 'timeout') return new CliError(text, { code: 'ERR_CLI_UNREACHABLE', url })
  if (kind === 'answer' || code.startsWith('ERR_CLIENT_')) return new CliError(text, { code: 'ERR_CLI_ANSWER', url })
  return new CliError(text, { code: 'ERR_CLI_REFUSED', remote: code, status: status ?? 0 })
}

/** Says on the terminal why a command waits. */
export function tellRetry(terminal: Terminal): NonNullable<ClientInit['onRetry']> {
  return ({ message }, waitMs) =>
    terminal.progress(`${printable(message)}; trying again in ${Math.ceil(waitMs / 1_000)} s`)
}
