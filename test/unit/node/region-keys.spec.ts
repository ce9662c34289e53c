import assert from 'node:assert/strict'
import { sha256, toHex } from '#protocol'
import type { RegionCharter } from '#protocol'
import { generateArchiveKey, seal } from '#storage'
import { ARCHIVE_KEYS_LIMIT, ArchiveKeys } from '../../../node/archive-keys.ts'
import { createMemberKey, parseIdentities, parseMemberKey } from '../../../node/member-key.ts'
import {
  formatRegionKeys,
  mergeRegionKeys,
  parseRegionKeys,
  readRegionKeys,
  rotateArchiveKey,
  sealRegionKeys,
  verifyRegionKeys,
} from '../../../node/region-keys.ts'
import type { RegionSecrets } from '../../../node/region-keys.ts'
import { foundRegion, hashOf } from '../../support/region-fixture.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('region keys', () => {
  let keys: RegionSecrets
  let charter: RegionCharter

  before(async () => {
    const founding = await generateArchiveKey()
    keys = { region: 'north-america', pointSecret: hashOf('secret'), archiveKeys: [{ epoch: 0, ...founding }] }
    const [region] = foundRegion().charter.regions
    assert.ok(region !== undefined)
    charter = { ...region, archiveRecipient: founding.recipient, pointKeyHash: sha256(keys.pointSecret) }
  })

  it('are read as they were written, with keys of several epochs', async () => {
    const later = await rotateArchiveKey(await rotateArchiveKey(keys, 1), 4)
    assert.deepEqual(await parseRegionKeys(formatRegionKeys(later)), later)
    verifyRegionKeys(await parseRegionKeys(formatRegionKeys(later)), charter)
    assert.deepEqual(
      later.archiveKeys.map(({ epoch }) => epoch),
      [0, 1, 4],
    )
    assert.equal(new Set(later.archiveKeys.map(({ identity }) => identity)).size, 3)
  })

  it('of version 1, which had one archive key, are those of epoch 0', async () => {
    const [founding] = keys.archiveKeys
    const version1 = {
      v: 1,
      region: keys.region,
      pointSecret: toHex(keys.pointSecret),
      archiveIdentity: founding?.identity,
    }
    assert.deepEqual(await parseRegionKeys(JSON.stringify(version1)), keys)
  })

  it('are refused where a recipient is not its key’s, an epoch comes twice or out of order, or the first is missing', async () => {
    const stranger = await generateArchiveKey()
    const [founding] = keys.archiveKeys
    assert.ok(founding !== undefined)
    const wrong: [RegExp, RegionSecrets['archiveKeys']][] = [
      [/recipient/, [{ ...founding, recipient: stranger.recipient }]],
      [/epoch/, [founding, { ...stranger, epoch: 0 }]],
      [/epoch/, [founding, { ...stranger, epoch: 2 }, { ...stranger, epoch: 1 }]],
      [/epoch/, [{ ...founding, epoch: 1 }]],
      [/archiveKeys/, []],
      [
        /identity/,
        [{ ...founding, identity: `${founding.identity.slice(0, -1)}${founding.identity.endsWith('Q') ? 'P' : 'Q'}` }],
      ],
      [/archiveKeys/, Array.from({ length: ARCHIVE_KEYS_LIMIT + 1 }, (_, epoch) => ({ ...founding, epoch }))],
    ]
    for (const [message, archiveKeys] of wrong) {
      await assert.rejects(parseRegionKeys(formatRegionKeys({ ...keys, archiveKeys })), (thrown: Error) => {
        assert.match(thrown.message, message)
        assert.ok(!thrown.message.includes('AGE-SECRET'), thrown.message)
        return 'code' in thrown && thrown.code === 'ERR_REGION_KEYS'
      })
    }
  })

  it('are refused where the charter names another archive key or secret', async () => {
    const other = { ...keys, archiveKeys: [{ epoch: 0, ...(await generateArchiveKey()) }] }
    assert.throws(() => verifyRegionKeys(other, charter), { code: 'ERR_REGION_KEYS', message: /archiveIdentity/ })
    const secret = { ...keys, pointSecret: hashOf('other') }
    assert.throws(() => verifyRegionKeys(secret, charter), { code: 'ERR_REGION_KEYS', message: /pointSecret/ })
  })

  it('are handed out to one member: it opens its file, and nobody else does', async () => {
    const [member, other] = [
      await createMemberKey('2026-01-01T00:00:00Z'),
      await createMemberKey('2026-01-01T00:00:00Z'),
    ]
    const file = await sealRegionKeys(keys, member.recipient)
    assert.match(file, /^-----BEGIN AGE ENCRYPTED FILE-----\n/)
    assert.deepEqual(await readRegionKeys(bytes(file), [member.identity]), keys)
    const binary = await seal(bytes(formatRegionKeys(keys)), [member.recipient])
    assert.deepEqual(await readRegionKeys(binary, [member.identity]), keys)
    for (const identities of [[other.identity], []])
      await assert.rejects(readRegionKeys(bytes(file), identities), { code: 'ERR_SEAL_NO_KEY' })
    await assert.rejects(readRegionKeys(bytes(file.slice(0, 200)), [member.identity]), { code: 'ERR_SEAL_CORRUPT' })
    await assert.rejects(readRegionKeys(new Uint8Array(65 * 1024), []), { code: 'ERR_REGION_KEYS' })
  })

  it('are rotated to later epochs only, and keep all keys before', async () => {
    const later = await rotateArchiveKey(keys, 3)
    for (const epoch of [0, 3, -1, 1.5]) {
      await assert.rejects(rotateArchiveKey(later, epoch), { code: 'ERR_REGION_KEYS' })
    }
    assert.deepEqual(later.archiveKeys[0], keys.archiveKeys[0])
  })

  it('are merged with those that a member has, and never replace a key by another one of the same epoch', async () => {
    const later = await rotateArchiveKey(keys, 1)
    assert.deepEqual(mergeRegionKeys(keys, later), later)
    assert.deepEqual(mergeRegionKeys(later, keys), later)
    const rival = await rotateArchiveKey(keys, 1)
    assert.throws(() => mergeRegionKeys(later, rival), { code: 'ERR_REGION_KEYS', message: /epoch 1/ })
    const elsewhere = { ...later, region: 'europe' }
    assert.throws(() => mergeRegionKeys(keys, elsewhere), { code: 'ERR_REGION_KEYS' })
    const secret = { ...later, pointSecret: hashOf('other') }
    assert.throws(() => mergeRegionKeys(keys, secret), { code: 'ERR_REGION_KEYS' })
  })
})

