import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { LookupAddress } from 'node:dns'
import { pino } from 'pino'
import type { BillState, Webhook } from '#api'
import type { Lookup } from '../../node/service/webhook-address.ts'
import { AuditLog } from '../../node/service/audit-log.ts'
import { Webhooks } from '../../node/service/webhooks.ts'
import type { WebhooksInit } from '../../node/service/webhooks.ts'
import { JournalRig } from '../support/journal.ts'
import { until } from '../support/until.ts'
import { isSigned, WebhookEndpoint } from '../support/webhook-endpoint.ts'
import type { Behaviour } from '../support/webhook-endpoint.ts'

const PATH: readonly BillState[] = ['received', 'proposed', 'certified', 'anchored', 'final']
const answer =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (_index, response) =>
    void response.writeHead(status, headers).end()
const { signal } = new AbortController()
const BY = { actor: 'key:000000000000' }

describe('webhooks', function () {
  this.timeout(30_000)
  let rig: JournalRig
  let webhooks: Webhooks
  let logged: string[]
  const endpoints: WebhookEndpoint[] = []

  beforeEach(async () => {
    logged = []
    rig = await JournalRig.open()
    rig.journal.start()
    webhooks = create()
  })
  afterEach(async () => {
    await webhooks.stop()
    await Promise.all(endpoints.splice(0).map(async (endpoint) => endpoint.stop()))
    await rig.close()
  })

  function create(change: Partial<WebhooksInit> = {}): Webhooks {
    return new Webhooks({
      store: rig.store,
      events: rig.journal,
      audit: new AuditLog(rig.store, () => Date.now()),
      allowPrivate: true,
      nowMs: () => Date.now(),
      random: () => 0.5,
      randomBytes: (size) => new Uint8Array(randomBytes(size)),
      retryMs: [20, 20, 20, 20],
      timeoutMs: 5_000,
      log: pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) }),
      ...change,
    })
  }

  async function listen(behave?: Behaviour): Promise<WebhookEndpoint> {
    const endpoint = await WebhookEndpoint.start(behave)
    endpoints.push(endpoint)
    return endpoint
  }

  async function restart(change: Partial<WebhooksInit> = {}): Promise<void> {
    await webhooks.stop()
    webhooks = create(change)
    await webhooks.start()
  }

  async function finish(bill: string, account = 'shop'): Promise<void> {
    await rig.take(bill, account)
    rig.move(bill, 'final')
    await rig.untilHeard(bill, 'final', account)
  }

  async function only(account = 'shop'): Promise<Webhook> {
    const [webhook] = await webhooks.list(account)
    assert.ok(webhook !== undefined)
    return webhook
  }

  const untilSettled = async (account = 'shop'): Promise<unknown> =>
    until('all is delivered', async () => (await only(account)).waiting === 0)

  it("posts an account's events, signed as the specification says", async () => {
    const endpoint = await listen()
    const { secret, webhook } = await webhooks.add('shop', { url: endpoint.url, states: [] }, BY)
    assert.match(webhook.id, /^wh_[0-9a-f]{16}$/)
    await finish('a')
    await finish('b', 'bakery')
    await untilSettled()
    assert.deepEqual(
      endpoint.posts.map(({ id }) => id),
      [1, 2, 3, 4, 5].map((seq) => `msg_${webhook.id}_${seq}`),
    )
    const events = await rig.events('shop')
    for (const [i, post] of endpoint.posts.entries()) {
      assert.ok(isSigned(post, secret))
      assert.ok(Math.abs(post.timestamp - Date.now() / 1_000) < 10)
      assert.equal(post.headers['content-type'], 'application/json')
      assert.match(String(post.headers['user-agent']), /^kwitness\//)
      const event = events[i]
      assert.deepEqual(JSON.parse(post.body), { type: `bill.${event?.state}`, timestamp: event?.at, data: event })
    }
    const { last, failures, disabledAt } = await only()
    assert.deepEqual([last?.ok, last?.status, failures, disabledAt], [true, 204, 0, undefined])
  })

  it('lets no account with endpoints that never answer keep others waiting', async () => {
    const dead = await listen(() => undefined)
    for (let i = 0; i < 10; i += 1) await webhooks.add('shop', { url: dead.url, states: ['received'] }, BY)
    const bills = Array.from({ length: 10 }, (_, i) => `slow-${i}`)
    for (const bill of bills) {
      await rig.take(bill, 'shop')
      rig.note(bill)
    }
    await until('its places are taken', () => dead.posts.length >= 16)
    const endpoint = await listen()
    await webhooks.add('bakery', { url: endpoint.url, states: [] }, BY)
    await finish('quick', 'bakery')
    await untilSettled('bakery')
    assert.equal(dead.posts.length, 16)
  })

  it('tells only the states that are asked for, and only what happens after it was added', async () => {
    const endpoint = await listen()
    await finish('before')
    await webhooks.add('shop', { url: endpoint.url, states: ['certified', 'final'] }, BY)
    await finish('after')
    await untilSettled()
    assert.deepEqual(
      endpoint.events().map(({ state }) => state),
      ['certified', 'final'],
    )
  })

  it('keeps the order of the events of a bill, and delivers many bills at a time', async () => {
    let underWay = 0
    let most = 0
    const endpoint = await listen((_index, response) => {
      most = Math.max(most, (underWay += 1))
      setTimeout(() => {
        underWay -= 1
        response.writeHead(200).end('ok')
      }, 2)
    })
    await webhooks.add('shop', { url: endpoint.url, states: [] }, BY)
    const bills = Array.from({ length: 60 }, (_, i) => `bill-${i}`)
    for (const bill of bills) await rig.take(bill, 'shop')
    for (const state of PATH) for (const bill of bills) rig.move(bill, state)
    await endpoint.until(bills.length * PATH.length)
    await untilSettled()
    assert.equal(endpoint.posts.length, bills.length * PATH.length)
    for (const bill of bills) {
      const cid = rig.cidOf(bill).toString()
      const states = endpoint.events().filter((event) => event.cid === cid)
      assert.deepEqual(
        states.map(({ state }) => state),
        PATH,
      )
    }
    assert.ok(most > 1 && most <= 8, `${most} at a time`)
    assert.ok(endpoint.connections <= 40, `${endpoint.connections} connections for ${endpoint.posts.length} posts`)
  })

  it('tries the same again, with the same id, until it is answered with 2xx', async () => {
    const endpoint = await listen((index, response) => void response.writeHead(index < 2 ? 500 : 200).end())
    const { secret } = await webhooks.add('shop', { url: endpoint.url, states: ['final'] }, BY)
    await finish('a')
    await untilSettled()
    assert.equal(new Set(endpoint.posts.map(({ id }) => id)).size, 1)
    assert.equal(endpoint.posts.length, 3)
    assert.ok(endpoint.posts.every((post) => isSigned(post, secret)))
    assert.equal((await only()).failures, 0)
  })

  it('tries a failing endpoint with one event at a time, and goes on in order', async () => {
    let isDown = true
    const endpoint = await listen((_index, response) => void response.writeHead(isDown ? 503 : 204).end())
    webhooks = create({ retryMs: Array.from({ length: 1_000 }, () => 20) })
    await webhooks.add('shop', { url: endpoint.url, states: [] }, BY)
    for (const bill of ['a', 'b', 'c', 'd']) await finish(bill)
    await until('it has failed some times', async () => (await only()).failures >= 5)
    const tried = endpoint.posts.map(({ id }) => id)
    assert.equal(new Set(tried.slice(-4)).size, 1)
    isDown = false
    await untilSettled()
    const done = endpoint.events().slice(tried.length)
    for (const bill of ['a', 'b', 'c', 'd']) {
      const cid = rig.cidOf(bill).toString()
      assert.deepEqual(
        done.filter((event) => event.cid === cid).map(({ state }) => state),
        PATH,
      )
    }
  })

  it('waits after a failure also when others that were under way go well', async () => {
    const times: number[] = []
    const endpoint = await listen((_index, response, { body, atMs }) => {
      const isRefused = body.includes(rig.cidOf('bad').toString())
      if (isRefused) times.push(atMs)
      if (isRefused && times.length === 1) response.writeHead(500).end()
      else setTimeout(() => void response.writeHead(204).end(), 50)
    })
    webhooks = create({ retryMs: [400, 400] })
    await webhooks.add('shop', { url: endpoint.url, states: ['received'] }, BY)
    for (const bill of ['bad', 'a', 'b', 'c']) await rig.take(bill, 'shop')
    for (const bill of ['bad', 'a', 'b', 'c']) rig.note(bill)
    await endpoint.until(5)
    await untilSettled()
    const [first = 0, second = 0] = times
    assert.ok(second - first >= 380, `tried again after ${second - first} ms`)
  })

  it('waits as long as Retry-After says', async () => {
    const endpoint = await listen((index, response) =>
      index === 0 ? void response.writeHead(429, { 'retry-after': '1' }).end() : void response.writeHead(204).end(),
    )
    await webhooks.add('shop', { url: endpoint.url, states: ['final'] }, BY)
    await finish('a')
    await endpoint.until(1)
    await until('the wait is listed', async () => (await only()).nextAt !== undefined)
    await untilSettled()
    const [first, second] = endpoint.posts
    assert.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 950)
  })

  it('counts redirects as failures, and follows none', async () => {
    const target = await listen()
    const endpoint = await listen((index, response) =>
      index < 5
        ? void response.writeHead([301, 302, 303, 307, 308][index] ?? 0, { location: target.url }).end()
        : undefined,
    )
    await webhooks.add('shop', { url: endpoint.url, states: ['final'] }, BY)
    await finish('a')
    await until('it is switched off', async () => (await only()).disabledAt !== undefined)
    assert.equal(endpoint.posts.length, 5)
    assert.equal(target.connections, 0)
    assert.match((await only()).last?.error ?? '', /^answered 308: redirects are not followed$/)
  })

  it('is switched off by 410 at once, and after the last attempt; a ping that is answered switches it on', async () => {
    const endpoint = await listen(answer(410))
    const { secret, webhook } = await webhooks.add('shop', { url: endpoint.url, states: [] }, BY)
    await finish('a')
    await until('it is switched off', async () => (await only()).disabledAt !== undefined)
    assert.equal(endpoint.posts.length, 1)
    assert.deepEqual(webhooks.health(), { total: 1, failing: 0, disabled: 1 })
    await restart()
    assert.ok((await only()).disabledAt !== undefined)
    assert.deepEqual(await webhooks.ping('shop', webhook.id, { by: BY, signal }), {
      ok: false,
      status: 410,
      error: 'answered 410',
    })
    assert.ok((await only()).disabledAt !== undefined)
    endpoint.behave = answer(500)
    await finish('b')
    assert.equal(endpoint.posts.length, 2)
    endpoint.behave = answer(204)
    assert.deepEqual(await webhooks.ping('shop', webhook.id, { by: BY, signal }), { ok: true, status: 204 })
    await untilSettled()
    const pings = endpoint.posts.filter(({ body }) => (JSON.parse(body) as { type: string }).type === 'ping')
    assert.equal(pings.length, 2)
    assert.ok(pings.every((post) => isSigned(post, secret)))
    assert.equal(new Set(pings.map(({ id }) => id)).size, 2)
    // Nothing of what happened while it was off is lost.
    assert.equal(endpoint.events().length, 1 + 2 * PATH.length)
    endpoint.behave = answer(500)
    await finish('c')
    await until('it is switched off', async () => (await only()).disabledAt !== undefined)
    assert.equal((await only()).failures, 5)
  })

  it('takes answers of any length and speed, and reads next to nothing of them', async () => {
    let written = 0
    let isCut = false
    const endpoint = await listen((_index, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' })
      const more = (): void => {
        let isTaken = true
        while (isTaken && !response.destroyed) {
          isTaken = response.write('x'.repeat(65_536))
          written += 65_536
        }
      }
      response.on('drain', more)
      response.on('close', () => (isCut = true))
      more()
    })
    await webhooks.add('shop', { url: endpoint.url, states: ['final'] }, BY)
    await finish('a')
    await untilSettled()
    await until('the connection is cut', () => isCut)
    // What the sockets' buffers took, at most.
    assert.ok(written < 16 * 1_048_576, `${written} bytes`)
    assert.equal(endpoint.posts.length, 1)
  })

  it('gives up on an endpoint that does not answer, or closes, and tries again', async () => {
    webhooks = create({ timeoutMs: 200 })
    const errors: string[] = []
    const endpoint = await listen((index, response) => {
      if (index === 0) return
      if (index === 1) response.destroy()
      else if (index === 2) response.socket?.write('no HTTP at all\r\n\r\n')
      else response.writeHead(204).end()
    })
    await webhooks.add('shop', { url: endpoint.url, states: ['final'] }, BY)
    const watch = setInterval(() => void only().then(({ last }) => errors.push(last?.error ?? '')), 5)
    await finish('a')
    await untilSettled()
    clearInterval(watch)
    assert.equal(endpoint.posts.length, 4)
    assert.ok(errors.some((error) => error === 'not delivered: no answer within 0.2 s'))
    assert.ok(errors.some((error) => error === 'not delivered: ECONNRESET'))
  })

  it('delivers to others while an endpoint is dead or slow', async () => {
    const dead = await listen(() => undefined)
    const well = await listen()
    await webhooks.add('shop', { url: dead.url, states: [] }, BY)
    await webhooks.add('shop', { url: 'http://127.0.0.1:1/', states: [] }, BY)
    await webhooks.add('shop', { url: well.url, states: [] }, BY)
    const bills = Array.from({ length: 30 }, (_, i) => `bill-${i}`)
    for (const bill of bills) await rig.take(bill, 'shop')
    const startMs = performance.now()
    for (const bill of bills) rig.move(bill, 'final')
    await well.until(bills.length * PATH.length)
    assert.ok(performance.now() - startMs < 4_000)
    assert.ok(dead.posts.length <= 8)
  })

  it('goes on after a restart where it was, and sends what was not recorded again with the same id', async () => {
    const endpoint = await listen()
    const { webhook } = await webhooks.add('shop', { url: endpoint.url, states: [] }, BY)
    await finish('a')
    await untilSettled()
    const key = new TextEncoder().encode(`shop\0${webhook.id}`)
    await webhooks.stop()
    // As a crash leaves it: answered, and not written down.
    await rig.store.commit([rig.store.webhookProgress.put(key, { doneSeq: 3, failures: 0 })], { durable: true })
    await finish('b')
    await restart()
    await untilSettled()
    const ids = endpoint.posts.map(({ id }) => id)
    const numbers = [1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 10]
    assert.deepEqual([...ids].sort(), numbers.map((seq) => `msg_${webhook.id}_${seq}`).sort())
    await restart()
    await finish('c')
    await untilSettled()
    assert.equal(endpoint.posts.length, numbers.length + PATH.length)
  })

  it('waits over a restart', async () => {
    const endpoint = await listen(answer(500))
    webhooks = create({ retryMs: [60_000] })
    await webhooks.add('shop', { url: endpoint.url, states: ['final'] }, BY)
    await finish('a')
    await until('it has failed', async () => (await only()).failures === 1)
    await restart({ retryMs: [60_000] })
    await finish('b')
    const { nextAt, failures } = await only()
    assert.equal(failures, 1)
    assert.ok(Date.parse(nextAt ?? '') > Date.now() + 30_000)
    assert.equal(endpoint.posts.length, 1)
  })

  it('connects to no address inside of a network, whatever its name is looked up as', async () => {
    const inside = await listen()
    const looked: string[] = []
    const find =
      (addresses: LookupAddress[]): Lookup =>
      (host, _options, done) => {
        looked.push(host)
        done(null, addresses)
      }
    const loopback = { address: '127.0.0.1', family: 4 }
    const cases: LookupAddress[][] = [
      [loopback],
      [{ address: '::1', family: 6 }],
      [{ address: '::ffff:127.0.0.1', family: 6 }],
      [{ address: '93.184.215.14', family: 4 }, loopback],
    ]
    for (const addresses of cases) {
      await webhooks.stop()
      webhooks = create({ allowPrivate: false, lookup: find(addresses) })
      const url = `https://hook.example.com:${inside.port}/`
      const { webhook } = await webhooks.add('shop', { url, states: [] }, BY)
      const { ok, error } = await webhooks.ping('shop', webhook.id, { by: BY, signal })
      assert.deepEqual([ok, error], [false, 'the host has an address that is not public'])
      await webhooks.remove('shop', webhook.id, BY)
    }
    assert.equal(looked.length, cases.length)
    // Added while it was allowed, and not any more; nobody looks an address up.
    await webhooks.stop()
    webhooks = create()
    const { webhook } = await webhooks.add('shop', { url: `https://127.0.0.1:${inside.port}/`, states: [] }, BY)
    await restart({ allowPrivate: false })
    assert.equal((await webhooks.ping('shop', webhook.id, { by: BY, signal })).error, 'the host is not public')
    assert.equal(inside.connections, 0)
    for (const url of ['http://example.com/', 'https://127.0.0.1/', 'https://169.254.169.254/']) {
      await assert.rejects(webhooks.add('shop', { url, states: [] }, BY), { code: 'ERR_WEBHOOK_URL' }, url)
    }
  })

  it("shows a secret once: neither in a list, nor in a log, nor to others' programs", async () => {
    const endpoint = await listen((index, response) => void response.writeHead(index % 2 === 0 ? 500 : 204).end())
    const { secret, webhook } = await webhooks.add('shop', { url: endpoint.url, states: [] }, BY)
    await finish('a')
    await untilSettled()
    await webhooks.ping('shop', webhook.id, { by: BY, signal })
    await assert.rejects(webhooks.ping('bakery', webhook.id, { by: BY, signal }), { code: 'ERR_WEBHOOK_UNKNOWN' })
    await assert.rejects(webhooks.remove('bakery', webhook.id, BY), { code: 'ERR_WEBHOOK_UNKNOWN' })
    assert.deepEqual(await webhooks.list('bakery'), [])
    const bare = secret.replace('whsec_', '')
    const shown = JSON.stringify([await webhooks.list('shop'), logged, endpoint.posts])
    assert.ok(!shown.includes(bare))
    assert.ok(!shown.includes(Buffer.from(bare, 'base64').toString('hex')))
  })

  it('has at most ten for an account, and removes them with their secrets', async () => {
    const endpoint = await listen()
    const added: string[] = []
    const all = Array.from({ length: 12 }, async () => webhooks.add('shop', { url: endpoint.url, states: [] }, BY))
    for (const result of await Promise.allSettled(all)) {
      if (result.status === 'fulfilled') added.push(result.value.webhook.id)
      else assert.equal((result.reason as { code: string }).code, 'ERR_WEBHOOK_LIMIT')
    }
    assert.equal(added.length, 10)
    await webhooks.add('bakery', { url: endpoint.url, states: [] }, BY)
    const left = async (): Promise<number[]> => {
      const counts = []
      for (const bucket of [
        rig.store.webhooks,
        rig.store.webhookProgress,
        rig.store.webhookSecrets,
        rig.store.webhookOldSecrets,
      ]) {
        let count = 0
        for await (const _ of bucket.entries()) count += 1
        counts.push(count)
      }
      return counts
    }
    const [first = '', second = ''] = added
    for (const id of [first, second]) await webhooks.rotate('shop', id, { graceMs: 60_000, by: BY })
    await webhooks.remove('shop', first, BY)
    await assert.rejects(webhooks.remove('shop', first, BY), { code: 'ERR_WEBHOOK_UNKNOWN' })
    assert.deepEqual(await left(), [10, 10, 10, 1])
    await webhooks.forget('shop')
    assert.deepEqual(await left(), [1, 1, 1, 0])
    await finish('a')
    await finish('b', 'bakery')
    await untilSettled('bakery')
    assert.ok(endpoint.posts.every(({ body }) => body.includes(rig.cidOf('b').toString())))
  })

  it('is signed with the old secret too for a while after a rotation, across a restart, and never longer', async () => {
    let nowMs = Date.now()
    await restart({ nowMs: () => nowMs })
    const endpoint = await listen()
    const { secret: first, webhook } = await webhooks.add('shop', { url: endpoint.url, states: [] }, BY)
    const signedBy = async (...secrets: string[]): Promise<boolean[]> => {
      await webhooks.ping('shop', webhook.id, { by: BY, signal })
      const post = endpoint.posts.at(-1)
      return secrets.map((secret) => post !== undefined && isSigned(post, secret))
    }
    const rotate = async (graceMs: number): Promise<string> =>
      (await webhooks.rotate('shop', webhook.id, { graceMs, by: BY })).secret
    const second = await rotate(60_000)
    assert.deepEqual(await signedBy(first, second), [true, true])
    assert.equal((await only()).oldSecretUntil, new Date(nowMs + 60_000).toISOString())
    await restart({ nowMs: () => nowMs })
    assert.deepEqual(await signedBy(first, second), [true, true])
    // One more: the first ends at once, so that there are never more than two.
    const third = await rotate(60_000)
    assert.deepEqual(await signedBy(first, second, third), [false, true, true])
    nowMs += 60_000
    assert.deepEqual(await signedBy(second, third), [false, true])
    assert.equal((await only()).oldSecretUntil, undefined)
    await restart({ nowMs: () => nowMs })
    const kept = async (): Promise<number> => {
      let count = 0
      for await (const _ of rig.store.webhookOldSecrets.entries()) count += 1
      return count
    }
    await until('the old secret is gone from the disk', async () => (await kept()) === 0)
    const fourth = await rotate(0)
    assert.deepEqual(await signedBy(third, fourth), [false, true])
    assert.equal(await kept(), 0)
    await assert.rejects(webhooks.rotate('bakery', webhook.id, { graceMs: 0, by: BY }), { code: 'ERR_WEBHOOK_UNKNOWN' })
    const shown = JSON.stringify([await webhooks.list('shop'), logged])
    for (const secret of [first, second, third, fourth]) assert.ok(!shown.includes(secret.replace('whsec_', '')))
  })

  it('forgets an old secret when its time is over, without anybody asking', async () => {
    const endpoint = await listen()
    const { webhook } = await webhooks.add('shop', { url: endpoint.url, states: [] }, BY)
    await webhooks.rotate('shop', webhook.id, { graceMs: 30, by: BY })
    await until('it is gone', async () => {
      for await (const _ of rig.store.webhookOldSecrets.entries()) return false
      return true
    })
  })

  it('leaves an entry of the audit log for each change, and for being switched off', async () => {
    const endpoint = await listen((_index, response) => void response.writeHead(410).end())
    const audit = new AuditLog(rig.store, () => Date.now())
    const { webhook, secret } = await webhooks.add('shop', { url: `${endpoint.url}?token=own`, states: [] }, BY)
    await webhooks.rotate('shop', webhook.id, { graceMs: 0, by: { ...BY, requestId: 'a-request' } })
    await rig.take('a', 'shop')
    rig.note('a')
    await until('it is switched off', async () => (await only()).disabledAt !== undefined)
    await until('that is written', async () => (await audit.list(0, 10)).length === 3)
    await webhooks.ping('shop', webhook.id, { by: BY, signal })
    await webhooks.remove('shop', webhook.id, BY)
    const entries = await audit.list(0, 10)
    const subject = `${webhook.id} shop`
    assert.deepEqual(
      entries.map(({ actor, action, subject: of }) => [actor, action, of]),
      [
        [BY.actor, 'webhook.create', subject],
        [BY.actor, 'webhook.rotate', subject],
        ['node', 'webhook.disable', subject],
        [BY.actor, 'webhook.ping', subject],
        [BY.actor, 'webhook.remove', subject],
      ],
    )
    assert.equal(entries[1]?.requestId, 'a-request')
    const text = JSON.stringify(entries)
    assert.ok(!text.includes('token') && !text.includes(secret.slice(6)))
  })

  it('lets no account fill the audit log: so many changes and tests a day, also across a restart', async () => {
    let nowMs = Date.UTC(2026, 0, 5, 12)
    const change = { nowMs: () => nowMs, changesPerDay: 4 }
    await restart(change)
    const endpoint = await listen()
    const add = async (account: string): Promise<Webhook> =>
      (await webhooks.add(account, { url: endpoint.url, states: [] }, BY)).webhook
    const { id } = await add('shop')
    await webhooks.ping('shop', id, { by: BY, signal })
    await restart(change)
    await webhooks.rotate('shop', id, { graceMs: 0, by: BY })
    await add('shop')
    const refused = { code: 'ERR_WEBHOOK_CHANGES', details: { limit: 4, retryAfterS: 43_200 } }
    const isRefused = (thrown: { code?: string; details?: object }): boolean =>
      thrown.code === refused.code && JSON.stringify(thrown.details).includes('"retryAfterS":43200')
    await assert.rejects(webhooks.ping('shop', id, { by: BY, signal }), isRefused)
    await assert.rejects(webhooks.rotate('shop', id, { graceMs: 0, by: BY }), isRefused)
    await restart(change)
    await assert.rejects(add('shop'), isRefused)
    // There are no more removals than additions, and no account stays with what it cannot remove.
    await webhooks.remove('shop', id, BY)
    await add('bakery')
    nowMs += 43_200_000
    await add('shop')
  })
})
