import { RULES_VERSION } from '#audit'
import { loadDatasets } from '#datasets'
import { addressOfPrivateKey, charterCid, equalBytes, findRegion, toHex } from '#protocol'
import { openDataDir } from '../../data-dir.ts'
import type { OpenedDataDir } from '../../data-dir.ts'
import { NodeError } from '../../node-error.ts'
import { checkRules } from '../../rules-check.ts'
import type { Terminal } from '../terminal.ts'
import { checkChain } from './chain.ts'
import { examine, skip } from './diagnosis.ts'
import type { Diagnosis } from './diagnosis.ts'
import { checkDirectory, checkSecrets } from './directory.ts'
import { checkExposure, checkTls } from './listeners.ts'
import { checkDisk, checkRuntime } from './machine.ts'
import { checkMemberKey } from './member-key.ts'
import { checkRunning } from './running.ts'

/** What cannot be looked at without a data directory. */
const NEEDS_DIRECTORY = [
  'rights of files',
  'member key',
  'region',
  'rules and data sets',
  'exposure',
  'TLS',
  'chain',
  'clock',
  'payer',
  'ports',
  'running node',
]

/** Looks at everything that `start` needs, in the order in which it would fail, and asks the node if it runs. */
export async function diagnose(dir: string, terminal: Terminal): Promise<readonly Diagnosis[]> {
  const checks = [await checkRuntime(), await checkDirectory(dir)]
  let opened: OpenedDataDir | undefined
  const fix = 'mend the file that is named, or restore it from a backup; the passphrase is named by passphraseFile'
  checks.push(
    await examine('keys and configuration', fix, async () => {
      opened = await openDataDir(dir, { environment: terminal.environment })
      return `auditor ${toHex(addressOfPrivateKey(opened.privateKey))}, charter ${charterCid(opened.charter).toString()}`
    }),
  )
  if (opened === undefined) {
    const skipped = NEEDS_DIRECTORY.map((name) => skip(name, 'no usable data directory'))
    return [...checks, ...skipped, await checkDisk(dir)]
  }
  return [...checks, ...(await checkOpened(opened, terminal.signal))]
}

async function checkOpened(opened: OpenedDataDir, signal: AbortSignal): Promise<Diagnosis[]> {
  const { charter, config, dir, trust } = opened
  const nowMs = (): number => Date.now()
  return [
    await checkSecrets(dir, config),
    await checkMemberKey(dir),
    await examine('region', "ask the founders for the region's key file, or for membership", () => checkRegion(opened)),
    await examine(
      'rules and data sets',
      "install the version of kWitness that the charter's network runs",
      async () => {
        await checkRules(charter, await loadDatasets(), trust)
        return `${RULES_VERSION} and its golden vectors as in the charter`
      },
    ),
    await checkExposure(config),
    await checkTls(dir, config, nowMs()),
    ...(await checkChain(opened, nowMs, signal)),
    ...(await checkRunning(opened, signal)),
    await checkDisk(dir),
  ]
}

// That the keys are those of the charter's region was checked when the directory was opened.
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
