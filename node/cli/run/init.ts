import { charterFromJson, isPresetName } from '#config'
import { toHex, addressOfPrivateKey, charterCid } from '#protocol'
import { createDataDir } from '../../data-dir.ts'
import type { NetworkInit } from '../../data-dir.ts'
import { DATA_FILES, writeNewFile } from '../../data-files.ts'
import { createPrivateKey } from '../../identity.ts'
import { usageError } from '../cli-error.ts'
import { readNamedFile } from '../files.ts'
import { defaultDir } from '../default-dir.ts'
import type { Terminal } from '../terminal.ts'
import { openRegionKeys } from './region-keys.ts'

/** Options of `kwitness init`. */
export type InitOptions = {
  readonly dir?: string
  readonly charter?: string
  readonly region?: string
  readonly regionKeys?: string
  readonly passphraseFile?: string
  readonly payer?: boolean
  readonly keyOut?: string
  readonly account: string
  readonly preset?: string
  readonly rpc?: string
  readonly listen?: string[]
  readonly bootstrap?: string[]
  readonly apiPort?: string
  readonly json?: boolean
}

/** Runs the command. */
export async function runInit(terminal: Terminal, options: InitOptions): Promise<void> {
  const dir = options.dir ?? defaultDir(terminal)
  const passphraseFile = options.passphraseFile ?? terminal.environment['KWITNESS_PASSPHRASE_FILE']
  const network = options.charter === undefined ? undefined : await readNetwork(terminal, options, options.charter)
  const payerKey = options.payer === true ? createPrivateKey() : undefined
  const created = await createDataDir({
    dir,
    cost: 'strong',
    account: options.account,
    createdAt: new Date().toISOString(),
    ...(passphraseFile === undefined ? {} : { passphraseFile }),
    ...(network === undefined ? {} : { network }),
    ...(payerKey === undefined ? {} : { payerKey }),
  })
  if (options.keyOut !== undefined && created.apiKey !== undefined) {
    await writeNewFile(options.keyOut, `${created.apiKey}\n`)
  }
  const result = {
    dir,
    ...created.identity,
    recipient: created.recipient,
    ...(network === undefined ? {} : { network: charterCid(network.charter).toString(), region: network.region }),
    ...(payerKey === undefined ? {} : { payer: toHex(addressOfPrivateKey(payerKey)) }),
    ...(created.apiKey === undefined || options.keyOut !== undefined ? {} : { apiKey: created.apiKey }),
    written: created.written,
  }
  if (options.json === true) terminal.json(result)
  else print(terminal, result)
  warn(terminal, created.written, network)
}

async function readNetwork(terminal: Terminal, options: InitOptions, charterFile: string): Promise<NetworkInit> {
  const charter = charterFromJson(new TextDecoder().decode(await readNamedFile(charterFile)))
  const names = charter.regions.map((region) => region.name)
  const region = options.region ?? (names.length === 1 ? names[0] : undefined)
  if (region === undefined) throw usageError(`name a --region of the charter: ${names.join(', ')}`)
  const rpcUrl = options.rpc ?? terminal.environment['KWITNESS_RPC']
  const preset = options.preset !== undefined && isPresetName(options.preset) ? options.preset : undefined
  if (rpcUrl === undefined && preset === undefined) {
    throw usageError(`name a JSON-RPC endpoint of chain ${charter.chain.chainId} with --rpc`)
  }
  const { listen, bootstrap, apiPort, regionKeys } = options
  return {
    charter,
    region,
    ...(preset === undefined ? {} : { preset }),
    ...(regionKeys === undefined
      ? {}
      : { regionKeys: await openRegionKeys(regionKeys, options.dir ?? defaultDir(terminal)) }),
    config: {
      ...(rpcUrl === undefined ? {} : { chain: { rpcUrl } }),
      ...(listen === undefined && bootstrap === undefined
        ? {}
        : {
            network: { ...(listen === undefined ? {} : { listen }), ...(bootstrap === undefined ? {} : { bootstrap }) },
          }),
      ...(apiPort === undefined ? {} : { api: { port: parsePort(apiPort) } }),
    },
  }
}

function parsePort(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text) || Number(text) > 65_535) throw usageError(`--api-port ${text} is not a port`)
  return Number(text)
}

function print(terminal: Terminal, result: object): void {
  for (const [name, value] of Object.entries(result)) {
    const text = Array.isArray(value) ? value.join(', ') : String(value)
    terminal.line(`${name.padEnd(9)}  ${text}`)
  }
  if ('apiKey' in result) terminal.line('The API key is shown this once; the node keeps only its hash.')
}

function warn(terminal: Terminal, written: readonly string[], network: NetworkInit | undefined): void {
  if (written.includes(DATA_FILES.passphrase)) {
    terminal.note(
      'warning: the passphrase lies beside the keystore: whoever reads the directory has the key. ' +
        'Move it elsewhere and name it with passphraseFile or KWITNESS_PASSPHRASE_FILE.',
    )
  }
  if (network === undefined) {
    terminal.note(
      'Next: give address, peerId and recipient to the founders of a region; when they have published the charter, and ' +
        "sealed the region's keys for your recipient, run kwitness init --charter FILE --region-keys FILE on the same directory.",
    )
  } else if (network.regionKeys === undefined) {
    terminal.note(
      `warning: without --region-keys this node can only be an archivist, and this version has no archivists yet: ` +
        `ask the founders of ${network.region} for its key file, and put it at ${DATA_FILES.regionKeys}.`,
    )
  }
}
