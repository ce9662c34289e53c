import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { createApiKey, createStaticKeyRing } from '#api'
import type { ApiServerInit, BlocksView, KeyRing } from '#api'
import { LIMITS } from '#protocol'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { FAKE_PUBLIC_BILL as CID, FakeNode } from '../support/fake-node.ts'
import { until } from '../support/until.ts'

const key = createApiKey({
  id: new Uint8Array(6).fill(1),
  secret: new Uint8Array(32).fill(1),
  account: 'tester',
  scopes: ['bills:write', 'bills:read', 'admin'],
  createdAt: '2026-01-01T00:00:00Z',
})
const withKey = { authorization: `Bearer ${key.text}` }

/** A gateway whose DAG never ends. */
class EndlessNode extends FakeNode {
  read = 0
  walks = 0
  override readonly blocks: BlocksView = {
    // More than any kernel takes off the server's hands.
    findBlock: async () => new Uint8Array(16 * LIMITS.chunkBytes),
    walk: (cid) => this.#walk(cid),
    isRemoved: async () => false,
  }
  async *#walk(cid: string): ReturnType<BlocksView['walk']> {
    this.walks += 1
    try {
      for (;;) {
        this.read += 1
        await new Promise((resolve) => setImmediate(resolve))
        yield { cid, bytes: new Uint8Array(64 * 1024) }
      }
    } finally {
      this.walks -= 1
    }
  }
}

/** A node of one public bill of the largest size. */
class LargeNode extends FakeNode {
  override async readBill(): Promise<{ bytes: Uint8Array; sealed: boolean }> {
    return { bytes: new Uint8Array(LIMITS.billBytes), sealed: false }
  }
}

