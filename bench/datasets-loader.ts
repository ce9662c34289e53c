import { hrtime, memoryUsage, stdout } from 'node:process'
import { loadDatasets } from '#datasets'

/** One load of all shipped sets in a fresh process; growth of resident memory with the sets still in use. */
const before = memoryUsage().rss
const started = hrtime.bigint()
const datasets = await loadDatasets()
const ms = Number(hrtime.bigint() - started) / 1e6
const mb = (memoryUsage().rss - before) / 1e6
stdout.write(JSON.stringify({ ms, mb, sets: datasets.manifests.length }))
