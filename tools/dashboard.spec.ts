import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { csvBill } from '../test/support/bills.ts'
import { untilState } from '../test/support/follow.ts'
import { startServedNode } from '../test/support/served-node.ts'
import type { ServedNode } from '../test/support/served-node.ts'
import { until } from '../test/support/until.ts'
import { hasPrometheus, startPrometheus } from './prometheus.ts'
import type { RunningPrometheus } from './prometheus.ts'

// The dashboard and the alert rules, asked of a real Prometheus that scrapes a real auditor: only Grafana itself is missing.

const targetShape = z.object({ expr: z.string(), instant: z.boolean().optional(), legendFormat: z.string().optional() })
const dashboardShape = z.object({
  templating: z.object({ list: z.array(z.object({ name: z.string(), definition: z.string().optional() })) }),
  panels: z.array(z.object({ title: z.string(), type: z.string(), targets: z.array(targetShape).optional() })),
})
type Query = z.infer<typeof targetShape> & { readonly panel: string }

/** What stays empty while nothing is wrong. */
const SILENT = ['kwitness_claims_refused_total', 'kwitness_peers_refused_total']
/** Longest time between scrapes that docs/operate.md names; a rate takes two of them, and one may fail. */
const LONGEST_SCRAPE_MIN = 1

describe('the dashboard in ops', function () {
  this.timeout(90_000)
  let queries: Query[]
  let variables: Map<string, string | undefined>

  before(async () => {
    const text = await readFile(new URL('../ops/grafana-dashboard.json', import.meta.url), 'utf8')
    const { panels, templating } = dashboardShape.parse(JSON.parse(text))
    queries = panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ ...target, panel: title })))
    variables = new Map(templating.list.map(({ name, definition }) => [name, definition]))
    assert.ok(queries.length > 40)
  })

  it('has rates over more than two of the slowest scrapes', () => {
    const ranges = queries.flatMap(({ panel, expr }) =>
      [...expr.matchAll(/\[(\d+)([mhd])\]/g)].map(([, count, unit]) => ({
        panel,
        minutes: Number(count) * { m: 1, h: 60, d: 1_440 }[unit as 'm' | 'h' | 'd'],
      })),
    )
    assert.ok(ranges.length > 10)
    assert.deepEqual(
      ranges.filter(({ minutes }) => minutes < 4 * LONGEST_SCRAPE_MIN),
      [],
    )
  })

  describe('at a Prometheus', () => {
    let served: ServedNode
    let prometheus: RunningPrometheus

    before(async function () {
      // Shown as pending: a machine without Prometheus has not tried.
      if (!hasPrometheus()) this.skip()
      served = await startServedNode()
      prometheus = await startPrometheus(new URL(served.operator.url).host)
      const scrapes = async (): Promise<number> =>
        (await prometheus.query('sum_over_time(up{job="kwitness"}[5m])', true))[0]?.value ?? 0
      const { text } = await served.makeKey('shop', ['bills:write', 'bills:read'])
      // Something between two scrapes, of series that the first one had.
      for (const point of ['DASHBOARD-1', 'DASHBOARD-2']) {
        const headers = { authorization: `Bearer ${text}` }
        const body = Buffer.from(csvBill({ point }))
        const answer = await fetch(`${served.api.url}/v1/bills`, { method: 'POST', headers, body })
        assert.equal(answer.status, 202)
        const { cid } = (await answer.json()) as { cid: string }
        await untilState(served.node, cid, 'final')
        const seen = await scrapes()
        await until('two more scrapes', async () => (await scrapes()) >= seen + 2)
      }
    })
    after(async () => {
      await prometheus?.stop()
      await served?.stop()
    })

    it('asks what Prometheus understands, and shows figures of a healthy auditor', async () => {
      const [instance] = await prometheus.labelValues('instance', 'kwitness_info')
      assert.equal(instance, new URL(served.operator.url).host)
      assert.equal(variables.get('instance'), 'label_values(kwitness_info, instance)')
      for (const chosen of ['.*', instance.replaceAll('.', String.raw`\\.`)]) {
        const empty: string[] = []
        for (const { panel, expr, instant = false, legendFormat = '' } of queries) {
          const series = await prometheus.query(expr.replaceAll('$instance', chosen), instant)
          if (series.length === 0) empty.push(/kwitness_\w+/.exec(expr)?.[0] ?? expr)
          for (const { labels, value } of series) {
            assert.ok(Number.isFinite(value), `${panel}: ${expr} is ${value} for ${JSON.stringify(labels)}`)
            for (const [, label = ''] of legendFormat.matchAll(/\{\{\s*(\w+)\s*\}\}/g)) {
              assert.ok(labels[label], `${panel}: ${legendFormat} has no ${label} in ${JSON.stringify(labels)}`)
            }
          }
        }
        assert.deepEqual(empty.toSorted(), SILENT)
      }
    })

    it('shows what happened', async () => {
      const valueOf = async (title: string, i = 0): Promise<number | undefined> => {
        const query = queries.filter(({ panel }) => panel === title)[i]
        assert.ok(query, title)
        return (await prometheus.query(query.expr.replaceAll('$instance', '.*'), true))[0]?.value
      }
      assert.equal(await valueOf('Ready'), 1)
      assert.equal(await valueOf('Committee margin'), 1)
      assert.ok(((await valueOf('Claims certified')) ?? 0) > 0)
      assert.ok(((await valueOf('Time to answer a submission')) ?? 0) > 0)
      const free = (await valueOf('Disk free')) ?? 0
      assert.ok(free > 0 && free < 1)
    })

    it('has alert rules beside it that Prometheus can evaluate', async () => {
      const rules = await until('all rules were evaluated', async () => {
        const found = await prometheus.rules()
        return found.length > 0 && found.every(({ health }) => health !== 'unknown') ? found : undefined
      })
      assert.ok(rules.length >= 15)
      assert.deepEqual(
        rules.filter(({ health }) => health !== 'ok'),
        [],
      )
    })
  })
})
