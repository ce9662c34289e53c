import assert from 'node:assert/strict'
import { ConfigError, listConfigKeys, parseConfig, PRESETS, redactConfig } from '#config'

const MINIMAL = JSON.stringify({ region: 'europe', chain: { rpcUrl: 'http://127.0.0.1:8545' } })

function failureOf(parse: () => unknown): ConfigError {
  try {
    parse()
  } catch (thrown) {
    assert.ok(thrown instanceof ConfigError)
    return thrown
  }
  return assert.fail('the configuration was taken')
}

describe('configuration', () => {
  it('takes defaults where nothing is said', () => {
    const config = parseConfig({ file: MINIMAL })
    assert.equal(config.anchor.intervalMs, 600_000)
    assert.equal(config.api.host, '127.0.0.1')
    assert.deepEqual(config.network.bootstrap, [])
    assert.equal(config.chain.finalityDepth, undefined)
  })

  it('lets one key hand in a hundred bills a second, and ask for each once, and a stranger far less', () => {
    const { requestsPerMinuteKey, requestsPerMinuteAddress } = parseConfig({ file: MINIMAL }).api
    assert.ok(requestsPerMinuteKey >= 2 * 100 * 60)
    assert.ok(requestsPerMinuteAddress <= 1_000)
  })

  it('prefers flags to environment, environment to file, file to preset, preset to defaults', () => {
    const file = JSON.stringify({ preset: 'devnet', region: 'europe', sync: { intervalMs: 4_000 } })
    const preset = parseConfig({ file: JSON.stringify({ preset: 'devnet', region: 'europe' }) })
    assert.equal(preset.sync.intervalMs, PRESETS.devnet.sync.intervalMs)
    assert.equal(parseConfig({ file }).sync.intervalMs, 4_000)
    assert.equal(parseConfig({ file }).anchor.intervalMs, PRESETS.devnet.anchor.intervalMs)
    const environment = { KWITNESS_SYNC_INTERVAL_MS: '5000' }
    assert.equal(parseConfig({ file, environment }).sync.intervalMs, 5_000)
    const flags = { 'sync.intervalMs': '6000' }
    assert.equal(parseConfig({ file, environment, flags }).sync.intervalMs, 6_000)
  })

  it('reads a list from the environment at its commas', () => {
    const environment = { KWITNESS_NETWORK_LISTEN: '/ip4/0.0.0.0/tcp/1, /ip6/::/tcp/2', KWITNESS_NETWORK_BOOTSTRAP: '' }
    const { network } = parseConfig({ file: MINIMAL, environment })
    assert.deepEqual(network, { listen: ['/ip4/0.0.0.0/tcp/1', '/ip6/::/tcp/2'], bootstrap: [] })
  })

  it('reads a switch from the environment, and takes no other word for one', () => {
    const gateway = (text: string): boolean =>
      parseConfig({ file: MINIMAL, environment: { KWITNESS_API_GATEWAY: text } }).api.gateway
    assert.equal(gateway('false'), false)
    assert.equal(gateway('true'), true)
    for (const text of ['0', 'no', 'False', '']) {
      assert.deepEqual(failureOf(() => gateway(text)).details, { source: 'environment', place: 'api.gateway' })
    }
  })

  it('refuses an unknown key of every source, names source and place, and guesses what was meant', () => {
    const unknown = [
      [{ file: '{"region":"a","anchor":{"intervalSec":3}}' }, 'config.json', 'anchor.intervalSec', 'anchor.intervalMs'],
      [
        { file: MINIMAL, environment: { KWITNESS_ANCHOR_INTERVAL: '3' } },
        'environment',
        'KWITNESS_ANCHOR_INTERVAL',
        '_MS',
      ],
      [{ file: MINIMAL, flags: { 'api.prt': '1' } }, 'flags', 'api.prt', 'api.port'],
      [{ file: '{"region":"a","chain":{"rpcUrl":"http://a"},"__proto__":{"x":1}}' }, 'config.json', '__proto__', ''],
    ] as const
    for (const [sources, source, place, hint] of unknown) {
      const failure = failureOf(() => parseConfig(sources))
      assert.equal(failure.code, 'ERR_CONFIG_UNKNOWN_KEY')
      assert.deepEqual(failure.details, { source, place })
      assert.ok(failure.message.includes(hint), failure.message)
    }
  })

  it('names the key that is missing, and how to set it', () => {
    const failure = failureOf(() => parseConfig({ file: '{"region":"a"}' }))
    assert.equal(failure.code, 'ERR_CONFIG_VALUE')
    assert.match(failure.message, /chain\.rpcUrl: is missing.*KWITNESS_CHAIN_RPC_URL/)
  })

  it('refuses values of another type, out of range or malformed', () => {
    const wrong = [
      { 'api.port': '70000' },
      { 'api.port': '80x' },
      { 'api.port': '1e3' },
      { 'anchor.intervalMs': '999' },
      { 'chain.rpcUrl': 'ftp://a' },
      { 'chain.rpcUrl': 'ws://a' },
      { 'network.listen': 'localhost:1' },
      { 'log.level': 'loud' },
      { region: 'North America' },
    ]
    for (const flags of wrong) {
      const failure = failureOf(() => parseConfig({ file: MINIMAL, flags }))
      assert.equal(failure.code, 'ERR_CONFIG_VALUE', JSON.stringify(flags))
      assert.ok(failure.message.includes(Object.keys(flags)[0] ?? ''))
    }
    assert.equal(failureOf(() => parseConfig({ file: '{' })).code, 'ERR_CONFIG_JSON')
    assert.equal(failureOf(() => parseConfig({ file: '[]' })).code, 'ERR_CONFIG_JSON')
    assert.match(failureOf(() => parseConfig({ file: '{"preset":"x"}' })).message, /preset: expected one of devnet/)
  })

  it('is frozen to its depth', () => {
    const config = parseConfig({ file: MINIMAL })
    assert.ok(Object.isFrozen(config) && Object.isFrozen(config.network.listen))
  })

  it('hides what may be a key in the URL of the RPC server before it is logged', () => {
    const flags = { 'chain.rpcUrl': 'https://user:word@rpc.example/v3/SECRET?k=SECRET' }
    const text = JSON.stringify(redactConfig(parseConfig({ file: MINIMAL, flags })))
    assert.ok(text.includes('https://rpc.example'))
    assert.doesNotMatch(text, /SECRET|word/)
  })

  it('has a variable of its own, a unit and a reason for every key', () => {
    const keys = listConfigKeys()
    assert.equal(new Set(keys.map((key) => key.variable)).size, keys.length)
    for (const key of keys) {
      assert.match(key.variable, /^KWITNESS_[A-Z_]+$/)
      assert.ok(key.unit.length > 0 && key.reason.length > 20, key.path)
    }
  })
})
