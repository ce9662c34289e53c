import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { findFreePort } from '../test/support/auditor-process.ts'
import { until } from '../test/support/until.ts'

const RULES = fileURLToPath(new URL('../ops/alerts.yml', import.meta.url))

const seriesShape = z.object({
  metric: z.record(z.string(), z.string()),
  value: z.tuple([z.number(), z.string()]).optional(),
  values: z.array(z.tuple([z.number(), z.string()])).optional(),
})
const resultShape = z.object({ result: z.array(seriesShape) })
const rulesShape = z.object({
  groups: z.array(
    z.object({
      rules: z.array(z.object({ name: z.string(), health: z.string(), lastError: z.string().optional() })),
    }),
  ),
})

/** One series of an answer, with its latest value. */
type Series = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/** A Prometheus that scrapes one target each second, with our alert rules. */
export type RunningPrometheus = {
  /** Result of an expression, now or over the last minute. @throws {Error} for one that it refuses. */
  query(expression: string, isInstant: boolean): Promise<Series[]>
  /** Values of a label of the series that match. */
  labelValues(label: string, match: string): Promise<string[]>
  rules(): Promise<readonly { readonly name: string; readonly health: string; readonly lastError?: string }[]>
  stop(): Promise<void>
}

/** True if there is one on the path. */
export function hasPrometheus(): boolean {
  return spawnSync('prometheus', ['--version'], { stdio: 'ignore' }).status === 0
}

/** Starts one in a temporary folder. @param target `host:port` of a listener that has metrics */
export async function startPrometheus(target: string): Promise<RunningPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'kwitness-prometheus-'))
  const address = `127.0.0.1:${await findFreePort()}`
  // JSON is YAML. The job's name is the one that the rules ask for.
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [RULES],
    scrape_configs: [{ job_name: 'kwitness', static_configs: [{ targets: [target] }] }],
  }
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const flags = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'store')}`]
  const child = spawn('prometheus', [...flags, `--web.listen-address=${address}`, '--log.level=error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  const url = `http://${address}`

  async function ask(path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    const response = await fetch(`${url}${path}?${new URLSearchParams(query).toString()}`)
    const body = (await response.json()) as { status: string; data: unknown; error?: string }
    if (body.status !== 'success') throw new Error(`${query['query'] ?? path}: ${body.error ?? response.status}`)
    return body.data
  }

  const prometheus: RunningPrometheus = {
    async query(expression, isInstant) {
      const nowS = Date.now() / 1_000
      const found = isInstant
        ? await ask('/api/v1/query', { query: expression })
        : await ask('/api/v1/query_range', {
            query: expression,
            start: String(nowS - 60),
            end: String(nowS),
            step: '1',
          })
      return resultShape.parse(found).result.map(({ metric, value, values }) => {
        const [, text = ''] = value ?? values?.at(-1) ?? []
        return { labels: metric, value: Number(text) }
      })
    },
    labelValues: async (label, match) =>
      z.array(z.string()).parse(await ask(`/api/v1/label/${label}/values`, { 'match[]': match })),
    rules: async () => {
      const { groups } = rulesShape.parse(await ask('/api/v1/rules', {}))
      return groups.flatMap(({ rules }) =>
        rules.map(({ lastError, ...rule }) => (lastError === undefined ? rule : { ...rule, lastError })),
      )
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    await until('Prometheus is ready', async () => {
      if (child.exitCode !== null) throw new Error(`Prometheus ended with ${child.exitCode}`)
      return fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    })
  } catch (cause) {
    await prometheus.stop()
    throw cause
  }
  return prometheus
}
