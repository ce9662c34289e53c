import assert from 'node:assert/strict'
import { API_SCOPES, ROUTES } from '#api'
import type { ApiScope } from '#api'
import { makeWorld, send, UNKNOWN_CID } from '../support/api-calls.ts'
import type { World } from '../support/api-calls.ts'
import { ROWS } from '../support/api-rows.ts'
import type { Row } from '../support/api-rows.ts'
import { BY, startServedNode } from '../support/served-node.ts'
import type { ServedNode } from '../support/served-node.ts'
import { until } from '../support/until.ts'

/** A caller: what it says, and what the API ought to take it for. */
type Caller = {
  readonly name: string
  readonly authorization?: string
  /** Scopes of a valid key; absent for whoever has none. */
  readonly scopes?: readonly ApiScope[]
  readonly whose?: 'own' | 'other' | 'admin'
}

type Expected = { readonly status: number; readonly code?: string }

const NOT_ADMIN = API_SCOPES.filter((scope) => scope !== 'admin')

/** What a caller ought to get, from the table alone. */
function expectedOf(row: Row, listener: 'public' | 'operator', caller: Caller): Expected {
  if (row.listener !== 'both' && row.listener !== listener) return { status: 404, code: 'ERR_API_ROUTE' }
  if (row.who === 'open') return { status: row.own }
  if (caller.scopes === undefined) {
    return { status: 401, code: caller.authorization === undefined ? 'ERR_API_KEY_MISSING' : 'ERR_API_KEY_WRONG' }
  }
  const { who } = row
  if (who !== 'any-key' && !caller.scopes.some((scope) => who.includes(scope))) {
    return { status: 403, code: 'ERR_API_SCOPE' }
  }
  return { status: caller.whose === 'other' ? (row.other ?? row.own) : row.own }
}

/*
 * Every route, for every kind of caller, on both listeners. The table (test/support/api-rows.ts) says who may; what the
 * routes declare of themselves is not asked.
 */
describe('authorisation', function () {
  this.timeout(120_000)
  let served: ServedNode
  let world: World
  const callers: Caller[] = []

  before(async () => {
    served = await startServedNode({ webhooks: { allowPrivate: true } })
    const { node } = served
    await served.makeKey('spare', ['bills:read'])
    world = await makeWorld(served, 'holder')
    const all = await served.makeKey('holder', API_SCOPES)
    const revoked = await served.makeKey('holder', API_SCOPES)
    await node.accounts.revokeKey(revoked.id, BY)
    const expired = await served.makeKey('holder', API_SCOPES, new Date(Date.now() + 50).toISOString())
    await until('a key has expired', () => node.keys.authenticate(expired.text) === undefined)
    const closed = await served.makeKey('closed', API_SCOPES)
    await node.accounts.closeAccount('closed', BY)
    const other = await served.makeKey('stranger', NOT_ADMIN)
    const admin = await served.makeKey('operator', ['admin'])
    const last = all.text.endsWith('0') ? '1' : '0'
    callers.push(
      { name: 'no key' },
      { name: 'another scheme', authorization: `Basic ${btoa(all.text)}` },
      { name: 'a malformed key', authorization: `Bearer ${all.text.slice(0, -1)}` },
      { name: 'two keys', authorization: `Bearer ${all.text} ${admin.text}` },
      { name: 'an unknown id', authorization: `Bearer ${all.text.replace(all.id, 'f'.repeat(12))}` },
      { name: 'a wrong secret', authorization: `Bearer ${all.text.slice(0, -1)}${last}` },
      { name: "another key's secret", authorization: `Bearer kw_${admin.id}_${all.text.split('_')[2] ?? ''}` },
      { name: 'a revoked key', authorization: `Bearer ${revoked.text}` },
      { name: 'an expired key', authorization: `Bearer ${expired.text}` },
      { name: 'a key of a closed account', authorization: `Bearer ${closed.text}` },
      { name: "another account's key", authorization: `Bearer ${other.text}`, scopes: NOT_ADMIN, whose: 'other' },
      { name: 'the operator', authorization: `Bearer ${admin.text}`, scopes: ['admin'], whose: 'admin' },
    )
    for (const scope of NOT_ADMIN) {
      const { text } = await served.makeKey('holder', [scope])
      callers.push({ name: `scope ${scope} alone`, authorization: `Bearer ${text}`, scopes: [scope], whose: 'own' })
    }
  })
  after(async () => served?.stop())

  it('is written down for every route, and every route declares what is written down', () => {
    const declared = ROUTES.map(({ operationId, listener = 'public', access }) => ({ operationId, listener, access }))
    const written = ROUTES.map(({ operationId }) => ({
      operationId,
      listener: ROWS[operationId]?.listener,
      access: ROWS[operationId]?.who,
    }))
    assert.deepEqual(declared, written)
    assert.equal(Object.keys(ROWS).length, ROUTES.length, 'a row without a route')
  })

  for (const [operationId, row] of Object.entries(ROWS)) {
    it(`of ${operationId}: ${typeof row.who === 'string' ? row.who : row.who.join(' or ')}`, async () => {
      const wrong: string[] = []
      for (const listener of ['public', 'operator'] as const) {
        const { url } = listener === 'public' ? served.api : served.operator
        for (const caller of callers) {
          const headers = caller.authorization === undefined ? {} : { authorization: caller.authorization }
          const { status, body } = await send(url, await row.call(world), headers)
          const expected = expectedOf(row, listener, caller)
          const isCode = expected.code === undefined || body.includes(`"code":"${expected.code}"`)
          if (status !== expected.status || !isCode) {
            wrong.push(
              `${listener}, ${caller.name}: ${status} ${body.slice(0, 300)}; expected ${expected.status} ${expected.code ?? ''}`,
            )
          }
        }
      }
      assert.deepEqual(wrong, [])
    })
  }

  it("answers for another account's bill exactly as for one that does not exist", async () => {
    const stranger = callers.find(({ whose }) => whose === 'other')
    const headers = { authorization: stranger?.authorization ?? '' }
    const paths = ROUTES.filter(({ path }) => path.startsWith('/v1/bills/{cid}'))
    assert.ok(paths.length >= 6)
    for (const { operationId } of paths) {
      const call = (await ROWS[operationId]?.call(world)) ?? { path: '' }
      const answers = []
      for (const cid of [world.sealed, UNKNOWN_CID]) {
        const path = call.path.replace(world.sealed, cid)
        const { status, headers: answered, body } = await send(served.api.url, { ...call, path }, headers)
        const names = [...answered.keys()].toSorted()
        answers.push({ status, names, body: body.replaceAll(cid, 'CID').replace(/urn:uuid:[0-9a-f-]+/, 'REQUEST') })
      }
      assert.deepEqual(answers[0], answers[1], operationId)
      assert.equal(answers[0]?.status, 404)
    }
  })
})
