import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { parseConfig } from '#config'
import type { Config } from '#config'
import { addressOfPrivateKey } from '#protocol'
import { startAnvil } from '../../node/chain/anvil.ts'
import type { Anvil } from '../../node/chain/anvil.ts'
import { diagnose } from '../../node/cli/doctor/diagnose.ts'
import type { Diagnosis } from '../../node/cli/doctor/diagnosis.ts'
import { checkExposure, checkTls } from '../../node/cli/doctor/listeners.ts'
import { checkPorts } from '../../node/cli/doctor/machine.ts'
import { run } from '../../node/cli/main.ts'
import { Terminal } from '../../node/cli/terminal.ts'
import { createDataDir } from '../../node/data-dir.ts'
import { foundNetwork } from '../../node/founding.ts'

const KEYS = fileURLToPath(new URL('../support/signing/keys/', import.meta.url))

function configOf(change: Record<string, unknown>): Config {
  const file = JSON.stringify({ region: 'europe', chain: { rpcUrl: 'http://127.0.0.1:1' }, ...change })
  return parseConfig({ file, fileName: 'config.json' })
}

function terminalOf(): { terminal: Terminal; out: () => string } {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const signal = new AbortController().signal
  const terminal = new Terminal({ stdin, stdout, stderr, environment: { COLUMNS: '80' }, signal })
  return { terminal, out: () => String(stdout.read() ?? '') }
}

