import { ClientError, KwitnessClient } from '../../client/index.ts'

// What a page of another origin does with the client; its types are stripped before a browser gets it. Everything it
// finds goes to `/report` of its own origin; `/full` and `/busy` are told when the node says to come back later.

/** What the page is told. */
export type PageTask = {
  readonly url: string
  /** A listener of the same node that lets no other origin in. */
  readonly closedUrl: string
  readonly key: string
  readonly publicBill: string
  readonly sealedBill: string
}

/** What the page found. */
export type PageReport = {
  readonly agent: string
  /** Globals of Node that are there: none. */
  readonly node: readonly string[]
  readonly submitted: readonly { readonly cid: string; readonly state: string; readonly wasSealed: boolean }[]
  /** States of each bill in the order of the events. */
  readonly followed: Readonly<Record<string, readonly string[]>>
  /** Answers to the requests for the stream of events, one after another. */
  readonly streams: readonly { readonly status: number; readonly retryAfter: string | null; readonly atMs: number }[]
  readonly listed: readonly string[]
  readonly files: readonly string[]
  readonly isSealed: readonly boolean[]
  readonly proofs: readonly string[]
  readonly strangersProof: string
  readonly estimate: string
  readonly refused: readonly Refusal[]
  readonly retried: { readonly told: readonly Refusal[]; readonly waitedMs: readonly number[]; readonly cid: string }
}

type Refusal = Pick<ClientError, 'kind' | 'code' | 'status' | 'requestId' | 'retryAfterMs' | 'attempts'>

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

async function post(path: string, value: unknown): Promise<void> {
  await fetch(path, { method: 'POST', body: JSON.stringify(value) })
}

function plain(thrown: unknown): Refusal {
  if (!(thrown instanceof ClientError)) throw thrown
  const { kind, code, status, requestId, retryAfterMs, attempts } = thrown
  return { kind, code, status, requestId, retryAfterMs, attempts }
}

async function refusalOf(call: () => Promise<unknown>): Promise<Refusal> {
  return call().then(() => {
    throw new Error('it was not refused')
  }, plain)
}

/** Reads states until each bill is certified; there is no stream for this key at first. */
async function follow(task: PageTask, cids: readonly string[]): Promise<Pick<PageReport, 'followed' | 'streams'>> {
  const streams: PageReport['streams'][number][] = []
  const followed: Record<string, string[]> = Object.fromEntries(cids.map((cid) => [cid, []]))
  const client = new KwitnessClient({
    url: task.url,
    key: task.key,
    platform: {
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        const { status, headers } = response
        streams.push({ status, retryAfter: headers.get('retry-after'), atMs: performance.now() })
        if (status === 429) await post('/full', {})
        return response
      },
    },
  })
  for await (const { cid, state } of client.followEvents(0)) {
    followed[cid]?.push(state)
    if (Object.values(followed).every((states) => states.includes('certified'))) break
  }
  return { followed, streams }
}

/** A large bill while there is no room for one: the node says when to come back. */
async function submitWhenBusy(task: PageTask): Promise<PageReport['retried']> {
  const told: Refusal[] = []
  const waitedMs: number[] = []
  let isToldSent = Promise.resolve()
  const client = new KwitnessClient({
    url: task.url,
    key: task.key,
    onRetry: (failure, waitMs) => {
      told.push(plain(failure))
      waitedMs.push(waitMs)
      isToldSent = post('/busy', plain(failure))
    },
  })
  // A scan that nobody reads: all that counts is that it is large.
  const bytes = new Uint8Array(256 * 1024).fill(7)
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const { cid } = await client.submitBill({ bytes: new Blob([bytes]), file: 'scan.png', visibility: 'public' })
  await isToldSent
  return { told, waitedMs, cid }
}

async function run(task: PageTask): Promise<PageReport> {
  const { url, key } = task
  const client = new KwitnessClient({ url, key })
  const bills = [
    { bytes: new File([task.publicBill], 'public.csv'), visibility: 'public' as const },
    { bytes: new Blob([task.sealedBill]).stream(), file: 'sealed.csv' },
  ]
  const submitted: PageReport['submitted'][number][] = []
  for (const bill of bills) {
    const { cid, state } = await client.submitBill(bill)
    submitted.push({ cid, state, wasSealed: bill.visibility === undefined })
  }
  const cids = submitted.map(({ cid }) => cid)
  const { followed, streams } = await follow(task, cids)
  const listed: string[] = []
  for await (const { cid } of client.eachBill({ limit: 1 })) listed.push(cid)
  const files = await Promise.all(cids.map(async (cid) => client.getBillFile(cid)))
  const proofs = await Promise.all(cids.map(async (cid) => client.getBillProof(cid)))
  const wrongKey = `${key.slice(0, -4)}${key.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`
  const retry = { attempts: 2, firstMs: 1 }
  return {
    agent: navigator.userAgent,
    node: ['process', 'Buffer', 'require', 'global', 'setImmediate'].filter((name) => name in globalThis),
    submitted,
    followed,
    streams,
    listed,
    files: files.map(({ bytes }) => text(bytes)),
    isSealed: files.map(({ isSealed }) => isSealed),
    proofs: proofs.map(text),
    strangersProof: text(await new KwitnessClient({ url }).getPublicProof(cids[1] ?? '')),
    estimate: (
      await client.estimate({ place: { country: 'US', state: 'CA' }, year: 2022, energy: { amount: '1', unit: 'kWh' } })
    ).gramsCO2e,
    refused: [
      await refusalOf(async () => new KwitnessClient({ url, key: wrongKey }).listBills()),
      await refusalOf(async () => new KwitnessClient({ url }).submitBill({ bytes: new Uint8Array(1) })),
      await refusalOf(async () => new KwitnessClient({ url: task.closedUrl, key, retry }).listBills()),
      await refusalOf(async () => client.submitBill({ bytes: new Uint8Array(21 * 1024 * 1024) })),
    ],
    retried: await submitWhenBusy(task),
  }
}

try {
  await post('/report', await run((await (await fetch('/task.json')).json()) as PageTask))
} catch (thrown) {
  await post('/report', { failure: thrown instanceof Error ? `${String(thrown)}\n${thrown.stack}` : String(thrown) })
}
