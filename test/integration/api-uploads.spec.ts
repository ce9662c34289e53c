import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { createApiKey, createStaticKeyRing } from '#api'
import { LIMITS } from '#protocol'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { FAKE_PUBLIC_BILL as CID, FakeNode } from '../support/fake-node.ts'
import { until } from '../support/until.ts'

const key = createApiKey({
  id: new Uint8Array(6).fill(1),
  secret: new Uint8Array(32).fill(1),
  account: 'tester',
  scopes: ['bills:write', 'bills:read'],
  createdAt: '2026-01-01T00:00:00Z',
})
const LARGE = 200_000

describe('handing in bills over HTTP', () => {
  const logged: object[] = []
  let node: FakeNode
  let server: RunningApi

  beforeEach(async () => {
    node = new FakeNode()
    logged.length = 0
    server = await startApi({
      node,
      keys: createStaticKeyRing([key.record]),
      log: { error: (fields) => logged.push(fields), debug: () => {} },
    })
  })
  afterEach(async () => {
    await server.stop()
    assert.deepEqual(logged, [])
  })

  const post = async (
    body: NonNullable<RequestInit['body']>,
    headers: Record<string, string> = {},
    query = '',
  ): Promise<Response> =>
    fetch(`${server.url}/v1/bills${query}`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${key.text}`, ...headers },
    })
  const spooled = async (count: number): Promise<void> => {
    await until(`${count} bodies on disk`, async () => (await readdir(server.uploadsDir)).length === count)
  }
  const codeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { code: string }).code
  const placeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { place: string }).place
  const form = (fields: Record<string, string>, bytes = Uint8Array.of(0, 255, 13, 10), name = 'june.pdf'): FormData => {
    const made = new FormData()
    for (const [field, value] of Object.entries(fields)) made.append(field, value)
    made.append('file', new Blob([bytes]), name)
    return made
  }
  /** A request whose body the test writes itself. */
  const open = (
    headers: Record<string, string | number> = {},
    method = 'POST',
    path = '/v1/bills',
  ): { request: ClientRequest; answer: Promise<IncomingMessage> } => {
    const request = httpRequest(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key.text}`, ...headers },
    })
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      request.on('response', (response) => {
        response.resume()
        resolve(response)
      })
      request.on('error', reject)
    })
    answer.catch(() => {})
    return { request, answer }
  }

  it('takes a form with the file, its name, visibility and place', async () => {
    const place = '{"country":"US","state":"CA"}'
    assert.equal((await post(form({ visibility: 'public', place }))).status, 202)
    const [got] = node.submissions
    assert.deepEqual(Uint8Array.from(got?.bytes ?? []), Uint8Array.of(0, 255, 13, 10))
    assert.equal(got?.file, 'june.pdf')
    assert.equal(got?.visibility, 'public')
    assert.deepEqual(got?.declaredPlace, { country: 'US', state: 'CA' })
    assert.equal(got?.accountId, 'tester')
    assert.equal(got?.keyId, key.record.id)
  })

  it('takes fields after the file, and seals what no field makes public', async () => {
    const after = new FormData()
    after.append('file', new Blob(['x']), 'a.xml')
    assert.equal((await post(after)).status, 202)
    after.append('visibility', 'public')
    assert.equal((await post(after)).status, 202)
    assert.deepEqual(
      node.submissions.map(({ visibility }) => visibility),
      ['sealed', 'public'],
    )
  })

  it('refuses forms that do not say what they mean', async () => {
    const twice = form({ visibility: 'public' })
    twice.append('visibility', 'sealed')
    const files = form({})
    files.append('file', new Blob(['y']), 'b')
    const other = new FormData()
    other.append('bill', new Blob(['x']), 'a')
    const nameless = new FormData()
    nameless.append('visibility', 'public')
    assert.equal(await placeOf(await post(twice)), 'visibility')
    assert.equal((await post(files)).status, 400)
    assert.equal(await placeOf(await post(other)), 'bill')
    assert.equal(await placeOf(await post(nameless)), 'file')
    assert.equal(await placeOf(await post(form({ visiblity: 'public' }))), 'visiblity')
    assert.equal(await placeOf(await post(form({ visibility: 'secret' }))), 'visibility')
    assert.equal(await placeOf(await post(form({ place: '{' }))), 'place')
    assert.equal(await placeOf(await post(form({ place: 'x'.repeat(5_000) }))), 'place')
    assert.equal(await placeOf(await post(form({ visibility: 'public' }), {}, '?visibility=sealed')), 'visibility')
    assert.equal(await placeOf(await post(form({}, undefined, '\u0007bell'))), 'file')
    assert.equal(
      (await post(form(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, 'x']))))).status,
      400,
    )
    assert.equal(node.submissions.length, 0)
  })

  it('refuses forms that are none, and what only begins as one', async () => {
    const bodies = [
      ['multipart/form-data', 'x'],
      ['multipart/form-data; boundary=b', ''],
      ['multipart/form-data; boundary=b', 'x'],
      ['multipart/form-data; boundary=b', '--b\r\n'],
      ['multipart/form-data; boundary=b', '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx'],
      [
        'multipart/form-data; boundary=b',
        '--b\r\ncontent-disposition: form-data; name="__proto__"; filename="a"\r\n\r\nx\r\n--b--',
      ],
      ['multipart/form-data; boundary=b', `--b\r\n${'x-head: y\r\n'.repeat(2_000)}\r\nx\r\n--b--`],
    ] as const
    for (const [type, body] of bodies) {
      const response = await post(body, { 'content-type': type })
      assert.equal(response.status, 400, `${type} ${body.slice(0, 60)}`)
      assert.equal(await codeOf(response), 'ERR_API_REQUEST')
    }
    assert.equal(node.submissions.length, 0)
  })

  it('keeps a large body on disk while it comes in, and removes it with the answer', async () => {
    const { request, answer } = open()
    request.write(Buffer.alloc(LARGE, 1))
    await spooled(1)
    assert.equal(node.submissions.length, 0)
    request.end(Buffer.alloc(1, 2))
    assert.equal((await answer).statusCode, 202)
    assert.equal(node.submissions[0]?.bytes.byteLength, LARGE + 1)
    assert.equal(node.submissions[0]?.bytes.at(-1), 2)
    assert.deepEqual(await readdir(server.uploadsDir), [])
  })

  it('removes what a client left behind that went away, and says nothing to the operator', async () => {
    const { request } = open()
    request.write(Buffer.alloc(LARGE))
    await spooled(1)
    request.destroy()
    await spooled(0)
    const part = open({ 'content-type': 'multipart/form-data; boundary=b' })
    part.request.write('--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n')
    part.request.write(Buffer.alloc(LARGE))
    await spooled(1)
    part.request.destroy()
    await spooled(0)
    assert.equal(node.submissions.length, 0)
  })

  it('empties the folder at its start', async () => {
    const stale = await startApi({ node, keys: createStaticKeyRing([]) })
    await writeFile(join(stale.uploadsDir, 'left-by-a-crash'), 'x')
    const again = await startApi({ node, keys: createStaticKeyRing([]) }, { uploadsDir: stale.uploadsDir })
    assert.deepEqual(await readdir(stale.uploadsDir), [])
    await again.stop()
    await stale.stop()
  })

  it('takes 20 MiB and not a byte more, raw and in a form', async () => {
    const most = new Uint8Array(LIMITS.billBytes)
    assert.equal((await post(most)).status, 202)
    assert.equal((await post(form({}, most))).status, 202)
    const more = new Uint8Array(LIMITS.billBytes + 1)
    for (const body of [more, form({}, more)]) {
      const response = await post(body)
      assert.equal(response.status, 413)
      assert.equal(await codeOf(response), 'ERR_API_TOO_LARGE')
    }
    assert.deepEqual(await readdir(server.uploadsDir), [])
    assert.equal(node.submissions.length, 2)
  })

  it('hands at most four large bodies to the node at once, and takes small ones past them', async () => {
    let atOnce = 0
    let most = 0
    const started = new Set<() => void>()
    node.meanwhile = async () => {
      atOnce += 1
      most = Math.max(most, atOnce)
      await new Promise<void>((resolve) => started.add(resolve))
      atOnce -= 1
    }
    const large = Array.from({ length: 6 }, async () => post(new Uint8Array(LARGE)))
    await until(
      'four large bodies in the node',
      async () => started.size === 4 && (await readdir(server.uploadsDir)).length === 6,
    )
    const { meanwhile } = node
    node.meanwhile = async () => {}
    assert.equal((await post('small')).status, 202)
    node.meanwhile = meanwhile
    const done = Promise.all(large)
    let isDone = false
    const watched = done.then((answers) => {
      isDone = true
      return answers
    })
    await until('all taken', () => {
      for (const release of started) release()
      started.clear()
      return isDone
    })
    assert.deepEqual([...new Set((await watched).map(({ status }) => status))], [202])
    assert.equal(most, 4)
  })

  it('takes 16 large bodies of an account at once, and tells when to come again', async () => {
    const slow = Array.from({ length: 16 }, () => open())
    for (const { request } of slow) request.write(Buffer.alloc(LARGE))
    await spooled(16)
    const refused = await post(new Uint8Array(LARGE))
    assert.equal(refused.status, 503)
    assert.equal(refused.headers.get('retry-after'), '5')
    assert.equal(await codeOf(refused), 'ERR_API_UPLOADS')
    for (const { request } of slow) request.end()
    for (const { answer } of slow) assert.equal((await answer).statusCode, 202)
    assert.equal((await post(new Uint8Array(LARGE))).status, 202)
  })

  it('does not unpack what is compressed', async () => {
    const response = await post('x', { 'content-encoding': 'gzip' })
    assert.equal(response.status, 415)
    assert.equal(await codeOf(response), 'ERR_API_ENCODING')
  })

  it('checks the key before it reads the body', async () => {
    for (const [method, path] of [
      ['POST', '/v1/bills'],
      ['PUT', `/v1/reviews/${CID}/entry`],
    ] as const) {
      const { request, answer } = open({ authorization: 'Bearer kw_wrong', 'content-length': 1_000 }, method, path)
      request.flushHeaders()
      assert.equal((await answer).statusCode, 401)
      request.destroy()
    }
  })

  it('gives a request with the same Idempotency-Key the same bill, once', async () => {
    const named = { 'idempotency-key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' }
    const first = await post('bill', named)
    assert.equal(first.status, 202)
    assert.equal(first.headers.get('idempotency-replayed'), null)
    const again = await post('bill', named)
    assert.equal(again.status, 202)
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    assert.equal(again.headers.get('location'), `/v1/bills/${CID}`)
    assert.equal(node.submissions.length, 1)
    for (const other of [await post('another', named), await post('bill', named, '?visibility=public')]) {
      assert.equal(other.status, 422)
      assert.equal(await codeOf(other), 'ERR_API_IDEMPOTENCY')
    }
    assert.equal((await post(form({}, new TextEncoder().encode('bill')), named)).status, 422)
    assert.equal((await post('bill', { 'idempotency-key': 'with blank' })).status, 400)
    assert.equal((await post('bill', { 'idempotency-key': 'x'.repeat(256) })).status, 400)
    assert.equal(node.submissions.length, 1)
  })
})
