import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApiKey } from '#api'
import type { ApiKeyRecord, ApiScope, BillEvent, KeyRing, Principal } from '#api'
import { parseApiKey } from '#api'
import { findFreePort } from '../support/auditor-process.ts'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { EventSourceReader } from '../support/event-source.ts'
import { FAKE_PUBLIC_BILL as BILL, FakeNode } from '../support/fake-node.ts'
import { until } from '../support/until.ts'

function keyOf(fill: number, scopes: readonly ApiScope[]): { readonly text: string; readonly record: ApiKeyRecord } {
  const bytes = { id: new Uint8Array(6).fill(fill), secret: new Uint8Array(32).fill(fill) }
  return createApiKey({ ...bytes, account: 'shop', scopes, createdAt: '2026-01-01T00:00:00Z' })
}

/** Keys that can be revoked. */
class Ring implements KeyRing {
  readonly #keys = new Map<string, Principal>()
  add({ id, account, scopes }: ApiKeyRecord): void {
    this.#keys.set(id, { keyId: id, account, scopes })
  }
  revoke({ id }: ApiKeyRecord): void {
    this.#keys.delete(id)
  }
  authenticate(text: string): Principal | undefined {
    return this.#keys.get(parseApiKey(text)?.id ?? '')
  }
}

