import { execFile } from 'node:child_process'
import { hrtime } from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { loadDatasets } from '#datasets'
import type { FactorQuery } from '#datasets'
import type { BenchOptions, BenchResult } from './results.ts'

/** Fresh processes: the first load of a process is what a node pays, and later ones are several times faster. */
const LOADS = 7
const MEASURE_MS = 1_500
/** A process that loads all shipped sets, and tells how long that took and how much memory it holds afterwards. */
const LOADER = fileURLToPath(new URL('datasets-loader.ts', import.meta.url))

type Load = { readonly ms: number; readonly mb: number }

/** Look-up of one factor after load, and load of all shipped sets in a process of its own. */
export async function benchDatasets({ progress }: BenchOptions): Promise<BenchResult[]> {
  progress(`loading all sets in ${LOADS} processes`)
  const loads: Load[] = []
  for (let i = 0; i < LOADS; i += 1) loads.push(await loadOnce())
  progress('looking up factors')
  const lookupUs = await measureLookup()
  return [
    { name: 'factor_lookup_us', value: lookupUs, unit: 'us' },
    { name: 'datasets_load_ms', value: medianOf(loads.map(({ ms }) => ms)), unit: 'ms' },
    { name: 'datasets_load_mb', value: medianOf(loads.map(({ mb }) => mb)), unit: 'MB' },
  ]
}

async function loadOnce(): Promise<Load> {
  const { stdout } = await promisify(execFile)(process.execPath, [LOADER])
  return JSON.parse(stdout) as Load
}

/** Mean over all usable electricity rows, so that no cache of one key helps. */
async function measureLookup(): Promise<number> {
  const datasets = await loadDatasets()
  const queries = [...datasets.listFactors({ status: 'usable' })].map(({ set, factor }): FactorQuery => {
    const { regionType, region, method, use, gas, year } = factor
    return { dataset: set, regionType, region, method, use, gas, year }
  })
  const lookUpAll = (): void => {
    for (const query of queries) {
      if (datasets.findFactor(query) === undefined)
        throw new Error(`a listed factor is not found: ${JSON.stringify(query)}`)
    }
  }
  lookUpAll()
  const started = hrtime.bigint()
  let rounds = 0
  while (Number(hrtime.bigint() - started) < MEASURE_MS * 1e6) {
    lookUpAll()
    rounds += 1
  }
  return Number(hrtime.bigint() - started) / 1e3 / (rounds * queries.length)
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
