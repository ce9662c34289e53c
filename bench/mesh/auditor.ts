import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { hrtime } from 'node:process'
import { pino } from 'pino'
import { ApiServer } from '#api'
import { decodeCharter, errorCodeOf } from '#protocol'
import { createNode } from '../../node/node.ts'
import type { AuditorNode } from '../../node/node.ts'
import type { Order, Report } from './messages.ts'

/** Requests a minute of the one key of a bench: more than any bench can send. */
const NO_LIMIT = 1_000_000_000
const LOG = pino({ level: 'warn' }, pino.destination(2))

/** One auditor in a process of its own, driven over IPC. */
let node: AuditorNode | undefined
let api: ApiServer | undefined

function tell(report: Report): void {
  process.send?.(report)
}

function nowMs(): number {
  return Number(hrtime.bigint() / 1_000n) / 1_000
}

/** Processor time of this process with all its threads. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

async function serve(node: AuditorNode, dataDir: string): Promise<ApiServer> {
  const init = {
    host: '127.0.0.1',
    port: 0,
    corsOrigins: [],
    trustProxies: [],
    requestsPerMinuteAddress: NO_LIMIT,
    requestsPerMinuteKey: NO_LIMIT,
    uploadsDir: join(dataDir, 'uploads'),
    createId: randomUUID,
  }
  const server = new ApiServer(init, { node, keys: node.keys, log: LOG.child({ component: 'api' }) })
  await server.start()
  return server
}

async function obey(order: Order): Promise<void> {
  if (order.kind === 'start') {
    const charter = decodeCharter(Uint8Array.from(order.init.charter))
    node = await createNode({ ...order.init, charter, log: LOG })
    node.onCertified((cids) => tell({ kind: 'certified', cids, atMs: nowMs() }))
    await node.start()
    api = order.servesApi ? await serve(node, order.init.dataDir) : undefined
    tell({ kind: 'started', listen: node.health().listen, ...(api === undefined ? {} : { url: api.url }) })
  } else if (order.kind === 'report') {
    const health = node?.health()
    tell({ kind: 'peers', alive: health?.committee.alive ?? 0, rssBytes: process.memoryUsage.rss(), cpuMs: cpuMs() })
  } else if (order.kind === 'submit') {
    const { id, bytes, visibility } = order
    try {
      const declaredPlace = { country: 'US', state: 'CA' }
      const submission = { bytes: Uint8Array.from(bytes), visibility, declaredPlace, accountId: 'bench' }
      const status = await node?.submitBill(submission, AbortSignal.timeout(60_000))
      tell({ kind: 'submitted', id, cid: status?.cid ?? '', atMs: nowMs() })
    } catch (cause) {
      tell({ kind: 'failed', id, code: errorCodeOf(cause), message: cause instanceof Error ? cause.message : '' })
    }
  } else {
    await api?.stop()
    await node?.stop()
    process.disconnect()
  }
}

process.on('message', (order: Order) => {
  void obey(order)
})
// The bench is gone: nothing must stay behind.
process.on('disconnect', () => {
  void api?.stop()
  void node?.stop()
})
