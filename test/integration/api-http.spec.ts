import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { createApiKey, createStaticKeyRing } from '#api'
import type { ApiServerInit } from '#api'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { FAKE_PUBLIC_BILL as CID, FAKE_SEALED_BILL as SEALED, FakeNode, statusOf } from '../support/fake-node.ts'
import { until } from '../support/until.ts'

const [key, second] = [1, 2].map((fill) =>
  createApiKey({
    id: new Uint8Array(6).fill(fill),
    secret: new Uint8Array(32).fill(fill),
    account: 'tester',
    scopes: ['bills:write', 'bills:read', 'admin'],
    createdAt: '2026-01-01T00:00:00Z',
  }),
) as [ReturnType<typeof createApiKey>, ReturnType<typeof createApiKey>]

describe('HTTP of the API', () => {
  const running: RunningApi[] = []
  let node: FakeNode

  const start = async (init: Partial<ApiServerInit> = {}): Promise<string> => {
    const server = await startApi({ node, keys: createStaticKeyRing([key.record, second.record]) }, init)
    running.push(server)
    return server.url
  }
  beforeEach(() => {
    node = new FakeNode()
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map(async (server) => server.stop()))
  })

  const withKey = { headers: { authorization: `Bearer ${key.text}` } }
  const codeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { code: string }).code
  /** What a server says to bytes that fetch would never send. */
  const say = async (url: string, bytes: string): Promise<string> => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.write(bytes, 'latin1')
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => (text += chunk))
    await new Promise<void>((resolve) => socket.once('close', () => resolve()).once('error', () => {}))
    return text
  }

  describe('request ids', () => {
    it("are the client's own UUID, or one of ours", async () => {
      const url = await start()
      const own = randomUUID()
      const idOf = async (id: string): Promise<string | null> =>
        (await fetch(`${url}/healthz`, { headers: { 'x-request-id': id } })).headers.get('x-request-id')
      assert.equal(await idOf(own), own)
      assert.equal(await idOf(own.toUpperCase()), own)
      for (const id of ['1', 'x'.repeat(200), `${own} `.repeat(2), '<script>']) {
        assert.match((await idOf(id)) ?? '', /^[0-9a-f-]{36}$/)
        assert.notEqual(await idOf(id), id)
      }
    })
  })

  describe('rates', () => {
    it('count requests without a valid key by address, and tell when to come again', async () => {
      const url = await start({ requestsPerMinuteAddress: 3 })
      const first = await fetch(`${url}/healthz`)
      assert.equal(first.headers.get('ratelimit-limit'), '3')
      assert.equal(first.headers.get('ratelimit-remaining'), '2')
      await fetch(`${url}/v1/bills`, { headers: { authorization: 'Bearer kw_wrong' } })
      await fetch(`${url}/no/route`)
      for (const path of ['/healthz', '/v1/bills', '/no/route', '/docs', '/openapi.json']) {
        const refused = await fetch(`${url}${path}`)
        assert.equal(refused.status, 429, path)
        assert.match(refused.headers.get('retry-after') ?? '', /^(?:[1-9]|[1-5]\d|60)$/)
        assert.equal(await codeOf(refused), 'ERR_API_RATE')
      }
      assert.equal((await fetch(`${url}/v1/bills`, withKey)).status, 200)
    })

    it('count requests with a valid key by key alone', async () => {
      const url = await start({ requestsPerMinuteKey: 2 })
      for (const status of [200, 200, 429, 429]) assert.equal((await fetch(`${url}/v1/bills`, withKey)).status, status)
      const other = { headers: { authorization: `Bearer ${second.text}` } }
      assert.equal((await fetch(`${url}/v1/bills`, other)).status, 200)
      assert.equal((await fetch(`${url}/healthz`)).status, 200)
    })

    it('believe a proxy that is trusted, and nobody else, about addresses', async () => {
      const from = async (url: string, address: string): Promise<number> =>
        (await fetch(`${url}/healthz`, { headers: { 'x-forwarded-for': address } })).status
      const open = await start({ requestsPerMinuteAddress: 2 })
      assert.deepEqual(
        [await from(open, '1.1.1.1'), await from(open, '1.1.1.2'), await from(open, '1.1.1.3')],
        [200, 200, 429],
      )
      const behind = await start({ requestsPerMinuteAddress: 1, trustProxies: ['127.0.0.0/8'] })
      assert.deepEqual([await from(behind, '1.1.1.1'), await from(behind, '1.1.1.1')], [200, 429])
      assert.equal(await from(behind, '1.1.1.2'), 200)
      // One subscriber has a /64.
      assert.equal(await from(behind, '2001:db8::1'), 200)
      assert.equal(await from(behind, '2001:db8::ffff'), 429)
      assert.equal(await from(behind, '2001:db8:0:1::1'), 200)
      // What the stranger wrote before the proxy's own entry counts for nothing.
      assert.equal(await from(behind, '9.9.9.9, 1.1.1.1'), 429)
    })
  })

  describe('origins', () => {
    it('that are configured may call, others and without configuration none', async () => {
      const closed = await start()
      const page = { headers: { origin: 'https://books.example' } }
      assert.equal((await fetch(`${closed}/healthz`, page)).headers.get('access-control-allow-origin'), null)
      const open = await start({ corsOrigins: ['https://books.example'] })
      const allowed = await fetch(`${open}/healthz`, page)
      assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://books.example')
      assert.match(allowed.headers.get('access-control-expose-headers') ?? '', /x-request-id/)
      const other = await fetch(`${open}/healthz`, { headers: { origin: 'https://other.example' } })
      assert.equal(other.headers.get('access-control-allow-origin'), null)
      const preflight = await fetch(`${open}/v1/bills`, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://books.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,idempotency-key',
        },
      })
      assert.equal(preflight.status, 204)
      assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /authorization/)
      assert.equal(preflight.headers.get('access-control-allow-credentials'), null)
    })
  })

  describe('caching', () => {
    const etagOf = async (url: string, init: RequestInit = {}): Promise<{ etag: string; cache: string | null }> => {
      const response = await fetch(url, init)
      assert.equal(response.status, 200)
      await response.arrayBuffer()
      return { etag: response.headers.get('etag') ?? '', cache: response.headers.get('cache-control') }
    }
    const again = async (url: string, etag: string): Promise<Response> =>
      fetch(url, { headers: { 'if-none-match': etag } })

    it('lets anybody keep a public bill and a final proof for ever, and asks again for what still changes', async () => {
      const url = await start()
      const file = await etagOf(`${url}/v1/files/${CID}`)
      assert.deepEqual(file, { etag: `"${CID}"`, cache: 'public, max-age=31536000, immutable' })
      const growing = await etagOf(`${url}/v1/proofs/${CID}`)
      assert.equal(growing.cache, 'public, no-cache')
      node.findStatus = async (cid) => ({ ...statusOf(cid, 'public'), state: 'final', claims: [finalClaim(0)] })
      const proof = await etagOf(`${url}/v1/proofs/${CID}`)
      assert.equal(proof.cache, 'public, max-age=31536000, immutable')
      assert.equal(
        (await etagOf(`${url}/v1/bills/${CID}/proof`, withKey)).cache,
        'private, max-age=31536000, immutable',
      )
      for (const [path, { etag }] of [
        [`/v1/files/${CID}`, file],
        [`/v1/proofs/${CID}`, proof],
      ] as const) {
        for (const header of [etag, `"other", ${etag}`, '*']) {
          const known = await again(`${url}${path}`, header)
          assert.equal(known.status, 304)
          assert.equal(known.headers.get('etag'), etag)
          assert.equal((await known.arrayBuffer()).byteLength, 0)
        }
        assert.equal((await again(`${url}${path}`, '"other"')).status, 200)
      }
    })

    it('tells nobody by 304 what it would not show', async () => {
      const url = await start()
      assert.equal((await again(`${url}/v1/files/${SEALED}`, '*')).status, 403)
      assert.equal((await again(`${url}/v1/bills/${CID}/proof`, '*')).status, 401)
    })

    it('keeps what a key opens out of every cache', async () => {
      const url = await start()
      for (const path of ['', `/${CID}`, `/${CID}/file`]) {
        assert.equal((await etagOf(`${url}/v1/bills${path}`, withKey)).cache, 'private, no-store', path)
      }
      assert.equal((await fetch(`${url}/v1/bills`)).headers.get('cache-control'), 'no-store')
    })

    it('gives lists that change rarely an ETag', async () => {
      const url = await start()
      const { etag, cache } = await etagOf(`${url}/v1/regions`)
      assert.equal(cache, 'no-cache')
      assert.equal((await again(`${url}/v1/regions`, etag)).status, 304)
    })
  })

  describe('compression', () => {
    /** fetch would unpack. */
    const encodingOf = async (url: string, headers: Record<string, string> = {}): Promise<string | undefined> =>
      new Promise((resolve, reject) => {
        httpRequest(url, { headers: { 'accept-encoding': 'br, gzip', ...headers } }, (response) => {
          response.resume()
          resolve(response.headers['content-encoding'])
        })
          .on('error', reject)
          .end()
      })

    it('is for long JSON, not for short answers or files', async () => {
      const url = await start()
      assert.equal(await encodingOf(`${url}/openapi.json`), 'br')
      assert.equal(await encodingOf(`${url}/healthz`), undefined)
      node.readBill = async () => ({ bytes: new Uint8Array(100_000), sealed: false })
      assert.equal(await encodingOf(`${url}/v1/files/${CID}`), undefined)
      assert.equal(await encodingOf(`${url}/v1/bills/${CID}/file`, withKey.headers), undefined)
    })
  })

  describe('hostile requests', () => {
    it('with heads that are too large are refused with 431, and the connection ends', async () => {
      const url = await start()
      for (const head of [`x: ${'a'.repeat(9_000)}\r\n`, 'x: y\r\n'.repeat(5_000)]) {
        const said = await say(url, `GET /healthz HTTP/1.1\r\nhost: a\r\n${head}\r\n`)
        assert.match(said, /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
        assert.match(said, /"code":"ERR_API_MALFORMED"/)
      }
      assert.match(await say(url, `GET /${'a'.repeat(9_000)} HTTP/1.1\r\nhost: a\r\n\r\n`), /^HTTP\/1\.1 431 /)
      assert.equal((await fetch(`${url}/healthz`)).status, 200)
    })

    it('that are no HTTP are refused with 400', async () => {
      const url = await start()
      const both = 'content-length: 1\r\ntransfer-encoding: chunked\r\n'
      const requests = [
        '\u0016\u0003\u0001\r\n\r\n',
        'GET\r\n\r\n',
        `POST /v1/bills HTTP/1.1\r\nhost: a\r\n${both}\r\n0\r\n\r\n`,
      ]
      for (const request of requests) assert.match(await say(url, request), /^HTTP\/1\.1 400 Bad Request\r\n/)
    })

    it('find nothing by tricks of the path', async () => {
      const url = await start()
      const paths = [
        '/docs/static/../../package.json',
        '/docs/static/%2e%2e/%2e%2e/package.json',
        '/docs/static/..%2f..%2fpackage.json',
        '/docs/static/..%5c..%5cpackage.json',
        '/v1/bills/..%2F..%2Fhealthz',
        `/v1/bills/${'a'.repeat(4_000)}`,
        '/v1//bills',
        '/%00',
        '/%ff',
        '/v1/files/%zz',
        '//evil.example/',
      ]
      for (const path of paths) {
        const said = await say(
          url,
          `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer ${key.text}\r\n\r\n`,
        )
        assert.match(said, /^HTTP\/1\.1 40[034] /, path)
        assert.match(said, /content-type: application\/problem\+json/, path)
      }
    })

    it('cannot take all connections from one address', async () => {
      const url = await start()
      const { port } = new URL(url)
      const sockets: Socket[] = []
      let closed = 0
      for (let i = 0; i < 600; i += 1) {
        const socket = connect(Number(port), '127.0.0.1')
        socket.on('error', () => {})
        socket.on('close', () => (closed += 1))
        sockets.push(socket)
      }
      await until('the connections over the bound are closed', () => closed === 600 - 512)
      // Another address of this machine is another caller.
      const other = await new Promise<number | undefined>((resolve, reject) => {
        httpRequest(`${url}/healthz`, { localAddress: '127.0.0.2' }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
          .on('error', reject)
          .end()
      })
      assert.equal(other, 200)
      for (const socket of sockets) socket.destroy()
      await until('connections are taken again', async () => {
        try {
          return (await fetch(`${url}/healthz`)).ok
        } catch {
          return false
        }
      })
    })
  })

  describe('open connections', () => {
    it('that wait between two requests make room for new ones, and cost nobody an answer', async () => {
      const url = await start({ maxConnections: 20 })
      const { port } = new URL(url)
      const idle: Socket[] = []
      for (let i = 0; i < 40; i += 1) {
        const socket = connect(Number(port), '127.0.0.1')
        idle.push(socket)
        socket.on('error', () => {})
        socket.write('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n')
        const [first] = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [''])])
        assert.match(String(first), /^HTTP\/1\.1 200 /, `connection ${i}`)
      }
      for (const socket of idle) socket.destroy()
    })
  })

  describe('documentation', () => {
    it('is a page that needs nothing from elsewhere and nothing inline', async () => {
      const url = await start()
      const page = await fetch(`${url}/docs`)
      assert.equal(page.status, 200)
      const policy = page.headers.get('content-security-policy') ?? ''
      assert.match(policy, /default-src 'none'/)
      assert.doesNotMatch(policy, /unsafe|https:|\*/)
      const html = await page.text()
      assert.doesNotMatch(html, /https?:\/\/|<style|<script>|style=|onload=/)
      for (const [, path = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
        const part = await fetch(new URL(path, `${url}/docs`))
        assert.equal(part.status, 200, path)
        await part.arrayBuffer()
      }
      const document = (await (await fetch(`${url}/openapi.json`)).json()) as { openapi: string }
      assert.equal(document.openapi, '3.1.0')
    })
  })
})

function finalClaim(ordinal: number): ReturnType<typeof statusOf>['claims'][number] {
  return {
    claimId: '0x00',
    ordinal,
    state: 'final',
    service: { start: '2025-01-01', end: '2025-02-01' },
    energyKWh: '1',
    gramsCO2e: '1',
    assurance: 'extracted',
    origin: 'unsigned',
    batch: CID,
    sponsor: '0x00',
  }
}
