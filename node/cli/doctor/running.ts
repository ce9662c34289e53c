import { addressOfPrivateKey, toHex } from '#protocol'
import type { Config } from '#config'
import type { OpenedDataDir } from '../../data-dir.ts'
import { ApiClient, findKeyIn, urlOfListener } from '../client.ts'
import { isWhole } from '../status/status-lines.ts'
import { skip } from './diagnosis.ts'
import type { Diagnosis } from './diagnosis.ts'
import { checkPorts } from './machine.ts'
import type { WantedPort } from './machine.ts'

/** Longest wait for whoever listens on a port of ours: it may be no node, and say nothing. */
const ASK_MS = 3_000

/** Ports, and what a running node says of itself. */
export async function checkRunning(opened: OpenedDataDir, signal: AbortSignal): Promise<Diagnosis[]> {
  const { dir, config } = opened
  const client = await findNode(opened, signal)
  if (client === undefined) return [await checkPorts(portsOf(config)), skip('running node', 'it does not run')]
  const [health, hasKey] = [await client.getHealth(), await findKeyIn(dir)]
  const ports: Diagnosis = { name: 'ports', ok: true, detail: `the node is running: ${health.listen.join(', ')}` }
  if (hasKey === undefined) {
    const { ready, reasons } = await client.getReadiness()
    return [
      ports,
      ...(ready ? [wellOf('ready; init --key-out keeps a key here that shows more')] : reasons.map(diagnosisOf)),
    ]
  }
  const status = await client.look()
  if (!isWhole(status)) return [ports, skip('running node', 'the key in the data directory lacks the scope admin')]
  const { alive, quorum, size } = status.committee
  return [
    ports,
    ...(status.findings.length === 0
      ? [wellOf(`${alive} of ${size} auditors are here, ${quorum} are needed; nothing is wrong`)]
      : status.findings.map(diagnosisOf)),
  ]
}

/** The node of this data directory, if it runs: whoever else listens there is another one. */
async function findNode(
  { dir, config, privateKey }: OpenedDataDir,
  signal: AbortSignal,
): Promise<ApiClient | undefined> {
  const ours = toHex(addressOfPrivateKey(privateKey))
  const key = await findKeyIn(dir)
  for (const listener of [config.operator, config.api]) {
    if (listener.port === 0) continue
    const url = urlOfListener(listener)
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)])
    const health = await new ApiClient({ url, key, signal: limit }).getHealth().catch(() => undefined)
    if (health?.address === ours) return new ApiClient({ url, key, signal })
  }
  return undefined
}

function portsOf({ api, operator, network }: Config): WantedPort[] {
  return [
    { key: 'api', host: api.host, port: api.port },
    { key: 'operator', host: operator.host, port: operator.port },
    ...network.listen.flatMap((multiaddr) => {
      const [, host, port] = /^\/ip[46]\/([^/]+)\/tcp\/([0-9]+)/.exec(multiaddr) ?? []
      return host === undefined || port === undefined ? [] : [{ key: 'network', host, port: Number(port) }]
    }),
  ]
}

function wellOf(detail: string): Diagnosis {
  return { name: 'running node', ok: true, detail }
}

/** The words of `kwitness status`. */
function diagnosisOf({
  code,
  level,
  message,
  remedy,
}: {
  readonly code: string
  readonly level: 'warning' | 'alarm'
  readonly message: string
  readonly remedy: string
}): Diagnosis {
  const common = { name: `running node: ${code}`, detail: message, fix: remedy }
  return level === 'alarm' ? { ...common, ok: false } : { ...common, ok: true, warning: true }
}
