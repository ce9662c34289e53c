import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createApiKey, createStaticKeyRing } from '#api'
import { charterToJson } from '#config'
import { run } from '../../node/cli/main.ts'
import { Terminal } from '../../node/cli/terminal.ts'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { until } from '../support/until.ts'

const FACTS = {
  commodity: 'gas',
  point: 'GAS 77',
  service: { start: '2025-03-01', end: '2025-04-01' },
  import: { value: '1000', unit: 'kWh' },
  kind: 'actual',
  place: { country: 'US', state: 'CA' },
}

type Ran = { readonly code: number; readonly out: string; readonly err: string }

describe('kwitness review', () => {
  const key = createApiKey({
    id: new Uint8Array(6).fill(1),
    secret: new Uint8Array(32).fill(1),
    account: 'operator',
    scopes: ['bills:write', 'bills:read', 'proofs:read', 'review'],
    createdAt: '2026-01-01T00:00:00Z',
  })
  const servers: RunningApi[] = []
  let region: LiveRegion
  let dir: string

  before(async () => {
    region = await startLiveRegion()
    dir = await mkdtemp(join(tmpdir(), 'kwitness-review-'))
    for (const position of [0, 1, 2, 3]) {
      servers.push(await startApi({ node: region.node(position), keys: createStaticKeyRing([key.record]) }))
    }
    await writeFile(join(dir, 'key'), `${key.text}\n`)
    await writeFile(join(dir, 'charter.json'), JSON.stringify(charterToJson(region.charter)))
    await writeFile(join(dir, 'facts.json'), JSON.stringify(FACTS))
    await writeFile(join(dir, 'wrong.json'), JSON.stringify({ ...FACTS, import: { value: '1', unit: 'therm' } }))
  })

  after(async () => {
    await Promise.all(servers.map(async (server) => server.stop()))
    await region.stop()
    await rm(dir, { recursive: true })
  })

  async function kwitness(position: number, ...args: string[]): Promise<Ran> {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
    const { signal } = new AbortController()
    const terminal = new Terminal({ stdin, stdout, stderr, environment: { COLUMNS: '100' }, signal })
    const api = servers[position]?.url ?? ''
    const access = args[0] === 'extract' ? [] : ['--api', api, '--key-file', join(dir, 'key')]
    const code = await run(terminal, [...args, ...access])
    return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
  }

  it('takes a scanned bill of gas from hand-in to a verified figure', async () => {
    const scan = join(dir, 'scan.png')
    await writeFile(scan, new Uint8Array([0x89, 0x50, 0x4e, 0x47, 7, 7, 7]))
    const submitted = await kwitness(0, 'submit', scan, '--json')
    assert.equal(submitted.code, 1)
    const { cid, state } = JSON.parse(submitted.out.trim().split('\n').at(-1) ?? '')
    assert.equal(state, 'needs-review')
    for (const position of [0, 1, 2]) {
      await until('the bill is here', async () =>
        JSON.parse((await kwitness(position, 'review', 'list', '--json')).out).reviews.some(
          (review: { cid: string; here: boolean }) => review.cid === cid && review.here,
        ),
      )
      const output = join(dir, `read-by-${position}.png`)
      const shown = await kwitness(position, 'review', 'show', cid, '-o', output)
      assert.match(shown.out, /extraction: png files are not read.*\(ERR_BILL_FORMAT_UNKNOWN\)/)
      assert.deepEqual(await readFile(output), await readFile(scan))
      const [entry] = (await region.node(position).accounts.listAudit(0, 10)).filter(({ subject }) => subject === cid)
      assert.deepEqual([entry?.action, entry?.actor], ['review.read', `key:${key.record.id}`])
      const wrong = await kwitness(position, 'review', 'enter', cid, '--facts', join(dir, 'wrong.json'))
      assert.equal(wrong.code, 2)
      assert.match(wrong.err, /import\.unit/)
      const entered = await kwitness(position, 'review', 'enter', cid, '--facts', join(dir, 'facts.json'))
      assert.equal(entered.code, 0, entered.err)
      assert.match(entered.out, /entered by you/)
      const status = await kwitness(0, 'status', cid)
      if (position < 2) assert.match(status.out, /people read it: \d of 3 auditors have entered it/)
    }
    await until('the bill is certified', async () =>
      / certified | anchored | final /.test((await kwitness(0, 'status', cid)).out),
    )
    const verified = await kwitness(0, 'verify', cid, '--charter', join(dir, 'charter.json'))
    assert.equal(verified.code, 0, verified.out)
    assert.match(verified.out, /recomputation +not checked: reviewed by 3 auditors/)
    assert.match(verified.out, /ok +derivation/)
    const unproven = await kwitness(0, 'explain', cid)
    assert.match(unproven.err, /answered with another file.*for an opened sealed bill give --charter/)
    const explained = await kwitness(0, 'explain', cid, '--charter', join(dir, 'charter.json'))
    assert.equal(explained.code, 0, explained.out + explained.err)
    assert.match(explained.out, /by people: auditors who each entered the same/)
    assert.match(explained.out, /Footprint: gas/)
    assert.match(explained.out, /equal: the certified claim has this figure/)
    const json = JSON.parse((await kwitness(0, 'explain', cid, '--charter', join(dir, 'charter.json'), '--json')).out)
    assert.deepEqual([json.ok, json.bills[0].assurance, json.bills[0].country], [true, 'reviewed', 'US'])
    assert.match((await kwitness(3, 'review', 'list')).out, /no bill waits for people/)
    const late = await kwitness(1, 'review', 'withdraw', cid)
    assert.match(late.err, /ERR_REVIEW_CLOSED/)
  })

  it('shows people what extraction read of a bill that it leaves to them', async () => {
    const file = fileURLToPath(new URL('../../samples/formats/csv/enphase.csv', import.meta.url))
    const reading =
      /read: electricity {2}produced 10.8 kWh \(10800 Wh\) {2}48 rows {2}missing: consumption, service period\n/
    const extracted = await kwitness(0, 'extract', file)
    assert.match(extracted.out, reading)
    assert.match(extracted.out, /enphase\.csv: facts \(csv\)\n {2}no claim can be made: energy that a plant produced/)
    assert.equal(extracted.code, 1)
    const { cid } = JSON.parse((await kwitness(0, 'submit', file, '--json')).out.trim().split('\n').at(-1) ?? '')
    assert.match((await kwitness(0, 'review', 'show', cid)).out, reading)
    const { read } = JSON.parse((await kwitness(0, 'review', 'show', cid, '--json')).out)
    assert.deepEqual(read, JSON.parse((await kwitness(0, 'extract', file, '--json')).out).read)
  })
})
