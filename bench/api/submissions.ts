import { Agent, request } from 'node:http'
import { makeBill } from '../mesh/bills.ts'
import { nowMs } from '../mesh/region.ts'

/** What is sent, how fast, and to whom. */
export type SubmissionsInit = {
  /** Base URLs of the auditors; each gets its share in turn. */
  readonly urls: readonly string[]
  readonly key: string
  readonly visibility: 'public' | 'sealed'
  readonly billsPerS: number
  readonly bills: number
  readonly billBytes: number
  /** Number of the first bill: bills of two runs must differ. */
  readonly firstNumber: number
}

/** A bill that was answered with 202. */
type Answer = { readonly cid: string; readonly tookMs: number }

/** Answers of a run. */
export type Submissions = {
  /** CIDs of the bills that were answered with 202. */
  readonly cids: readonly string[]
  /** Times to the 202, ascending, in ms: from when a bill was due, not from when this process came to send it. */
  readonly tookMs: readonly number[]
  /** Answers that were not 202, counted by what they say. */
  readonly refused: ReadonlyMap<string, number>
}

/** Connections to one auditor: a few busy programs, not one for each bill. */
const CONNECTIONS = 16
const PLACE = encodeURIComponent('{"country":"US","state":"CA"}')
/** Bills that are made at once, ahead of time: making them must not delay sending them. */
const MADE_AHEAD = 20

/**
 * Hands in bills over HTTP at a steady pace, whatever the answers take: who waits for an answer before sending the next would
 * measure a slow node less often than a fast one.
 */
export async function submitPaced(init: SubmissionsInit): Promise<Submissions> {
  const agents = init.urls.map(() => new Agent({ keepAlive: true, maxSockets: CONNECTIONS }))
  const refused = new Map<string, number>()
  const underWay: Promise<Answer | undefined>[] = []
  const made: Uint8Array[] = []
  const begunMs = nowMs()
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(init.bills, Math.ceil(((nowMs() - begunMs) * init.billsPerS) / 1_000))
      while (underWay.length < due) {
        const number = underWay.length
        const bytes = made.shift() ?? makeBill(init.firstNumber + number, init.billBytes)
        const dueMs = begunMs + (number * 1_000) / init.billsPerS
        const place = number % init.urls.length
        underWay.push(send(init, { url: init.urls[place] ?? '', agent: agents[place], bytes, dueMs, refused }))
      }
      while (made.length < MADE_AHEAD && underWay.length + made.length < init.bills) {
        made.push(makeBill(init.firstNumber + underWay.length + made.length, init.billBytes))
      }
      if (underWay.length < init.bills) return
      clearInterval(timer)
      resolve()
    }, 2)
  })
  const answers = (await Promise.all(underWay)).filter((answer) => answer !== undefined)
  for (const agent of agents) agent.destroy()
  return {
    cids: answers.map(({ cid }) => cid),
    tookMs: answers.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b),
    refused,
  }
}

/** One bill on its way. */
type Sending = {
  readonly url: string
  readonly agent: Agent | undefined
  readonly bytes: Uint8Array
  readonly dueMs: number
  readonly refused: Map<string, number>
}

async function send(init: SubmissionsInit, sending: Sending): Promise<Answer | undefined> {
  const { url, agent, bytes, dueMs, refused } = sending
  const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const outgoing = request(
      `${url}/v1/bills?visibility=${init.visibility}&place=${PLACE}`,
      {
        method: 'POST',
        ...(agent === undefined ? {} : { agent }),
        headers: {
          authorization: `Bearer ${init.key}`,
          'content-type': 'application/xml',
          'content-length': bytes.byteLength,
        },
      },
      (incoming) => {
        let text = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk: string) => (text += chunk))
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: text }))
        incoming.on('error', reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(bytes)
  })
  const tookMs = nowMs() - dueMs
  if (status !== 202) {
    const why = `${status} ${body.replace(/"instance":"[^"]*"/, '')}`
    refused.set(why, (refused.get(why) ?? 0) + 1)
    return undefined
  }
  // The answer of our own API.
  return { cid: (JSON.parse(body) as { cid: string }).cid, tookMs }
}
