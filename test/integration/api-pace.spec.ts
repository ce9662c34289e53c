import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setInterval as every } from 'node:timers/promises'
import { createApiKey, createStaticKeyRing } from '#api'
import type { BlocksView } from '#api'
import { LIMITS } from '#protocol'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { FAKE_PUBLIC_BILL as CID, FakeNode } from '../support/fake-node.ts'
import { until } from '../support/until.ts'

const key = createApiKey({
  id: new Uint8Array(6).fill(1),
  secret: new Uint8Array(32).fill(1),
  account: 'tester',
  scopes: ['bills:write', 'bills:read'],
  createdAt: '2026-01-01T00:00:00Z',
})
const KEY = `authorization: Bearer ${key.text}`
const BODY_BYTES = 1_048_576
/** A client brings 250 bytes in 250 ms, or is too slow. */
const PACE = { checkMs: 20, receiveWindowMs: 250, sendWindowMs: 200, slowestBytesPerS: 1_000 }

/** A gateway with a block that is more than any kernel takes off the server's hands. */
class LargeNode extends FakeNode {
  override readonly blocks: BlocksView = {
    findBlock: async () => new Uint8Array(16 * LIMITS.chunkBytes),
    walk: () => {
      throw new Error('not asked for')
    },
    isRemoved: async () => false,
  }
}

describe('API against slow clients', () => {
  let node: LargeNode
  let api: RunningApi
  const sockets: Socket[] = []

  const start = async (pace: Partial<typeof PACE> = {}): Promise<void> => {
    node = new LargeNode()
    api = await startApi({ node, keys: createStaticKeyRing([key.record]) }, { pace: { ...PACE, ...pace } })
  }
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await api.stop()
  })

  /** A connection that has sent a head, and what came of it. */
  const open = async (...head: string[]): Promise<{ socket: Socket; text: () => string; ended: Promise<unknown> }> => {
    const { hostname, port } = new URL(api.url)
    const socket = connect(Number(port), hostname)
    sockets.push(socket)
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1', 0, 4_096)))
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(`${[...head, `host: ${hostname}`].join('\r\n')}\r\n\r\n`)
    return { socket, text: () => text, ended: once(socket, 'close') }
  }
  /** Sends a byte each 10 ms until the connection is closed, whatever it is told. */
  const trickle = async (socket: Socket, first: string): Promise<void> => {
    socket.write(first)
    for await (const _ of every(10)) {
      if (socket.destroyed) return
      if (socket.writable) socket.write('x')
    }
  }

  const BODIES: readonly (readonly [string, string[], string])[] = [
    ['the bytes of a bill', ['POST /v1/bills HTTP/1.1', KEY], ''],
    ['pieces of a bill', ['POST /v1/bills HTTP/1.1', KEY, 'transfer-encoding: chunked'], '100000\r\n'],
    [
      'a form',
      ['POST /v1/bills HTTP/1.1', KEY, 'content-type: multipart/form-data; boundary=b'],
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n',
    ],
    ['JSON', ['POST /v1/webhooks HTTP/1.1', KEY], '{"url":"'],
  ]
  for (const [what, head, first] of BODIES) {
    it(`ends a request that brings ${what} byte by byte with 408, and keeps nothing of it`, async () => {
      await start()
      const size = what === 'JSON' ? 60_000 : BODY_BYTES
      const lines = head.some((line) => line.startsWith('transfer-encoding'))
        ? head
        : [...head, `content-length: ${size}`]
      const { socket, text, ended } = await open(...lines)
      const sending = trickle(socket, first)
      await ended
      await sending
      assert.match(text(), /^HTTP\/1\.1 408 Request Timeout\r\n/)
      assert.match(text(), /"code":"ERR_API_GONE"/)
      assert.deepEqual(await readdir(api.uploadsDir), [])
      assert.equal(node.submissions.length, 0)
    })
  }

  it('cuts off who sends byte by byte what was refused already', async () => {
    await start()
    const { socket, text, ended } = await open('POST /v1/bills HTTP/1.1', `content-length: ${BODY_BYTES}`)
    await trickle(socket, '')
    await ended
    assert.match(text(), /^HTTP\/1\.1 401 /)
  })

  it('writes nothing into an answer that is on its way when a request behind it is too slow', async () => {
    await start()
    const { socket, text, ended } = await open('GET /v1/events HTTP/1.1', KEY)
    await until('it has begun', () => text().includes('retry:'))
    const head = ['POST /v1/bills HTTP/1.1', KEY, 'host: a', `content-length: ${BODY_BYTES}`]
    await trickle(socket, `${head.join('\r\n')}\r\n\r\n`)
    await ended
    assert.equal(text().split('HTTP/1.1').length, 2, text())
  })

  it('takes a bill of who is slow and goes on', async () => {
    await start()
    const { socket, text } = await open('POST /v1/bills HTTP/1.1', KEY, 'content-length: 8000', 'connection: close')
    let sent = 0
    for await (const _ of every(20)) {
      // 5,000 bytes a second, over many windows of time.
      socket.write('x'.repeat(100))
      sent += 100
      if (sent === 8_000) break
    }
    await until('it is answered', () => text() !== '')
    assert.match(text(), /^HTTP\/1\.1 202 /)
    assert.equal(node.submissions[0]?.bytes.byteLength, 8_000)
  })

  it('cuts off who reads an answer a little at a time, and gives all of it to who reads on', async () => {
    // A second for 16 MiB: on loopback they take some dozen ms.
    await start({ slowestBytesPerS: 16 * LIMITS.chunkBytes })
    const path = `GET /ipfs/${CID}?format=raw HTTP/1.1`
    const slow = await open(path)
    let bytes = 0
    slow.socket.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength
      slow.socket.pause()
    })
    const reading = (async () => {
      for await (const _ of every(20)) {
        if (slow.socket.destroyed) return
        slow.socket.resume()
      }
    })()
    await slow.ended
    await reading
    assert.ok(bytes > 100_000 && bytes < 16 * LIMITS.chunkBytes, `${bytes} bytes were read`)
    const quick = await fetch(`${api.url}/ipfs/${CID}?format=raw`)
    assert.equal((await quick.arrayBuffer()).byteLength, 16 * LIMITS.chunkBytes)
  })

  it('leaves a stream of events alone that has nothing to tell', async () => {
    await start({ sendWindowMs: 20 })
    const { socket, text } = await open('GET /v1/events HTTP/1.1', KEY)
    await until('it has begun', () => text().includes('retry:'))
    let checks = 0
    for await (const _ of every(20)) if ((checks += 1) === 20) break
    assert.ok(!socket.destroyed)
    node.events.add(CID, 'certified')
    await until('it is told', () => text().includes('event: certified'))
  })
})
