import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AnchorView, ApiScope, BatchView, CommitteeView, NodeStatus, Page, Readiness, RegionView } from '#api'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { kwitness } from '../support/kwitness.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { until } from '../support/until.ts'

const OPERATOR = { actor: 'operator' }

/** An answer of the API, believed to be what its route says. */
type Answer<T> = { readonly status: number; readonly body: T }

/** Value of a series without labels, or with these. */
function valueOf(metrics: string, series: string): number | undefined {
  const line = metrics.split('\n').find((text) => text.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

describe('the service of a running node', () => {
  let region: LiveRegion
  let api: RunningApi
  let operator: RunningApi
  const bills: string[] = []

  before(async () => {
    region = await startLiveRegion()
    const node = region.node(0)
    api = await startApi({ node, keys: node.keys })
    operator = await startApi({ node, keys: node.keys }, { kind: 'operator' })
    await node.accounts.addAccount({ id: 'baker' }, OPERATOR)
    await node.accounts.addAccount({ id: 'stranger' }, OPERATOR)
    for (const month of [1, 2, 3]) {
      const bytes = csvBill({ point: 'P-1', start: `2022-0${month}-01`, end: `2022-0${month + 1}-01`, kWh: '310.5' })
      const visibility = month === 1 ? 'sealed' : 'public'
      const { cid } = await submitTo(node, { ...submissionOf(bytes, visibility), accountId: 'baker' })
      bills.push(cid)
      await untilState(node, cid, 'final')
    }
  })
  after(async () => {
    await api?.stop()
    await operator?.stop()
    await region?.stop()
  })

  const keyFor = async (account: string, ...scopes: ApiScope[]): Promise<string> =>
    (await region.node(0).accounts.createKey({ account, scopes }, OPERATOR)).text

  async function get<T = unknown>(path: string, key?: string, base = api.url): Promise<Answer<T>> {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
    const response = await fetch(`${base}${path}`, { headers })
    return { status: response.status, body: (await response.json()) as T }
  }

  it('shows regions and committee to anybody', async () => {
    const { body } = await get<{ regions: RegionView[] }>('/v1/regions')
    assert.deepEqual(
      body.regions.map(({ name, own, committeeSize, quorum }) => ({ name, own, committeeSize, quorum })),
      [
        { name: 'elsewhere', own: false, committeeSize: 4, quorum: 3 },
        { name: 'north-america', own: true, committeeSize: 4, quorum: 3 },
      ].toSorted(
        (a, b) => body.regions.findIndex((r) => r.name === a.name) - body.regions.findIndex((r) => r.name === b.name),
      ),
    )
    const committee = await until('all auditors are connected', async () => {
      const { body } = await get<CommitteeView>('/v1/committee')
      return body.members.every(({ connected }) => connected) ? body : undefined
    })
    assert.equal(committee.margin, 1)
    assert.equal(committee.members.filter(({ self }) => self).length, 1)
    await region.stopNode(3)
    const fewer = await until('one has gone', async () => {
      const { body } = await get<CommitteeView>('/v1/committee')
      return body.margin === 0 ? body : undefined
    })
    assert.equal(fewer.members.filter(({ connected }) => !connected).length, 1)
    await region.startNode(3)
  })

  it('lists anchors newest first, in pages that meet without gap or repeat', async () => {
    const all = (await get<Page<AnchorView>>('/v1/anchors')).body
    assert.equal(all.next, undefined)
    assert.ok(all.items.length >= 3)
    const seqs: number[] = []
    let cursor: string | undefined
    do {
      const { body }: { body: Page<AnchorView> } = await get(
        `/v1/anchors?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`,
      )
      seqs.push(...body.items.map(({ seq }) => seq))
      cursor = body.next
    } while (cursor !== undefined)
    assert.deepEqual(
      seqs,
      all.items.map(({ seq }) => seq),
    )
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => b - a),
    )
    const one = (await get<AnchorView>('/v1/anchors/1')).body
    assert.deepEqual(one, all.items.at(-1))
    assert.equal((await get('/v1/anchors/999')).status, 404)
    assert.equal((await get<{ code: string }>('/v1/anchors?cursor=x')).body.code, 'ERR_API_CURSOR')
  })

  it('lists batches in pages and by state, and one by its CID', async () => {
    const all = (await get<Page<BatchView>>('/v1/batches')).body.items
    assert.ok(all.length >= 3)
    const paged: BatchView[] = []
    let cursor: string | undefined
    do {
      const { body }: { body: Page<BatchView> } = await get(
        `/v1/batches?limit=1${cursor === undefined ? '' : `&cursor=${cursor}`}`,
      )
      paged.push(...body.items)
      cursor = body.next
    } while (cursor !== undefined)
    assert.deepEqual(paged, all)
    assert.deepEqual((await get<Page<BatchView>>('/v1/batches?state=anchored')).body.items, all)
    assert.deepEqual((await get<Page<BatchView>>('/v1/batches?state=abandoned')).body.items, [])
    const none = (await get<Page<BatchView>>('/v1/batches?state=abandoned&limit=1')).body
    assert.deepEqual(none, { items: [] }, 'a filter looks on, and does not give one empty page after the other')
    const [first] = all
    assert.deepEqual((await get<BatchView>(`/v1/batches/${first?.cid ?? ''}`)).body, first)
    assert.equal((await get(`/v1/batches/${bills[1] ?? ''}`)).status, 404)
    assert.equal((await get<{ code: string }>('/v1/batches?cursor=x')).body.code, 'ERR_API_CURSOR')
  })

  it('estimates and tells factors as the command line does, digit by digit', async () => {
    const request =
      '{"place":{"country":"US","state":"CA"},"year":2022,"energy":{"amount":310.50000000000000001,"unit":"kWh"}}'
    const response = await fetch(`${api.url}/v1/estimates`, { method: 'POST', body: request })
    const estimate = ['estimate', '--place', 'US-CA', '--year', '2022', '--amount', '310.50000000000000001', '--json']
    assert.equal(`${await response.text()}\n`, (await kwitness(estimate)).out)
    for (const [query, args] of [
      ['place=US-CA&year=2022', ['--place', 'US-CA', '--year', '2022']],
      ['place=DE', ['--place', 'DE']],
      ['utility=14328:CA&year=2022', ['--utility', '14328:CA', '--year', '2022']],
    ] as const) {
      const answer = await fetch(`${api.url}/v1/factors?${query}`)
      assert.equal(`${await answer.text()}\n`, (await kwitness(['factors', ...args, '--json'])).out)
    }
    const few = (await get<{ activities: unknown[]; more: number }>('/v1/factors?activity=diesel&limit=3')).body
    assert.equal(few.activities.length, 3)
    assert.ok(few.more > 0)
  })

  it('refuses what cannot be estimated with the code of the rules', async () => {
    const post = async (body: string): Promise<{ status: number; code: string }> => {
      const response = await fetch(`${api.url}/v1/estimates`, { method: 'POST', body })
      return { status: response.status, code: ((await response.json()) as { code: string }).code }
    }
    assert.deepEqual(await post('{'), { status: 422, code: 'ERR_ESTIMATE_REQUEST' })
    assert.deepEqual(await post('{"place":{"country":"UK"},"year":2022,"energy":{"amount":1,"unit":"kWh"}}'), {
      status: 422,
      code: 'ERR_PLACE_UNKNOWN',
    })
    assert.equal((await post('x'.repeat(100_000))).status, 413)
    assert.equal((await get<{ code: string }>('/v1/factors?place=QQ&year=2022')).status, 422)
    assert.equal((await get<{ code: string }>('/v1/factors')).status, 400)
    assert.equal((await get<{ code: string }>('/v1/factors?place=DE&zip=94110')).status, 400)
  })

  it('explains a bill to the account that handed it in, as the command line does', async () => {
    const key = await keyFor('baker', 'bills:read', 'proofs:read')
    const keyFile = join(region.dataDir(0), 'baker.key')
    await writeFile(keyFile, key)
    for (const cid of bills.slice(0, 2)) {
      const { body } = await get<{
        ok: boolean
        bills: { certified: { equal: boolean; checks: { name: string }[] } }[]
      }>(`/v1/bills/${cid}/explain`, key)
      assert.equal(body.ok, true)
      const [first] = body.bills
      assert.equal(first?.certified.equal, true)
      assert.ok(first.certified.checks.length > 5)
      if (cid === bills[0]) continue
      const shown = JSON.parse(
        (await kwitness(['explain', cid, '--api', api.url, '--key-file', keyFile, '--json'])).out,
      ) as typeof body
      // The command also checks what the node serves; the rest is one and the same.
      const own = new Set(first.certified.checks.map(({ name }) => name))
      for (const bill of shown.bills) {
        bill.certified.checks = bill.certified.checks.filter(({ name }) => own.has(name))
      }
      assert.deepEqual(shown, body)
    }
    const stranger = await keyFor('stranger', 'bills:read')
    assert.equal((await get(`/v1/bills/${bills[0]}/explain`, stranger)).status, 404)
    assert.equal((await get(`/v1/bills/${bills[0]}/explain`)).status, 401)
    assert.equal((await get(`/v1/bills/${bills[1]}/explain?claim=7`, key)).status, 422)
  })

  it('shows its whole status to the operator, and only its health to others', async () => {
    // A bill of two accounts is one bill.
    const again = csvBill({ point: 'P-1', start: '2022-02-01', end: '2022-03-01', kWh: '310.5' })
    const { cid } = await submitTo(region.node(0), { ...submissionOf(again), accountId: 'stranger' })
    assert.equal(cid, bills[1])
    const { events } = region.node(0)
    await until(
      'the second account is told',
      async () => (await events.lastSeq({ account: 'stranger', all: false })) > 0,
    )
    const admin = await keyFor('baker', 'admin')
    const { body } = await get<NodeStatus>('/v1/status', admin, operator.url)
    assert.equal(body.ready, true)
    assert.equal(body.margin, 1)
    assert.deepEqual(body.bills, { final: 3 })
    assert.equal(body.certified.claims, 3)
    assert.ok(body.certified.perSecond > 0)
    assert.ok((body.disk?.usedBytes ?? 0) > 10_000)
    assert.ok(BigInt(body.payer?.balanceWei ?? 0) > 10n ** 18n)
    assert.ok((body.payer?.runwayAnchors ?? 0) > 1_000)
    assert.deepEqual(
      body.findings.map(({ code }) => code),
      ['margin'],
    )
    const { body: brief } = await get<object>('/v1/status', await keyFor('stranger', 'bills:read'))
    assert.deepEqual(Object.keys(brief).toSorted(), [...Object.keys(region.node(0).health()), 'ready'].toSorted())
    assert.equal((await get('/v1/status')).status, 401)
  })

  it('has its metrics on the operator listener alone, without a key', async () => {
    assert.equal((await get('/metrics')).status, 404)
    const response = await fetch(`${operator.url}/metrics`)
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    const text = await response.text()
    assert.equal(valueOf(text, 'kwitness_ready'), 1)
    assert.equal(valueOf(text, 'kwitness_committee_margin'), 1)
    assert.equal(valueOf(text, 'kwitness_claims_certified_total'), 3)
    assert.equal(valueOf(text, 'kwitness_bills{state="final"}'), 3)
    assert.equal(valueOf(text, 'kwitness_chain_up'), 1)
    assert.ok((valueOf(text, 'kwitness_anchors_total') ?? 0) >= 3)
    assert.ok((valueOf(text, 'kwitness_votes_total') ?? 0) >= 3)
    assert.ok((valueOf(text, 'kwitness_extraction_seconds_count') ?? 0) >= 3)
    assert.ok((valueOf(text, 'kwitness_event_loop_lag_seconds{quantile="0.99"}') ?? -1) >= 0)
    assert.ok((valueOf(text, 'kwitness_http_request_seconds_count{route="/v1/anchors",status="200"}') ?? 0) > 1)
    assert.ok((valueOf(text, 'kwitness_http_request_seconds_count{route="none",status="404"}') ?? 0) >= 1)
    assert.doesNotMatch(text, /16Uiu2|0x[0-9a-f]{40}/)
    const second = await (await fetch(`${operator.url}/metrics`)).text()
    assert.equal(valueOf(second, 'kwitness_claims_certified_total'), 3, 'a second look counts nothing twice')
    const spent = await Promise.all(
      region.nodes.map(async (node) => valueOf((await node?.metrics())?.text ?? '', 'kwitness_gas_spent_total') ?? 0),
    )
    assert.ok(
      spent.some((gas) => gas > 50_000),
      'some node has paid',
    )
  })

  it('is not ready without a quorum, says why, and lives on', async () => {
    const before = await get<Readiness>('/readyz')
    assert.deepEqual(before, { status: 200, body: { ready: true, reasons: [] } })
    await region.stopNode(2)
    await region.stopNode(3)
    const after = await until('the node is not ready', async () => {
      const answer = await get<Readiness>('/readyz', undefined, operator.url)
      return answer.status === 503 ? answer : undefined
    })
    assert.deepEqual(
      after.body.reasons.map(({ code, level }) => [code, level]),
      [['quorum', 'alarm']],
    )
    assert.equal((await get('/healthz')).status, 200)
    const text = (await region.node(0).metrics()).text
    assert.equal(valueOf(text, 'kwitness_ready'), 0)
    assert.equal(valueOf(text, 'kwitness_committee_margin'), -1)
  })

  it('takes no bills while its disk is full, says so, and certifies those of others', async () => {
    await region.startNode(3)
    await region.stopNode(1)
    const disk = { freeBytes: 4, totalBytes: 100 }
    const node = await region.startNode(1, { readDiskSpace: async () => disk })
    const bill = submissionOf(csvBill({ point: 'P-full' }))
    const reasons = (): string[] => node.readiness().reasons.map(({ code }) => code)
    await until('only the disk is wrong', () => reasons().join(' ') === 'disk', { lastSeen: reasons })
    await assert.rejects(submitTo(node, bill), { code: 'ERR_STORAGE_FULL' })
    const { cid } = await submitTo(region.node(0), bill)
    await untilState(node, cid, 'certified')
    disk.freeBytes = 50
    await until('there is room', () => (node.readiness().ready ? true : undefined))
    await submitTo(node, submissionOf(csvBill({ point: 'P-room' })))
  })

  it('counts its bills again after a restart, and tells of a dead endpoint what it does not know', async () => {
    const before = region.node(1)
    const sumOf = ({ bills: counts }: NodeStatus): number =>
      Object.values(counts).reduce((sum, count) => sum + count, 0)
    await until('its own bill is counted', async () => sumOf(await before.status()) === 1)
    assert.equal(before.readiness().ready, true)
    await region.stopNode(1)
    assert.equal(before.readiness().reasons[0]?.code, 'stopping')
    await region.startNode(1, { chain: { rpcUrl: 'http://127.0.0.1:9' } })
    const status = await region.node(1).status()
    assert.equal(status.payer?.address.length, 42)
    assert.equal(status.payer?.balanceWei, undefined)
    assert.equal(status.payer?.runwayDays, undefined)
    assert.ok(status.findings.some(({ code }) => code === 'chain'))
    assert.equal(valueOf((await region.node(1).metrics()).text, 'kwitness_payer_balance_wei'), undefined)
    await region.stopNode(0)
    const again = await region.startNode(0)
    await until('the bills are counted', async () => sumOf(await again.status()) === 4)
  })
})
