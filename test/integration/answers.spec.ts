import assert from 'node:assert/strict'
import { estimate, loadVectors } from '#audit'
import type { EstimateResponse } from '#audit'
import { loadDatasets } from '#datasets'
import { viewLines } from '../../node/cli/estimate/answer-lines.ts'
import { CONVERSION_WORDS, ruleFlagInWords, statementInWords } from '../../node/cli/words.ts'

type Answer = Exclude<EstimateResponse, { error: unknown }>

describe('every answer of the golden vectors', () => {
  const answers: { name: string; answer: Answer }[] = []

  before(async () => {
    const source = await loadDatasets()
    for (const { name, request } of await loadVectors()) {
      const answer = estimate(JSON.stringify(request), source)
      if (!('error' in answer)) answers.push({ name, answer })
    }
    assert.ok(answers.length > 100)
  })

  it('has words for each flag, statement and conversion', () => {
    const silent = new Set<string>()
    for (const { answer } of answers) {
      for (const flag of answer.flags) if (ruleFlagInWords(flag) === flag) silent.add(flag)
      const statements = 'market' in answer ? (answer.market?.statements ?? []) : []
      for (const statement of statements) {
        const [code = '', id] = statement.split(':')
        const isSilent = statementInWords(statement) === (id === undefined ? code : `${id} ${code}`)
        if (isSilent) silent.add(code)
      }
      const conversions = 'conversions' in answer ? answer.conversions : []
      for (const { why } of conversions) if (CONVERSION_WORDS[why] === undefined) silent.add(why)
    }
    assert.deepEqual([...silent], [])
  })

  it('fits into 80 columns, and shows both methods and what is beside the footprint', () => {
    const same = (text: string): string => text
    for (const { name, answer } of answers) {
      const lines = viewLines(answer, { width: 80, bold: same, dim: same })
      // An equation of exact numbers stays on one line; words never make one longer.
      const long = lines.filter((line) => line.length > 80 && !/^ {2}\S+: .* x /.test(line) && !line.includes(' = '))
      assert.deepEqual(long, [], name)
      const text = lines.join('\n').replaceAll(',', '')
      const beside = 'upstream' in answer ? answer.upstream.map(({ gramsCO2e }) => gramsCO2e) : []
      const market = 'market' in answer && answer.market !== undefined ? [answer.market.gramsCO2e] : []
      for (const grams of [answer.gramsCO2e, ...market, ...beside]) assert.ok(text.includes(`${grams} g CO2e`), name)
    }
  })
})
