import { stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import process from 'node:process'
import { RULES_VERSION } from '#audit'
import { loadDatasets } from '#datasets'
import { addressOfPrivateKey, charterCid, domainOf, equalBytes, findRegion, toHex } from '#protocol'
import { RegistryClient } from '../chain/registry-client.ts'
import { findMemberKey, openDataDir } from '../data-dir.ts'
import { NodeError } from '../node-error.ts'
import type { OpenedDataDir } from '../data-dir.ts'
import { checkRules } from '../rules-check.ts'
import { ApiClient } from './client.ts'
import { examine, skip } from './diagnosis.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { Terminal } from './terminal.ts'

/** Free space below which a node has no room for a day of bills. */
const MIN_FREE_BYTES = 1024 ** 3
const OLDEST_NODE = 24

/** Looks at everything that `start` needs, in the order in which it would fail. */
export async function diagnose(dir: string, terminal: Terminal): Promise<readonly Diagnosis[]> {
  const checks = [
    await examine('node', 'run npx kwitness, which brings its own', checkRuntime),
    await examine('data directory', `make it with kwitness init --dir ${dir}, or run chmod 700 ${dir}`, () =>
      checkDirectory(dir),
    ),
  ]
  let opened: OpenedDataDir | undefined
  const fix = 'mend the file that is named, or restore it from a backup; the passphrase is named by passphraseFile'
  checks.push(
    await examine('keys and configuration', fix, async () => {
      opened = await openDataDir(dir, { environment: terminal.environment })
      return `auditor ${toHex(addressOfPrivateKey(opened.privateKey))}, charter ${charterCid(opened.charter).toString()}`
    }),
  )
  if (opened === undefined) return [...checks, ...(await withoutDirectory(dir))]
  return [...checks, ...(await withDirectory(opened, terminal))]
}

async function withoutDirectory(dir: string): Promise<Diagnosis[]> {
  const names = ['member key', 'region', 'rules and data sets', 'chain', 'payer', 'ports', 'peers']
  return [...names.map((name) => skip(name, 'no usable data directory')), await checkDisk(dir)]
}

async function withDirectory(opened: OpenedDataDir, terminal: Terminal): Promise<Diagnosis[]> {
  const { charter, config, dir } = opened
  const signal = terminal.signal
  const chain = new RegistryClient({
    rpcUrl: config.chain.rpcUrl,
    domain: domainOf(charter),
    ...(opened.payerKey === undefined ? {} : { payer: { key: opened.payerKey } }),
  })
  return [
    await examine('member key', `make it with kwitness region-keys recipient --dir ${dir}`, async () => {
      const member = await findMemberKey(dir)
      if (member === undefined) throw new Error('member.age-key is missing: nobody can hand out keys to this auditor')
      return `keys for this auditor are sealed for ${member.recipient}`
    }),
    await examine('region', "ask the founders for the region's key file, or for membership", () => checkRegion(opened)),
    await examine(
      'rules and data sets',
      "install the version of kWitness that the charter's network runs",
      async () => {
        await checkRules(charter, await loadDatasets(), opened.trust)
        return `${RULES_VERSION} and its golden vectors as in the charter`
      },
    ),
    await examine('chain', 'look at chain.rpcUrl in config.json, and whether the endpoint is up', async () => {
      await chain.check({ signal })
      return `chain ${charter.chain.chainId}, registry ${toHex(charter.chain.registry)}`
    }),
    await checkPayer(chain, signal),
    ...(await checkRunning(opened, signal)),
    await checkDisk(dir),
  ]
}

function checkRuntime(): string {
  const major = Number(process.versions.node.split('.')[0])
  if (major < OLDEST_NODE) throw new Error(`Node ${process.version} is older than ${OLDEST_NODE}`)
  return process.version
}

async function checkDirectory(dir: string): Promise<string> {
  const { mode } = await stat(dir)
  const rights = mode & 0o777
  // Windows has no such rights; there the user's profile guards the directory.
  if (process.platform !== 'win32' && (rights & 0o077) !== 0) {
    throw new Error(`${dir} has rights ${rights.toString(8)}: others can read it`)
  }
  return dir
}

function checkRegion({ charter, config, privateKey, regionKeys }: OpenedDataDir): string {
  const region = findRegion(charter, config.region)
  if (region === undefined) throw new Error(`region ${config.region} is not in the charter`)
  const address = addressOfPrivateKey(privateKey)
  if (!region.committee.some((member) => equalBytes(member, address))) {
    throw new NodeError(`auditor ${toHex(address)} is not in the committee of ${region.name}`, {
      code: 'ERR_NODE_NOT_MEMBER',
      address: toHex(address),
    })
  }
  if (regionKeys === undefined) throw new Error('region-keys.json is missing: the node could only be an archivist')
  return `${region.name}, one of ${region.committee.length} auditors`
}

async function checkPayer(chain: RegistryClient, signal: AbortSignal): Promise<Diagnosis> {
  const { payer } = chain
  if (payer === undefined) return skip('payer', 'none: this auditor signs anchors, others send them')
  return examine('payer', `send ether to ${toHex(payer)}`, async () => {
    const balanceWei = await chain.payerBalanceWei({ signal })
    if (balanceWei === 0n) throw new Error(`${toHex(payer)} is empty`)
    return `${toHex(payer)} has ${balanceWei} wei`
  })
}

/** A running node answers for its ports and peers itself. */
async function checkRunning(opened: OpenedDataDir, signal: AbortSignal): Promise<Diagnosis[]> {
  const { host, port } = opened.config.api
  const client = new ApiClient({ url: `http://${host}:${port}`, key: undefined, signal })
  const health = port === 0 ? undefined : await client.getHealth().catch(() => undefined)
  if (health === undefined) {
    const ports = [{ host, port }, ...opened.config.network.listen.flatMap(tcpOf)].filter((it) => it.port !== 0)
    return [
      await examine('ports', 'stop what listens there, or choose other ports in config.json', async () => {
        for (const it of ports) await checkPort(it.host, it.port)
        return ports.length === 0 ? 'chosen at start' : ports.map((it) => `${it.host}:${it.port}`).join(', ')
      }),
      skip('peers', 'the node is not running'),
    ]
  }
  const { alive, quorum, size } = health.committee
  return [
    { name: 'ports', ok: true, detail: `the node is running: ${health.listen.join(', ')}` },
    await examine('peers', 'look at network.bootstrap, at firewalls, and at kwitness peers for refusals', () => {
      if (alive < quorum) throw new Error(`${alive} of ${size} auditors are here, ${quorum} are needed`)
      return `${alive} of ${size} auditors are here, ${quorum} are needed`
    }),
  ]
}

function tcpOf(multiaddr: string): { host: string; port: number }[] {
  const [, host, port] = /^\/ip[46]\/([^/]+)\/tcp\/([0-9]+)/.exec(multiaddr) ?? []
  return host === undefined || port === undefined ? [] : [{ host, port: Number(port) }]
}

async function checkPort(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const server = createServer()
    server.once('error', (cause) => reject(new Error(`port ${port} on ${host}: ${cause.message}`, { cause })))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()))
  })
}

async function checkDisk(dir: string): Promise<Diagnosis> {
  return examine('disk', 'free some space, or move the data directory', async () => {
    const { bavail, bsize } = await statfs(dir).catch(async () => statfs('.'))
    const freeBytes = bavail * bsize
    if (freeBytes < MIN_FREE_BYTES) throw new Error(`${freeBytes} bytes are free, a node needs ${MIN_FREE_BYTES}`)
    return `${Math.floor(freeBytes / 1024 ** 3)} GiB free`
  })
}
