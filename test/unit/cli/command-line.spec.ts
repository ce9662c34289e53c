import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { run } from '../../../node/cli/main.ts'
import { Terminal } from '../../../node/cli/terminal.ts'
import { placeOf } from '../../../node/cli/place-option.ts'
import { reportFailure } from '../../../node/cli/failure.ts'
import { CliError } from '../../../node/cli/cli-error.ts'
import { gasPerClaim, grouped, printable } from '../../../node/cli/bill-lines.ts'

type Ran = { readonly code: number; readonly out: string; readonly err: string }

function terminalOf(
  environment: Record<string, string> = {},
  isTTY = false,
): { terminal: Terminal; ran: (code: number) => Ran } {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  Object.assign(stdout, { isTTY })
  Object.assign(stderr, { isTTY })
  const signal = new AbortController().signal
  const terminal = new Terminal({ stdin, stdout, stderr, environment, signal })
  const text = (stream: PassThrough): string => String(stream.read() ?? '')
  return { terminal, ran: (code) => ({ code, out: text(stdout), err: text(stderr) }) }
}

async function kwitness(args: string, environment?: Record<string, string>): Promise<Ran> {
  const { terminal, ran } = terminalOf(environment)
  return ran(await run(terminal, args === '' ? [] : args.split(' ')))
}

describe('command line', () => {
  it('shows the help of the program and of every command with examples, exit code 0', async () => {
    const top = await kwitness('--help')
    assert.equal(top.code, 0)
    const commands = [
      'devnet',
      'init',
      'start',
      'submit',
      'status',
      'bills',
      'bill',
      'proof',
      'verify',
      'extract',
      'estimate',
    ]
    for (const name of [...commands, 'explain', 'factors', 'datasets', 'peers', 'doctor']) {
      assert.ok(top.out.includes(`\n  ${name} `), name)
      const help = await kwitness(`${name} --help`)
      assert.equal(help.code, 0)
      assert.match(help.out, /Examples:\n {2}\$ /, name)
      assert.match(help.out, /--json/, name)
    }
  })

  it('ends wrong use with exit code 2 and one line that has the code', async () => {
    const wrong = ['bogus', 'submit', 'submit a b', 'extract --bogus x', 'devnet --auditors 3', 'devnet --regions mars']
    const more = [
      'proof x -o y --claim -1',
      'submit f --place usa',
      'submit f --public --sealed',
      'verify x',
      'estimate --amount 1',
      'estimate --amount 1 --place DE',
      'estimate --amount 1 --commodity coal --place DE --year 2022',
      'estimate --amount 1 --fuel Diesel --place GB --year 2022',
      'factors',
      'factors --place DE --year 22',
      'explain',
      'explain x',
      'datasets a b',
    ]
    for (const args of [...wrong, ...more]) {
      const { code, err } = await kwitness(args)
      assert.equal(code, 2, args)
      assert.match(err, /^error: [^\n]+ \(ERR_CLI_USAGE\)\n$/, args)
    }
    assert.equal((await kwitness('')).code, 2)
  })

  it('ends a failure with exit code 1, one line for people, and an object for scripts', async () => {
    const plain = await kwitness('extract /nowhere/june.xml')
    assert.deepEqual(plain, {
      code: 1,
      out: '',
      err: 'error: cannot read /nowhere/june.xml: no such file (ERR_CLI_FILE)\n',
    })
    const json = await kwitness('extract /nowhere/june.xml --json')
    assert.deepEqual(JSON.parse(json.out), {
      error: { code: 'ERR_CLI_FILE', message: 'cannot read /nowhere/june.xml: no such file' },
    })
  })

  it('says what to do when the node does not answer', async () => {
    const { code, err } = await kwitness('status --api http://127.0.0.1:1')
    assert.equal(code, 1)
    assert.match(err, /cannot reach http:\/\/127\.0\.0\.1:1.*start the node.*\(ERR_CLI_UNREACHABLE\)/)
  })

  it('shows the code and message of a node that refuses, not its own', () => {
    const refused = new CliError('held by 0xab', { code: 'ERR_CLI_REFUSED', remote: 'ERR_CLAIM_OVERLAP', status: 409 })
    assert.equal(reportFailure(refused).line, 'error: held by 0xab (ERR_CLAIM_OVERLAP)')
  })

  it('keeps the stack of what is a bug, on lines of their own', () => {
    const report = reportFailure(new TypeError('x is\nnot a function'))
    assert.equal(report.line, 'error: x is not a function (ERR_INTERNAL)')
    assert.match(report.stack ?? '', /command-line\.spec/)
  })
})

