import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { StartedAuditor } from '../support/started-auditor.ts'
import { until } from '../support/until.ts'

const CONNECTIONS = 10_000
/** Addresses that they come from: more than one may have has each of them none. */
const ADDRESSES = 20
/** What a process may grow by through all of this: connections at 20 KiB, bodies under way, garbage not collected yet. */
const MOST_GROWTH_BYTES = 400e6
const KEY_OF_NOBODY = `kw_${'0'.repeat(12)}_${'0'.repeat(64)}`

/*
 * A real process and clients that mean it no good. After each of them a good request is answered within a second, and in the
 * end the process has not grown beyond a bound.
 */
describe('kwitness start under abuse', function () {
  this.timeout(120_000)
  let root: string
  let region: LiveRegion
  let auditor: StartedAuditor
  let key: string
  let before_: number
  const sockets: Socket[] = []

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'kwitness-abuse-'))
    region = await startLiveRegion({ started: [] })
    auditor = await StartedAuditor.create(region, 0, root)
    await auditor.start()
    await auditor.post('/v1/accounts', { id: 'user' })
    key = (
      await auditor.post<{ apiKey: string }>('/v1/keys', { account: 'user', scopes: ['bills:write', 'bills:read'] })
    ).apiKey
    before_ = await rssBytes()
  })
  afterEach(async () => {
    const beganMs = performance.now()
    try {
      const response = await fetch(`${auditor.url}/v1/account`, { headers: { authorization: `Bearer ${key}` } })
      assert.equal(response.status, 200, await response.text())
      const tookMs = performance.now() - beganMs
      assert.ok(tookMs < 1_000, `a good request took ${tookMs} ms`)
    } finally {
      for (const socket of sockets.splice(0)) socket.destroy()
    }
    const grownBytes = (await rssBytes()) - before_
    assert.ok(grownBytes < MOST_GROWTH_BYTES, `the process has grown by ${grownBytes} bytes`)
  })
  after(async () => {
    await auditor?.end('SIGKILL')
    await region?.stop()
    await rm(root, { recursive: true, force: true })
  })

  async function rssBytes(): Promise<number> {
    const response = await fetch(`${auditor.operatorUrl}/healthz`)
    return ((await response.json()) as { rssBytes: number }).rssBytes
  }

  const open = (localAddress = '127.0.0.1'): Socket => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(auditor.url).port), localAddress })
    socket.on('error', () => undefined)
    sockets.push(socket)
    return socket
  }

  /** Sends bytes, and reads until the other end closes, or has answered so often. */
  async function raw(bytes: string | Buffer, answers = 1): Promise<number[]> {
    const socket = open()
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
    socket.write(bytes)
    const statuses = (): number[] => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
    await until(`an answer to ${bytes.toString('latin1', 0, 60)}`, () => socket.closed || statuses().length >= answers)
    socket.destroy()
    return statuses()
  }

  const head = (start: string, ...lines: string[]): string =>
    [`${start} HTTP/1.1`, 'host: x', `authorization: Bearer ${key}`, ...lines, '', ''].join('\r\n')

  const idle = {
    'say nothing': '',
    'say half of a head': 'GET /v1/account HTTP/1.1\r\nhost: x\r\nx-slow: ',
    'have had their answer': 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n',
    'have half of a body to come': 'POST /v1/estimates HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{',
  }
  for (const [what, bytes] of Object.entries(idle)) {
    it(`lives with ${CONNECTIONS} connections that ${what}`, async function () {
      // Elsewhere loopback has one address only, of which a few hundred may come.
      if (process.platform !== 'linux') this.skip()
      let opened = 0
      for (let i = 0; i < CONNECTIONS; i += 1) {
        const socket = open(`127.0.1.${1 + (i % ADDRESSES)}`)
        socket.once('connect', () => {
          opened += 1
          if (bytes !== '') socket.write(bytes)
        })
        socket.resume()
        if (i % 200 === 199)
          await until('connections', () => opened > i - 400 || sockets.filter((it) => it.closed).length > 100)
      }
      await until('all have tried', () => sockets.every(({ connecting }) => !connecting))
    })
  }

  it('takes no form that is none', async () => {
    const type = 'content-type: multipart/form-data; boundary=b'
    const part = (name: string, text = 'x'): string =>
      `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`
    const forms: Record<string, string> = {
      'ten thousand parts': Array.from({ length: 10_000 }, (_, i) => part(`f${i}`)).join('') + '--b--\r\n',
      'ten thousand files': `${'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n'.repeat(10_000)}--b--\r\n`,
      'a name of a megabyte': `${part('n'.repeat(1_048_576))}--b--\r\n`,
      'a field of a megabyte': `${part('visibility', 'v'.repeat(1_048_576))}--b--\r\n`,
      'a head of a megabyte': `--b\r\n${'x-header: y\r\n'.repeat(90_000)}\r\nx\r\n--b--\r\n`,
      'a nested form': `--b\r\ncontent-type: multipart/mixed; boundary=c\r\ncontent-disposition: form-data; name="file"\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n`,
      'no end': part('file'),
      'no part': '--b--\r\n',
      'no boundary in it': 'x'.repeat(1_000),
      'names of objects': `${part('__proto__')}${part('constructor')}--b--\r\n`,
    }
    for (const [what, form] of Object.entries(forms)) {
      const [status = 0] = await raw(
        `${head('POST /v1/bills', type, `content-length: ${Buffer.byteLength(form)}`)}${form}`,
      )
      assert.ok(status >= 400 && status < 500, `${what}: ${status}`)
    }
    for (const wrong of [
      'multipart/form-data',
      'multipart/form-data; boundary=',
      `multipart/form-data; boundary=${'b'.repeat(300)}`,
    ]) {
      const [status = 0] = await raw(`${head('POST /v1/bills', `content-type: ${wrong}`, 'content-length: 3')}--b`)
      assert.ok(status >= 400 && status < 500, `${wrong}: ${status}`)
    }
  })

  it('is of one mind with any proxy about where a request ends', async () => {
    const chunked = 'transfer-encoding: chunked'
    const shapes: Record<string, string> = {
      'length and chunks': `${head('POST /v1/bills', 'content-length: 4', chunked)}0\r\n\r\n`,
      'two lengths': `${head('POST /v1/bills', 'content-length: 4', 'content-length: 40')}abcd`,
      'a length with a sign': `${head('POST /v1/bills', 'content-length: +4')}abcd`,
      'a length in hex': `${head('POST /v1/bills', 'content-length: 0x4')}abcd`,
      'a list of lengths': `${head('POST /v1/bills', 'content-length: 4, 4')}abcd`,
      'another coding behind chunks': `${head('POST /v1/bills', 'transfer-encoding: chunked, identity')}0\r\n\r\n`,
      'a coding with a tab': `${head('POST /v1/bills', 'transfer-encoding:\x0bchunked')}0\r\n\r\n`,
      'a space before the colon': `${head('POST /v1/bills', 'content-length : 4')}abcd`,
      'a folded header': `${head('POST /v1/bills', 'x-a: 1', ' folded: 2', 'content-length: 4')}abcd`,
      'a bare line feed': head('POST /v1/bills').replaceAll('\r\n', '\n'),
      'a chunk size that is none': `${head('POST /v1/bills', chunked)}xyz\r\nabcd\r\n0\r\n\r\n`,
      'a chunk size beyond numbers': `${head('POST /v1/bills', chunked)}fffffffffffffffff\r\nabcd\r\n0\r\n\r\n`,
      'a NUL in a header': head('GET /v1/account', 'x-a: a\0b'),
      'no host': 'GET /healthz HTTP/1.1\r\n\r\n',
      'two hosts': 'GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n',
    }
    for (const [what, bytes] of Object.entries(shapes)) {
      const statuses = await raw(bytes)
      assert.ok(
        statuses.every((status) => status >= 400 && status < 500),
        `${what}: ${statuses.join()}`,
      )
    }
  })

  it('answers requests in a row in their order, and ends none for another', async () => {
    const one = head('GET /v1/account')
    assert.deepEqual(
      await raw(one.repeat(50), 50),
      Array.from({ length: 50 }, () => 200),
    )
    const mixed = `${head('GET /v1/account')}${head('GET /v1/nothing')}${head('GET /v1/account')}`
    assert.deepEqual(await raw(mixed, 3), [200, 404, 200])
  })

  it('reads no JSON that is too deep, too long, packed, or shorter than it says', async () => {
    const post = async (body: string | Buffer, headers: Record<string, string> = {}): Promise<number> => {
      const response = await fetch(`${auditor.url}/v1/estimates`, {
        method: 'POST',
        headers,
        body: typeof body === 'string' ? body : new Uint8Array(body),
      })
      await response.arrayBuffer()
      return response.status
    }
    for (const deep of ['['.repeat(100_000), '{"a":'.repeat(100_000), `${'['.repeat(30_000)}${']'.repeat(30_000)}`]) {
      assert.ok([400, 413, 422].includes(await post(deep)), deep.slice(0, 10))
    }
    assert.equal(await post(gzipSync(' '.repeat(50_000_000)), { 'content-encoding': 'gzip' }), 415)
    assert.equal(await post('{"__proto__":{"a":1},"constructor":{"prototype":{}}}'), 422)
    const short = open()
    short.write(`${head('POST /v1/estimates', 'content-length: 500')}{}`)
    short.end()
    short.resume()
    await once(short, 'close')
  })

  it('finds nothing by tricks of the path', async () => {
    const tricks = [
      '/v1/../../../etc/passwd',
      '/v1/%2e%2e/%2e%2e/etc/passwd',
      '/v1/%252e%252e/etc/passwd',
      '/docs/..%2f..%2fpackage.json',
      '/docs/%2e%2e%5c%2e%2e%5cpackage.json',
      '/v1/bills/%00',
      '/v1/bills/%c0%ae%c0%ae',
      '/v1/bills/%ff',
      '//v1/accounts',
      '/v1//accounts',
      '/V1/ACCOUNT',
      '/v1/accounts',
      '/v1/account/',
      'http://127.0.0.1/v1/accounts',
      '/ipfs/../v1/accounts',
      '/ipfs/%2e%2e/v1/accounts',
      '/v1/bills/;/',
      '/v1/bills/..;/account',
      '*',
      `/v1/${'a/'.repeat(3_000)}`,
    ]
    for (const path of tricks) {
      const [status = 0] = await raw(head(`GET ${path}`))
      assert.ok(status >= 400 && status < 500, `${path}: ${status}`)
    }
    const bombs = [
      head('GET /v1/account', ...Array.from({ length: 500 }, (_, i) => `x-${i}: ${'v'.repeat(100)}`)),
      head('GET /v1/account', `x-a: ${'v'.repeat(100_000)}`),
      head(`GET /v1/bills?${'a=1&'.repeat(20_000)}`),
      head('GET /v1/account', `cookie: ${'a=b; '.repeat(20_000)}`),
    ]
    for (const bomb of bombs) assert.deepEqual(await raw(bomb), [431])
    assert.deepEqual(await raw(head(`GET /v1/bills?${'limit=1&'.repeat(500)}`)), [400])
  })

  it('does not wait for whoever has no right to send', async () => {
    const headers = [`authorization: Bearer ${KEY_OF_NOBODY}`, 'content-length: 20000000']
    const [status] = await raw(`POST /v1/bills HTTP/1.1\r\nhost: x\r\n${headers.join('\r\n')}\r\n\r\nslow`)
    assert.equal(status, 401)
  })
})
