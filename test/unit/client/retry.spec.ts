import assert from 'node:assert/strict'
import { ClientError, KwitnessClient, MAX_BILL_BYTES, OperatorClient } from '#client'
import type { ClientInit } from '#client'
import { LIMITS } from '#protocol'
import { FakePlatform, problemAnswer } from '../../support/fake-platform.ts'
import type { FakeAnswer } from '../../support/fake-platform.ts'

const BILL = { cid: 'x', state: 'received', claims: [] }
const NEW_BILL = { bytes: Uint8Array.of(1, 2) }

const good = (): Response => Response.json(BILL)
const refused = (headers?: Record<string, string>): Response => problemAnswer(503, 'ERR_NODE_BUSY', headers)
const limited = (headers?: Record<string, string>): Response => problemAnswer(429, 'ERR_API_RATE', headers)
const broken = (): Error => new TypeError('fetch failed')

function start(
  answers: readonly FakeAnswer[],
  init: Partial<ClientInit> = {},
): { platform: FakePlatform; client: KwitnessClient } {
  const platform = new FakePlatform(answers)
  return { platform, client: new KwitnessClient({ url: 'http://node.test', key: 'kw_key', platform, ...init }) }
}

async function failureOf(promise: Promise<unknown>): Promise<ClientError> {
  try {
    await promise
  } catch (thrown) {
    assert.ok(thrown instanceof ClientError, String(thrown))
    return thrown
  }
  return assert.fail('it did not fail')
}

describe('a client that is refused for now', () => {
  it('waits the seconds that the node asks for, at 429 and at 503, and then has its answer', async () => {
    for (const answer of [limited, refused]) {
      const { platform, client } = start([answer({ 'retry-after': '7' }), answer({ 'retry-after': '0' }), good()])
      assert.deepEqual(await platform.run(client.getBill('x')), BILL)
      assert.deepEqual(platform.waitsMs, [7_000, 0])
      assert.equal(platform.timers, 0, 'a timer is left')
    }
  })

  it('waits until the date that the node names', async () => {
    const { platform, client } = start([limited({ 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }), good()])
    await platform.run(client.getBill('x'))
    assert.deepEqual(platform.waitsMs, [9_000])
  })

  it('waits a little longer than asked by chance, never less', async () => {
    const { platform, client } = start([limited({ 'retry-after': '7' }), good()])
    platform.chance = 1
    await platform.run(client.getBill('x'))
    assert.deepEqual(platform.waitsMs, [7_250])
  })

  it('takes the wait from the problem details where the header cannot be read, as on pages of another origin', async () => {
    const problem = { status: 429, code: 'ERR_API_RATE', detail: 'later', retryAfterS: 4 }
    const { platform, client } = start([Response.json(problem, { status: 429 }), good()])
    await platform.run(client.getBill('x'))
    assert.deepEqual(platform.waitsMs, [4_000])
  })

  it('backs off with doubled waits, the second half of each by chance, where nothing is said', async () => {
    for (const [chance, waitsMs] of [
      [0, [125, 250, 500, 1_000]],
      [1, [250, 500, 1_000, 2_000]],
    ] as const) {
      const { platform, client } = start([refused(), limited(), refused({ 'retry-after': 'soon' }), broken(), good()])
      platform.chance = chance
      await platform.run(client.getBill('x'))
      assert.deepEqual(platform.waitsMs, waitsMs)
    }
  })

  it('does not wait longer than it may: a quota until midnight is told at once', async () => {
    const { platform, client } = start([problemAnswer(429, 'ERR_QUOTA_BILLS', { 'retry-after': '61' }), good()])
    const failure = await failureOf(platform.run(client.submitBill(NEW_BILL)))
    assert.equal(failure.code, 'ERR_QUOTA_BILLS')
    assert.equal(failure.retryAfterMs, 61_000)
    assert.equal(platform.sent.length, 1)
  })

  it('does not begin a wait that would end behind its time', async () => {
    const answers = [limited({ 'retry-after': '6' }), limited({ 'retry-after': '6' }), good()]
    const { platform, client } = start(answers, { timeoutMs: 10_000 })
    const failure = await failureOf(platform.run(client.getBill('x')))
    assert.equal(failure.code, 'ERR_API_RATE')
    assert.equal(failure.attempts, 2)
    assert.deepEqual(platform.waitsMs, [6_000])
  })

  it('ends after its attempts with the last refusal', async () => {
    const { platform, client } = start([refused(), limited(), refused(), refused(), limited(), good()])
    const failure = await failureOf(platform.run(client.getBill('x')))
    assert.equal(failure.code, 'ERR_API_RATE')
    assert.equal(failure.attempts, 5)
    assert.equal(platform.sent.length, 5)
  })

  it('tells each wait beforehand', async () => {
    const told: unknown[] = []
    const onRetry = ({ code }: ClientError, waitMs: number): void => void told.push([code, waitMs])
    const { platform, client } = start([limited({ 'retry-after': '2' }), broken(), good()], { onRetry })
    await platform.run(client.getBill('x'))
    assert.deepEqual(told, [
      ['ERR_API_RATE', 2_000],
      ['ERR_CLIENT_UNREACHABLE', 250],
    ])
  })
})

