import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import type {
  BillState,
  BillStatus,
  NodeHealth,
  NodeStatus,
  Page,
  PeerRefusal,
  Readiness,
  PeerStatus,
  ReviewView,
  Visibility,
} from '#api'
import { parseReviewEntry } from '#protocol'
import type { Place, ReviewEntry } from '#protocol'
import { DATA_FILES, readConfig } from '../data-files.ts'
import { CliError, usageError } from './cli-error.ts'
import type { Terminal } from './terminal.ts'

/** Options of commands that talk to a node. */
export type ClientOptions = { readonly api?: string; readonly keyFile?: string; readonly dir?: string }

const DEFAULT_API = 'http://127.0.0.1:4480'
/** Longest wait for a node's answer: a submission is archived before it is answered. */
const ANSWER_TIMEOUT_MS = 120_000

const problemShape = z.object({ code: z.string(), detail: z.string() })

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
  const url = options.api ?? environment['KWITNESS_API'] ?? (dir === undefined ? DEFAULT_API : await urlOf(dir))
  const keyFile = options.keyFile ?? environment['KWITNESS_KEY_FILE']
  const key = keyFile === undefined ? await findKeyIn(dir) : await readKeyFile(keyFile)
  if (!URL.canParse(url)) throw usageError(`--api ${url} is not a URL`)
  return new ApiClient({ url: url.replace(/\/+$/, ''), key, signal: terminal.signal })
}