describe('API against hostile clients', () => {
  const running: RunningApi[] = []
  const sockets: Socket[] = []

  const start = async (node: FakeNode, init: Partial<ApiServerInit> = {}, keys?: KeyRing): Promise<string> => {
    const server = await startApi({ node, keys: keys ?? createStaticKeyRing([key.record]) }, init)
    running.push(server)
    return server.url
  }
  /** A connection that has sent a request and reads nothing of the answer. */
  const ask = async (url: string, head: string): Promise<Socket> => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    sockets.push(socket.pause())
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(`${head}\r\nhost: ${hostname}\r\n\r\n`)
    return socket
  }
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await Promise.all(running.splice(0).map(async (server) => server.stop()))
  })

  it('reads no DAG for who asks for the head of a CAR', async () => {
    const node = new EndlessNode()
    const url = await start(node)
    const answer = await fetch(`${url}/ipfs/${CID}?format=car`, { method: 'HEAD' })
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/vnd\.ipld\.car/)
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(node.read, 0)
  })

  it('frees the place of an event stream whose client was gone before it began', async () => {
    const node = new FakeNode()
    const url = await start(node)
    let isGone: () => void = () => {}
    for (let i = 0; i < 12; i += 1) {
      const asked = new Promise<void>((resolve) => {
        node.events.lastSeq = async () => {
          resolve()
          await new Promise<void>((goOn) => (isGone = goOn))
          return 0
        }
      })
      const socket = await ask(url, `GET /v1/events HTTP/1.1\r\nauthorization: ${withKey.authorization}`)
      await asked
      socket.resetAndDestroy()
      // Until the server has seen it: only then its stream would begin.
      await new Promise((resolve) => setTimeout(resolve, 20))
      isGone()
    }
    node.events.lastSeq = async () => 0
    const gone = new AbortController()
    const streams = await Promise.all(
      Array.from({ length: 10 }, async () => fetch(`${url}/v1/events`, { headers: withKey, signal: gone.signal })),
    )
    assert.deepEqual([...new Set(streams.map(({ status }) => status))], [200])
    gone.abort()
  })

  it('holds a bounded number of large files for clients that do not read them', async () => {
    const url = await start(new LargeNode())
    const path = `/v1/files/${CID}`
    const slow = await Promise.all(Array.from({ length: 60 }, async () => ask(url, `GET ${path} HTTP/1.1`)))
    // The first packet of each answer, and no more of it.
    const heads = await Promise.all(
      slow.map(async (socket) => {
        const [head] = (await once(socket.resume(), 'data')) as [Buffer]
        socket.pause()
        return head.toString('latin1', 0, 12)
      }),
    )
    assert.equal(heads.filter((head) => head === 'HTTP/1.1 200').length, 8)
    assert.equal(heads.filter((head) => head === 'HTTP/1.1 503').length, 52)
    const refused = await fetch(`${url}${path}`)
    assert.equal(((await refused.json()) as { code: string }).code, 'ERR_API_DOWNLOADS')
    assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/)
    // Others have room all the same.
    const other = await fetch(`${url}/v1/bills/${CID}/file`, { headers: withKey })
    assert.equal((await other.arrayBuffer()).byteLength, LIMITS.billBytes)
    for (const socket of slow) socket.destroy()
    await until('there is room again', async () => {
      const answer = await fetch(`${url}${path}`)
      return answer.status === 200 && (await answer.arrayBuffer()).byteLength === LIMITS.billBytes
    })
  })

  it('opens a bounded number of bills at once to explain them', async () => {
    const node = new FakeNode()
    let open = 0
    let most = 0
    const figures: FakeNode['figures'] = {
      ...node.figures,
      explain: async () => {
        most = Math.max(most, (open += 1))
        await new Promise((resolve) => setTimeout(resolve, 5))
        open -= 1
        return '{}'
      },
    }
    const url = await start(Object.assign(node, { figures }))
    const answers = await Promise.all(
      Array.from({ length: 40 }, async () => fetch(`${url}/v1/bills/${CID}/explain`, { headers: withKey })),
    )
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    assert.ok(most <= 4, `${most} bills of up to 20 MiB were open at once`)
  })

  it('bounds the connections of an address, and not those of a proxy that is trusted, by IPv6 as well', async () => {
    const heldBy = async (trustProxies: readonly string[]): Promise<number> => {
      const url = await start(new FakeNode(), { host: '::1', trustProxies })
      const opened = await Promise.all(
        Array.from({ length: 520 }, async () => {
          const socket = connect(Number(new URL(url).port), '::1')
          sockets.push(socket)
          socket.on('error', () => {})
          await once(socket, 'connect')
          return socket
        }),
      )
      // What is refused is closed at once; this one is behind all of them.
      await new Promise((resolve) => setTimeout(resolve, 200))
      return opened.filter((socket) => !socket.closed && !socket.readableEnded).length
    }
    assert.equal(await heldBy(['::1']), 520)
    assert.equal(await heldBy(['::2']), 512)
  })

  for (const [format, most] of [
    ['car', 8],
    ['raw', 64],
  ] as const) {
    it(`lets no address keep others from the gateway: ${format}`, async () => {
      const url = await start(new EndlessNode())
      const path = `/ipfs/${CID}?format=${format}`
      const slow = await Promise.all(Array.from({ length: most + 8 }, async () => ask(url, `GET ${path} HTTP/1.1`)))
      const heads = await Promise.all(
        slow.map(async (socket) => {
          const [head] = (await once(socket.resume(), 'data')) as [Buffer]
          socket.pause()
          return head.toString('latin1', 0, 12)
        }),
      )
      assert.equal(heads.filter((head) => head === 'HTTP/1.1 200').length, most)
      assert.equal(heads.filter((head) => head === 'HTTP/1.1 503').length, 8)
      const { port, hostname } = new URL(url)
      const request = httpRequest({ hostname, port, path, localAddress: '127.0.0.2' }).end()
      const [answer] = (await once(request, 'response')) as [IncomingMessage]
      assert.equal(answer.statusCode, 200)
      answer.destroy()
    })
  }

  it('cuts a client off that does not read its answer', async () => {
    const node = new EndlessNode()
    const url = await start(node, { stallMs: 300 })
    const socket = await ask(url, `GET /ipfs/${CID}?format=car HTTP/1.1`)
    await until('it is sent to', () => node.read > 0)
    await until('the walk has ended', () => node.walks === 0)
    assert.ok(node.read < 1_000, `${node.read} blocks were read for nobody`)
    socket.destroy()
  })

  for (const path of ['/v1/bills', '/v1/webhooks']) {
    it(`takes nothing by a key that was revoked while the body came in: POST ${path}`, async () => {
      const node = new FakeNode()
      const ring = createStaticKeyRing([key.record])
      let isRevoked = false
      const url = await start(node, {}, { authenticate: (text) => (isRevoked ? undefined : ring.authenticate(text)) })
      const body = path === '/v1/bills' ? 'a bill' : JSON.stringify({ url: 'https://example.com/hook' })
      const request = httpRequest(`${url}${path}`, {
        method: 'POST',
        headers: { ...withKey, 'content-length': String(body.length), expect: '100-continue' },
      })
      request.flushHeaders()
      await once(request, 'continue')
      request.write(body.slice(0, 3))
      isRevoked = true
      request.end(body.slice(3))
      const [answer] = (await once(request, 'response')) as [IncomingMessage]
      answer.resume()
      assert.equal(answer.statusCode, 401)
      assert.deepEqual(node.submissions, [])
    })
  }

  it("answers a page of another site nothing at the operator's listener", async () => {
    const url = await start(new FakeNode(), { kind: 'operator' })
    const { port, hostname } = new URL(url)
    const statusFor = async (host: string): Promise<number | undefined> => {
      const request = httpRequest({ hostname, port, path: '/metrics', headers: { host } }).end()
      const [answer] = (await once(request, 'response')) as [IncomingMessage]
      answer.resume()
      return answer.statusCode
    }
    // A name that a stranger's DNS leads to loopback: to the browser it is the stranger's own site.
    for (const host of [
      'attacker.example',
      `attacker.example:${port}`,
      'localhost.attacker.example',
      '127.0.0.1.example',
    ])
      assert.equal(await statusFor(host), 421, host)
    for (const host of [`127.0.0.1:${port}`, 'localhost', `LOCALHOST:${port}`, `[::1]:${port}`])
      assert.equal(await statusFor(host), 200, host)
  })
})