describe('a client that was cut off', () => {
  it('sends again what does no harm twice: GET, PUT and DELETE', async () => {
    const calls: ((client: KwitnessClient) => Promise<unknown>)[] = [
      async (client) => client.getBill('x'),
      async (client) => client.enterReview('x', []),
      async (client) => client.withdrawReview('x'),
    ]
    for (const call of calls) {
      const answer = Response.json({ ...BILL, entries: 1, quorum: 3 })
      const { platform, client } = start([broken(), new Response(null, { status: 502 }), answer])
      await platform.run(call(client))
      assert.equal(platform.sent.length, 3)
    }
  })

  it('sends a bill again under the same name, and another one under another', async () => {
    const { platform, client } = start([broken(), new Response(null, { status: 504 }), good(), good()])
    await platform.run(client.submitBill(NEW_BILL))
    await platform.run(client.submitBill(NEW_BILL))
    const names = platform.sent.map(({ init }) => new Headers(init.headers).get('idempotency-key'))
    assert.deepEqual(names, ['id-1', 'id-1', 'id-1', 'id-2'])
  })

  it('sends what its owner wrote over meanwhile as it was', async () => {
    const bytes = Uint8Array.of(1, 2)
    const { platform, client } = start([
      async () => {
        bytes.fill(9)
        throw broken()
      },
      good(),
    ])
    await platform.run(client.submitBill({ bytes }))
    assert.deepEqual(platform.sent[1]?.init.body, Uint8Array.of(1, 2))
  })

  it('sends once what would be made twice, unless the node itself says that it did nothing', async () => {
    const webhook = { url: 'https://x.test' }
    for (const answer of [broken(), new Response(null, { status: 502 }), new Response('busy', { status: 503 })]) {
      const { platform, client } = start([answer, good()])
      await failureOf(platform.run(client.createWebhook(webhook)))
      assert.equal(platform.sent.length, 1)
    }
    const { platform, client } = start([refused(), limited(), Response.json({ id: '1', secret: 's' })])
    assert.equal((await platform.run(client.createWebhook(webhook))).secret, 's')
    const operator = new FakePlatform([broken()])
    const listener = new OperatorClient({ url: 'http://node.test', platform: operator })
    await failureOf(operator.run(listener.createKey({ account: 'a', scopes: ['admin'] })))
    assert.equal(operator.sent.length, 1)
  })

  it('asks again when an answer breaks off', async () => {
    const halfway = new Response(
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode('{"cid":'))
          controller.error(new TypeError('terminated'))
        },
      }),
    )
    const { platform, client } = start([halfway, good()])
    assert.deepEqual(await platform.run(client.getBill('x')), BILL)
  })

  it('does not ask again what is refused for good', async () => {
    for (const [status, code] of [
      [401, 'ERR_API_KEY_WRONG'],
      [404, 'ERR_API_BILL_UNKNOWN'],
      [500, 'ERR_INTERNAL'],
      [507, 'ERR_STORAGE_FULL'],
    ] as const) {
      const { platform, client } = start([problemAnswer(status, code), good()])
      assert.equal((await failureOf(platform.run(client.getBill('x')))).code, code)
      assert.equal(platform.sent.length, 1)
    }
  })

  it('asks once whether a node is well', async () => {
    const { platform, client } = start([broken()])
    await failureOf(platform.run(client.getHealth()))
    assert.equal(platform.sent.length, 1)
    const away = start([Response.json({ ready: false, reasons: [] }, { status: 503 })])
    assert.equal((await away.platform.run(away.client.getReadiness())).ready, false)
  })
})

