import assert from 'node:assert/strict'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BillStatus } from '#api'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { csvBill } from '../support/bills.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'

const BY = { actor: 'operator' }
const UNKNOWN_CID = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

type Page = { readonly items: BillStatus[]; readonly next?: string }
type Problem = { readonly code: string; readonly status: number }

/** One auditor, alone: what it takes is durable and waits for a quorum. */
describe('accounts at a running node', function () {
  this.timeout(60_000)
  let region: LiveRegion
  let api: RunningApi
  let operator: RunningApi
  let admin: string
  let accounts = 0

  before(async () => {
    region = await startLiveRegion({ started: [0] })
    const node = region.node(0)
    api = await startApi({ node, keys: node.keys })
    operator = await startApi({ node, keys: node.keys }, { kind: 'operator' })
    await node.accounts.addAccount({ id: 'operator' }, BY)
    admin = (await node.accounts.createKey({ account: 'operator', scopes: ['admin'] }, BY)).text
  })
  after(async () => {
    await operator?.stop()
    await api?.stop()
    await region?.stop()
  })

  const call = async (
    api_: RunningApi,
    path: string,
    key: string | undefined,
    init: RequestInit = {},
  ): Promise<Response> => {
    const headers = new Headers(init.headers)
    if (key !== undefined) headers.set('authorization', `Bearer ${key}`)
    return fetch(`${api_.url}${path}`, { ...init, headers })
  }
  const post = async (api_: RunningApi, path: string, key: string, body: object = {}): Promise<Response> =>
    call(api_, path, key, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
  const json = async <T>(response: Response, status = 200): Promise<T> => {
    const body = await response.text()
    assert.equal(response.status, status, body)
    return JSON.parse(body) as T
  }
  const submit = async (key: string, bytes: Uint8Array, file = 'bill.csv'): Promise<Response> =>
    call(api, `/v1/bills?file=${file}`, key, { method: 'POST', body: Uint8Array.from(bytes) })
  /** An account of its own for each test, with a key that reads and writes. */
  const signUp = async (quota = {}): Promise<{ id: string; key: string; keyId: string }> => {
    const id = `user-${(accounts += 1)}`
    await json(await post(operator, '/v1/accounts', admin, { id, quota }), 201)
    const made = await json<{ apiKey: string; key: { id: string } }>(
      await post(operator, '/v1/keys', admin, { account: id, scopes: ['bills:write', 'bills:read'] }),
      201,
    )
    return { id, key: made.apiKey, keyId: made.key.id }
  }

  it('see their own bills alone; those of others are not there, exactly as ones that do not exist', async () => {
    const [ours, theirs] = [await signUp(), await signUp()]
    const { cid } = await json<BillStatus>(await submit(ours.key, csvBill({ point: 'own' })), 202)
    const paths = ['', '/file', '/proof', '/explain', '/facts']
    for (const path of paths) {
      const [strange, absent] = await Promise.all(
        [cid, UNKNOWN_CID].map(async (of) => {
          const response = await call(api, `/v1/bills/${of}${path}`, theirs.key)
          const problem = await json<Problem & { instance: string }>(response, 404)
          const { instance: _, ...rest } = JSON.parse(JSON.stringify(problem).replaceAll(of, 'CID')) as typeof problem
          return { rest, headers: [...response.headers.keys()].toSorted() }
        }),
      )
      assert.deepEqual(strange, absent, path)
      assert.equal(strange?.rest.code, 'ERR_API_BILL_UNKNOWN', path)
    }
    assert.deepEqual((await json<Page>(await call(api, '/v1/bills', theirs.key))).items, [])
    assert.deepEqual(
      (await json<Page>(await call(api, '/v1/bills', ours.key))).items.map((it) => it.cid),
      [cid],
    )
    assert.equal((await json<BillStatus>(await call(api, `/v1/bills/${cid}`, ours.key))).cid, cid)
    assert.equal((await json<BillStatus>(await call(api, `/v1/bills/${cid}`, admin))).cid, cid)
    assert.ok((await json<Page>(await call(api, '/v1/bills', admin))).items.some((it) => it.cid === cid))
  })

  it('leave no key behind that opens their bills when they are closed', async () => {
    const leaving = await signUp()
    // As a node makes it for an account that came with api-keys.json.
    const holder = join(region.dataDir(0), `holder-${leaving.id}.age`)
    await writeFile(holder, 'AGE-SECRET-KEY-1')
    await json(await post(operator, `/v1/accounts/${leaving.id}/close`, admin, { confirm: leaving.id }))
    await assert.rejects(stat(holder), { code: 'ENOENT' })
  })

  it('share a bill that each handed in, and each opens it, under its own file name and time', async () => {
    const [first, second] = [await signUp(), await signUp()]
    const bytes = csvBill({ point: 'shared' })
    const one = await json<BillStatus>(await submit(first.key, bytes, 'secret-name.csv'), 202)
    const two = await json<BillStatus>(await submit(second.key, bytes, 'other.csv'), 202)
    assert.equal(one.cid, two.cid)
    const seen = await json<BillStatus>(await call(api, `/v1/bills/${one.cid}`, second.key))
    assert.deepEqual([seen.file, two.file], ['other.csv', 'other.csv'])
    assert.ok(Date.parse(seen.receivedAt ?? '') >= Date.parse(one.receivedAt ?? ''))
    for (const { key } of [first, second]) {
      const file = await call(api, `/v1/bills/${one.cid}/file`, key)
      assert.equal(file.headers.get('x-kwitness-sealed'), 'false')
      assert.deepEqual(new Uint8Array(await file.arrayBuffer()), bytes)
    }
    const usage = await json<{ account: { usage: { bills: number } } }>(await call(api, '/v1/account', second.key))
    assert.equal(usage.account.usage.bills, 1)
  })

  it('keep within their quotas, also with many submissions at once, and repeat a bill for nothing', async () => {
    const { key } = await signUp({ billsPerDay: 3 })
    const bills = Array.from({ length: 10 }, (_, i) => csvBill({ point: `quota-${i}` }))
    const answers = await Promise.all(bills.map(async (bytes) => submit(key, bytes)))
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
    assert.deepEqual(statuses, [...Array(3).fill(202), ...Array(7).fill(429)])
    const refused = answers.find(({ status }) => status === 429)
    assert.ok(refused !== undefined)
    const seconds = Number(refused.headers.get('retry-after'))
    assert.ok(seconds >= 1 && seconds <= 86_400)
    assert.equal((await json<Problem>(refused, 429)).code, 'ERR_QUOTA_BILLS')
    assert.equal((await json<Page>(await call(api, '/v1/bills', key))).items.length, 3)
    const taken = bills[answers.findIndex(({ status }) => status === 202)]
    const named = await call(api, '/v1/bills', key, {
      method: 'POST',
      body: Uint8Array.from(taken ?? []),
      headers: { 'idempotency-key': 'again' },
    })
    assert.equal(named.status, 202)
    const small = await signUp({ storedBytes: 10 })
    const large = await json<Problem>(await submit(small.key, csvBill({ point: 'large' })), 403)
    assert.equal(large.code, 'ERR_QUOTA_BYTES')
    assert.deepEqual((await json<Page>(await call(api, '/v1/bills', small.key))).items, [])
  })

  it('have keys whose every change counts with the very next request', async () => {
    const { id, key, keyId } = await signUp()
    assert.equal((await call(api, '/v1/bills', key)).status, 200)
    const rotated = await json<{ apiKey: string; key: { id: string } }>(
      await post(operator, `/v1/keys/${keyId}/rotate`, admin),
      201,
    )
    assert.equal((await call(api, '/v1/bills', key)).status, 401)
    assert.equal((await call(api, '/v1/bills', rotated.apiKey)).status, 200)
    await json(await post(operator, `/v1/keys/${rotated.key.id}/revoke`, admin))
    assert.equal((await call(api, '/v1/bills', rotated.apiKey)).status, 401)
    const { keys } = await json<{ keys: { id: string; revokedAt?: string }[] }>(
      await call(operator, `/v1/keys?account=${id}`, admin),
    )
    assert.deepEqual(
      keys.map(({ revokedAt }) => revokedAt !== undefined),
      [true, true],
    )
    const { entries } = await json<{ entries: { seq: number; actor: string; action: string; subject: string }[] }>(
      await call(operator, '/v1/audit-log?limit=1000', admin),
    )
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      entries.map((_, i) => i + 1),
    )
    const actor = `key:${admin.slice(3, 15)}`
    const own = entries.filter(({ subject }) => subject.includes(keyId) || subject.includes(rotated.key.id))
    assert.deepEqual(
      own.map(({ action }) => action),
      ['key.create', 'key.rotate', 'key.revoke'],
    )
    assert.ok(own.every((entry) => entry.actor === actor))
    assert.ok(!JSON.stringify([keys, entries]).includes(rotated.apiKey.slice(16)))
  })

  it('are listed in parts that name the next', async () => {
    await signUp()
    await signUp()
    const seen: string[] = []
    let path = '/v1/accounts?limit=2'
    for (;;) {
      const { accounts: part, next } = await json<{ accounts: { id: string }[]; next?: string }>(
        await call(operator, path, admin),
      )
      seen.push(...part.map(({ id }) => id))
      if (next === undefined) break
      path = `/v1/accounts?limit=2&after=${next}`
    }
    assert.equal(new Set(seen).size, accounts + 1)
    assert.deepEqual(seen, seen.toSorted())
    assert.equal((await call(operator, '/v1/keys?limit=5000', admin)).status, 400)
  })

  it('are administered on the operator’s listener alone, with the scope admin', async () => {
    const { id, key, keyId } = await signUp()
    const routes: [string, string][] = [
      ['GET', '/v1/accounts'],
      ['POST', '/v1/accounts'],
      ['GET', `/v1/accounts/${id}`],
      ['PUT', `/v1/accounts/${id}/quota`],
      ['POST', `/v1/accounts/${id}/close`],
      ['GET', '/v1/keys'],
      ['POST', '/v1/keys'],
      ['POST', `/v1/keys/${keyId}/rotate`],
      ['POST', `/v1/keys/${keyId}/revoke`],
      ['GET', '/v1/audit-log'],
    ]
    for (const [method, path] of routes) {
      const init = method === 'GET' ? { method } : { method, body: '{}' }
      assert.equal((await call(api, path, admin, init)).status, 404, `${path} on the public listener`)
      assert.equal((await call(operator, path, key, init)).status, 403, path)
      assert.equal((await call(operator, path, undefined, init)).status, 401, path)
    }
    assert.equal((await call(operator, '/v1/bills', admin)).status, 404)
  })

  it('are closed only under their name, and then have neither keys nor bills', async () => {
    const { id, key } = await signUp()
    await json(await submit(key, csvBill({ point: 'closed' })), 202)
    assert.equal(
      (await json<Problem>(await post(operator, `/v1/accounts/${id}/close`, admin, { confirm: 'x' }), 400)).code,
      'ERR_API_REQUEST',
    )
    assert.equal((await call(api, '/v1/account', key)).status, 200)
    await json(await post(operator, `/v1/accounts/${id}/close`, admin, { confirm: id }))
    assert.equal((await call(api, '/v1/account', key)).status, 401)
    assert.equal(
      (await json<Problem>(await post(operator, '/v1/accounts', admin, { id }), 409)).code,
      'ERR_ACCOUNT_EXISTS',
    )
  })
})
