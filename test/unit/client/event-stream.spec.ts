import assert from 'node:assert/strict'
import type { BillEvent } from '#api'
import { ClientError, KwitnessClient } from '#client'
import { FakePlatform, problemAnswer } from '../../support/fake-platform.ts'
import type { FakeAnswer } from '../../support/fake-platform.ts'

const event = (seq: number): BillEvent => ({ seq, at: '2026-01-01T00:00:00Z', cid: `bill-${seq}`, state: 'certified' })
const text = (seq: number): string => `id: ${seq}\nevent: certified\ndata: ${JSON.stringify(event(seq))}\n\n`

/** A stream of these pieces; `end` is how it ends. */
function stream(pieces: readonly (string | Uint8Array)[], end: 'closed' | 'broken' | 'silent' = 'closed'): FakeAnswer {
  return async ({ init }) => {
    const left = [...pieces]
    const body = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const piece = left.shift()
          if (piece !== undefined)
            controller.enqueue(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece)
          else if (end === 'closed') controller.close()
          else if (end === 'broken') controller.error(new TypeError('terminated'))
          else {
            await new Promise<void>((resolve) => {
              init.signal?.addEventListener('abort', () => resolve())
            })
            controller.error(init.signal?.reason)
          }
        },
      },
      { highWaterMark: 0 },
    )
    return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
  }
}

/** The first `count` events behind `after`. */
async function follow(
  answers: readonly FakeAnswer[],
  count: number,
  { after, patienceMs }: { readonly after?: number; readonly patienceMs?: number } = {},
): Promise<{ platform: FakePlatform; seqs: number[]; lastIds: (string | null)[]; failure?: unknown }> {
  const platform = new FakePlatform(answers)
  const client = new KwitnessClient({ url: 'http://node.test', platform })
  const seqs: number[] = []
  const read = async (): Promise<void> => {
    for await (const { seq } of client.followEvents(after, { patienceMs })) {
      seqs.push(seq)
      if (seqs.length === count) return
    }
  }
  const failure = await platform.run(
    read().then(
      () => undefined,
      (thrown: unknown) => thrown,
    ),
  )
  const lastIds = platform.sent.map(({ init }) => new Headers(init.headers).get('last-event-id'))
  assert.equal(platform.timers, 0, 'a timer is left')
  assert.ok(
    platform.sent.every(({ init }) => init.signal?.aborted === true),
    'a connection is left open',
  )
  return { platform, seqs, lastIds, ...(failure === undefined ? {} : { failure }) }
}

