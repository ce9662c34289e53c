import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { ApiScope } from '#api'
import { charterToJson } from '#config'
import { run } from '../../node/cli/main.ts'
import { Terminal } from '../../node/cli/terminal.ts'
import { createMemberKey } from '../../node/member-key.ts'
import { findAge, makeAgeKey, runAge } from '../support/age-tool.ts'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { csvBill } from '../support/bills.ts'
import { untilState } from '../support/follow.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'

const OPERATOR = { actor: 'operator' }
const BILL = csvBill({ point: 'disclosed' })

type Ran = { readonly code: number; readonly out: string; readonly err: string }

describe('a sealed bill and the age command line', function () {
  this.timeout(120_000)
  let region: LiveRegion
  let api: RunningApi
  let dir: string
  let cid: string
  let archived: Uint8Array
  let keys: { readonly owner: string; readonly other: string; readonly writer: string }
  const file = (name: string): string => join(dir, name)

  before(async function () {
    if (findAge() === undefined) this.skip()
    dir = await mkdtemp(join(tmpdir(), 'kwitness-disclosure-'))
    region = await startLiveRegion()
    const node = region.node(0)
    api = await startApi({ node, keys: node.keys })
    await node.accounts.addAccount({ id: 'holder', recipient: makeAgeKey(file('holder.key')).recipient }, OPERATOR)
    await node.accounts.addAccount({ id: 'other' }, OPERATOR)
    const keyOf = async (account: string, ...scopes: ApiScope[]): Promise<string> =>
      (await node.accounts.createKey({ account, scopes }, OPERATOR)).text
    keys = {
      owner: await keyOf('holder', 'bills:write', 'bills:read', 'proofs:read'),
      other: await keyOf('other', 'bills:read'),
      writer: await keyOf('holder', 'bills:write', 'proofs:read'),
    }
    for (const [name, text] of Object.entries(keys)) await writeFile(file(name), `${text}\n`)
    await writeFile(file('june.csv'), BILL)
    await writeFile(file('charter.json'), JSON.stringify(charterToJson(region.charter)))
    const submitted = await kwitness('submit', file('june.csv'), '--sealed', '--json', ...as('owner'))
    assert.equal(submitted.code, 0, submitted.err)
    ;({ cid } = JSON.parse(submitted.out.trim().split('\n').at(-1) ?? '') as { cid: string })
    await untilState(node, cid, 'final')
    const response = await fetch(`${api.url}/ipfs/${cid}?format=raw`)
    assert.equal(response.status, 200)
    archived = new Uint8Array(await response.arrayBuffer())
    await writeFile(file('archived.age'), archived)
  })
  after(async () => {
    await api?.stop()
    await region?.stop()
    if (dir !== undefined) await rm(dir, { recursive: true })
  })

  const as = (name: keyof typeof keys): string[] => ['--api', api.url, '--key-file', file(name)]
  const verify = async (...args: string[]): Promise<Ran> =>
    kwitness(
      'verify',
      file('june.proof.json'),
      '--charter',
      file('charter.json'),
      '--rpc',
      region.anvil.rpcUrl,
      ...args,
    )

  it('opens with the holder’s key and with the region’s, as anybody fetches it, and with no other', async () => {
    await writeFile(file('archive.key'), region.archiveIdentity)
    makeAgeKey(file('stranger.key'))
    for (const key of ['holder.key', 'archive.key']) {
      assert.deepEqual(runAge('age', ['-d', '-i', file(key), file('archived.age')]), BILL)
    }
    assert.throws(() => runAge('age', ['-d', '-i', file('stranger.key'), file('archived.age')]), /no identity matched/)
    assert.ok(!Buffer.from(archived).includes('disclosed'))
  })

  it('is handed on to one verifier, who opens it and verifies every figure of the proof', async () => {
    const { recipient } = makeAgeKey(file('verifier.key'))
    const ran = await kwitness('disclose', cid, '--to', recipient, '-o', file('bill.age'), '--json', ...as('owner'))
    assert.equal(ran.code, 0, ran.err)
    assert.deepEqual(Object.keys(JSON.parse(ran.out) as object), ['cid', 'to', 'output', 'sizeBytes'])
    assert.equal((await kwitness('proof', cid, '-o', file('june.proof.json'), ...as('owner'))).code, 0)
    assert.deepEqual(runAge('age', ['-d', '-i', file('verifier.key'), file('bill.age')]), BILL)
    assert.throws(() => runAge('age', ['-d', '-i', file('holder.key'), file('bill.age')]), /no identity matched/)
    await writeFile(file('plain.csv'), runAge('age', ['-d', '-i', file('verifier.key'), file('bill.age')]))
    for (const bill of [[file('plain.csv')], [file('bill.age'), '--identity', file('verifier.key')]]) {
      const verified = await verify('--bill', ...bill)
      assert.equal(verified.code, 0, verified.out + verified.err)
      for (const line of ['bill-hash', 'recomputation', 'energy', 'grams']) {
        assert.match(verified.out, new RegExp(`^ok ${line} `, 'm'))
      }
    }
    const wrong = await verify('--bill', file('bill.age'), '--identity', file('holder.key'))
    assert.equal(wrong.code, 1)
    assert.match(wrong.err, /ERR_CLI_SEALED/)
    const [entry] = (await region.node(0).accounts.listAudit(0, 1_000)).filter((it) => it.action === 'bill.disclose')
    assert.equal(entry?.subject, `${cid} ${recipient}`)
    assert.equal(entry.actor, `key:${keys.owner.split('_')[1]}`)
    assert.ok(entry.requestId !== undefined)
  })

  it('is verified by its holder from the archived file, its CID too, and handed on without a node', async () => {
    const own = await verify('--bill', file('archived.age'), '--identity', file('holder.key'))
    assert.equal(own.code, 0, own.out + own.err)
    assert.match(own.out, /^ok bill-cid /m)
    const { recipient } = makeAgeKey(file('auditor.key'))
    const local = ['--bill', file('archived.age'), '--identity', file('holder.key'), '--to', recipient, '--armor']
    assert.equal((await kwitness('disclose', ...local, '-o', file('local.age'))).code, 0)
    assert.match(await readFile(file('local.age'), 'utf8'), /^-----BEGIN AGE ENCRYPTED FILE-----/)
    assert.deepEqual(runAge('age', ['-d', '-i', file('auditor.key'), file('local.age')]), BILL)
    const armoured = await verify('--bill', file('local.age'), '--identity', file('auditor.key'))
    assert.equal(armoured.code, 0, armoured.out + armoured.err)
    const other = runAge('age', ['-r', recipient], csvBill({ point: 'disclosed', kWh: '127' }))
    await writeFile(file('other.age'), other)
    const forged = await verify('--bill', file('other.age'), '--identity', file('auditor.key'))
    assert.equal(forged.code, 1)
    assert.match(forged.out, /^FAILED bill-hash /m)
  })

  it('is disclosed by a key of its account alone that may read, and to nothing but a recipient', async () => {
    const { identity, recipient } = await createMemberKey('2026-01-01T00:00:00Z')
    const post = async (key: string | undefined, body: unknown, of = cid): Promise<Response> =>
      fetch(`${api.url}/v1/bills/${of}/disclose`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify(body),
      })
    const to = { to: recipient }
    const unknown = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
    const cases: [number, Response][] = [
      [401, await post(undefined, to)],
      [403, await post(keys.writer, to)],
      [404, await post(keys.other, to)],
      [404, await post(keys.owner, to, unknown)],
      [400, await post(keys.owner, {})],
      [400, await post(keys.owner, { to: [recipient] })],
      [400, await post(keys.owner, { ...to, also: recipient })],
      [400, await post(keys.owner, { to: identity })],
      [400, await post(keys.owner, { to: `age1pq1${'q'.repeat(500)}` })],
      [413, await post(keys.owner, { to: 'x'.repeat(2_000) })],
      // A character that a person mistypes: the checksum tells.
      [422, await post(keys.owner, { to: `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}` })],
    ]
    for (const [status, response] of cases) {
      const text = await response.text()
      assert.equal(response.status, status, text)
      assert.ok(!text.includes(identity) && !text.includes('age-encryption'), text)
    }
    const others = await post(keys.other, to)
    const none = await post(keys.other, to, unknown)
    const codes = await Promise.all([others, none].map(async (it) => ((await it.json()) as { code: string }).code))
    assert.deepEqual(codes, ['ERR_API_BILL_UNKNOWN', 'ERR_API_BILL_UNKNOWN'])
    const disclosed = (await region.node(0).accounts.listAudit(0, 1_000)).filter((it) => it.action === 'bill.disclose')
    assert.equal(disclosed.length, 1)
    const good = await post(keys.owner, to)
    assert.equal(good.status, 200)
    assert.equal(good.headers.get('x-kwitness-sealed'), 'true')
    assert.equal(good.headers.get('cache-control'), 'private, no-store')
  })
})

async function kwitness(...args: string[]): Promise<Ran> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const signal = new AbortController().signal
  const code = await run(new Terminal({ stdin, stdout, stderr, environment: {}, signal }), args)
  const text = (stream: PassThrough): string => String(stream.read() ?? '')
  return { code, out: text(stdout), err: text(stderr) }
}