describe('terminal', () => {
  it('paints on a terminal only, and not under NO_COLOR', () => {
    assert.ok(terminalOf({}, true).terminal.paint('red', 'x').includes('\u{1B}['))
    assert.equal(terminalOf({}, false).terminal.paint('red', 'x'), 'x')
    assert.equal(terminalOf({ NO_COLOR: '1' }, true).terminal.paint('red', 'x'), 'x')
  })

  it('shows progress on a terminal only, and removes it before the next line', () => {
    const live = terminalOf({}, true)
    live.terminal.progress('working')
    live.terminal.line('done')
    assert.deepEqual(live.ran(0), { code: 0, out: 'done\n', err: '\r\u{1B}[Kworking\r\u{1B}[K' })
    const piped = terminalOf({}, false)
    piped.terminal.progress('working')
    assert.equal(piped.ran(0).err, '')
  })

  it('never passes on control characters of others', () => {
    assert.equal(printable('june\u{1B}[2J.xml\n'), 'june?[2J.xml?')
  })
})

describe('place options', () => {
  it('reads country, state, utility and postal code', () => {
    assert.deepEqual(placeOf({ place: 'US-CA' }), { country: 'US', state: 'CA' })
    assert.deepEqual(placeOf({ place: 'DE' }), { country: 'DE' })
    assert.deepEqual(placeOf({ country: 'FR' }), { country: 'FR' })
    assert.deepEqual(placeOf({ utility: '14328:CA' }), { country: 'US', utility: { eia: 14_328, state: 'CA' } })
    assert.deepEqual(placeOf({ zip: '94110' }), { country: 'US', zip: '94110' })
    assert.deepEqual(placeOf({ subregion: 'CAMX' }), { country: 'US', subregion: 'CAMX' })
    assert.deepEqual(placeOf({ nerc: 'WECC' }), { country: 'US', nerc: 'WECC' })
    assert.deepEqual(placeOf({ nerc: 'PR' }), { country: 'US', nerc: 'PR' })
    assert.equal(placeOf({}), undefined)
  })

  it('puts together what several options say of one place', () => {
    const utility = { eia: 14_328, state: 'CA' }
    assert.deepEqual(placeOf({ utility: '14328:CA', zip: '94110' }), { country: 'US', utility, zip: '94110' })
    assert.deepEqual(placeOf({ place: 'US-CA', nerc: 'WECC' }), { country: 'US', state: 'CA', nerc: 'WECC' })
  })

  it('knows provinces of other countries only where data sets may have them', () => {
    assert.deepEqual(placeOf({ place: 'AU-NSW' }, { provinces: true }), { country: 'AU', state: 'NSW' })
    assert.throws(() => placeOf({ place: 'AU-NSW' }), { code: 'ERR_CLI_USAGE' })
  })

  it('refuses what is malformed or said twice', () => {
    const wrong = [
      { place: 'us' },
      { place: 'DE-BY' },
      { utility: '0:CA' },
      { utility: '1' },
      { country: 'DEU' },
      { zip: '9411' },
      { subregion: 'camx' },
      { nerc: 'W' },
      { place: 'US-CAL' },
      { place: 'DE', zip: '94110' },
    ]
    for (const options of [...wrong, { place: 'DE', country: 'DE' }]) {
      assert.throws(() => placeOf(options), { code: 'ERR_CLI_USAGE' })
    }
  })
})

describe('figures for people', () => {
  it('group digits exactly, also beyond what a float holds', () => {
    assert.equal(grouped(1234567890123456789n), '1,234,567,890,123,456,789')
    assert.equal(grouped(999), '999')
    assert.equal(grouped(1000), '1,000')
  })

  it('share the gas of an anchor among its claims, rounded up', () => {
    const claim = {
      claimId: '',
      ordinal: 0,
      state: 'anchored',
      service: { start: '', end: '' },
      energyKWh: '0',
      gramsCO2e: '0',
      assurance: '',
      origin: '',
      batch: '',
      sponsor: '',
    } as const
    assert.equal(gasPerClaim(claim), undefined)
    const anchor = { seq: 1, claims: 3, tx: '', block: 1, gasUsed: '80893' }
    assert.equal(gasPerClaim({ ...claim, anchor }), 26_965n)
  })
})
