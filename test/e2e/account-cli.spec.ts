import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { addressOfPrivateKey } from '#protocol'
import { startAnvil } from '../../node/chain/anvil.ts'
import type { Anvil } from '../../node/chain/anvil.ts'
import { run as runHere } from '../../node/cli/main.ts'
import { Terminal } from '../../node/cli/terminal.ts'
import { createDataDir } from '../../node/data-dir.ts'
import { foundNetwork } from '../../node/founding.ts'
import { findFreePort } from '../support/auditor-process.ts'
import { csvBill } from '../support/bills.ts'
import { kwitness, startKwitness } from '../support/kwitness.ts'
import type { Ended, Running } from '../support/kwitness.ts'

type Made = { readonly key: { readonly id: string }; readonly apiKey: string }

/** The data directory of one auditor, as `init` makes it, and the commands of its operator. */
describe('kwitness account, key and audit-log', function () {
  this.timeout(120_000)
  let root: string
  let dir: string
  let anvil: Anvil
  let api: string
  let first: string
  let node: Running | undefined

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'kwitness-accounts-'))
    dir = join(root, 'auditor')
    anvil = await startAnvil({ blockTimeS: 1 })
    const [deployerKey] = anvil.fundedKeys
    assert.ok(deployerKey !== undefined)
    const keys = Array.from({ length: 4 }, () => new Uint8Array(randomBytes(32)))
    const { charter, secrets } = await foundNetwork({
      name: 'accounts',
      rpcUrl: anvil.rpcUrl,
      chainId: anvil.chainId,
      deployerKey,
      regions: [{ name: 'north-america', jurisdictions: ['US'], auditors: keys.map(addressOfPrivateKey) }],
      randomBytes: (count) => new Uint8Array(randomBytes(count)),
    })
    const [apiPort, operatorPort] = [await findFreePort(), await findFreePort()]
    const [privateKey] = keys
    const [regionKeys] = secrets
    assert.ok(privateKey !== undefined && regionKeys !== undefined)
    const { apiKey } = await createDataDir({
      dir,
      privateKey,
      cost: 'light',
      account: 'operator',
      createdAt: new Date().toISOString(),
      network: {
        charter,
        region: 'north-america',
        regionKeys,
        preset: 'devnet',
        config: {
          network: { listen: ['/ip4/127.0.0.1/tcp/0'] },
          chain: { rpcUrl: anvil.rpcUrl },
          api: { port: apiPort },
          operator: { port: operatorPort },
        },
      },
    })
    assert.ok(apiKey !== undefined)
    first = join(root, 'first.key')
    await writeFile(first, apiKey)
    api = `http://127.0.0.1:${apiPort}`
  })
  after(async () => {
    await stopNode()
    await anvil?.stop()
    await rm(root, { recursive: true, force: true })
  })

  const startNode = async (): Promise<void> => {
    node = startKwitness(['start', '--dir', dir, '--json', '--set', 'log.level=trace'])
    await node.saw('"operator":"http')
  }
  async function stopNode(): Promise<Ended | undefined> {
    node?.child.kill('SIGTERM')
    const ended = await node?.ended
    node = undefined
    return ended
  }
  const run = async (...args: string[]): Promise<Ended> => kwitness([...args, '--dir', dir])
  const answer = async <T>(...args: string[]): Promise<T> => {
    const { code, out, err } = await run(...args, '--json')
    assert.equal(code, 0, err)
    return JSON.parse(out) as T
  }
  const statusWith = async (key: string): Promise<number> =>
    (await fetch(`${api}/v1/account`, { headers: { authorization: `Bearer ${key}` } })).status

  it('work on the data directory of a node that has never run, and take over the key of init', async () => {
    const { accounts } = await answer<{ accounts: { id: string; recipient?: string }[] }>('account', 'list')
    assert.deepEqual(
      accounts.map(({ id }) => id),
      ['operator'],
    )
    const holder = await readFile(join(dir, 'holder-operator.age'), 'utf8')
    assert.ok(holder.includes('AGE-SECRET-KEY-1') && holder.includes(accounts[0]?.recipient ?? 'none'))
    assert.equal((await stat(join(dir, 'holder-operator.age'))).mode & 0o777, 0o600)
    const { keys } = await answer<{ keys: { scopes: string[] }[] }>('key', 'list', 'operator')
    assert.deepEqual(
      keys.map(({ scopes }) => scopes.includes('admin')),
      [true],
    )
  })

  it('show secrets once on standard output, or write them to a new file of their owner alone', async () => {
    const added = await run(
      'account',
      'add',
      'acme',
      '--name',
      'Acme Inc.',
      '--stored-bytes',
      '2MB',
      '--bills-per-day',
      '5',
    )
    assert.match(added.out, /\nidentity {3}AGE-SECRET-KEY-1/)
    const shown = await run('key', 'create', 'acme', '--scopes', 'bills:write,bills:read', '--label', 'program')
    assert.match(shown.out, /^kw_[0-9a-f]{12}_[0-9a-f]{64}\n$/)
    const out = join(root, 'acme.key')
    const kept = await run('key', 'create', 'acme', '--scopes', 'bills:read', '--expires', '90d', '--out', out)
    assert.equal(kept.out, `${out}\n`)
    const text = await readFile(out, 'utf8')
    assert.match(text, /^kw_[0-9a-f]{12}_[0-9a-f]{64}\n$/)
    assert.ok(!kept.err.includes(text.slice(16).trim()))
    assert.equal((await stat(out)).mode & 0o777, 0o600)
    // Refused before a key is made.
    const again = await run('key', 'create', 'acme', '--scopes', 'bills:read', '--out', out)
    assert.deepEqual([again.code, await readFile(out, 'utf8')], [1, text])
    assert.match(again.err, /never overwritten.*ERR_CLI_FILE/)
    const unknown = join(root, 'unknown.key')
    assert.equal((await run('key', 'create', 'nobody', '--scopes', 'bills:read', '--out', unknown)).code, 1)
    await assert.rejects(stat(unknown), { code: 'ENOENT' })
    const { keys } = await answer<{ keys: unknown[] }>('account', 'show', 'acme')
    assert.equal(keys.length, 2)
  })

  it('talk to the node while it runs, and every change counts at once', async () => {
    await startNode()
    const refused = await run('account', 'list')
    assert.equal(refused.code, 1)
    assert.match(refused.err, /--key-file.*\(ERR_API_KEY_MISSING\)/)
    const withKey = ['--key-file', first]
    const made = await answer<Made>('key', 'create', 'acme', '--scopes', 'bills:write,bills:read', ...withKey)
    assert.equal(await statusWith(made.apiKey), 200)
    const next = await answer<Made>('key', 'rotate', `kw_${made.key.id}`, '--grace', '1h', ...withKey)
    assert.deepEqual([await statusWith(made.apiKey), await statusWith(next.apiKey)], [200, 200])
    await answer('key', 'revoke', made.key.id, ...withKey)
    assert.deepEqual([await statusWith(made.apiKey), await statusWith(next.apiKey)], [401, 200])
    const bill = await fetch(`${api}/v1/bills`, {
      method: 'POST',
      body: Uint8Array.from(csvBill({ point: 'cli' })),
      headers: { authorization: `Bearer ${next.apiKey}` },
    })
    assert.equal(bill.status, 202)
    const { account } = await answer<{ account: { usage: { bills: number } } }>('account', 'show', 'acme', ...withKey)
    assert.equal(account.usage.bills, 1)
    const listed = await run('account', 'list', ...withKey)
    assert.match(listed.out, /^acme +open +1 +[\d,]+ of 2,000,000 +1 of 5 +Acme Inc\.$/m)
    const limited = await run('account', 'quota', 'acme', '--stored-bytes', 'none', '--bills-per-day', '9', ...withKey)
    assert.match(limited.out, /^today {2}1 of 9 bills\nbytes {2}\d+\n$/)
    const whole = await run('key', 'revoke', next.apiKey, ...withKey)
    assert.equal(whole.code, 2)
    const ended = await stopNode()
    // The log of everything, at the level that says most.
    for (const secret of [made.apiKey, next.apiKey, await readFile(first, 'utf8')]) {
      assert.ok(!`${ended?.err}${ended?.out}${whole.err}`.includes(secret.trim().slice(16)))
    }
  })

  it('ask a person for the id before they close an account, and say what is destroyed', async () => {
    await answer('account', 'add', 'brief')
    const typed = async (text: string): Promise<{ code: number; err: string }> => {
      const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
      for (const stream of [stdin, stderr]) Object.assign(stream, { isTTY: true })
      const signal = new AbortController().signal
      const terminal = new Terminal({ stdin, stdout, stderr, environment: { NO_COLOR: '1' }, signal })
      stdin.end(text)
      return { code: await runHere(terminal, ['account', 'close', 'brief', '--dir', dir]), err: String(stderr.read()) }
    }
    for (const text of ['', 'yes\n', 'acme\n']) {
      const { code, err } = await typed(text)
      assert.equal(code, 2, text)
      assert.match(err, /destroys every sealed bill .*not confirmed: account brief stays as it is/s)
    }
    const state = async (): Promise<string> =>
      (await answer<{ account: { state: string } }>('account', 'show', 'brief')).account.state
    assert.equal(await state(), 'open')
    assert.equal((await typed('brief\n')).code, 0)
    assert.equal(await state(), 'closing')
  })

  it('close an account only when somebody says so, and leave its bills to the node where that does not run', async () => {
    const asked = await run('account', 'close', 'acme')
    assert.equal(asked.code, 2)
    assert.match(asked.err, /--yes/)
    const { account } = await answer<{ account: { state: string } }>('account', 'close', 'acme', '--yes')
    assert.equal(account.state, 'closing')
    await startNode()
    const closed = await answer<{ account: { state: string } }>('account', 'show', 'acme', '--key-file', first)
    assert.equal(closed.account.state, 'closed')
    await stopNode()
  })

  it('tell the audit log of both ways, without gaps, and leave no secret anywhere in the directory', async () => {
    const { out } = await run('audit-log', '--json')
    const entries = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; actor: string; action: string })
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      entries.map((_, i) => i + 1),
    )
    const actions = entries.map(({ actor, action }) => `${actor.replace(/:.*/, '')} ${action}`)
    assert.deepEqual(actions, [
      'node account.take-over',
      'operator account.add',
      'operator key.create',
      'operator key.create',
      'key key.create',
      'key key.rotate',
      'key key.revoke',
      'key account.quota',
      'operator account.add',
      'operator account.close',
      'operator account.close',
      'node account.closed',
      'node account.closed',
    ])
    const some = await run('audit-log', '--after', '7', '--limit', '1', '--json')
    assert.equal((JSON.parse(some.out) as { seq: number }).seq, 8)
    const secret = (await readFile(first, 'utf8')).trim().slice(16)
    for (const name of await readdir(join(dir, 'store'))) {
      assert.ok(!(await readFile(join(dir, 'store', name), 'latin1')).includes(secret), name)
    }
  })
})
