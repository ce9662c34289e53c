import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { loadVectors, RULES_VERSION, vectorsCid } from '#audit'
import { charterFromJson } from '#config'
import { loadTrustList, sharedCids } from '../../node/trust-list.ts'

const CHARTER = new URL('../../config/networks/example-sepolia/charter.json', import.meta.url)

describe('the example charter', () => {
  it('names the rules, golden vectors and data sets of this build: who copies it gets a network that starts', async () => {
    const { rules, datasets } = charterFromJson(await readFile(CHARTER, 'utf8'))
    assert.deepEqual([rules.version, rules.vectors.toString()], [RULES_VERSION, (await vectorsCid()).toString()])
    const named = (sets: typeof datasets): string[] => sets.map(({ name, cid }) => `${name} ${cid.toString()}`)
    assert.deepEqual(named(datasets), named([...(await sharedCids(await loadTrustList()))]))
    const [, ...others] = await loadVectors()
    assert.notEqual(rules.vectors.toString(), (await vectorsCid(others)).toString())
  })
})