describe('kwitness doctor', () => {
  let root: string
  let dir: string
  let anvil: Anvil
  let taken: Server

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'kwitness-doctor-'))
    dir = join(root, 'auditor')
    anvil = await startAnvil({ blockTimeS: 1 })
    const [deployerKey, payerKey] = anvil.fundedKeys
    assert.ok(deployerKey !== undefined && payerKey !== undefined)
    const keys = Array.from({ length: 4 }, () => new Uint8Array(randomBytes(32)))
    const { charter, secrets } = await foundNetwork({
      name: 'doctor test',
      rpcUrl: anvil.rpcUrl,
      chainId: anvil.chainId,
      deployerKey,
      regions: [{ name: 'europe', jurisdictions: ['DE'], auditors: keys.map(addressOfPrivateKey) }],
      randomBytes: (size) => new Uint8Array(randomBytes(size)),
    })
    const [privateKey] = keys
    const [regionKeys] = secrets
    assert.ok(privateKey !== undefined && regionKeys !== undefined)
    taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    await createDataDir({
      dir,
      privateKey,
      payerKey,
      cost: 'light',
      account: 'operator',
      createdAt: '2026-01-01T00:00:00.000Z',
      network: {
        charter,
        region: 'europe',
        regionKeys,
        preset: 'devnet',
        config: { chain: { rpcUrl: anvil.rpcUrl }, api: { port: 0 }, operator: { port: 0 } },
      },
    })
  })
  after(async () => {
    taken?.close()
    await anvil?.stop()
    await rm(root, { recursive: true, force: true })
  })

  const check = async (): Promise<Map<string, Diagnosis>> =>
    new Map((await diagnose(dir, terminalOf().terminal)).map((diagnosis) => [diagnosis.name, diagnosis]))

  /** What is no longer in order after a change of `config.json`, which is taken back. */
  async function wrongAfter(change: (config: Record<string, Record<string, unknown>>) => void): Promise<Diagnosis[]> {
    const file = join(dir, 'config.json')
    const before = await readFile(file, 'utf8')
    const config = JSON.parse(before) as Record<string, Record<string, unknown>>
    change(config)
    await writeFile(file, JSON.stringify(config))
    try {
      return [...(await check()).values()].filter(({ ok, warning }) => !ok || warning === true)
    } finally {
      await writeFile(file, before)
    }
  }

  it('finds nothing wrong with a directory that can be started', async () => {
    const checks = await check()
    for (const [name, { ok, warning, detail }] of checks) assert.ok(ok && warning !== true, `${name}: ${detail}`)
    assert.match(checks.get('clock')?.detail ?? '', /newest block is \d+ s old/)
    assert.match(checks.get('payer')?.detail ?? '', /ether, enough for about [\d,]+ anchors/)
    assert.equal(checks.get('TLS')?.skipped, true)
    assert.equal(checks.get('running node')?.skipped, true)
    assert.match(checks.get('ports')?.detail ?? '', /chosen at start/)
  })

  it('prints every check with its remedy within the width of the window', async () => {
    await chmod(join(dir, 'payer.keystore.json'), 0o644)
    const { terminal, out } = terminalOf()
    assert.equal(await run(terminal, ['doctor', '--dir', dir]), 1)
    await chmod(join(dir, 'payer.keystore.json'), 0o600)
    const text = out()
    assert.match(text, /^FAILED rights of files: others can read$/m)
    assert.match(text, /^ {3}\/.*payer\.keystore\.json \(644\)$/m)
    assert.match(text, /^ {3}run chmod 600/m)
    assert.match(text, /^- TLS: not checked/m)
    assert.match(text, /^ok chain: /m)
    // A path or a CID stands alone and whole, whatever the width.
    for (const line of text.split('\n')) assert.ok(line.length <= 80 || !line.trim().includes(' '), line)
  })

  it('tells a chain that is gone, and does not guess about clock and payer', async () => {
    const wrong = await wrongAfter((config) => (config['chain'] = { rpcUrl: 'http://127.0.0.1:9' }))
    assert.deepEqual(
      wrong.map(({ name }) => name),
      ['chain'],
    )
    assert.match(wrong[0]?.fix ?? '', /chain\.rpcUrl/)
  })

  it('tells ports that others have, by the key that names them', async () => {
    const address = taken.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const wrong = await wrongAfter((config) => (config['operator'] = { port }))
    assert.deepEqual(
      wrong.map(({ name }) => name),
      ['ports'],
    )
    assert.match(wrong[0]?.detail ?? '', new RegExp(`operator 127.0.0.1:${port}: another program listens there`))
    assert.equal((await checkPorts([{ key: 'api', host: '127.0.0.1', port: 0 }])).ok, true)
    assert.equal((await checkPorts([{ key: 'api', host: '203.0.113.1', port: 4480 }])).ok, false)
  })

  it('tells an operator listener or plain HTTP that the world can reach', async () => {
    const wrong = await wrongAfter((config) => (config['operator'] = { port: 0, host: '0.0.0.0' }))
    assert.deepEqual(
      wrong.map(({ name, ok }) => [name, ok]),
      [['exposure', false]],
    )
    assert.equal((await checkExposure(configOf({ api: { host: '0.0.0.0' } }))).warning, true)
    const proxied = configOf({ api: { host: '0.0.0.0', trustProxies: ['10.0.0.1'] } })
    assert.equal((await checkExposure(proxied)).warning, undefined)
    const safe = configOf({ api: { host: '::1' }, operator: { host: 'localhost' } })
    assert.deepEqual(await checkExposure(safe), {
      name: 'exposure',
      ok: true,
      detail: 'API at ::1, operator at localhost',
    })
  })

  it('tells certificates that expire, have expired, or are not those of the key', async () => {
    const tls = async (cert: string, key: string, now: string): Promise<Diagnosis> =>
      checkTls(
        KEYS,
        configOf({ api: { tlsCertFile: `${cert}.cert.pem`, tlsKeyFile: `${key}.key.pem` } }),
        Date.parse(now),
      )
    assert.equal((await tls('server', 'server', '2026-06-01')).detail, 'certificate until 2099-12-31')
    const soon = await tls('server', 'server', '2099-12-25')
    assert.deepEqual([soon.ok, soon.warning], [true, true])
    assert.match(soon.detail, /expires in 6 days/)
    assert.match((await tls('expired', 'expired', '2026-06-01')).detail, /expired on 2015-12-31/)
    assert.match((await tls('server', 'server', '2019-06-01')).detail, /valid from 2020/)
    assert.match((await tls('server', 'utility', '2026-06-01')).detail, /is not the key of/)
    const half = await checkTls(KEYS, configOf({ api: { tlsCertFile: 'server.cert.pem' } }), 0)
    assert.equal(half.ok, false)
    assert.equal((await tls('none', 'server', '2026-06-01')).ok, false)
  })

  it('tells keys of another region, and a directory that others read', async () => {
    const file = join(dir, 'region-keys.json')
    const before = await readFile(file, 'utf8')
    await writeFile(
      file,
      before.replace(/"pointSecret": ?"0x../, (text) => `${text.slice(0, -2)}${text.endsWith('00') ? '11' : '00'}`),
    )
    const keys = (await check()).get('keys and configuration')
    await writeFile(file, before)
    assert.equal(keys?.ok, false)
    assert.match(keys?.detail ?? '', /ERR_REGION_KEYS/)
    await chmod(dir, 0o755)
    const directory = (await check()).get('data directory')
    await chmod(dir, 0o700)
    assert.equal(directory?.ok, false)
  })
})