async function urlOf(dir: string): Promise<string> {
  const { host, port } = (await readConfig(dir, {})).api
  return `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`
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

/** What a submission says beside the bytes. */
export type ClientSubmission = {
  readonly bytes: Uint8Array
  readonly visibility: Visibility
  readonly file: string
  readonly place?: Place
}

/** Which bills a list has. */
export type BillListQuery = {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly state?: BillState | undefined
  /** ISO 8601, UTC. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** The HTTP API of a node, from outside. */
export class ApiClient {
  readonly url: string
  readonly #key: string | undefined
  readonly #signal: AbortSignal

  constructor(init: { readonly url: string; readonly key: string | undefined; readonly signal: AbortSignal }) {
    this.url = init.url
    this.#key = init.key
    this.#signal = init.signal
  }

  /** True if a key is at hand. */
  get hasKey(): boolean {
    return this.#key !== undefined
  }

  async submit(submission: ClientSubmission): Promise<BillStatus> {
    const query = new URLSearchParams({ visibility: submission.visibility, file: submission.file })
    if (submission.place !== undefined) query.set('place', JSON.stringify(submission.place))
    const body = Uint8Array.from(submission.bytes)
    return this.#json<BillStatus>(`/v1/bills?${query.toString()}`, { method: 'POST', body })
  }

  async getStatus(cid: string): Promise<BillStatus> {
    return this.#json<BillStatus>(`/v1/bills/${cid}`)
  }

  /** A page of the key's bills, newest first. */
  async listBills(query: BillListQuery): Promise<Page<BillStatus>> {
    const given = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value))
    return this.#json<Page<BillStatus>>(`/v1/bills?${given.toString()}`)
  }

  /** Bytes of a bill; without a key only of public ones. `sealed`: they are still the age file. */
  async getBill(cid: string): Promise<{ bytes: Uint8Array; sealed: boolean }> {
    const response = await this.#fetch(this.hasKey ? `/v1/bills/${cid}/file` : `/v1/files/${cid}`)
    const bytes = new Uint8Array(await response.arrayBuffer())
    return { bytes, sealed: response.headers.get('x-kwitness-sealed') === 'true' }
  }

  /** A bill as an age file that `to` alone opens; needs a key of its account. */
  async disclose(cid: string, to: string): Promise<Uint8Array> {
    const body = JSON.stringify({ to })
    const headers = { 'content-type': 'application/json' }
    const response = await this.#fetch(`/v1/bills/${cid}/disclose`, { method: 'POST', body, headers })
    return new Uint8Array(await response.arrayBuffer())
  }

  /** Bytes of a proof file; without a key only of public bills. */
  async getProof(cid: string, ordinal: number): Promise<Uint8Array> {
    const path = this.hasKey ? `/v1/bills/${cid}/proof` : `/v1/proofs/${cid}`
    return new Uint8Array(await (await this.#fetch(`${path}?claim=${ordinal}`)).arrayBuffer())
  }

  /** What people read in a certified bill. */
  async getReviewed(cid: string): Promise<ReviewEntry> {
    const { bills } = await this.#json<{ bills: unknown }>(`/v1/bills/${cid}/facts`)
    return parseReviewEntry(bills)
  }

  async listReviews(): Promise<ReviewView[]> {
    return (await this.#json<{ reviews: ReviewView[] }>('/v1/reviews')).reviews
  }

  async getReview(cid: string): Promise<ReviewView> {
    return this.#json<ReviewView>(`/v1/reviews/${cid}`)
  }

  /** The own bytes of a bill under review, opened. */
  async getReviewFile(cid: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#fetch(`/v1/reviews/${cid}/file`)).arrayBuffer())
  }

  async enterReview(cid: string, entry: Uint8Array): Promise<ReviewView> {
    return this.#json<ReviewView>(`/v1/reviews/${cid}/entry`, { method: 'PUT', body: Uint8Array.from(entry) })
  }

  async withdrawReview(cid: string): Promise<ReviewView> {
    return this.#json<ReviewView>(`/v1/reviews/${cid}/entry`, { method: 'DELETE' })
  }

  /** A JSON answer of an operator's route; with `body`, to a POST (or PUT) of it. */
  async ask<T>(path: string, body?: object, method: 'POST' | 'PUT' = 'POST'): Promise<T> {
    if (body === undefined) return this.#json<T>(path)
    const headers = { 'content-type': 'application/json' }
    return this.#json<T>(path, { method, headers, body: JSON.stringify(body) })
  }

  async getPeers(): Promise<{ peers: PeerStatus[]; refusals: PeerRefusal[] }> {
    return this.#json('/v1/peers')
  }

  /** How the node is: everything for a key with the scope `admin`, else its health. */
  async getNodeStatus(): Promise<NodeStatus | (NodeHealth & { readonly ready: boolean })> {
    if (this.hasKey) return this.#json('/v1/status')
    const [health, { ready }] = await Promise.all([this.getHealth(), this.getReadiness()])
    return { ...health, ready }
  }

  async getReadiness(): Promise<Readiness> {
    return this.#json<Readiness>('/readyz', {}, [503])
  }

  /** Health of the node, also when it is not well. */
  async getHealth(): Promise<NodeHealth> {
    return this.#json<NodeHealth>('/healthz', {}, [503])
  }

  // The node is the operator's own or one that was named: its answers are shown, and what counts is verified from the proof.
  async #json<T>(path: string, init: RequestInit = {}, accepted: readonly number[] = []): Promise<T> {
    const response = await this.#fetch(path, init, accepted)
    try {
      return (await response.json()) as T
    } catch (cause) {
      throw new CliError(`${this.url}${path} does not answer in JSON`, this.#answer(), { cause })
    }
  }

  async #fetch(path: string, init: RequestInit = {}, accepted: readonly number[] = []): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.#key !== undefined) headers.set('authorization', `Bearer ${this.#key}`)
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
    let response: Response
    try {
      response = await fetch(`${this.url}${path}`, { ...init, headers, signal })
    } catch (cause) {
      if (this.#signal.aborted) throw cause
      throw new CliError(`cannot reach ${this.url}: ${reasonOf(cause)}`, this.#unreachable(), { cause })
    }
    if (response.ok || accepted.includes(response.status)) return response
    throw await this.#refusal(response)
  }

  async #refusal(response: Response): Promise<CliError> {
    const problem = problemShape.safeParse(await response.json().catch(() => undefined))
    if (!problem.success) return new CliError(`${this.url} answers ${response.status}`, this.#answer())
    const { code, detail } = problem.data
    return new CliError(detail, { code: 'ERR_CLI_REFUSED', remote: code, status: response.status })
  }

  #answer(): { code: 'ERR_CLI_ANSWER'; url: string } {
    return { code: 'ERR_CLI_ANSWER', url: this.url }
  }

  #unreachable(): { code: 'ERR_CLI_UNREACHABLE'; url: string } {
    return { code: 'ERR_CLI_UNREACHABLE', url: this.url }
  }
}

/** fetch hides why behind a cause. */
function reasonOf(thrown: unknown): string {
  const inner = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  if (!(inner instanceof Error)) return String(inner)
  const code = 'code' in inner ? String(inner.code) : ''
  return code === 'ECONNREFUSED' ? 'connection refused' : inner.message || code
}
