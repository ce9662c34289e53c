import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createApiKey } from '#api'
import type { ApiScope } from '#api'
import { unseal, seal } from '#storage'
import { recordOfSeed } from '../../node/service/account-keys.ts'
import { AuditLog } from '../../node/service/audit-log.ts'
import { AccountFixture } from '../support/account-store.ts'

const BY = { actor: 'operator' }
const DAY_MS = 86_400_000
const READ: ApiScope[] = ['bills:read']

describe('accounts', () => {
  let fixture: AccountFixture

  beforeEach(async () => {
    fixture = await AccountFixture.create()
  })
  afterEach(async () => {
    fixture.fault = undefined
    await fixture.remove()
  })

  const actions = async (): Promise<string[]> =>
    (await fixture.accounts.listAudit(0, 100)).map(({ seq, action, subject }) => `${seq} ${action} ${subject}`)

  it('are made with a recipient of their own, or a key pair whose secret half opens what is sealed for it', async () => {
    const { account, identity } = await fixture.accounts.addAccount({ id: 'acme', name: 'Acme Inc.' }, BY)
    assert.ok(identity !== undefined && account.recipient !== undefined)
    const sealed = await seal(Uint8Array.of(1, 2), [account.recipient])
    assert.deepEqual(new Uint8Array(await unseal(sealed, [identity])), Uint8Array.of(1, 2))
    const other = await fixture.accounts.addAccount({ id: 'other', recipient: account.recipient }, BY)
    assert.equal(other.identity, undefined)
    assert.deepEqual(await actions(), ['1 account.add acme', '2 account.add other'])
  })

  it('are refused under an id that is taken, malformed, or with a wrong field, and never told what was pasted', async () => {
    await fixture.accounts.addAccount({ id: 'acme' }, BY)
    await assert.rejects(fixture.accounts.addAccount({ id: 'acme' }, BY), { code: 'ERR_ACCOUNT_EXISTS' })
    const wrong = [
      { id: '' },
      { id: 'Acme' },
      { id: '../x' },
      { id: 'a\u0000b' },
      { id: 'a'.repeat(64) },
      { id: 'b', name: 'two\nlines' },
      { id: 'b', quota: { billsPerDay: 0 } },
      { id: 'b', quota: { storedBytes: 1.5 } },
      { id: 'b', recipient: 'age1nonsense' },
      { id: 'b', recipient: 'AGE-SECRET-KEY-1PASTED' },
    ]
    for (const one of wrong) {
      await assert.rejects(fixture.accounts.addAccount(one, BY), (thrown: Error & { code: string }) => {
        assert.equal(thrown.code, 'ERR_ACCOUNT_FIELD', JSON.stringify(one))
        assert.ok(!thrown.message.includes('PASTED'))
        return true
      })
    }
    assert.equal((await fixture.accounts.listAccounts()).length, 1)
    assert.deepEqual(await actions(), ['1 account.add acme'])
  })

  it('have keys that count at once, survive a restart, and end when they are revoked', async () => {
    await fixture.accounts.addAccount({ id: 'acme' }, BY)
    const { key, text } = await fixture.accounts.createKey({ account: 'acme', scopes: READ, label: 'meter room' }, BY)
    assert.equal(fixture.accounts.ring.authenticate(text)?.account, 'acme')
    await fixture.reopen(false)
    assert.equal(fixture.accounts.ring.authenticate(text)?.keyId, key.id)
    const [shown] = await fixture.accounts.listKeys('acme')
    assert.equal(shown?.lastUsedAt, new Date(fixture.nowMs).toISOString())
    assert.ok(!JSON.stringify(shown).includes(text.slice(16)))
    await fixture.accounts.revokeKey(key.id, { actor: 'key:aaaaaaaaaaaa', requestId: 'r-1' })
    assert.equal(fixture.accounts.ring.authenticate(text), undefined)
    await fixture.reopen(false)
    assert.equal(fixture.accounts.ring.authenticate(text), undefined)
    const last = (await fixture.accounts.listAudit(2, 10))[0]
    assert.deepEqual([last?.actor, last?.action, last?.requestId], ['key:aaaaaaaaaaaa', 'key.revoke', 'r-1'])
  })

  it('leave no secret of a key or an identity in the store', async () => {
    const { identity } = await fixture.accounts.addAccount({ id: 'acme' }, BY)
    const { text } = await fixture.accounts.createKey({ account: 'acme', scopes: READ }, BY)
    assert.ok(identity !== undefined)
    const folder = join(fixture.folder, 'store')
    const files = await Promise.all((await readdir(folder)).map(async (name) => readFile(join(folder, name), 'latin1')))
    assert.ok(files.some((file) => file.includes('acme')))
    for (const secret of [text.slice(16), identity, identity.slice(-40)]) {
      assert.ok(files.every((file) => !file.includes(secret)))
    }
  })

  it('refuse keys for nobody, without or with unknown scopes, and with an end that has passed', async () => {
    await fixture.accounts.addAccount({ id: 'acme' }, BY)
    await assert.rejects(fixture.accounts.createKey({ account: 'nobody', scopes: READ }, BY), {
      code: 'ERR_ACCOUNT_UNKNOWN',
    })
    const wrong = [
      { scopes: [] },
      { scopes: ['everything' as ApiScope] },
      { scopes: READ, expiresAt: '2020-01-01T00:00:00Z' },
      { scopes: READ, expiresAt: 'soon' },
      { scopes: READ, label: '\u001B[31m' },
    ]
    for (const one of wrong) {
      await assert.rejects(fixture.accounts.createKey({ account: 'acme', ...one }, BY), { code: 'ERR_KEY_FIELD' })
    }
    assert.deepEqual(await fixture.accounts.listKeys(), [])
  })

  it('follow a key by one with the same rights and time to live, and let the old one go when its grace is over', async () => {
    await fixture.accounts.addAccount({ id: 'acme' }, BY)
    const expiresAt = new Date(fixture.nowMs + 90 * DAY_MS).toISOString()
    const old = await fixture.accounts.createKey({ account: 'acme', scopes: READ, label: 'x', expiresAt }, BY)
    fixture.nowMs += 10 * DAY_MS
    const next = await fixture.accounts.rotateKey(old.key.id, 60_000, BY)
    assert.deepEqual([next.key.scopes, next.key.label], [READ, 'x'])
    assert.equal(next.key.expiresAt, new Date(fixture.nowMs + 90 * DAY_MS).toISOString())
    const { ring } = fixture.accounts
    assert.ok(ring.authenticate(old.text) !== undefined && ring.authenticate(next.text) !== undefined)
    fixture.nowMs += 60_000
    assert.equal(ring.authenticate(old.text), undefined)
    await assert.rejects(fixture.accounts.rotateKey(old.key.id, 0, BY), { code: 'ERR_KEY_REVOKED' })
    const last = await fixture.accounts.rotateKey(next.key.id, 0, BY)
    assert.equal(ring.authenticate(next.text), undefined)
    assert.ok(ring.authenticate(last.text) !== undefined)
    await assert.rejects(fixture.accounts.rotateKey(last.key.id, 31 * DAY_MS, BY), { code: 'ERR_KEY_FIELD' })
    await assert.rejects(fixture.accounts.rotateKey('ffffffffffff', 0, BY), { code: 'ERR_KEY_UNKNOWN' })
  })

  it('never let a longer grace outlive the end of a key', async () => {
    await fixture.accounts.addAccount({ id: 'acme' }, BY)
    const expiresAt = new Date(fixture.nowMs + 1_000).toISOString()
    const old = await fixture.accounts.createKey({ account: 'acme', scopes: READ, expiresAt }, BY)
    await fixture.accounts.rotateKey(old.key.id, DAY_MS, BY)
    fixture.nowMs += 1_000
    assert.equal(fixture.accounts.ring.authenticate(old.text), undefined)
  })

  it('keep at most 100 valid keys of an account', async () => {
    await fixture.accounts.addAccount({ id: 'acme' }, BY)
    for (let i = 0; i < 100; i += 1) await fixture.accounts.createKey({ account: 'acme', scopes: READ }, BY)
    await assert.rejects(fixture.accounts.createKey({ account: 'acme', scopes: READ }, BY), { code: 'ERR_KEY_LIMIT' })
  })

  it('are listed in parts, each once, and so are keys', async () => {
    for (const id of ['c', 'a', 'd', 'b']) await fixture.accounts.addAccount({ id }, BY)
    const idsOf = async (after?: string): Promise<string[]> =>
      (await fixture.accounts.listAccounts({ limit: 3, ...(after === undefined ? {} : { after }) })).map(({ id }) => id)
    assert.deepEqual([await idsOf(), await idsOf('c'), await idsOf('d')], [['a', 'b', 'c'], ['d'], []])
    for (let i = 0; i < 5; i += 1) {
      fixture.nowMs += 1
      await fixture.accounts.createKey({ account: 'a', scopes: READ, label: String(i) }, BY)
    }
    const first = await fixture.accounts.listKeys('a', { limit: 3 })
    const rest = await fixture.accounts.listKeys(undefined, { limit: 3, after: first.at(-1)?.id ?? '' })
    assert.deepEqual(
      [...first, ...rest].map(({ label }) => label),
      ['0', '1', '2', '3', '4'],
    )
  })

  it('number the audit log without gaps, whatever fails and however many change at once', async () => {
    await fixture.accounts.addAccount({ id: 'acme' }, BY)
    fixture.fault = new Error('disk')
    await assert.rejects(fixture.accounts.createKey({ account: 'acme', scopes: READ }, BY), /disk/)
    fixture.fault = undefined
    const made = Array.from({ length: 20 }, async () =>
      fixture.accounts.createKey({ account: 'acme', scopes: READ }, BY),
    )
    await Promise.all(made)
    const seqs = (await fixture.accounts.listAudit(0, 1_000)).map(({ seq }) => seq)
    assert.deepEqual(
      seqs,
      Array.from({ length: 21 }, (_, i) => i + 1),
    )
    assert.deepEqual(
      (await fixture.accounts.listAudit(19, 1)).map(({ seq }) => seq),
      [20],
    )
  })

  it('give no right that could not be written, and keep every right that could not be taken away', async () => {
    await fixture.accounts.addAccount({ id: 'acme' }, BY)
    const { key, text } = await fixture.accounts.createKey({ account: 'acme', scopes: READ }, BY)
    fixture.fault = new Error('disk')
    await assert.rejects(fixture.accounts.revokeKey(key.id, BY), /disk/)
    await assert.rejects(fixture.accounts.closeAccount('acme', BY), /disk/)
    await assert.rejects(fixture.accounts.rotateKey(key.id, 0, BY), /disk/)
    await assert.rejects(fixture.accounts.addAccount({ id: 'late' }, BY), /disk/)
    fixture.fault = undefined
    assert.ok(fixture.accounts.ring.authenticate(text) !== undefined)
    assert.equal((await fixture.accounts.getAccount('acme')).state, 'open')
    assert.equal(await fixture.accounts.findAccount('late'), undefined)
    assert.equal((await fixture.accounts.listKeys()).length, 1)
  })

  it('answer though uses of keys cannot be written, and write all of them at once later', async () => {
    await fixture.accounts.addAccount({ id: 'acme' }, BY)
    const { text } = await fixture.accounts.createKey({ account: 'acme', scopes: READ }, BY)
    fixture.fault = new Error('disk')
    assert.ok(fixture.accounts.ring.authenticate(text) !== undefined)
    await fixture.accounts.stop()
    fixture.fault = undefined
    assert.ok(fixture.accounts.ring.authenticate(text) !== undefined)
    await fixture.reopen()
    assert.ok((await fixture.accounts.listKeys())[0]?.lastUsedAt !== undefined)
  })

  it('take over keys of api-keys.json once: what was revoked stays revoked, and closed accounts get none', async () => {
    const seed = createApiKey({
      id: new Uint8Array(6).fill(7),
      secret: new Uint8Array(32).fill(7),
      account: 'Old Name',
      scopes: READ,
      createdAt: '2025-01-01T00:00:00Z',
    })
    const takeOver = async (): Promise<void> =>
      fixture.accounts.takeOver({ id: 'Old Name' }, [recordOfSeed(seed.record)])
    await takeOver()
    assert.equal(fixture.accounts.ring.authenticate(seed.text)?.account, 'Old Name')
    await fixture.accounts.revokeKey(seed.record.id, BY)
    await fixture.reopen(false)
    await takeOver()
    assert.equal(fixture.accounts.ring.authenticate(seed.text), undefined)
    assert.deepEqual(await actions(), ['1 account.take-over Old Name', `2 key.revoke ${seed.record.id}`])
    // However many keys have ended since: a key of the file that were forgotten would be valid again.
    for (let i = 0; i < 120; i += 1) {
      const { key } = await fixture.accounts.createKey({ account: 'Old Name', scopes: READ }, BY)
      await fixture.accounts.revokeKey(key.id, BY)
    }
    await fixture.reopen(false)
    await takeOver()
    assert.equal(fixture.accounts.ring.authenticate(seed.text), undefined)
    assert.equal((await fixture.accounts.listKeys('Old Name')).length, 102)
    fixture.shred = async () => 0
    await fixture.reopen()
    await fixture.accounts.closeAccount('Old Name', BY)
    const second = createApiKey({
      id: new Uint8Array(6).fill(8),
      secret: new Uint8Array(32),
      account: 'Old Name',
      scopes: READ,
      createdAt: '',
    })
    await fixture.accounts.takeOver({ id: 'Old Name' }, [recordOfSeed(second.record)])
    assert.equal(fixture.accounts.ring.authenticate(second.text), undefined)
  })
})

