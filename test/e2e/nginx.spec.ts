import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BillStatus } from '#api'
import { findFreePort } from '../support/auditor-process.ts'
import { csvBill } from '../support/bills.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { StartedAuditor } from '../support/started-auditor.ts'
import { until } from '../support/until.ts'

const MIB = 1_048_576
const CONFIGURATION = new URL('../../docs/nginx.conf', import.meta.url)
/** Requests a minute of one address without a key. */
const RATE = 40

type Answer = { readonly status: number; readonly body: string; readonly headers: NodeJS.Dict<string | string[]> }

/** Where `nginx` and `openssl` are, Debian has the first beside the PATH of users. */
async function findNginx(): Promise<string | undefined> {
  for (const command of ['nginx', '/usr/sbin/nginx']) {
    const isThere = await promisify(execFile)(command, ['-v']).then(
      () => true,
      () => false,
    )
    if (isThere) return command
  }
  return undefined
}

describe('docs/nginx.conf', function () {
  this.timeout(90_000)
  let root: string
  let region: LiveRegion
  let auditor: StartedAuditor
  let nginx: ChildProcess | undefined
  let port: number
  let key: string
  let agent: Agent

  before(async function () {
    const command = await findNginx()
    if (command === undefined) this.skip()
    root = await mkdtemp(join(tmpdir(), 'kwitness-nginx-'))
    // Workers of nginx are another user's.
    await chmod(root, 0o755)
    region = await startLiveRegion({ started: [] })
    auditor = await StartedAuditor.create(region, 0, root, {
      api: { trustProxies: ['127.0.0.1'], requestsPerMinuteAddress: RATE },
    })
    await auditor.start()
    await auditor.post('/v1/accounts', { id: 'user' })
    const wanted = { account: 'user', scopes: ['bills:write', 'bills:read'] }
    key = (await auditor.post<{ apiKey: string }>('/v1/keys', wanted)).apiKey
    port = await findFreePort()
    let text = await readFile(CONFIGURATION, 'utf8')
    for (const [from, to] of [
      ['server 127.0.0.1:4480;', `server ${new URL(auditor.url).host};`],
      ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ] as const) {
      assert.equal(text.split(from).length, 2, from)
      text = text.replace(from, to)
    }
    await writeFile(join(root, 'nginx.conf'), text)
    const made = ['-keyout', join(root, 'key.pem'), '-out', join(root, 'cert.pem'), '-subj', '/CN=kwitness.example']
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      ...made,
      '-addext',
      'subjectAltName=DNS:kwitness.example',
    ])
    agent = new Agent({ keepAlive: true, ca: await readFile(join(root, 'cert.pem')), servername: 'kwitness.example' })
    nginx = spawn(command, ['-e', 'stderr', '-p', root, '-c', join(root, 'nginx.conf'), '-g', 'daemon off;'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    await until('nginx answers', async () =>
      call('/healthz').then(
        ({ status }) => status === 200,
        () => {
          assert.equal(nginx?.exitCode, null, 'nginx has ended')
          return false
        },
      ),
    )
  })
  after(async () => {
    agent?.destroy()
    if (nginx?.exitCode === null) {
      const ended = once(nginx, 'exit')
      nginx.kill('SIGTERM')
      await ended
    }
    await auditor?.end('SIGKILL')
    await region?.stop()
    if (root !== undefined) await rm(root, { recursive: true, force: true })
  })

  type Sent = { method?: string; headers?: Record<string, string>; body?: Uint8Array; from?: string }

  async function call(path: string, sent: Sent = {}, isDirect = false): Promise<Answer> {
    const { method = 'GET', headers = {}, body, from } = sent
    return new Promise((resolve, reject) => {
      const common = { method, headers, host: '127.0.0.1', path, ...(from === undefined ? {} : { localAddress: from }) }
      const outgoing = isDirect
        ? httpRequest({ ...common, port: new URL(auditor.url).port, agent: new HttpAgent() })
        : request({ ...common, port, agent: from === undefined ? agent : new Agent(agent.options) })
      outgoing.on('error', reject)
      outgoing.on('response', (incoming) => {
        let text = ''
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        incoming.on('error', reject)
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: text, headers: incoming.headers }))
      })
      outgoing.end(body)
    })
  }

  const authorization = (): { authorization: string } => ({ authorization: `Bearer ${key}` })

  it('lets 20 MiB through, and the node itself refuses a byte more', async () => {
    const bill = new Uint8Array(20 * MIB).fill(0x61)
    const taken = await call('/v1/bills', { method: 'POST', headers: authorization(), body: bill })
    assert.equal(taken.status, 202, taken.body)
    const { cid } = JSON.parse(taken.body) as BillStatus
    const file = await call(`/v1/bills/${cid}/file`, { headers: authorization() })
    assert.deepEqual([file.status, file.body.length], [200, 20 * MIB])
    const more = await call('/v1/bills', {
      method: 'POST',
      headers: authorization(),
      body: new Uint8Array(20 * MIB + 1),
    })
    assert.deepEqual([more.status, more.headers['content-type']], [413, 'application/problem+json'])
    const stranger = await call('/v1/bills', { method: 'POST', body: new Uint8Array(MIB) })
    assert.equal(stranger.status, 401)
  })

  it('passes events on as they come', async () => {
    const incoming = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port, path: '/v1/events', agent, headers: authorization() },
        resolve,
      )
      outgoing.on('error', reject)
      outgoing.end()
    })
    let text = ''
    incoming.setEncoding('utf8')
    incoming.on('data', (chunk: string) => (text += chunk))
    incoming.on('error', () => undefined)
    await until('the stream has begun', () => text.includes('retry:'))
    const { status, body } = await call('/v1/bills', {
      method: 'POST',
      headers: authorization(),
      body: csvBill({ point: 'nginx' }),
    })
    assert.equal(status, 202, body)
    const { cid } = JSON.parse(body) as BillStatus
    await until('the event of the bill', () => text.includes(cid), { deadlineMs: 5_000 })
    assert.ok('destroy' in incoming && typeof incoming.destroy === 'function')
    incoming.destroy()
  })

  it("tells the node its clients' addresses, which nobody else can", async function () {
    // Elsewhere loopback has one address only.
    if (process.platform !== 'linux') this.skip()
    const many = async (from: string, isDirect: boolean): Promise<Set<number>> => {
      const statuses = new Set<number>()
      for (let i = 0; i < RATE + 5; i += 1) {
        // Whatever a client says of its address.
        const headers = { 'x-forwarded-for': `203.0.113.${i}, 198.51.100.${i}`, connection: 'close' }
        statuses.add((await call('/v1/regions', { from, headers }, isDirect)).status)
      }
      return statuses
    }
    assert.deepEqual(await many('127.0.0.2', false), new Set([200, 429]))
    assert.equal((await call('/v1/regions', { from: '127.0.0.3' })).status, 200)
    assert.deepEqual(await many('127.0.0.4', true), new Set([200, 429]))
  })

  it('keeps no record of who asked for which bill', async () => {
    const log = await readFile(join(root, 'error.log'), 'utf8')
    assert.ok(!log.includes('/v1/bills/'), log)
    await assert.rejects(readFile(join(root, 'logs', 'access.log')))
  })
})
