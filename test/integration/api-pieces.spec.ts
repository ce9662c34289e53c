import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createApiKey, createStaticKeyRing } from '#api'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { FakeNode } from '../support/fake-node.ts'
import { until } from '../support/until.ts'

const key = createApiKey({
  id: new Uint8Array(6).fill(1),
  secret: new Uint8Array(32).fill(1),
  account: 'tester',
  scopes: ['bills:write', 'bills:read'],
  createdAt: '2026-01-01T00:00:00Z',
})
const CLIENTS = 8
/** Of one byte each, as few as a small body has. */
const PIECES = 60_000
const PIECE = '1\r\nx\r\n'
/** What a client may hold of the heap: each piece on its own was 12 MB. */
const MAX_HELD_BYTES = 1_048_576

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heapBytes = (): number => {
  collect()
  return process.memoryUsage().heapUsed
}

describe('API against bodies in pieces of one byte', () => {
  let api: RunningApi
  let clients: Socket[]
  let served: Socket[]
  const onRequest = (message: unknown): void => void served.push((message as { socket: Socket }).socket)

  beforeEach(async () => {
    clients = []
    served = []
    api = await startApi({ node: new FakeNode(), keys: createStaticKeyRing([key.record]) })
    subscribe('http.server.request.start', onRequest)
  })
  afterEach(async () => {
    unsubscribe('http.server.request.start', onRequest)
    for (const socket of clients) socket.destroy()
    await api.stop()
  })

  const form = '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
  for (const [what, head, first] of [
    ['a bill', 'POST /v1/bills HTTP/1.1', ''],
    ['a form', 'POST /v1/bills HTTP/1.1\r\ncontent-type: multipart/form-data; boundary=b', form],
    ['JSON that needs no key', 'POST /v1/estimates HTTP/1.1', ''],
    ['what nobody reads', 'GET /v1/events HTTP/1.1', ''],
  ] as const) {
    it(`holds no more of ${what} than its bytes`, async () => {
      const { hostname, port } = new URL(api.url)
      const before = heapBytes()
      const authorization = head.includes('estimates') ? '' : `\r\nauthorization: Bearer ${key.text}`
      const text = [
        `${head}\r\nhost: a${authorization}\r\ntransfer-encoding: chunked\r\n\r\n`,
        first === '' ? '' : `${first.length.toString(16)}\r\n${first}\r\n`,
        PIECE.repeat(PIECES),
      ].join('')
      for (let i = 0; i < CLIENTS; i += 1) {
        const socket = connect(Number(port), hostname)
        socket.on('error', () => {})
        clients.push(socket)
        await once(socket, 'connect')
        socket.write(text)
      }
      await until('all of it is there', () => {
        return served.length === CLIENTS && served.every(({ bytesRead }) => bytesRead === text.length)
      })
      const held = (heapBytes() - before) / CLIENTS
      assert.ok(held < MAX_HELD_BYTES, `${Math.round(held)} bytes of a client`)
    })
  }
})
