import { cpus } from 'node:os'
import { stderr, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { benchApi } from './api.ts'
import { benchDatasets } from './datasets.ts'
import { benchExtract } from './extract.ts'
import { benchMesh } from './mesh.ts'
import { benchGas } from './gas.ts'
import { benchVerify } from './verify.ts'
import type { BenchOptions, BenchResult } from './results.ts'

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<BenchResult[]>>> = {
  mesh: benchMesh,
  api: benchApi,
  gas: benchGas,
  verify: benchVerify,
  datasets: benchDatasets,
  extract: benchExtract,
}

const USAGE = `usage: npm run bench -- [${Object.keys(BENCHES).join('|')}] [--json]

Without a name all benches run, one after another. Compare figures of one run on one machine only.
`

function machine(): string {
  const [cpu] = cpus()
  return `${cpus().length} x ${cpu?.model ?? 'unknown'}, node ${process.versions.node}, ${process.platform}-${process.arch}`
}

function table(results: readonly BenchResult[]): string {
  const width = Math.max(...results.map(({ name }) => name.length))
  const format = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))
  return results
    .map(({ name, value, unit }) => `  ${name.padEnd(width)}  ${format(value).padStart(9)} ${unit}\n`)
    .join('')
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
})
const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals
if (values.help || names.some((name) => BENCHES[name] === undefined)) {
  stderr.write(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  for (const name of names) {
    const run = BENCHES[name]
    if (run === undefined) continue
    const results = await run({ progress: (line) => stderr.write(`${name}: ${line}\n`) })
    stdout.write(`${name} (${machine()})\n${table(results)}`)
    if (values.json) stdout.write(`${JSON.stringify({ name, machine: machine(), results })}\n`)
  }
}
