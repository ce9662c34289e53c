import assert from 'node:assert/strict'
import { apiKeyRecordShape, createApiKey, findApiKey, problemOf, statusOfCode } from '#api'
import { CodedError } from '#protocol'

function keyOf(fill: number): ReturnType<typeof createApiKey> {
  return createApiKey({
    id: new Uint8Array(6).fill(fill),
    secret: new Uint8Array(32).fill(fill),
    account: 'a',
    scopes: ['bills:read'],
    createdAt: '2026-01-01T00:00:00Z',
  })
}

describe('API key', () => {
  it('is found by its text alone among others', () => {
    const [first, second] = [keyOf(1), keyOf(2)]
    const records = [first.record, second.record]
    assert.equal(findApiKey(records, second.text), second.record)
    assert.match(first.text, /^kw_[0-9a-f]{12}_[0-9a-f]{64}$/)
  })

  it('is not found by another secret, another id, or a part of its text', () => {
    const [first, second] = [keyOf(1), keyOf(2)]
    const records = [first.record]
    const mixed = `${first.text.slice(0, 16)}${second.text.slice(16)}`
    for (const text of [second.text, mixed, first.text.slice(0, -1), `${first.text} `, first.text.toUpperCase(), '']) {
      assert.equal(findApiKey(records, text), undefined)
    }
  })

  it('reads the scopes of earlier versions as what they are today, and no others', () => {
    const { record } = keyOf(4)
    const scopesOf = (scopes: readonly string[]): unknown => apiKeyRecordShape.parse({ ...record, scopes }).scopes
    assert.deepEqual(scopesOf(['submit', 'read', 'review']), ['bills:write', 'bills:read', 'proofs:read', 'review'])
    assert.deepEqual(scopesOf(['read', 'bills:read', 'admin']), ['bills:read', 'proofs:read', 'admin'])
    for (const scopes of [[], ['write'], ['constructor'], ['__proto__'], Array.from({ length: 17 }, () => 'read')]) {
      assert.throws(() => scopesOf(scopes), JSON.stringify(scopes))
    }
  })

  it('leaves nothing of its secret in the record', () => {
    const { text, record } = keyOf(3)
    assert.ok(!JSON.stringify(record).includes(text.slice(16)))
  })
})

describe('problem details', () => {
  it('gives codes of bills and places 422, unknown areas 500', () => {
    assert.equal(statusOfCode('ERR_BILL_XML_DOCTYPE'), 422)
    assert.equal(statusOfCode('ERR_REGION_UNKNOWN'), 422)
    assert.equal(statusOfCode('ERR_WHATEVER'), 500)
    assert.equal(statusOfCode('constructor'), 500)
  })

  it('keeps plain details, drops others, and never lets them replace its own members', () => {
    const shape = { code: 'ERR_BILL_X', place: 'line 3', bytes: new Uint8Array(1), big: 1n, status: 200 } as const
    const problem = problemOf(new CodedError('m', shape), 'urn:uuid:1')
    assert.equal(problem['place'], 'line 3')
    assert.equal(problem.status, 422)
    assert.ok(!('bytes' in problem) && !('big' in problem))
  })
})
