import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kwitness, startKwitness } from '../support/kwitness.ts'

describe('kwitness', function () {
  this.timeout(60_000)
  let root: string

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'kwitness-cli-'))
  })
  after(async () => {
    await rm(root, { recursive: true })
  })

  it('says in one line what to do on a Node that is too old, exit code 2', async () => {
    const disguise = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' })"
    const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(disguise)}`]
    const { code, out, err } = await kwitness(['--version'], { nodeArgs })
    assert.equal(code, 2)
    assert.equal(out, '')
    assert.match(err, /^error: kWitness needs Node 24[^\n]+npx kwitness[^\n]+\n$/)
  })

  it('loads rules and data sets only where a command needs them', async () => {
    const guard =
      "import { registerHooks } from 'node:module'; registerHooks({ resolve: (name, context, next) => {" +
      " if (['#audit', '#datasets'].includes(name)) throw new Error('loaded ' + name); return next(name, context) } })"
    const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(guard)}`]
    for (const args of [['--help'], ['estimate', '--help'], ['datasets', '--help'], ['help', 'explain']]) {
      const { code, err } = await kwitness(args, { nodeArgs })
      assert.deepEqual({ code, err }, { code: 0, err: '' }, args.join(' '))
    }
    const guarded = await kwitness(['datasets'], { nodeArgs })
    assert.match(guarded.err, /loaded #(?:audit|datasets)/)
  })

  it('estimates gas and flights, and says what is missing', async () => {
    const gas = ['estimate', '--commodity', 'gas', '--amount', '100']
    const us = await kwitness([...gas, '--unit', 'therm-us', '--place', 'US', '--year', '2025', '--json'])
    assert.equal(JSON.parse(us.out).gramsCO2e, '531145')
    const gb = await kwitness([...gas, '--unit', 'therm-ec', '--place', 'GB', '--year', '2019'])
    assert.match(gb.out, /^footprint +538,811 g CO2e\n/)
    const volume = await kwitness([...gas, '--unit', 'ccf', '--place', 'US', '--year', '2025'])
    assert.equal(volume.code, 1)
    assert.match(volume.err, /^error: .*; add --heat-content as the bill prints it.*\(ERR_HEAT_CONTENT_MISSING\)\n$/)
    const flight = ['estimate', '--flight', 'long:economy', '--amount', '9000', '--place', 'GB', '--year', '2024']
    const [without, withForcing] = await Promise.all([kwitness(flight), kwitness([...flight, '--rf'])])
    assert.match(without.out, /Without RF/)
    assert.match(withForcing.out, /With RF/)
  })

  it('shows location beside market, from instruments in a file', async () => {
    const file = join(root, 'instruments.json')
    const rate = { value: 0, unit: 'g/kWh' }
    const energy = { amount: 300.1, unit: 'kWh' }
    const retirement = { registry: 'AIB', id: '7' }
    const certificate = { kind: 'certificate', id: 'GO-1', energy, rate, country: 'FR', year: 2021, retirement }
    await writeFile(file, JSON.stringify({ instruments: [certificate] }))
    const args = ['--amount', '900', '--place', 'DE', '--year', '2022', '--instruments', file]
    const json = await kwitness(['estimate', ...args, '--json'])
    const { gramsCO2e, market } = JSON.parse(json.out)
    assert.equal(gramsCO2e, '377766')
    assert.deepEqual(
      market.parts.map((part: { kWh: string }) => part.kWh),
      ['300.1', '599.9'],
    )
    const { out } = await kwitness(['estimate', ...args, '--green-tariff'])
    assert.match(out, /^location-based +377,766 g CO2e .*\nmarket-based +251,802 g CO2e\n/)
    assert.match(out, /note: the bill calls its electricity green/)
    await writeFile(file, '{')
    assert.match((await kwitness(['estimate', ...args])).err, /is not JSON \(ERR_CLI_FILE\)/)
  })

  it('estimates the two figures that are known by hand', async () => {
    const california = ['--amount', '128', '--place', 'US-CA', '--year', '2019', '--json']
    const one = await kwitness(['estimate', ...california])
    assert.equal(JSON.parse(one.out).gramsCO2e, '22480')
    const requests = [
      '{"place":{"country":"IN"},"year":2022,"energy":{"amount":"250.5","unit":"kWh"}}',
      '{"place":{"country":"IN"},"year":2022,"energy":{"amount":"1","unit":"horse"}}',
    ]
    const many = await kwitness(['estimate', '--json'], { input: `${requests.join('\n')}\n` })
    const [india, wrong, ...rest] = many.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.equal(india.gramsCO2e, '176790')
    assert.match(wrong.error.code, /^ERR_/)
    assert.deepEqual(rest, [])
    assert.equal(many.code, 1)
  })

  it('extracts a sample, and refuses what is no bill with code and place, exit code 1', async () => {
    const good = await kwitness(['extract', 'samples/europe/household.csv', '--json'])
    assert.equal(good.code, 0)
    const { verdict, bills } = JSON.parse(good.out)
    assert.equal(verdict, 'facts')
    assert.deepEqual(bills[0].service, { start: '2022-11-01', end: '2023-02-01' })
    const file = join(root, 'bomb.xml')
    await writeFile(file, '<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    const bad = await kwitness(['extract', file, '--json'])
    assert.equal(bad.code, 1)
    const refusal = JSON.parse(bad.out)
    assert.equal(refusal.verdict, 'reject')
    assert.match(refusal.reason.code, /^ERR_BILL_/)
    assert.equal(typeof refusal.reason.place.line, 'number')
  })

  it('ends quietly when its reader has gone', async () => {
    const line = '{"place":{"country":"IN"},"year":2022,"energy":{"amount":"1","unit":"kWh"}}\n'
    const { child, ended } = startKwitness(['estimate', '--json'], { input: line.repeat(20_000) })
    child.stdout?.once('data', () => child.stdout?.destroy())
    const { code, err } = await ended
    assert.deepEqual({ code, err }, { code: 0, err: '' })
  })

  it('makes a data directory once: prints the key once, and refuses the second time', async () => {
    const dir = join(root, 'auditor')
    const first = await kwitness(['init', '--dir', dir, '--json'])
    assert.equal(first.code, 0, first.err)
    const made = JSON.parse(first.out)
    assert.match(made.apiKey, /^kw_/)
    assert.match(made.peerId, /^16Uiu2/)
    assert.match(first.err, /passphrase lies beside the keystore/)
    const second = await kwitness(['init', '--dir', dir])
    assert.equal(second.code, 1)
    assert.match(second.err, /^error: [^\n]+never overwritten[^\n]+\(ERR_INIT_EXISTS\)\n$/)
    const start = await kwitness(['start', '--dir', dir])
    assert.equal(start.code, 1)
    assert.match(start.err, /^error: [^\n]+config\.json is missing; run kwitness init first[^\n]+\n$/)
  })

  it('adds the example network, and then says that without region keys it could only be an archivist', async () => {
    const dir = join(root, 'auditor')
    const charter = 'config/networks/example-sepolia/charter.json'
    const added = await kwitness(['init', '--dir', dir, '--charter', charter, '--preset', 'example-sepolia'])
    assert.equal(added.code, 0, added.err)
    assert.match(added.err, /only be an archivist/)
    const start = await kwitness(['start', '--dir', dir])
    assert.equal(start.code, 1)
    assert.match(start.err, /could only be an archivist[^\n]+\(ERR_REGION_KEYS\)/)
  })

  it('names what is wrong with a machine, and how to mend it', async () => {
    const { code, out } = await kwitness(['doctor', '--dir', join(root, 'nowhere'), '--json'])
    assert.equal(code, 1)
    const { ok, checks } = JSON.parse(out)
    assert.equal(ok, false)
    const directory = checks.find((check: { name: string }) => check.name === 'data directory')
    assert.match(directory.fix, /kwitness init --dir/)
  })
})
