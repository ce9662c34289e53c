import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { charterFromJson } from '#config'
import { loadDatasets } from '#datasets'
import { checkRules } from '../../node/rules-check.ts'

const CHARTER = new URL('../../config/networks/example-sepolia/charter.json', import.meta.url)

describe('the check of rules before a node starts', () => {
  it('refuses a charter that leaves out a data set which this build takes figures from', async () => {
    const charter = charterFromJson(await readFile(CHARTER, 'utf8'))
    const factors = await loadDatasets()
    await checkRules(charter, factors)
    const datasets = charter.datasets.filter(({ name }) => name !== 'owid')
    await assert.rejects(checkRules({ ...charter, datasets }, factors), {
      code: 'ERR_NODE_RULES',
      message: /data set owid, this build has baf\w+, the charter has none$/,
    })
    await assert.rejects(checkRules({ ...charter, datasets: [] }, factors), { code: 'ERR_NODE_RULES' })
  })
})