describe('archive keys', () => {
  const PLAIN = bytes('128 kWh')

  it('seal for the newest epoch that has begun, and open what any of them sealed', async () => {
    const [first, third] = [await generateArchiveKey(), await generateArchiveKey()]
    const keys = new ArchiveKeys([
      { epoch: 3, ...third },
      { epoch: 0, ...first },
    ])
    for (const epoch of [0, 1, 2]) assert.equal(keys.recipientAt(epoch), first.recipient)
    for (const epoch of [3, 4]) assert.equal(keys.recipientAt(epoch), third.recipient)
    for (const recipient of [first.recipient, third.recipient]) {
      for (const epoch of [0, 3]) assert.deepEqual(await keys.open(await seal(PLAIN, [recipient]), epoch), PLAIN)
    }
  })

  it('of a member that left open nothing that is sealed for the committee after it', async () => {
    const [first, second] = [await generateArchiveKey(), await generateArchiveKey()]
    const left = new ArchiveKeys([{ epoch: 0, ...first }])
    const stays = new ArchiveKeys([
      { epoch: 0, ...first },
      { epoch: 1, ...second },
    ])
    const sealed = await seal(PLAIN, [stays.recipientAt(1)])
    await assert.rejects(left.open(sealed, 1), { code: 'ERR_SEAL_NO_KEY' })
    assert.deepEqual(await stays.open(await seal(PLAIN, [left.recipientAt(0)]), 1), PLAIN)
  })

  it('open a file of the most recipients that are allowed with the most keys that a region has', async () => {
    const all = await Promise.all(Array.from({ length: ARCHIVE_KEYS_LIMIT }, () => generateArchiveKey()))
    const keys = new ArchiveKeys(all.map((key, epoch) => ({ epoch, ...key })))
    const strangers = await Promise.all(Array.from({ length: 15 }, () => generateArchiveKey()))
    const sealed = await seal(PLAIN, [...strangers.map(({ recipient }) => recipient), all[0]?.recipient ?? ''])
    assert.deepEqual(await keys.open(sealed, ARCHIVE_KEYS_LIMIT - 1), PLAIN)
  })
})

describe('member keys', () => {
  it('are written as age-keygen does, and read back', async () => {
    const made = await createMemberKey('2026-01-01T00:00:00Z')
    assert.match(made.text, /^# created: .*\n# public key: age1[0-9a-z]{58}\nAGE-SECRET-KEY-1[0-9A-Z]{58}\n$/)
    const { identity, recipient } = made
    assert.deepEqual(await parseMemberKey(bytes(made.text), 'member.age-key'), { identity, recipient })
    assert.deepEqual(parseIdentities(bytes(`\r\n${identity}\r\n# other\r\n${identity}\r\n`), 'f'), [identity, identity])
  })

  it('are refused where a file has none, too many, or something else, without quoting it', async () => {
    const { identity } = await createMemberKey('')
    const wrong = [
      '',
      '# only',
      'secret words',
      `${identity}x`,
      `${identity}\n`.repeat(17),
      `#${'x'.repeat(20_000)}\n${identity}`,
    ]
    for (const text of wrong) {
      assert.throws(
        () => parseIdentities(bytes(text), 'f'),
        (thrown: Error) => {
          assert.ok(!thrown.message.includes(identity) && !thrown.message.includes('secret words'))
          return 'code' in thrown && thrown.code === 'ERR_AGE_KEY_FILE'
        },
      )
    }
    const damaged = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`
    await assert.rejects(parseMemberKey(bytes(damaged), 'f'), { code: 'ERR_AGE_KEY_FILE' })
  })
})