describe('a client whose time ends', () => {
  const never = async ({ init }: { readonly init: RequestInit }): Promise<Response> =>
    new Promise((_, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error))
    })

  it('says that there was no answer within the time of the call', async () => {
    const { platform, client } = start([never])
    const failure = await failureOf(platform.run(client.getBill('x', { timeoutMs: 3_000 })))
    assert.equal(failure.code, 'ERR_CLIENT_TIMEOUT')
    assert.match(failure.message, /^http:\/\/node\.test did not answer within 3 s$/)
    assert.equal(platform.timers, 0)
  })

  it("throws the reason of the caller's signal, at once: of the call, of the client, and while it waits", async () => {
    for (const [which, answer] of [
      ['call', never],
      ['client', never],
      ['call', limited({ 'retry-after': '30' })],
      ['client', limited({ 'retry-after': '30' })],
    ] as const) {
      const reason = new Error('enough')
      const ended = new AbortController()
      const { platform, client } = start([answer, good()], which === 'client' ? { signal: ended.signal } : {})
      const call = client.getBill('x', which === 'call' ? { signal: ended.signal } : {})
      const checked = assert.rejects(call, reason)
      platform.schedule(10, () => ended.abort(reason))
      await platform.run(checked)
      assert.equal(platform.sent.length, 1)
      assert.equal(platform.timers, 0, 'a timer is left')
    }
  })

  it('sends nothing after its signal', async () => {
    const { platform, client } = start([good()], { signal: AbortSignal.abort(new Error('over')) })
    await assert.rejects(platform.run(client.getBill('x')), /over/)
    assert.equal(platform.sent.length, 0)
  })
})

describe('Retry-After', () => {
  const waitFor = async (header: string): Promise<number | undefined> => {
    const platform = new FakePlatform([limited({ 'retry-after': header }), good()], '1994-11-06T08:49:07Z')
    const client = new KwitnessClient({ url: 'http://node.test', platform })
    await platform.run(client.getBill('x'))
    return platform.waitsMs[0]
  }

  it('is read in seconds and in the three forms of dates (RFC 9110, 5.6.7)', async () => {
    assert.equal(await waitFor('45'), 45_000)
    assert.equal(await waitFor('0'), 0)
    for (const date of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
    ]) {
      assert.equal(await waitFor(date), 30_000, date)
    }
    assert.equal(await waitFor('Sun, 06 Nov 1994 08:00:00 GMT'), 0)
  })

  it('is nothing when it is neither', async () => {
    for (const text of ['', '-1', '1.5', '1e3', 'soon', '2026-01-01', '99999999999', 'Sun, 06 Nov 1994 08:49:37']) {
      assert.equal(await waitFor(text), 125, text)
    }
  })
})

describe('a bill that is handed in', () => {
  it('may be a stream or a file, which has a name, and has the size that the protocol allows', async () => {
    assert.equal(MAX_BILL_BYTES, LIMITS.billBytes)
    const { platform, client } = start([good(), good()])
    const bytes = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const byte of [1, 2, 3]) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    await platform.run(client.submitBill({ bytes, visibility: 'public', place: { country: 'DE' } }))
    await platform.run(client.submitBill({ bytes: new File(['x'], 'june & july.xml') }))
    const [first, second] = platform.sent
    assert.equal(first?.url, 'http://node.test/v1/bills?visibility=public&place=%7B%22country%22%3A%22DE%22%7D')
    assert.deepEqual(await new Response(first?.init.body).bytes(), Uint8Array.of(1, 2, 3))
    assert.equal(second?.url, 'http://node.test/v1/bills?file=june+%26+july.xml')
  })

  it('is not sent when no node takes it, and a stream is not read to its end', async () => {
    const { platform, client } = start([good()])
    let isCancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1_048_576)),
      cancel: () => {
        isCancelled = true
      },
    })
    for (const bytes of [new Uint8Array(MAX_BILL_BYTES + 1), new Blob([new Uint8Array(MAX_BILL_BYTES + 1)]), endless]) {
      assert.equal((await failureOf(client.submitBill({ bytes }))).code, 'ERR_CLIENT_REQUEST')
    }
    assert.equal(isCancelled, true)
    assert.equal((await failureOf(client.submitBill({ ...NEW_BILL, idempotencyKey: 'a\nb' }))).kind, 'request')
    assert.equal(platform.sent.length, 0)
  })
})