describe('a stream of events', () => {
  it('gives the events behind the one that is known', async () => {
    const { seqs, lastIds } = await follow([stream(['retry: 3000\nid: 7\n\n', text(8) + text(9)])], 2, { after: 7 })
    assert.deepEqual(seqs, [8, 9])
    assert.deepEqual(lastIds, ['7'])
  })

  it('goes on behind its last event when it is closed, breaks off or falls silent', async () => {
    const answers = [
      stream([text(1)]),
      stream([text(2)], 'broken'),
      stream([text(3)], 'silent'),
      new TypeError('fetch failed'),
      stream([text(4)]),
    ]
    const { seqs, lastIds, platform } = await follow(answers, 4)
    assert.deepEqual(seqs, [1, 2, 3, 4])
    assert.deepEqual(lastIds, [null, '1', '2', '3', '3'])
    assert.deepEqual(platform.waitsMs, [3_000, 3_000, 48_000, 3_000])
  })

  it('is opened again when nothing ever came', async () => {
    const { seqs, platform } = await follow([stream([], 'silent'), stream([text(1)])], 1)
    assert.deepEqual(seqs, [1])
    assert.deepEqual(platform.waitsMs, [48_000])
  })

  it('goes on where a message without data says, before there is any event', async () => {
    const { lastIds } = await follow([stream(['id: 41\n\n']), stream([text(42)])], 1)
    assert.deepEqual(lastIds, [null, '41'])
  })

  it('comes back when the node says, by the stream or by Retry-After', async () => {
    const answers = [
      stream(['retry: 20000\n\n', text(1)]),
      problemAnswer(429, 'ERR_API_STREAMS', { 'retry-after': '15' }),
      stream(['retry: 999999999\n\n']),
      stream([text(2)]),
    ]
    assert.deepEqual((await follow(answers, 2)).platform.waitsMs, [20_000, 15_000, 60_000])
  })

  it('gives no event twice', async () => {
    assert.deepEqual(
      (await follow([stream([text(1), text(2)]), stream([text(1), text(2), text(3)])], 3)).seqs,
      [1, 2, 3],
    )
  })

  it('reads any pieces, line ends, comments and unknown fields', async () => {
    const whole = `\uFEFF: hello\r\nx\r\nfoo: bar\r\nid:1\r\ndata: {"seq":1,"at":"t","cid":"é",\r\ndata:"state":"final"}\r\r\n: still here\n\n${text(2)}`
    const bytes = new TextEncoder().encode(whole)
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.slice(i * size, (i + 1) * size),
      )
      assert.deepEqual((await follow([stream(pieces)], 2)).seqs, [1, 2], `pieces of ${size}`)
    }
  })

  it('ends when the key is no longer valid, and when what comes is no stream of events', async () => {
    const cases: readonly (readonly [FakeAnswer, string])[] = [
      [problemAnswer(401, 'ERR_API_KEY_WRONG'), 'ERR_API_KEY_WRONG'],
      [problemAnswer(403, 'ERR_API_SCOPE'), 'ERR_API_SCOPE'],
      [Response.json({}), 'ERR_CLIENT_ANSWER'],
      [stream(['data: {"seq":"1"}\n\n']), 'ERR_CLIENT_ANSWER'],
      [stream(['data: nonsense\n\n']), 'ERR_CLIENT_ANSWER'],
      [stream([`data: ${'x'.repeat(65_536)}\n\n`]), 'ERR_CLIENT_ANSWER'],
      [stream(Array.from({ length: 70 }, () => `data: ${'x'.repeat(1_000)}\n`)), 'ERR_CLIENT_ANSWER'],
      [stream(Array.from({ length: 70 }, () => 'x'.repeat(1_000))), 'ERR_CLIENT_ANSWER'],
    ]
    for (const [answer, code] of cases) {
      const { failure, seqs, platform } = await follow([stream([text(1)]), answer], 2)
      assert.ok(failure instanceof ClientError)
      assert.equal(failure.code, code)
      assert.deepEqual(seqs, [1])
      assert.equal(platform.sent.length, 2)
    }
  })

  it('is given up when there was no contact for long, with the last failure', async () => {
    const { failure, platform } = await follow([stream([text(1)])], 2, { patienceMs: 10_000 })
    assert.ok(failure instanceof ClientError)
    assert.equal(failure.code, 'ERR_CLIENT_UNREACHABLE')
    assert.deepEqual(platform.waitsMs, [3_000, 3_000, 3_000])
    assert.equal((await follow([stream([text(1)])], 2, { patienceMs: 0 })).platform.sent.length, 1)
  })

  it('reads no further than its reader, and ends with the reason of the signal', async () => {
    const platform = new FakePlatform([stream(Array.from({ length: 1_000 }, (_, i) => text(i + 1)))])
    const client = new KwitnessClient({ url: 'http://node.test', platform })
    const ended = new AbortController()
    const events = client.followEvents(undefined, { signal: ended.signal })
    assert.equal((await events.next()).value.seq, 1)
    // The reader thinks for an hour: nobody is cut off for it.
    await platform.run(new Promise<void>((resolve) => void platform.schedule(3_600_000, resolve)))
    assert.equal((await events.next()).value.seq, 2)
    ended.abort(new Error('enough'))
    await assert.rejects(async () => {
      for (let i = 0; i < 1_000; i += 1) await events.next()
    }, /enough/)
  })
})
