import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { API_SCOPES, ROUTES } from '#api'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { makeWorld, send } from '../support/api-calls.ts'
import type { World } from '../support/api-calls.ts'
import { COMMON, NOT_PROVOKED, OWN, workingCall } from '../support/api-failures.ts'
import type { Failing } from '../support/api-failures.ts'
import { startServedNode } from '../support/served-node.ts'
import type { ServedNode } from '../support/served-node.ts'

type Answer = {
  readonly content?: Readonly<Record<string, { schema?: { properties?: { code?: { enum?: string[] } } } }>>
  readonly headers?: Readonly<Record<string, object>>
}
type Operation = { readonly operationId: string; readonly responses: Readonly<Record<string, Answer>> }
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }
type Sent = Awaited<ReturnType<typeof send>>

const PROBLEM = 'application/problem+json'
const FILES = { public: 'openapi.json', operator: 'openapi-operator.json' } as const
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

async function readOperations(kind: keyof typeof FILES): Promise<Operation[]> {
  const text = await readFile(new URL(`../../api/${FILES[kind]}`, import.meta.url), 'utf8')
  const { paths } = JSON.parse(text) as Document
  return Object.values(paths).flatMap((path) => Object.values(path))
}

function codesOf({ responses }: Operation): { status: number; code: string }[] {
  return Object.entries(responses).flatMap(([status, { content }]) =>
    (content?.[PROBLEM]?.schema?.properties?.code?.enum ?? []).map((code) => ({ status: Number(status), code })),
  )
}

/** Holds an answer to what the file and the route's shapes say. */
function verifyAnswer(operation: Operation, sent: Sent): void {
  const what = `${operation.operationId} ${sent.status}: ${sent.body.slice(0, 300)}`
  const documented = operation.responses[String(sent.status)]
  assert.ok(documented !== undefined, `undocumented status: ${what}`)
  assert.match(sent.headers.get('x-request-id') ?? '', UUID, what)
  const types = Object.keys(documented.content ?? {})
  const type = sent.headers.get('content-type')?.split(';')[0]
  if (types.length === 0) assert.equal(sent.bytes.byteLength, 0, `a body that is not documented: ${what}`)
  else assert.ok(type !== undefined && types.includes(type), `content type ${type}, not ${types.join()}: ${what}`)
  for (const name of Object.keys(documented.headers ?? {})) {
    // Says that an answer is a repeated one: absent from a first one.
    if (name !== 'Idempotency-Replayed') assert.ok(sent.headers.has(name), `no header ${name}: ${what}`)
  }
  const route = ROUTES.find(({ operationId }) => operationId === operation.operationId)
  const shape = route?.answers[sent.status]?.schema
  if (shape !== undefined && type === 'application/json') shape.parse(JSON.parse(sent.body))
}

function verifyProblem(operation: Operation, sent: Sent, expected: { status: number; code: string }): void {
  const what = `${operation.operationId} ${expected.code}: ${sent.status} ${sent.body.slice(0, 300)}`
  assert.equal(sent.status, expected.status, what)
  assert.equal(sent.headers.get('content-type'), PROBLEM, what)
  const problem = JSON.parse(sent.body) as Record<string, unknown>
  assert.deepEqual(
    [problem['code'], problem['status'], problem['type']],
    [expected.code, sent.status, 'about:blank'],
    what,
  )
  assert.equal(problem['instance'], `urn:uuid:${sent.headers.get('x-request-id')}`, what)
  for (const member of ['title', 'detail'])
    assert.ok(typeof problem[member] === 'string' && problem[member] !== '', what)
  assert.equal(sent.headers.get('cache-control'), 'no-store', what)
  const isTemporary = sent.status === 429 || sent.status === 503
  assert.equal(sent.headers.has('retry-after'), isTemporary, what)
  if (isTemporary) assert.match(sent.headers.get('retry-after') ?? '', /^[1-9]\d*$/, what)
  assert.equal(sent.headers.has('www-authenticate'), sent.status === 401, what)
}

