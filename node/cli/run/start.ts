import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { destination, pino } from 'pino'
import type { Logger } from 'pino'
import type { ApiServer } from '#api'
import { redactConfig } from '#config'
import { createApiListeners } from '../../api-listeners.ts'
import { openDataDir } from '../../data-dir.ts'
import type { OpenedDataDir } from '../../data-dir.ts'
import { IdentityError } from '../../identity-error.ts'
import { createNode } from '../../node.ts'
import type { AuditorNode } from '../../node.ts'
import { TlsFiles } from '../../tls-files.ts'
import { usageError } from '../cli-error.ts'
import type { Terminal } from '../terminal.ts'
import { defaultDir } from '../default-dir.ts'

/** Options of `kwitness start`. */
export type StartOptions = {
  readonly dir?: string
  readonly set?: string[]
  readonly passphraseFile?: string
  readonly apiPort?: string
  readonly rpc?: string
  readonly listen?: string[]
  readonly bootstrap?: string[]
  readonly json?: boolean
}

/** Longest orderly stop; what is still open then is finished at the next start, as after a crash. */
const STOP_MS = 10_000

/** What the parent process is told over the IPC channel, if there is one. */
type StartedMessage = {
  readonly kind: 'started'
  readonly api: string
  readonly operator: string
  readonly listen: readonly string[]
}

/** Runs the command. */
export async function runStart(terminal: Terminal, options: StartOptions): Promise<void> {
  const opened = await openDataDir(options.dir ?? defaultDir(terminal), {
    environment: terminal.environment,
    flags: flagsOf(terminal, options),
  })
  const log = pino({ level: opened.config.log.level }, destination({ fd: 2, sync: true }))
  log.info({ config: redactConfig(opened.config), dir: opened.dir }, 'configuration')
  const { dir, config } = opened
  const tls = await TlsFiles.open({ dir, api: config.api, log: log.child({ component: 'tls' }) })
  const node = await createNode({ ...initOf(opened, log), ...(tls === undefined ? {} : { tls }) })
  const components = { node, keys: node.keys, log: log.child({ component: 'api' }), tls }
  const listeners: ApiServer[] = []
  try {
    const { api, operator } = createApiListeners(dir, config, components)
    listeners.push(operator, api)
    await node.start()
    await api.start()
    tls?.start((pair) => api.renewTls(pair))
    await operator.start()
    announce(terminal, node, { api: api.url, operator: operator.url }, options.json === true)
    await waitForEnd(terminal.signal)
    log.info('stopping')
  } finally {
    const isStopped = await Promise.race([stop(listeners, node, tls), delay(STOP_MS, false, { ref: false })])
    if (!isStopped) log.warn({ stopMs: STOP_MS }, 'not everything stopped in time')
  }
}

async function stop(listeners: readonly ApiServer[], node: AuditorNode, tls: TlsFiles | undefined): Promise<true> {
  await tls?.stop()
  for (const listener of listeners) await listener.stop()
  await node.stop()
  return true
}

function announce(
  terminal: Terminal,
  node: AuditorNode,
  urls: { readonly api: string; readonly operator: string },
  isJson: boolean,
): void {
  const { address, peerId, region, network, listen } = node.health()
  const message: StartedMessage = { kind: 'started', ...urls, listen }
  process.send?.(message)
  if (isJson) terminal.json({ address, peerId, region, network, ...urls, listen })
  else terminal.line(`auditor ${address} of ${region} is up: ${urls.api}, ${listen.join(', ')}`)
}

async function waitForEnd(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function initOf(opened: OpenedDataDir, log: Logger): Parameters<typeof createNode>[0] {
  const { dir, config, charter, privateKey, payerKey, regionKeys, trust } = opened
  if (regionKeys === undefined) {
    throw new IdentityError(
      `${dir} has no region-keys.json: without the keys of ${config.region} it could only be an archivist, and this ` +
        'version has none yet',
      { code: 'ERR_REGION_KEYS', which: 'file' },
    )
  }
  const { rpcUrl, finalityDepth } = config.chain
  return {
    dataDir: dir,
    charter,
    region: config.region,
    privateKey,
    ...(payerKey === undefined ? {} : { payerKey }),
    regionSecret: regionKeys.pointSecret,
    archiveKeys: regionKeys.archiveKeys,
    ...(trust === undefined ? {} : { trust }),
    listen: config.network.listen,
    bootstrap: config.network.bootstrap,
    chain: { rpcUrl, ...(finalityDepth === undefined ? {} : { finalityDepth }) },
    anchor: config.anchor,
    webhooks: config.webhooks,
    gateway: config.api.gateway,
    batch: config.batch,
    sync: config.sync,
    apiKeys: opened.apiKeys,
    log,
  }
}

function flagsOf(terminal: Terminal, options: StartOptions): Record<string, string> {
  const rpc = options.rpc ?? terminal.environment['KWITNESS_RPC']
  const named = {
    passphraseFile: options.passphraseFile,
    'api.port': options.apiPort,
    'chain.rpcUrl': rpc,
    'network.listen': options.listen?.join(','),
    'network.bootstrap': options.bootstrap?.join(','),
  }
  const flags = Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Object.fromEntries([...flags, ...(options.set ?? []).map(parseSetting)])
}

function parseSetting(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw usageError(`--set ${text}: expected key=value`)
  return [text.slice(0, at), text.slice(at + 1)]
}
