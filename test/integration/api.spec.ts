import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { createApiKey, createStaticKeyRing } from '#api'
import type { ApiScope, BillStatus } from '#api'
import { CodedError, LIMITS } from '#protocol'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { FAKE_PUBLIC_BILL as CID, FAKE_SEALED_BILL as SEALED, FakeNode, statusOf } from '../support/fake-node.ts'

function keyWith(scopes: readonly ApiScope[], fill: number): ReturnType<typeof createApiKey> {
  return createApiKey({
    id: new Uint8Array(6).fill(fill),
    secret: new Uint8Array(32).fill(fill),
    account: 'tester',
    scopes,
    createdAt: '2026-01-01T00:00:00Z',
  })
}

describe('HTTP API', () => {
  const full = keyWith(['bills:write', 'bills:read'], 1)
  const reader = keyWith(['bills:read'], 2)
  const reviewer = keyWith(['bills:read', 'review'], 3)
  const logged: object[] = []
  let node: FakeNode
  let server: RunningApi

  beforeEach(async () => {
    node = new FakeNode()
    logged.length = 0
    server = await startApi({
      node,
      keys: createStaticKeyRing([full.record, reader.record, reviewer.record]),
      log: { error: (fields) => logged.push(fields), debug: () => {} },
    })
  })
  afterEach(async () => {
    await server.stop()
  })

  const call = async (path: string, init: RequestInit = {}, key: string | undefined = full.text): Promise<Response> => {
    const headers = new Headers(init.headers)
    if (key !== '') headers.set('authorization', `Bearer ${key}`)
    return fetch(`${server.url}${path}`, { ...init, headers })
  }
  const problem = async (response: Response): Promise<Record<string, unknown>> => {
    assert.equal(response.headers.get('content-type'), 'application/problem+json')
    const body = (await response.json()) as Record<string, unknown>
    assert.equal(body['status'], response.status)
    assert.equal(body['instance'], `urn:uuid:${response.headers.get('x-request-id')}`)
    return body
  }

  it('takes a bill of any content type as its exact bytes and answers 202 with its status', async () => {
    const bytes = Uint8Array.of(0, 255, 10, 13)
    for (const type of ['application/json', 'text/plain', 'application/xml', 'application/x-www-form-urlencoded', '']) {
      const headers = type === '' ? {} : { 'content-type': type }
      const place = encodeURIComponent('{"country":"US","state":"CA"}')
      const path = `/v1/bills?visibility=public&file=june.xml&place=${place}`
      const response = await call(path, { method: 'POST', body: bytes, headers })
      assert.equal(response.status, 202)
      assert.equal(response.headers.get('location'), `/v1/bills/${CID}`)
      assert.equal(((await response.json()) as BillStatus).state, 'received')
      const got = node.submissions.pop()
      assert.deepEqual(Uint8Array.from(got?.bytes ?? []), bytes)
      assert.equal(got?.visibility, 'public')
      assert.equal(got?.file, 'june.xml')
      assert.deepEqual(got?.declaredPlace, { country: 'US', state: 'CA' })
      assert.equal(got?.accountId, 'tester')
    }
  })

  it('lets a submission work after its body was read, and tells it when the client has gone', async () => {
    node.meanwhile = async (signal) => {
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(signal.aborted, false)
    }
    assert.equal((await call('/v1/bills', { method: 'POST', body: 'x' })).status, 202)
    const client = new AbortController()
    const told = new Promise<void>((resolve) => {
      node.meanwhile = async (signal) => {
        signal.addEventListener('abort', () => resolve())
        client.abort()
        return told
      }
    })
    await assert.rejects(call('/v1/bills', { method: 'POST', body: 'x', signal: client.signal }))
    await told
  })

  it('seals a bill unless the holder says otherwise', async () => {
    await call('/v1/bills', { method: 'POST', body: 'x' })
    assert.equal(node.submissions[0]?.visibility, 'sealed')
  })

  it('refuses a request without key, with a wrong secret, an unknown id, or without the scope', async () => {
    const none = await call('/v1/bills', { method: 'POST', body: 'x' }, '')
    assert.equal(none.status, 401)
    assert.equal(none.headers.get('www-authenticate'), 'Bearer realm="kwitness"')
    assert.equal((await problem(none))['code'], 'ERR_API_KEY_MISSING')
    const wrongSecret = `${full.text.slice(0, -1)}f`
    for (const key of [wrongSecret, keyWith(['bills:read'], 9).text, 'kw_x_y', 'nonsense']) {
      const response = await call('/v1/bills', {}, key)
      assert.equal(response.status, 401)
      assert.equal((await problem(response))['code'], 'ERR_API_KEY_WRONG')
    }
    const scope = await call('/v1/bills', { method: 'POST', body: 'x' }, reader.text)
    assert.equal(scope.status, 403)
    assert.equal((await problem(scope))['code'], 'ERR_API_SCOPE')
    assert.equal(node.submissions.length, 0)
  })

  it('refuses more than 20 MiB with 413 and hands nothing to the node', async () => {
    const response = await call('/v1/bills', { method: 'POST', body: new Uint8Array(LIMITS.billBytes + 1) })
    assert.equal(response.status, 413)
    assert.equal((await problem(response))['code'], 'ERR_API_TOO_LARGE')
    assert.equal(node.submissions.length, 0)
    const largest = await call('/v1/bills', { method: 'POST', body: new Uint8Array(LIMITS.billBytes) })
    assert.equal(largest.status, 202)
  })

  it('stops reading a chunked body at 20 MiB', async () => {
    const code = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = httpRequest(
        `${server.url}/v1/bills`,
        { method: 'POST', headers: { authorization: `Bearer ${full.text}` } },
        (response) => {
          response.resume()
          outgoing.destroy()
          resolve(response.statusCode)
        },
      )
      outgoing.on('error', (error) => reject(error))
      const chunk = Buffer.alloc(1024 * 1024)
      for (let i = 0; i < 21; i += 1) outgoing.write(chunk)
    })
    assert.equal(code, 413)
  })

  it('names the parameter of a malformed request', async () => {
    const wrong = [
      ['/v1/bills?visibility=secret', 'visibility'],
      ['/v1/bills?visiblity=public', 'visiblity'],
      ['/v1/bills?file=..%2Fx', 'file'],
      ['/v1/bills?place=%7B', 'place'],
      ['/v1/bills?place=%7B%22country%22%3A%22USA%22%7D', 'place.country'],
    ] as const
    for (const [path, place] of wrong) {
      const response = await call(path, { method: 'POST', body: 'x' })
      assert.equal(response.status, 400, path)
      assert.equal((await problem(response))['place'], place)
    }
    assert.equal((await call('/v1/bills?limit=0')).status, 400)
    assert.equal((await problem(await call('/v1/bills/nonsense')))['place'], 'cid')
    assert.equal(node.submissions.length, 0)
  })

  it('maps the codes of the node to HTTP and keeps details, but says nothing of unexpected failures', async () => {
    const cases = [
      ['ERR_BILL_XML', 422],
      ['ERR_BILL_EMPTY', 400],
      ['ERR_CLAIM_OVERLAP', 409],
      ['ERR_REGION_OTHER', 421],
      ['ERR_NODE_BUSY', 503],
      ['ERR_STORAGE_FULL', 507],
      ['ERR_STORAGE_BROKEN', 500],
    ] as const
    for (const [code, status] of cases) {
      node.failure = new CodedError('refused', { code, heldBy: '0xab' } as { code: typeof code })
      const response = await call('/v1/bills', { method: 'POST', body: 'x' })
      assert.equal(response.status, status, code)
      const body = await problem(response)
      assert.equal(body['code'], code)
      assert.equal(body['heldBy'], '0xab')
    }
    node.failure = new Error('password is hunter2')
    const response = await call('/v1/bills', { method: 'POST', body: 'x' })
    assert.equal(response.status, 500)
    assert.doesNotMatch(JSON.stringify(await problem(response)), /hunter2/)
    assert.equal(logged.length, 3)
  })

  it('gives status, list, bytes and proof of a bill, and 404 for others', async () => {
    assert.deepEqual(await (await call(`/v1/bills/${CID}`)).json(), statusOf(CID, 'public'))
    assert.deepEqual(await (await call('/v1/bills?limit=1')).json(), { items: [statusOf(CID, 'public')] })
    const file = await call(`/v1/bills/${CID}/file`)
    assert.deepEqual(new Uint8Array(await file.arrayBuffer()), Uint8Array.of(1, 2, 3))
    assert.equal(file.headers.get('content-disposition'), 'attachment')
    assert.deepEqual(await (await call(`/v1/bills/${CID}/proof`)).json(), { proof: CID, disclose: true })
    const other = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'
    for (const path of [`/v1/bills/${other}`, `/v1/bills/${other}/file`, '/v1/nothing']) {
      assert.equal((await call(path)).status, 404)
    }
    const pending = await call(`/v1/bills/${CID}/proof?claim=1`)
    assert.equal((await problem(pending))['code'], 'ERR_API_PROOF_PENDING')
  })

  it('shows health, public bills and undisclosed proofs without a key, but no sealed bill', async () => {
    assert.equal((await call('/healthz', {}, '')).status, 200)
    assert.deepEqual(await (await call(`/v1/proofs/${SEALED}`, {}, '')).json(), { proof: SEALED, disclose: false })
    assert.equal((await call(`/v1/files/${CID}`, {}, '')).status, 200)
    const sealed = await call(`/v1/files/${SEALED}`, {}, '')
    assert.equal(sealed.status, 403)
    assert.equal((await problem(sealed))['code'], 'ERR_API_SEALED')
    assert.equal((await call('/v1/peers', {}, '')).status, 401)
    const peers = (await (await call('/v1/peers')).json()) as { refusals: unknown[] }
    assert.equal(peers.refusals.length, 1)
  })

  it('lets the people of an auditor review, and nobody else', async () => {
    const entry = {
      commodity: 'electricity',
      point: 'p 1',
      service: { start: '2022-03-01', end: '2022-04-01' },
      import: { value: '128.50', unit: 'kWh' },
      kind: 'actual',
      place: { country: 'US', state: 'CA' },
    }
    const put = async (body: string, key = reviewer.text): Promise<Response> =>
      call(`/v1/reviews/${SEALED}/entry`, { method: 'PUT', body }, key)
    for (const path of ['/v1/reviews', `/v1/reviews/${CID}`, `/v1/reviews/${CID}/file`]) {
      assert.equal((await call(path)).status, 403)
      assert.equal((await call(path, {}, reviewer.text)).status, 200)
    }
    assert.equal((await put(JSON.stringify(entry), full.text)).status, 403)
    assert.equal((await call(`/v1/bills/${SEALED}/facts`, {}, reviewer.text)).status, 404)
    const entered = (await (await put(JSON.stringify(entry))).json()) as { own: string }
    assert.equal(entered.own, 'entered')
    const facts = await (await call(`/v1/bills/${SEALED}/facts`, {}, reviewer.text)).json()
    const normal = { ...entry, point: 'P1', import: { value: '128.5', unit: 'kWh' } }
    assert.deepEqual(facts, { bills: [normal] })
    assert.equal((await call(`/v1/bills/${SEALED}/facts`)).status, 404)
    const deleted = await call(`/v1/reviews/${SEALED}/entry`, { method: 'DELETE' }, reviewer.text)
    assert.equal(((await deleted.json()) as { own: string }).own, 'withdrawn')
    const wrong: readonly object[] = [
      { ...entry, reviewer: 'somebody' },
      { ...entry, import: { value: 128.5, unit: 'kWh' } },
      { ...entry, import: { value: '-1', unit: 'kWh' } },
      { ...entry, import: { value: '7', unit: 'm3' } },
      { ...entry, service: { start: '2022-04-01', end: '2022-04-01' } },
      { ...entry, service: { start: '2022-02-30', end: '2022-04-01' } },
      { ...entry, kind: 'forecast' },
      { ...entry, place: {} },
      [],
    ]
    for (const one of wrong) {
      const refused = await put(JSON.stringify(one))
      assert.equal(refused.status, 400, JSON.stringify(one))
      assert.equal((await problem(refused))['code'], 'ERR_API_REQUEST')
    }
    assert.equal((await put('not json')).status, 400)
  })
})