/*
 * The OpenAPI files against a running node: each operation answers as they say, and fails as they say with every code that
 * can be provoked here. Codes that cannot are listed with the reason in test/support/api-failures.ts.
 */
describe('the OpenAPI files', function () {
  this.timeout(120_000)
  let served: ServedNode
  let world: World
  let key: string
  const hasty: Partial<Record<keyof typeof FILES, RunningApi>> = {}

  before(async () => {
    served = await startServedNode({ webhooks: { allowPrivate: true } })
    world = await makeWorld(served, 'holder')
    await served.makeKey('spare', ['bills:read'])
    key = (await served.makeKey('holder', API_SCOPES)).text
    const { node } = served
    const rates = { requestsPerMinuteAddress: 1, requestsPerMinuteKey: 1 }
    for (const kind of ['public', 'operator'] as const) {
      hasty[kind] = await startApi({ node, keys: node.keys }, { ...rates, kind })
      await send(hasty[kind].url, { path: '/healthz' })
    }
  })
  after(async () => {
    await hasty.public?.stop()
    await hasty.operator?.stop()
    await served?.stop()
  })

  const call = async (url: string, { key: own = key, headers, ...request }: Failing): Promise<Sent> =>
    send(url, request, { ...headers, ...(own === '' ? {} : { authorization: `Bearer ${own}` }) })

  for (const kind of ['public', 'operator'] as const) {
    it(`describe what each operation of the ${kind} listener answers`, async () => {
      const { url } = kind === 'public' ? served.api : served.operator
      const wrong: string[] = []
      for (const operation of await readOperations(kind)) {
        try {
          const request = await workingCall(operation.operationId, world)
          const sent = await call(url, request)
          // What people have not read has no success here; its failure is below.
          if (operation.operationId !== 'getBillFacts')
            assert.ok(sent.status < 300, `${operation.operationId} ${sent.body}`)
          verifyAnswer(operation, sent)
          const etag = sent.headers.get('etag')
          assert.equal(etag !== null && (request.method ?? 'GET') === 'GET', operation.responses['304'] !== undefined)
          if (etag === null) continue
          const again = await call(url, { ...request, headers: { 'if-none-match': etag } })
          assert.equal(again.status, 304, operation.operationId)
          verifyAnswer(operation, again)
        } catch (thrown) {
          wrong.push(`${operation.operationId}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
        }
      }
      assert.deepEqual(wrong, [])
    })

    it(`describe how each operation of the ${kind} listener fails`, async () => {
      const { url } = kind === 'public' ? served.api : served.operator
      const wrong: string[] = []
      for (const operation of await readOperations(kind)) {
        for (const expected of codesOf(operation)) {
          const name = `${operation.operationId} ${expected.code}`
          if (name in NOT_PROVOKED) continue
          try {
            const works = await workingCall(operation.operationId, world)
            if (expected.code === 'ERR_API_RATE') {
              // Whoever has no key shares the rate of the address, of which the first request of this listener took all.
              verifyProblem(operation, await call(hasty[kind]?.url ?? '', { ...works, key: '' }), expected)
              continue
            }
            const provoke = OWN[name] ?? COMMON[expected.code]
            assert.ok(provoke !== undefined, `nothing provokes ${name}, and no reason is given`)
            verifyProblem(operation, await call(url, await provoke(world, works)), expected)
          } catch (thrown) {
            wrong.push(`${name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
          }
        }
      }
      assert.deepEqual(wrong, [])
    })
  }

  it('have a code for every line of the tables, and the list of what is not provoked does not grow', async () => {
    const operations = [...(await readOperations('public')), ...(await readOperations('operator'))]
    const names = new Set(operations.flatMap((it) => codesOf(it).map(({ code }) => `${it.operationId} ${code}`)))
    for (const name of [...Object.keys(OWN), ...Object.keys(NOT_PROVOKED)])
      assert.ok(names.has(name), `${name} is not documented`)
    for (const name of Object.keys(NOT_PROVOKED)) assert.ok(!(name in OWN), `${name} is provoked`)
    assert.ok(Object.keys(NOT_PROVOKED).length <= 24, 'provoke it, or say in this number that you thought about it')
  })
})
