import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { charterFromJson, charterToJson, ConfigError, formatConfigTable } from '#config'
import { charterCid, encodeCharter } from '#protocol'
import { foundRegion } from '../../support/region-fixture.ts'

const { charter } = foundRegion(4)
const text = JSON.stringify(charterToJson(charter))

function failureOf(json: string): ConfigError {
  try {
    charterFromJson(json)
  } catch (thrown) {
    assert.ok(thrown instanceof ConfigError)
    return thrown
  }
  return assert.fail('the charter was taken')
}

describe('charter as JSON', () => {
  it('gives the same canonical bytes and CID after the way to text and back', () => {
    assert.deepEqual(encodeCharter(charterFromJson(text)), encodeCharter(charter))
    assert.ok(charterCid(charterFromJson(text)).equals(charterCid(charter)))
  })

  it('reads addresses in the mixed case that wallets print', () => {
    const mixed = text.replaceAll(/0x[0-9a-f]{40}"/g, (address) => `0x${address.slice(2).toUpperCase()}`)
    assert.notEqual(mixed, text)
    assert.ok(charterCid(charterFromJson(mixed)).equals(charterCid(charter)))
  })

  it('names the place of what is wrong', () => {
    const json = charterToJson(charter)
    const [region] = json.regions
    assert.ok(region !== undefined)
    const wrong: [object, string][] = [
      [{ ...json, note: 'x' }, ''],
      [{ ...json, rules: { ...json.rules, vectors: 'Qm' } }, 'rules.vectors'],
      [{ ...json, chain: { ...json.chain, registry: '0x12' } }, 'chain.registry'],
      [{ ...json, datasets: [{ name: 'a', cid: 'no' }] }, 'datasets.0.cid'],
      [{ ...json, regions: [{ ...region, committee: region.committee.slice(1) }] }, 'regions.0.committee'],
      [{ ...json, regions: [region, region] }, 'regions'],
      [{ ...json, regions: [{ ...region, committee: region.committee.toReversed() }] }, 'regions'],
    ]
    for (const [value, place] of wrong) {
      const failure = failureOf(JSON.stringify(value))
      assert.equal(failure.code, 'ERR_CONFIG_CHARTER')
      assert.deepEqual(failure.details, { place })
    }
    assert.equal(failureOf('no').code, 'ERR_CONFIG_CHARTER')
  })

  it('has an example of a public test net that can be read', () => {
    const folder = new URL('../../../config/networks/example-sepolia/', import.meta.url)
    const example = charterFromJson(readFileSync(new URL('charter.json', folder), 'utf8'))
    assert.equal(example.chain.chainId, 11_155_111)
    assert.match(example.name, /example/)
  })
})

describe('docs/operate.md', () => {
  it('has the table of keys that the schema gives', () => {
    const page = readFileSync(new URL('../../../docs/operate.md', import.meta.url), 'utf8')
    const [, table] = /<!-- keys -->\n\n([\s\S]*?)\n\n<!-- \/keys -->/.exec(page) ?? []
    // Prettier pads the columns; what is said is the same.
    const cells = (markdown: string): string[][] =>
      markdown.split('\n').map((row) => row.split('|').map((cell) => cell.trim().replace(/^-+$/, '---')))
    assert.deepEqual(cells(table ?? ''), cells(formatConfigTable()))
  })
})
