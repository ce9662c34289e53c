import assert from 'node:assert/strict'
import { timingSafeEqual } from 'node:crypto'
import { createApiKey, parseApiKey } from '#api'
import type { KeyRecord } from '#storage'
import { recordOfSeed } from '../../../../node/service/account-keys.ts'
import { MemoryKeyRing } from '../../../../node/service/key-ring.ts'

const NOW = Date.UTC(2026, 5, 1)

function made(fill: number): ReturnType<typeof createApiKey> {
  return createApiKey({
    id: new Uint8Array(6).fill(fill),
    secret: new Uint8Array(32).fill(fill),
    account: 'acme',
    scopes: ['bills:read'],
    createdAt: '2026-01-01T00:00:00Z',
  })
}

describe('key ring', () => {
  const [good, revoked, expired, unknown] = [made(1), made(2), made(3), made(4)]
  const wrongSecret = `${good.text.slice(0, 16)}${unknown.text.slice(16)}`
  let now = NOW
  let steps: string[]
  let ring: MemoryKeyRing

  const recordOf = (key: typeof good, fields: Partial<KeyRecord> = {}): KeyRecord => ({
    ...recordOfSeed(key.record),
    ...fields,
  })

  beforeEach(() => {
    now = NOW
    steps = []
    ring = new MemoryKeyRing({
      nowMs: () => now,
      parse: (text) => {
        steps.push('hash')
        return parseApiKey(text)
      },
      isEqual: (a, b) => {
        steps.push(`compare ${a.byteLength}:${b.byteLength}`)
        return timingSafeEqual(a, b)
      },
    })
    ring.put(recordOf(good))
    ring.put(recordOf(revoked, { revokedAtMs: NOW - 1 }))
    ring.put(recordOf(expired, { expiresAtMs: NOW }))
  })

  it('tells whose a valid key is, and nothing of any other', () => {
    assert.deepEqual(ring.authenticate(good.text), { keyId: '010101010101', account: 'acme', scopes: ['bills:read'] })
    for (const text of [revoked.text, expired.text, unknown.text, wrongSecret, '', 'kw_', `${good.text} `]) {
      assert.equal(ring.authenticate(text), undefined, text)
    }
  })

  it('takes the same steps for every text of the shape of a key', () => {
    for (const text of [good.text, wrongSecret, unknown.text, revoked.text, expired.text]) {
      steps = []
      ring.authenticate(text)
      assert.deepEqual(steps, ['hash', 'compare 32:32'], text)
    }
  })

  it('gives nobody the rights of the record that stands for unknown ids', () => {
    const nobody = new MemoryKeyRing({ nowMs: () => NOW, isEqual: () => true })
    assert.equal(nobody.authenticate(unknown.text), undefined)
  })

  it('ends a key in the millisecond in which it expires or is revoked', () => {
    ring.put(recordOf(expired, { expiresAtMs: NOW + 1 }))
    assert.ok(ring.authenticate(expired.text) !== undefined)
    now = NOW + 1
    assert.equal(ring.authenticate(expired.text), undefined)
    ring.put(recordOf(good, { revokedAtMs: now }))
    assert.equal(ring.authenticate(good.text), undefined)
  })

  it('notes uses of valid keys alone, and hands each note out once', () => {
    for (const text of [good.text, wrongSecret, revoked.text, unknown.text]) ring.authenticate(text)
    assert.equal(ring.lastUseOf('010101010101'), NOW)
    assert.deepEqual([...ring.takeUses()], [['010101010101', NOW]])
    assert.deepEqual([...ring.takeUses()], [])
  })
})
