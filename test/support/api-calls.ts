import type { BillStatus } from '#api'
import { csvBill } from './bills.ts'
import { untilState } from './follow.ts'
import { BY } from './served-node.ts'
import type { ServedNode } from './served-node.ts'

/** A request to either listener; the key is put to it. */
export type Call = { readonly path: string; readonly method?: string; readonly body?: string | Uint8Array }

/** What there is at a node for requests to be about. */
export type World = {
  readonly served: ServedNode
  /** Account that the bills belong to. */
  readonly account: string
  /** A certified sealed bill of the account. */
  readonly sealed: string
  /** A certified public one. */
  readonly open: string
  /** A bill that people have to read. */
  readonly unread: string
  readonly webhook: string
  /** Batch of the public bill. */
  readonly batch: string
}

/** A CID that nothing has. */
export const UNKNOWN_CID = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
/** A recipient of nobody. */
export const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'

/** Makes bills, a webhook and what else requests need. */
export async function makeWorld(served: ServedNode, account: string): Promise<World> {
  const { node } = served
  if ((await node.accounts.findAccount(account)) === undefined) await node.accounts.addAccount({ id: account }, BY)
  const submit = async (bytes: Uint8Array, visibility: 'public' | 'sealed'): Promise<string> =>
    (await node.submitBill({ bytes, visibility, accountId: account }, AbortSignal.timeout(30_000))).cid
  const sealed = await submit(csvBill({ point: `${account}-sealed` }), 'sealed')
  const open = await submit(csvBill({ point: `${account}-open` }), 'public')
  const unread = await submit(new TextEncoder().encode(`a bill that only ${account} can read\n`), 'sealed')
  await untilState(node, sealed, 'final')
  const status: BillStatus = await untilState(node, open, 'final')
  const { webhook } = await node.webhooks.add(
    account,
    { url: 'http://127.0.0.1:9/nobody-listens', states: ['certified'] },
    BY,
  )
  return { served, account, sealed, open, unread, webhook: webhook.id, batch: status.claims[0]?.batch ?? '' }
}

/** Sends a request, and reads its answer to the end; of a stream of events only the head. */
export async function send(
  url: string,
  { path, method = 'GET', body }: Call,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: Headers; body: string; bytes: Uint8Array }> {
  const gone = new AbortController()
  const response = await fetch(`${url}${path}`, {
    method,
    headers,
    signal: gone.signal,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : Uint8Array.from(body) }),
  })
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const bytes = isStream ? new Uint8Array() : new Uint8Array(await response.arrayBuffer())
  if (isStream) gone.abort()
  return { status: response.status, headers: response.headers, body: new TextDecoder().decode(bytes), bytes }
}
