import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { API_SCOPES, createApiKey, createStaticKeyRing } from '#api'
import type { ApiScope, BillStatus, NodeStatus, Page } from '#api'
import { run } from '../../node/cli/main.ts'
import { statusLines } from '../../node/cli/status/status-lines.ts'
import { Terminal } from '../../node/cli/terminal.ts'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { FAKE_PUBLIC_BILL, FAKE_SEALED_BILL, FakeNode, statusOf } from '../support/fake-node.ts'
import { until } from '../support/until.ts'

/** A command under way on a terminal of its own. */
type Session = {
  readonly ended: Promise<number>
  /** Everything that was written so far. */
  readonly out: () => string
  readonly err: () => string
  /** Ctrl-C. */
  interrupt(): void
}

const ESC = '\u{1B}'

/** Lines of the picture that was drawn last, without colours. */
function screenOf(text: string): string[] {
  return stripVTControlCharacters(text.slice(text.lastIndexOf(`${ESC}[H`))).split('\r\n')
}

class PagedNode extends FakeNode {
  readonly bills: readonly BillStatus[] = Array.from({ length: 5 }, (_, i) =>
    statusOf(i % 2 === 0 ? FAKE_PUBLIC_BILL : FAKE_SEALED_BILL, 'public'),
  )
  readonly asked: Parameters<FakeNode['pageBills']>[0][] = []
  override async pageBills(
    query: Parameters<FakeNode['pageBills']>[0] & { cursor?: string },
  ): Promise<Page<BillStatus>> {
    this.asked.push(query)
    const from = Number(query.cursor ?? 0)
    const to = from + query.limit
    return { items: this.bills.slice(from, to), ...(to < this.bills.length ? { next: String(to) } : {}) }
  }
}

