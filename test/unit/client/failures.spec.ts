import assert from 'node:assert/strict'
import { ClientError, KwitnessClient } from '#client'
import type { ClientInit } from '#client'
import { FakePlatform, problemAnswer } from '../../support/fake-platform.ts'
import type { FakeAnswer } from '../../support/fake-platform.ts'

const BILL = { cid: 'x', state: 'received', claims: [] }

function start(answers: readonly FakeAnswer[], init: Partial<ClientInit> = {}): KwitnessClient {
  return new KwitnessClient({
    url: 'http://node.test',
    platform: new FakePlatform(answers),
    retry: { attempts: 1 },
    ...init,
  })
}

async function failureOf(promise: Promise<unknown>): Promise<ClientError> {
  const thrown = await promise.then(
    () => assert.fail('it did not fail'),
    (failure: unknown) => failure,
  )
  assert.ok(thrown instanceof ClientError, String(thrown))
  return thrown
}

describe('a failure of the client', () => {
  it("has the node's code, status and request, and what else the problem says", async () => {
    const answer = problemAnswer(429, 'ERR_API_RATE', { 'retry-after': '30' })
    const failure = await failureOf(start([answer]).getBill('x'))
    assert.equal(failure.kind, 'refused')
    assert.equal(failure.isProblem, true)
    assert.equal(failure.code, 'ERR_API_RATE')
    assert.equal(failure.status, 429)
    assert.equal(failure.requestId, 'request-1')
    assert.equal(failure.retryAfterMs, 30_000)
    assert.equal(failure.message, 'ERR_API_RATE it is')
    assert.deepEqual(failure.members, { limit: 3 })
    assert.equal(failure.attempts, 1)
  })

  it('is a refusal without code when something before the node answers', async () => {
    for (const body of ['<html>Bad Gateway</html>', '', '[]', '{"code":1,"detail":"x"}', 'x'.repeat(100_000)]) {
      const failure = await failureOf(start([new Response(body, { status: 502 })]).getBill('x'))
      assert.deepEqual(
        [failure.kind, failure.code, failure.status, failure.isProblem, failure.message],
        ['refused', 'ERR_CLIENT_REFUSED', 502, false, 'http://node.test answers 502'],
      )
    }
  })

  it('is told of answers that are not those of a node', async () => {
    for (const answer of [
      new Response('<html>'),
      new Response(''),
      new Response('[]'),
      new Response('null'),
      new Response(Uint8Array.of(0x22, 0xff, 0x22)),
      Response.json({ cid: 'x', claims: [] }),
    ]) {
      const failure = await failureOf(start([answer]).getBill('x'))
      assert.deepEqual([failure.kind, failure.code], ['answer', 'ERR_CLIENT_ANSWER'])
    }
  })

  it('does not follow a redirect: the key would go wherever an answer says', async () => {
    const failure = await failureOf(
      start([new Response(null, { status: 301, headers: { location: 'https://else.test/' } })]).getBill('x'),
    )
    assert.equal(failure.code, 'ERR_CLIENT_ANSWER')
    assert.match(failure.message, /redirect to https:\/\/else\.test\//)
  })

  it('stops reading an answer that does not end', async () => {
    let pulled = 0
    let isCancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 1
        controller.enqueue(new Uint8Array(1_048_576))
      },
      cancel: () => {
        isCancelled = true
      },
    })
    const failure = await failureOf(start([new Response(endless)]).getBillFile('x'))
    assert.match(failure.message, /more than 67108864 bytes/)
    assert.ok(pulled < 70)
    assert.equal(isCancelled, true)
  })

  it('stops at a list whose next page is the same again', async () => {
    const page = (next?: string): Response => Response.json({ items: [BILL], ...(next === undefined ? {} : { next }) })
    const cids: string[] = []
    for await (const { cid } of start([page('a'), page('b'), page()]).eachBill()) cids.push(cid)
    assert.equal(cids.length, 3)
    const endless = start([page('a'), page('a'), page('a')])
    const failure = await failureOf(
      (async () => {
        for await (const bill of endless.eachBill()) cids.push(bill.cid)
      })(),
    )
    assert.equal(failure.code, 'ERR_CLIENT_ANSWER')
    assert.equal(cids.length, 5)
  })

  it('comes before anything is sent for what is no URL and no key, and does not show the key', () => {
    for (const url of ['node.test', 'ftp://node.test', 'javascript:alert(1)', 'file:///etc/passwd']) {
      assert.throws(() => start([], { url }), { code: 'ERR_CLIENT_REQUEST' })
    }
    for (const key of ['', 'kw_secret\nmore', 'kw_secret more', 'kw_sécret']) {
      assert.throws(
        () => start([], { key }),
        (thrown: unknown) =>
          thrown instanceof ClientError && thrown.code === 'ERR_CLIENT_REQUEST' && !/s.cret/.test(thrown.message),
      )
    }
    for (const url of ['', '/base', 'https://node.test/base/']) assert.ok(start([], { url }))
  })

  it('is turned into what a program throws itself', async () => {
    const toError = ({ code }: ClientError): Error => new RangeError(code)
    const client = start([problemAnswer(401, 'ERR_API_KEY_WRONG'), problemAnswer(401, 'ERR_API_KEY_WRONG')], {
      toError,
    })
    await assert.rejects(client.getBill('x'), new RangeError('ERR_API_KEY_WRONG'))
    await assert.rejects(client.followEvents().next(), new RangeError('ERR_API_KEY_WRONG'))
    await assert.rejects(
      client.submitBill({ bytes: Uint8Array.of(1), idempotencyKey: '' }),
      new RangeError('ERR_CLIENT_REQUEST'),
    )
  })
})