describe('closing an account', () => {
  let fixture: AccountFixture
  let shredded: string[]

  beforeEach(async () => {
    shredded = []
    fixture = await AccountFixture.create()
    fixture.shred = async (account) => {
      shredded.push(account)
      return 3
    }
    await fixture.reopen()
    await fixture.accounts.addAccount({ id: 'acme', name: 'Acme Inc.' }, BY)
  })
  afterEach(async () => {
    await fixture.remove()
  })

  it('revokes its keys, destroys, and leaves nothing but that the id is taken', async () => {
    const { text } = await fixture.accounts.createKey({ account: 'acme', scopes: READ }, BY)
    const { account, removedBills } = await fixture.accounts.closeAccount('acme', BY)
    assert.equal(removedBills, 3)
    assert.deepEqual([account.state, account.name, account.recipient], ['closed', undefined, undefined])
    assert.equal(fixture.accounts.ring.authenticate(text), undefined)
    await assert.rejects(fixture.accounts.addAccount({ id: 'acme' }, BY), { code: 'ERR_ACCOUNT_EXISTS' })
    await assert.rejects(fixture.accounts.createKey({ account: 'acme', scopes: READ }, BY), {
      code: 'ERR_ACCOUNT_CLOSED',
    })
    await assert.rejects(fixture.accounts.closeAccount('acme', BY), { code: 'ERR_ACCOUNT_CLOSED' })
    assert.throws(() => fixture.accounts.checkQuota('acme', 1), { code: 'ERR_ACCOUNT_CLOSED' })
    const log = (await fixture.accounts.listAudit(0, 10)).map(({ actor, action }) => `${actor} ${action}`)
    assert.deepEqual(log.slice(-2), ['operator account.close', 'node account.closed'])
  })

  it('happens once, however often it is asked for at the same time', async () => {
    const both = await Promise.all([
      fixture.accounts.closeAccount('acme', BY),
      fixture.accounts.closeAccount('acme', BY),
    ])
    assert.deepEqual(
      both.map(({ removedBills }) => removedBills),
      [3, 3],
    )
    assert.deepEqual(shredded, ['acme'])
  })

  it('is finished by the next start when destroying fails, with its keys revoked from the first moment', async () => {
    const { text } = await fixture.accounts.createKey({ account: 'acme', scopes: READ }, BY)
    fixture.shred = async () => {
      throw new Error('a block is missing')
    }
    await assert.rejects(fixture.accounts.closeAccount('acme', BY), /block/)
    await fixture.reopen(false)
    assert.equal(fixture.accounts.ring.authenticate(text), undefined)
    // A node starts though it fails again.
    await fixture.accounts.start()
    assert.equal((await fixture.accounts.getAccount('acme')).state, 'closing')
    fixture.shred = async () => 1
    await fixture.reopen()
    await fixture.accounts.start()
    assert.equal((await fixture.accounts.getAccount('acme')).state, 'closed')
  })

  it('is begun where the store alone is open, and left to the node to finish', async () => {
    fixture.shred = undefined
    await fixture.reopen()
    const { account, removedBills } = await fixture.accounts.closeAccount('acme', BY)
    assert.deepEqual([account.state, removedBills], ['closing', 0])
  })
})

describe('audit log', () => {
  it('numbers what different parts of a node tell it at the same time', async () => {
    const fixture = await AccountFixture.create()
    try {
      const log = new AuditLog(fixture.store, () => 0)
      await Promise.all(Array.from({ length: 20 }, async (_, i) => log.record(BY, 'test', String(i), [])))
      const entries = await log.list(0, 100)
      assert.deepEqual(
        entries.map(({ seq, subject }) => `${seq} ${subject}`),
        entries.map((_, i) => `${i + 1} ${i}`),
      )
      assert.equal(entries.length, 20)
    } finally {
      await fixture.remove()
    }
  })

  it('keeps its newest entries, and goes on counting', async () => {
    const fixture = await AccountFixture.create()
    try {
      const log = new AuditLog(fixture.store, () => 0, 3)
      for (const subject of ['a', 'b', 'c', 'd', 'e']) await log.record(BY, 'test', subject, [])
      assert.deepEqual(
        (await log.list(0, 10)).map(({ seq, subject }) => `${seq}${subject}`),
        ['3c', '4d', '5e'],
      )
    } finally {
      await fixture.remove()
    }
  })
})