describe('kwitness status and bills', () => {
  let folder: string
  let node: PagedNode
  let api: RunningApi
  const files = new Map<string, string>()

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kwitness-status-'))
  })
  after(async () => rm(folder, { recursive: true, force: true }))
  beforeEach(async () => {
    node = new PagedNode()
    const records = await Promise.all(
      (['admin', 'reader'] as const).map(async (name, i) => {
        const scopes: readonly ApiScope[] = name === 'admin' ? API_SCOPES : ['bills:read']
        const { text, record } = createApiKey({
          id: new Uint8Array(6).fill(i + 1),
          secret: new Uint8Array(32).fill(i + 1),
          account: 'baker',
          scopes,
          createdAt: '2026-01-01T00:00:00.000Z',
        })
        const file = join(folder, `${name}.key`)
        await writeFile(file, text)
        files.set(name, file)
        return record
      }),
    )
    api = await startApi({ node, keys: createStaticKeyRing(records) })
  })
  afterEach(async () => api.stop())

  function start(
    args: readonly string[],
    init: { key?: string; columns?: number; rows?: number; environment?: Record<string, string> } = {},
  ): Session {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
    const { key = 'admin', columns, rows = 24, environment = {} } = init
    if (columns !== undefined) Object.assign(stdout, { isTTY: true, columns, rows })
    const texts = ['', '']
    for (const [i, stream] of [stdout, stderr].entries()) stream.on('data', (chunk) => (texts[i] += String(chunk)))
    const stop = new AbortController()
    const terminal = new Terminal({ stdin, stdout, stderr, environment, signal: stop.signal })
    const file = key === '' ? [] : ['--key-file', files.get(key) ?? '']
    return {
      ended: run(terminal, [...args, '--api', api.url, ...file]),
      out: () => texts[0] ?? '',
      err: () => texts[1] ?? '',
      interrupt: () => stop.abort(),
    }
  }

  it('prints once where nobody looks, without colours or moves, and ends with 1 if the node is not ready', async () => {
    const once = start(['status'])
    assert.equal(await once.ended, 0)
    assert.ok(!once.out().includes(ESC))
    for (const text of [
      'ready',
      'quorum 3',
      'to be proposed',
      '0.5 claims/s',
      '2 certified',
      'warning margin',
      '7 days',
    ]) {
      assert.ok(once.out().includes(text), text)
    }
    node.ready = { ready: false, reasons: [] }
    const status = node.status.bind(node)
    node.status = async () => ({ ...(await status()), ready: false })
    const away = start(['status'])
    assert.equal(await away.ended, 1)
    assert.match(away.out(), /not ready/)
  })

  it('gives one line of JSON', async () => {
    const json = start(['status', '--json'], { columns: 80 })
    assert.equal(await json.ended, 0)
    assert.deepEqual(JSON.parse(json.out()), await node.status())
  })

  it('shows health to a key without admin, and without any key, and says so', async () => {
    for (const key of ['reader', '']) {
      const brief = start(['status'], { key })
      assert.equal(await brief.ended, 0)
      assert.match(brief.out(), /4 of 4 auditors are here/)
      assert.match(brief.out(), /scope admin/)
      assert.doesNotMatch(brief.out(), /^payer/m)
    }
  })

  it('keeps a picture fresh on a terminal, and gives the screen back at Ctrl-C', async () => {
    const live = start(['status'], { columns: 80 })
    await until('the picture is there', () => live.out().includes('Ctrl-C ends'))
    assert.ok(live.out().startsWith(`${ESC}[?1049h${ESC}[?25l`))
    const status = node.status.bind(node)
    node.status = async () => ({ ...(await status()), queue: 1_234 })
    await until('it has changed', () => screenOf(live.out()).some((line) => line.includes('1,234 bills wait')))
    live.interrupt()
    assert.equal(await live.ended, 0)
    const end = live.out().slice(live.out().lastIndexOf(`${ESC}[?1049l`))
    assert.ok(live.out().includes(`${ESC}[?25h${ESC}[?1049l`))
    assert.match(end, /1,234 bills wait/, 'what was seen last stays')
    assert.doesNotMatch(end, /Ctrl-C/)
  })

  it('waits for a node that is away, and shows it when it is back', async () => {
    const live = start(['status'], { columns: 80, environment: { NO_COLOR: '1' } })
    await until('the picture is there', () => live.out().includes('Ctrl-C ends'))
    const status = node.status.bind(node)
    node.status = async () => {
      throw new Error('out of order')
    }
    await until('the failure is told', () => screenOf(live.out()).some((line) => line.includes('trying again')))
    node.status = status
    await until('it is back', () => screenOf(live.out()).some((line) => line.includes('quorum 3')))
    live.interrupt()
    assert.equal(await live.ended, 0)
    assert.ok(!live.out().includes(`${ESC}[3`), 'NO_COLOR')
  })

  it('fails as other commands do when the first look does', async () => {
    await api.stop()
    const live = start(['status'], { columns: 80 })
    assert.equal(await live.ended, 1)
    assert.match(live.err(), /ERR_CLI_UNREACHABLE/)
    assert.ok(!live.out().includes(ESC))
  })

  it('fits its picture into every window', async () => {
    for (const [columns, rows] of [
      [40, 12],
      [44, 20],
      [80, 24],
      [120, 40],
    ] as const) {
      const live = start(['status'], { columns, rows })
      await until('the picture is there', () => live.out().includes(`${ESC}[H`))
      live.interrupt()
      await live.ended
      const picture = live.out().slice(0, live.out().indexOf(`${ESC}[?7h`))
      const lines = screenOf(picture)
      assert.ok(lines.length <= rows, `${lines.length} lines in ${rows}`)
      for (const line of lines) assert.ok(line.length <= columns, `${columns}: ${line}`)
    }
  })

  it('says what it does not know, and shows no control characters of others', () => {
    const style = { width: 80, paint: (_style: string, text: string) => text }
    const whole = {
      ...node.health(),
      ready: true,
      findings: [],
      margin: 1,
      queueLimit: 1,
      reviews: 3,
      bills: {},
      certified: { claims: 0, perSecond: 0 },
      peers: { connected: 0, refused: 0, refusedMembers: 0 },
    } satisfies NodeStatus
    const text = statusLines(
      { ...whole, payer: { address: '0x1' }, chain: { ok: false, reason: `a${ESC}[2Jb` } },
      style,
    ).join('\n')
    assert.match(text, /balance unknown/)
    assert.match(text, /bills +none/)
    assert.match(text, /3 wait for people/)
    assert.match(text, /nothing is wrong/)
    assert.ok(!text.includes(ESC) && !text.includes('disk'))
    assert.match(statusLines(whole, style).join('\n'), /payer +none: this auditor signs/)
  })

  it('lists bills in pages, by state and time', async () => {
    const first = start([
      'bills',
      '--limit',
      '2',
      '--state',
      'certified',
      '--from',
      '2026-01-31',
      '--to',
      '2026-02-01T12:00:00Z',
    ])
    assert.equal(await first.ended, 0)
    assert.equal(first.out().trim().split('\n').length, 2)
    assert.match(first.err(), /--cursor 2, or --all/)
    assert.deepEqual(node.asked, [
      { limit: 2, state: 'certified', fromMs: Date.UTC(2026, 0, 31), toMs: Date.UTC(2026, 1, 1, 12) },
    ])
    const next = start(['bills', '--limit', '2', '--cursor', '4', '--json'])
    assert.equal(await next.ended, 0)
    assert.deepEqual(JSON.parse(next.out()), { items: [statusOf(FAKE_PUBLIC_BILL, 'public')] })
    const all = start(['bills', '--limit', '2', '--all', '--json'])
    assert.equal(await all.ended, 0)
    const pages = all
      .out()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Page<BillStatus>)
    assert.deepEqual(
      pages.map(({ items }) => items.length),
      [2, 2, 1],
    )
  })

  it('refuses pages and times that are none', async () => {
    for (const args of [
      ['--limit', '0'],
      ['--limit', '5000'],
      ['--from', 'yesterday'],
      ['--to', '2026-13-01'],
      ['--state', 'lost'],
    ]) {
      const wrong = start(['bills', ...args])
      assert.equal(await wrong.ended, 2, args.join(' '))
    }
  })
})
