import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { charterToJson } from '#config'
import { toHex } from '#protocol'
import { run } from '../../node/cli/main.ts'
import { Terminal } from '../../node/cli/terminal.ts'
import { openDataDir } from '../../node/data-dir.ts'
import { createDevnetCharter, planRegions } from '../../node/devnet/plan.ts'
import type { PlannedRegion } from '../../node/devnet/plan.ts'
import { formatRegionKeys } from '../../node/region-keys.ts'

type Ran = { readonly code: number; readonly out: string; readonly err: string }

describe('handing out region keys', function () {
  this.timeout(60_000)
  let root: string
  let region: PlannedRegion
  let member: string
  let recipient: string
  const path = (...parts: string[]): string => join(root, ...parts)

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'kwitness-handout-'))
    const [planned] = await planRegions(['europe'], 4)
    assert.ok(planned !== undefined)
    region = planned
    const charter = await createDevnetCharter([region], { chainId: 31_337, registry: new Uint8Array(20) })
    await writeFile(path('charter.json'), JSON.stringify(charterToJson(charter)))
    await writeFile(path('europe.json'), formatRegionKeys(region.secrets))
    member = path('member')
    const made = await kwitness('init', '--dir', member, '--json')
    ;({ recipient } = JSON.parse(made.out) as { recipient: string })
  })
  after(async () => {
    await rm(root, { recursive: true })
  })

  const joinWith = async (dir: string, keys: string): Promise<Ran> =>
    kwitness(
      'init',
      '--dir',
      dir,
      '--charter',
      path('charter.json'),
      '--region-keys',
      keys,
      '--rpc',
      'http://127.0.0.1:1',
    )
  const seal = async (keys: string, to: string, out: string): Promise<string> => {
    const sealed = await kwitness('region-keys', 'seal', '--region-keys', keys, '--to', to, '-o', path(out), '--json')
    assert.equal(sealed.code, 0, sealed.err)
    return (JSON.parse(sealed.out) as { files: { file: string }[] }).files[0]?.file ?? ''
  }
  const epochsOf = async (dir: string): Promise<number[]> =>
    ((await openDataDir(dir, {})).regionKeys?.archiveKeys ?? []).map(({ epoch }) => epoch)

  it('begins with the recipient that init shows, of a key that only its directory has', async () => {
    assert.match(recipient, /^age1/)
    const shown = await kwitness('region-keys', 'recipient', '--dir', member)
    assert.equal(shown.out, `${recipient}\n`)
    assert.equal((await stat(join(member, 'member.age-key'))).mode & 0o777, 0o600)
    assert.ok((await readFile(join(member, 'member.age-key'), 'utf8')).includes(recipient))
  })

  it('reaches the member that it is sealed for, and no other', async () => {
    const file = await seal(path('europe.json'), recipient, 'handout')
    const text = await readFile(file, 'utf8')
    assert.ok(!text.includes('AGE-SECRET') && !text.includes(toHex(region.secrets.pointSecret)))
    const other = path('other')
    await kwitness('init', '--dir', other)
    const before = await readdir(other)
    const refused = await joinWith(other, file)
    assert.match(refused.err, /does not open it.*\(ERR_CLI_SEALED\)/)
    assert.deepEqual(await readdir(other), before)
    const early = await joinWith(path('early'), file)
    assert.match(early.err, /run kwitness init without --charter first.*\(ERR_CLI_SEALED\)/)
    assert.ok(!(await readdir(root)).includes('early'))
    const joined = await joinWith(member, file)
    assert.equal(joined.code, 0, joined.err)
    assert.deepEqual((await openDataDir(member, {})).regionKeys, region.secrets)
  })

  it('brings the key of the next committee to those who stay, beside the keys before', async () => {
    const rotated = path('europe-1.json')
    const made = await kwitness(
      'region-keys',
      'rotate',
      '--region-keys',
      path('europe.json'),
      '--epoch',
      '1',
      '-o',
      rotated,
    )
    assert.match(made.out, /^epoch 0 {2}age1\w+\nepoch 1 {2}age1\w+\n$/)
    const file = await seal(rotated, recipient, 'second')
    const added = await kwitness('region-keys', 'add', file, '--dir', member, '--json')
    assert.deepEqual(JSON.parse(added.out), { dir: member, region: 'europe', epochs: [0, 1] })
    assert.deepEqual(await epochsOf(member), [0, 1])
    assert.equal((await stat(join(member, 'region-keys.json'))).mode & 0o777, 0o600)
    assert.ok(!(await readdir(member)).some((name) => name.endsWith('.next')))
    // Told again, nothing changes; told by somebody else's file for that epoch, nothing does either.
    assert.equal((await kwitness('region-keys', 'add', file, '--dir', member)).code, 0)
    const kept = await readFile(join(member, 'region-keys.json'), 'utf8')
    const rival = path('rival.json')
    await kwitness('region-keys', 'rotate', '--region-keys', path('europe.json'), '--epoch', '1', '-o', rival)
    const refused = await kwitness('region-keys', 'add', rival, '--dir', member)
    assert.match(refused.err, /epoch 1.*\(ERR_REGION_KEYS\)|\(ERR_REGION_KEYS\)/)
    assert.equal(await readFile(join(member, 'region-keys.json'), 'utf8'), kept)
    const again = await kwitness(
      'region-keys',
      'rotate',
      '--region-keys',
      rotated,
      '--epoch',
      '1',
      '-o',
      path('no.json'),
    )
    assert.match(again.err, /newest archive key is of epoch 1.*\(ERR_REGION_KEYS\)/)
  })

  it('takes files of version 1, and makes a key where an earlier version made none', async () => {
    const [founding] = region.secrets.archiveKeys
    const version1 = {
      v: 1,
      region: 'europe',
      pointSecret: toHex(region.secrets.pointSecret),
      archiveIdentity: founding?.identity,
    }
    const old = path('old')
    await kwitness('init', '--dir', old)
    await rm(join(old, 'member.age-key'))
    await writeFile(path('version-1.json'), JSON.stringify(version1))
    assert.equal((await joinWith(old, path('version-1.json'))).code, 0)
    assert.ok((await readdir(old)).includes('member.age-key'))
    await writeFile(join(old, 'region-keys.json'), JSON.stringify(version1))
    assert.deepEqual(await epochsOf(old), [0])
    await rm(join(old, 'member.age-key'))
    const doctor = await kwitness('doctor', '--dir', old, '--json')
    const check = (text: string): { ok: boolean; fix?: string } | undefined =>
      (JSON.parse(text) as { checks: { name: string; ok: boolean; fix?: string }[] }).checks.find(
        ({ name }) => name === 'member key',
      )
    assert.equal(check(doctor.out)?.ok, false)
    assert.match(check(doctor.out)?.fix ?? '', /kwitness region-keys recipient --dir/)
    const made = await kwitness('region-keys', 'recipient', '--dir', old)
    assert.match(made.out, /^age1\w+\n$/)
    assert.equal(check((await kwitness('doctor', '--dir', old, '--json')).out)?.ok, true)
    await mkdir(path('empty'))
    const none = await kwitness('region-keys', 'recipient', '--dir', path('empty'))
    assert.match(none.err, /\(ERR_DIR_INCOMPLETE\)/)
  })
})

async function kwitness(...args: string[]): Promise<Ran> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const signal = new AbortController().signal
  const code = await run(new Terminal({ stdin, stdout, stderr, environment: {}, signal }), args)
  const text = (stream: PassThrough): string => String(stream.read() ?? '')
  return { code, out: text(stdout), err: text(stderr) }
}
