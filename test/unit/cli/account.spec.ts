import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { parseBytes, parseDuration, parseEnd } from '../../../node/cli/duration-option.ts'
import { run } from '../../../node/cli/main.ts'
import { Terminal } from '../../../node/cli/terminal.ts'

async function kwitness(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const signal = new AbortController().signal
  const terminal = new Terminal({ stdin, stdout, stderr, environment: {}, signal })
  const code = await run(terminal, args)
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
}

describe('commands for accounts and keys', () => {
  it('have help with examples, each', async () => {
    const commands = {
      account: ['add', 'list', 'show', 'quota', 'close'],
      key: ['create', 'list', 'rotate', 'revoke'],
    }
    for (const [group, names] of Object.entries(commands)) {
      assert.match((await kwitness(group, '--help')).out, /Examples:\n {2}\$ kwitness /)
      for (const name of names) {
        const { code, out } = await kwitness(group, name, '--help')
        assert.equal(code, 0)
        assert.match(out, /--json/, `${group} ${name}`)
        assert.match(out, new RegExp(`Examples:\\n {2}\\$ kwitness ${group} ${name}`), `${group} ${name}`)
      }
    }
    assert.match((await kwitness('audit-log', '--help')).out, /Examples:\n {2}\$ kwitness audit-log/)
  })

  it('refuse what is no scope, time or size before anything is opened, exit code 2', async () => {
    const wrong = [
      ['key', 'create', 'acme'],
      ['key', 'create', 'acme', '--scopes', 'everything'],
      ['key', 'create', 'acme', '--scopes', 'bills:read,submit'],
      ['key', 'create', 'acme', '--scopes', 'bills:read', '--expires', 'soon'],
      ['key', 'rotate', '0123456789ab', '--grace', '1 day'],
      ['account', 'add', 'acme', '--stored-bytes', '2 GB'],
      ['account', 'add', 'acme', '--recipient', 'age1x', '--identity-out', 'x'],
      ['account', 'quota', 'acme'],
      ['account', 'quota', 'acme', '--bills-per-day', '0'],
      ['audit-log', '--after', '-1'],
    ]
    for (const args of wrong) {
      const { code, err } = await kwitness(...args)
      assert.equal(code, 2, `${args.join(' ')}: ${err}`)
    }
  })
})

describe('durations, ends and sizes', () => {
  it('are read as people write them', () => {
    assert.deepEqual(['30m', '24h', '90d'].map(parseDuration), [1_800_000, 86_400_000, 7_776_000_000])
    assert.deepEqual(['1', '500MB', '2GB'].map(parseBytes), [1, 500_000_000, 2_000_000_000])
    assert.equal(parseEnd('1d', 0), '1970-01-02T00:00:00.000Z')
    assert.equal(parseEnd('2027-01-31'), '2027-01-31T00:00:00.000Z')
    assert.equal(parseEnd('2027-01-31T12:00:00Z'), '2027-01-31T12:00:00.000Z')
  })

  it('are refused where they could be read in two ways', () => {
    for (const text of ['', '5', '-1d', '1.5h', '1w', 'd']) assert.throws(() => parseDuration(text), text)
    for (const text of ['0', '', '1.5GB', '2gb', '2G', '9999999999999TB']) assert.throws(() => parseBytes(text), text)
    for (const text of ['31/01/2027', '2027-13-01', '2027-01-31T12:00:00', 'tomorrow']) {
      assert.throws(() => parseEnd(text), text)
    }
  })
})