describe('events over HTTP', () => {
  const reader = keyOf(1, ['bills:read'])
  const other = keyOf(2, ['bills:read'])
  const writer = keyOf(3, ['bills:write'])
  const ended = new AbortController()
  let node: FakeNode
  let ring: Ring
  let api: RunningApi

  beforeEach(async () => {
    node = new FakeNode()
    ring = new Ring()
    for (const { record } of [reader, other, writer]) ring.add(record)
    api = await startApi({ node, keys: ring }, { streamTimes: { heartbeatMs: 150, keyCheckMs: 40, stallMs: 300 } })
  })
  afterEach(async () => api.stop())

  const headersOf = (key = reader, more: Record<string, string> = {}): Record<string, string> => ({
    authorization: `Bearer ${key.text}`,
    ...more,
  })
  const open = async (
    path = '/v1/events',
    more: Record<string, string> = {},
    key = reader,
  ): Promise<EventSourceReader> =>
    EventSourceReader.open(`${api.url}${path}`, { headers: headersOf(key, more), signal: ended.signal })
  const seqs = (messages: readonly { readonly id?: string }[]): number[] => messages.map(({ id }) => Number(id))

  it('tells what happens from now on, with number, state and event', async () => {
    node.events.add(BILL, 'received')
    const stream = await open()
    assert.match(stream.response.headers.get('content-type') ?? '', /^text\/event-stream/)
    assert.equal(stream.response.headers.get('x-accel-buffering'), 'no')
    assert.equal(stream.response.headers.get('cache-control'), 'no-store')
    assert.equal(stream.response.headers.get('content-encoding'), null)
    assert.ok(stream.response.headers.get('x-request-id') !== null)
    // The place at which a client that is cut off now comes back.
    assert.deepEqual(await stream.next(), { retry: '3000', id: '1' })
    const event = node.events.add(BILL, 'certified')
    assert.deepEqual(await stream.take(1), [{ id: '2', event: 'certified', data: JSON.stringify(event) }])
    await stream.close()
  })

  it('is not compressed, whatever the client takes', async () => {
    const stream = await open('/v1/events', { 'accept-encoding': 'br, gzip' })
    assert.equal(stream.response.headers.get('content-encoding'), null)
    await stream.close()
  })

  it('goes on behind the last event that a client knows, by header before query', async () => {
    for (let i = 0; i < 250; i += 1) node.events.add(BILL, 'received')
    const stream = await open('/v1/events?after=0')
    assert.deepEqual(
      seqs(await stream.take(250)),
      Array.from({ length: 250 }, (_, i) => i + 1),
    )
    await stream.close()
    const again = await open('/v1/events?after=0', { 'last-event-id': '248' })
    assert.deepEqual(seqs(await again.take(2)), [249, 250])
    node.events.add(BILL, 'final')
    assert.deepEqual(seqs(await again.take(1)), [251])
    await again.close()
  })

  it('skips nothing for a client that knows a number that was not given yet', async () => {
    node.events.add(BILL, 'received')
    const stream = await open('/v1/events', { 'last-event-id': '1000' })
    assert.equal((await stream.next())?.id, '1')
    node.events.add(BILL, 'proposed')
    assert.deepEqual(seqs(await stream.take(1)), [2])
    await stream.close()
  })

  it('gives the same as a page of JSON', async () => {
    for (let i = 0; i < 5; i += 1) node.events.add(BILL, 'received')
    const page = async (query: string): Promise<unknown> =>
      (
        await fetch(`${api.url}/v1/events${query}`, { headers: headersOf(reader, { accept: 'application/json' }) })
      ).json()
    const [first, second] = node.events.events as [BillEvent, BillEvent]
    assert.deepEqual(await page('?limit=2'), { items: [first, second], after: 2, last: 5 })
    assert.deepEqual(await page('?after=5'), { items: [], after: 5, last: 5 })
    assert.deepEqual(await page('?after=99'), { items: [], after: 5, last: 5 })
  })

  it('refuses what it does not understand, and keys that may not read', async () => {
    const statusOf = async (path: string, headers: Record<string, string>): Promise<number> =>
      (await fetch(`${api.url}${path}`, { headers })).status
    assert.equal(await statusOf('/v1/events?after=x', headersOf()), 400)
    assert.equal(await statusOf('/v1/events?after=-1', headersOf()), 400)
    assert.equal(await statusOf('/v1/events?from=1', headersOf()), 400)
    assert.equal(await statusOf('/v1/events', headersOf(reader, { 'last-event-id': 'x' })), 400)
    assert.equal(await statusOf('/v1/events', headersOf(writer)), 403)
    assert.equal(await statusOf('/v1/events', {}), 401)
    assert.equal(node.events.listening, 0)
  })

  it('says that it is still there while there is nothing to tell', async () => {
    const stream = await open()
    await stream.next()
    assert.deepEqual(await stream.next(), { comment: 'still here' })
    assert.deepEqual(await stream.next(), { comment: 'still here' })
    await stream.close()
  })

  it('frees everything when a client goes away', async () => {
    const streams = await Promise.all([open(), open(), open()])
    await until('they listen', () => node.events.listening === 3)
    for (const stream of streams) await stream.close()
    await until('nobody listens', () => node.events.listening === 0)
    const head = await fetch(`${api.url}/v1/events`, { method: 'HEAD', headers: headersOf() })
    assert.equal(head.status, 200)
    assert.equal(node.events.listening, 0)
  })

  it('ends when its key is revoked, before it tells anything more', async () => {
    const stream = await open()
    const others = await open('/v1/events', {}, other)
    await Promise.all([stream.next(), others.next()])
    ring.revoke(reader.record)
    node.events.add(BILL, 'final')
    assert.deepEqual(seqs(await others.take(1)), [1])
    assert.deepEqual(await stream.take(1), [])
    const quiet = others.take(1)
    ring.revoke(other.record)
    assert.deepEqual(await quiet, [])
    await until('nobody listens', () => node.events.listening === 0)
  })

  it('has ten streams for a key, and says when to come back', async () => {
    const streams = []
    for (let i = 0; i < 10; i += 1) streams.push(await open())
    const refused = await fetch(`${api.url}/v1/events`, { headers: headersOf() })
    assert.equal(refused.status, 429)
    assert.equal(refused.headers.get('retry-after'), '15')
    assert.equal(((await refused.json()) as { code: string }).code, 'ERR_API_STREAMS')
    const others = await open('/v1/events', {}, other)
    await streams[0]?.close()
    await until('a place is free', async () => {
      const again = await fetch(`${api.url}/v1/events`, { headers: headersOf() })
      await again.body?.cancel()
      return again.status === 200
    })
    for (const stream of [...streams.slice(1), others]) await stream.close()
  })

  it('ends with the server, at once', async () => {
    const streams = await Promise.all([open(), open()])
    const rest = Promise.all(streams.map(async (stream) => stream.take(1)))
    await until('they listen', () => node.events.listening === 2)
    const startMs = performance.now()
    await api.stop()
    assert.deepEqual(await rest, [[], []])
    assert.ok(performance.now() - startMs < 500)
    assert.equal(node.events.listening, 0)
  })

  it('is passed on by nginx as it comes, with nothing set there for it', async function () {
    const port = await findFreePort()
    const folder = await mkdtemp(join(tmpdir(), 'kwitness-nginx-'))
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (it) => `${it}_temp_path ${folder}/${it};`,
    )
    const server = `server { listen 127.0.0.1:${port}; location / { proxy_pass ${api.url}; } }`
    const http = `http { access_log off; ${temporary.join(' ')} ${server} }`
    await writeFile(join(folder, 'nginx.conf'), `daemon off; pid ${folder}/pid; events {} ${http}`)
    const nginx = spawn('nginx', ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
    const exited = new Promise<string>((resolve) => {
      nginx.once('error', () => resolve('absent'))
      nginx.once('exit', () => resolve('ended'))
    })
    try {
      if ((await Promise.race([exited, once(nginx, 'spawn')])) === 'absent') this.skip()
      const proxy = `http://127.0.0.1:${port}/v1/events`
      const stream = await until('nginx answers', async () =>
        EventSourceReader.open(proxy, { headers: headersOf(), signal: ended.signal }).catch(() => undefined),
      )
      await stream.next()
      for (let i = 1; i <= 3; i += 1) {
        node.events.add(BILL, 'received')
        assert.deepEqual(seqs(await stream.take(1)), [i])
      }
      await stream.close()
      await until('nobody listens', () => node.events.listening === 0)
    } finally {
      nginx.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('reads no more than a slow client takes, and ends the stream of one that takes nothing', async () => {
    const code = 'x'.repeat(1_000)
    for (let i = 0; i < 50_000; i += 1)
      node.events.events.push({ seq: i + 1, at: '', cid: BILL, state: 'rejected', code })
    let listed = 0
    const list = node.events.list.bind(node.events)
    node.events.list = async (...args) => {
      const events = await list(...args)
      listed += events.length
      return events
    }
    const { hostname, port } = new URL(api.url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    socket.pause()
    socket.on('error', () => undefined)
    socket.write(`GET /v1/events?after=0 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${reader.text}\r\n\r\n`)
    await until('it is sent something', () => listed > 0)
    await until('the stream is ended', () => node.events.listening === 0)
    // What the sockets' buffers took of 50 MB.
    assert.ok(listed < 25_000, `${listed} events were read`)
    socket.destroy()
    const patient = await open('/v1/events?after=0')
    let last = 0
    for (let i = 0; i < 50_000; i += 1) {
      const [message] = await patient.take(1)
      assert.equal(Number(message?.id), (last += 1))
    }
    await patient.close()
  })
})
