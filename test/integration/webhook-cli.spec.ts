import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { createApiKey, createStaticKeyRing } from '#api'
import type { Webhook, WebhooksView } from '#api'
import { run } from '../../node/cli/main.ts'
import { Terminal } from '../../node/cli/terminal.ts'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { FAKE_WEBHOOKS } from '../support/fake-events.ts'
import { FakeNode } from '../support/fake-node.ts'

const ID = 'wh_0011223344556677'

describe('kwitness webhook', () => {
  let folder: string
  let api: RunningApi
  let webhooks: WebhooksView
  let keyFile: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kwitness-webhook-cli-'))
    const bytes = { id: new Uint8Array(6).fill(1), secret: new Uint8Array(32).fill(1) }
    const key = createApiKey({
      ...bytes,
      account: 'shop',
      scopes: ['bills:write', 'bills:read'],
      createdAt: '2026-01-01T00:00:00Z',
    })
    keyFile = join(folder, 'my.key')
    await writeFile(keyFile, key.text)
    webhooks = { ...FAKE_WEBHOOKS }
    class Node extends FakeNode {
      override readonly webhooks = webhooks
    }
    api = await startApi({ node: new Node(), keys: createStaticKeyRing([key.record]) })
  })
  after(async () => {
    await api?.stop()
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(() => Object.assign(webhooks, FAKE_WEBHOOKS))

  async function kwitness(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
    const texts = ['', '']
    for (const [i, stream] of [stdout, stderr].entries()) stream.on('data', (chunk) => (texts[i] += String(chunk)))
    const { signal } = new AbortController()
    const terminal = new Terminal({ stdin, stdout, stderr, environment: {}, signal })
    const code = await run(terminal, ['webhook', ...args, '--api', api.url, '--key-file', keyFile])
    return { code, out: texts[0] ?? '', err: texts[1] ?? '' }
  }

  it('adds one, and shows its secret alone on standard output, or writes it to a file', async () => {
    const added = await kwitness('add', 'https://example.com/a', '--states', 'certified,final')
    assert.deepEqual([added.code, added.out], [0, 'whsec_c2VjcmV0\n'])
    assert.match(added.err, /wh_0011223344556677 posts to https:\/\/example\.com\/a/)
    const file = join(folder, 'hook.secret')
    const { out } = await kwitness('add', 'https://example.com/b', '--json', '--out', file)
    assert.ok(!out.includes('whsec_'))
    assert.equal((JSON.parse(out) as { output: string }).output, file)
    assert.equal(await readFile(file, 'utf8'), 'whsec_c2VjcmV0\n')
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal((await kwitness('add', 'https://example.com/b', '--out', file)).code, 1)
    const json = JSON.parse((await kwitness('add', 'https://example.com/c', '--json')).out) as { webhook: Webhook }
    assert.deepEqual(json, {
      webhook: { ...(await FAKE_WEBHOOKS.list('shop'))[0], url: 'https://example.com/c' },
      secret: 'whsec_c2VjcmV0',
    })
  })

  it('refuses states that are none', async () => {
    const { code, err } = await kwitness('add', 'https://example.com/a', '--states', 'certified,done')
    assert.equal(code, 2)
    assert.match(err, /"done" is none of received, proposed/)
  })

  it('lists them with how they are', async () => {
    const [well] = (await FAKE_WEBHOOKS.list('shop')) as [Webhook]
    const last = { at: '2026-01-01T00:00:00.000Z', ok: false, status: 500, error: 'answered 500' }
    webhooks.list = async () => [
      well,
      { ...well, failures: 2, waiting: 7, nextAt: '2026-01-01T00:02:00.000Z', last, states: ['final'] },
      { ...well, failures: 15, disabledAt: '2026-01-01T00:00:00.000Z', last: { ...last, error: '\u{1B}[2J' } },
    ]
    const { code, out } = await kwitness('list')
    assert.equal(code, 0)
    const [first, second, third] = out.split('\n')
    assert.match(first ?? '', /^wh_0011223344556677  well +0 waiting  all states  https:\/\/example\.com\/hook$/)
    assert.match(second ?? '', /failing: answered 500, again at 2026-01-01T00:02:00\.000Z  7 waiting  final/)
    assert.match(third ?? '', /switched off: /)
    assert.ok(!out.includes('\u{1B}'))
    webhooks.list = async () => []
    assert.equal((await kwitness('list')).out, 'no webhooks\n')
    assert.equal((await kwitness('list', '--json')).out, '{"webhooks":[]}\n')
  })

  it('rotates a secret, shows the new one alone on standard output, and says how long the old one signs', async () => {
    const rotated = await kwitness('rotate', ID, '--grace', '2d')
    assert.deepEqual([rotated.code, rotated.out], [0, 'whsec_bmV3ZXI=\n'])
    assert.match(rotated.err, /the old one signs too until 2026-01-03T00:00:00\.000Z/)
    // Nothing said is a day, by the API's own default.
    assert.match((await kwitness('rotate', ID)).err, /until 2026-01-02T00:00:00\.000Z/)
    assert.match((await kwitness('rotate', ID, '--grace', '0m')).err, /the old one is over/)
    const file = join(folder, 'hook-2.secret')
    assert.ok(!(await kwitness('rotate', ID, '--json', '--out', file)).out.includes('whsec_'))
    assert.equal(await readFile(file, 'utf8'), 'whsec_bmV3ZXI=\n')
    const long = await kwitness('rotate', ID, '--grace', '8d')
    assert.deepEqual([long.code, long.out], [1, ''])
    assert.match(long.err, /graceMs.*ERR_API_REQUEST/s)
  })

  it('pings, and fails when nobody answers', async () => {
    assert.deepEqual(await kwitness('ping', ID), { code: 0, out: 'answered 204\n', err: '' })
    webhooks.ping = async () => ({ ok: false, error: 'not delivered: ECONNREFUSED' })
    assert.deepEqual(await kwitness('ping', ID), { code: 1, out: 'not delivered: ECONNREFUSED\n', err: '' })
    assert.equal((await kwitness('ping', ID, '--json')).out, '{"ok":false,"error":"not delivered: ECONNREFUSED"}\n')
  })

  it('removes, and says when there is none', async () => {
    assert.match((await kwitness('remove', ID)).out, /and its secret are removed/)
    const { code, err } = await kwitness('remove', 'wh_other')
    assert.equal(code, 1)
    assert.match(err, /no webhook wh_other here.*ERR_WEBHOOK_UNKNOWN/s)
  })
})
