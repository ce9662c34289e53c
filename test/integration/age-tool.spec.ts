import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { checkRecipient, fromArmor, generateArchiveKey, isAgeFile, seal, toArmor, unseal } from '#storage'
import { run } from '../../node/cli/main.ts'
import { Terminal } from '../../node/cli/terminal.ts'
import { createMemberKey, parseIdentities } from '../../node/member-key.ts'
import { formatRegionKeys, parseRegionKeys } from '../../node/region-keys.ts'
import { findAge, makeAgeKey, runAge } from '../support/age-tool.ts'
import { hashOf } from '../support/region-fixture.ts'

const PLAIN = new TextEncoder().encode('kWh 128, Mrs. Secret, 12 Hidden Lane\n'.repeat(5_000))

describe('the age command line', function () {
  this.timeout(60_000)
  let dir: string

  before(function () {
    const version = findAge()
    if (version === undefined) this.skip()
  })
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kwitness-age-'))
  })
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true })
  })

  const identitiesOf = async (file: string): Promise<readonly string[]> => parseIdentities(await readFile(file), file)

  it('opens what was sealed for the region and the holder, with the key of either, binary and armoured', async () => {
    const [region, holder, stranger] = ['region', 'holder', 'stranger'].map((name) => makeAgeKey(join(dir, name)))
    assert.ok(region !== undefined && holder !== undefined && stranger !== undefined)
    const sealed = await seal(PLAIN, [region.recipient, holder.recipient])
    const keys: readonly string[] = [region.file, holder.file]
    const files: readonly Uint8Array[] = [sealed, Buffer.from(toArmor(sealed))]
    for (const file of files) {
      for (const key of keys) assert.deepEqual(runAge('age', ['-d', '-i', key], file), PLAIN)
      assert.throws(() => runAge('age', ['-d', '-i', stranger.file], file), /no identity matched/)
    }
  })

  it('seals what we open, binary and armoured, for several recipients', async () => {
    const [a, b] = [makeAgeKey(join(dir, 'a')), makeAgeKey(join(dir, 'b'))]
    for (const armour of [[], ['-a']]) {
      const made = runAge('age', [...armour, '-r', a.recipient, '-r', b.recipient], PLAIN)
      assert.equal(isAgeFile(made), armour.length === 0)
      const sealed = fromArmor(made)
      for (const { file } of [a, b]) assert.deepEqual(await unseal(sealed, await identitiesOf(file)), PLAIN)
    }
  })

  it('refuses armour that was cut or altered, and so do we', async () => {
    const key = makeAgeKey(join(dir, 'key'))
    const armoured = Buffer.from(runAge('age', ['-a', '-r', key.recipient], PLAIN)).toString()
    const cut = armoured.split('\n').toSpliced(5, 1).join('\n')
    const noEnd = armoured.replace(/-----END.*\n/, '')
    for (const text of [cut, noEnd]) {
      assert.throws(() => runAge('age', ['-d', '-i', key.file], Buffer.from(text)))
      await assert.rejects(async () => unseal(fromArmor(Buffer.from(text)), await identitiesOf(key.file)), {
        code: 'ERR_SEAL_CORRUPT',
      })
    }
    const crlf = Buffer.from(armoured.replaceAll('\n', '\r\n'))
    assert.deepEqual(await unseal(fromArmor(crlf), await identitiesOf(key.file)), PLAIN)
  })

  it('takes the key file that we write, and we take the recipient that it prints', async () => {
    const member = await createMemberKey('2026-01-01T00:00:00Z')
    const file = join(dir, 'member.age-key')
    await writeFile(file, member.text)
    assert.equal(
      Buffer.from(runAge('age-keygen', ['-y', file]))
        .toString()
        .trim(),
      member.recipient,
    )
    await checkRecipient(makeAgeKey(join(dir, 'other')).recipient)
    assert.deepEqual(runAge('age', ['-d', '-i', file], await seal(PLAIN, [member.recipient])), PLAIN)
  })

  it('opens the region keys that were handed out, each file with the key of its member alone', async () => {
    const [a, b] = [makeAgeKey(join(dir, 'a')), makeAgeKey(join(dir, 'b'))]
    const secrets = {
      region: 'europe',
      pointSecret: hashOf('secret'),
      archiveKeys: [{ epoch: 0, ...(await generateArchiveKey()) }],
    }
    const keys = join(dir, 'europe.json')
    await writeFile(keys, formatRegionKeys(secrets))
    const rotated = join(dir, 'europe-1.json')
    const next = await kwitness('region-keys', 'rotate', '--region-keys', keys, '--epoch', '1', '-o', rotated, '--json')
    assert.equal(next.code, 0, next.err)
    const out = join(dir, 'handout')
    const to = [a, b].flatMap(({ recipient }) => ['--to', recipient])
    const sealed = await kwitness('region-keys', 'seal', '--region-keys', rotated, ...to, '-o', out, '--json')
    assert.equal(sealed.code, 0, sealed.err)
    const { files } = JSON.parse(sealed.out) as { files: { to: string; file: string }[] }
    assert.deepEqual((await readdir(out)).length, 2)
    assert.equal((await stat(out)).mode & 0o777, 0o700)
    for (const [member, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const file = files.find((it) => it.to === member.recipient)?.file ?? ''
      const opened = await parseRegionKeys(Buffer.from(runAge('age', ['-d', '-i', member.file, file])).toString())
      assert.deepEqual(opened.archiveKeys[0], secrets.archiveKeys[0])
      assert.equal(opened.archiveKeys[1]?.epoch, 1)
      assert.throws(() => runAge('age', ['-d', '-i', other.file, file]), /no identity matched/)
    }
    const again = await kwitness('region-keys', 'seal', '--region-keys', rotated, ...to, '-o', out)
    assert.match(again.err, /ERR_INIT_EXISTS/)
    const secret = (await readFile(a.file, 'utf8')).split('\n').find((line) => line.startsWith('AGE-')) ?? ''
    const pasted = await kwitness('region-keys', 'seal', '--region-keys', rotated, '--to', secret, '-o', out)
    assert.equal(pasted.code, 2)
    assert.ok(!pasted.err.includes(secret))
  })
})

async function kwitness(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const signal = new AbortController().signal
  const code = await run(new Terminal({ stdin, stdout, stderr, environment: {}, signal }), args)
  const text = (stream: PassThrough): string => String(stream.read() ?? '')
  return { code, out: text(stdout), err: text(stderr) }
}
