import { spawn } from 'node:child_process'
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process'
import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import { HDNodeWallet, Mnemonic, getBytes } from 'ethers'
import { ChainError } from './chain-error.ts'
import { ANVIL_START_MS, ANVIL_STOP_MS } from './constants.ts'

/** Options of {@link startAnvil}. */
export type AnvilInit = {
  /** Port on the loopback interface; 0 lets the system choose. @default 0 */
  readonly port?: number
  /** @default 31337 */
  readonly chainId?: number
  /** Seconds between blocks; 0 mines a block for each transaction, at once. */
  readonly blockTimeS: number
  /** File that keeps the chain: loaded if it exists, written every few seconds and at the end. */
  readonly statePath?: string
  /** Ends the process, as `stop()` does. */
  readonly signal?: AbortSignal
}

/** A running development chain. */
export type Anvil = {
  readonly rpcUrl: string
  readonly port: number
  readonly chainId: number
  readonly pid: number
  /** 32-byte private keys of ten accounts with 10,000 ether each. Everybody knows them: development only. */
  readonly fundedKeys: readonly Uint8Array[]
  /** Settles when the process has ended, for whatever reason; never rejects. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** Ends the process (its state is written first) and waits for it. May be called again. */
  stop(): Promise<void>
}

/** Foundry's well-known development mnemonic. */
const MNEMONIC = 'test test test test test test test test test test test junk'
const FUNDED_ACCOUNTS = 10
/** Seconds between writes of the state file: what a kill -9 of Anvil can lose. */
const STATE_INTERVAL_S = 1
const OUTPUT_TAIL_CHARS = 2_000

/*
 * Runs beside Anvil and reads a pipe that only this process can write to. However this process ends, kill -9 included, the kernel
 * closes the pipe, the read returns, and Anvil is ended. Node cannot ask for PR_SET_PDEATHSIG, and Anvil itself watches nothing.
 */
const GUARD_SCRIPT =
  'while read -r _; do :; done; kill -TERM "$0" 2>/dev/null && sleep 5 && kill -KILL "$0" 2>/dev/null'

/**
 * Starts an embedded Anvil on the loopback interface and waits until it listens.
 *
 * The native binary is started directly, in a process group of its own: Ctrl-C reaches the caller alone, which then stops things
 * in order. If the caller dies without `stop()`, a guard (`/bin/sh`, not on Windows) ends Anvil.
 *
 * With one slot an epoch the `safe` tag is one block and the `finalized` tag two blocks behind the head.
 *
 * @throws {ChainError} ERR_CHAIN_ANVIL_MISSING when the platform's package is not installed; ERR_CHAIN_ANVIL_FAILED when it ends
 * or stays silent instead of listening.
 */
export async function startAnvil(init: AnvilInit): Promise<Anvil> {
  init.signal?.throwIfAborted()
  const chainId = init.chainId ?? 31_337
  const child = spawn(findAnvilBinary(), argumentsOf(init, chainId), {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', () => resolve({ code: null, signal: null }))
  })
  const guard = child.pid === undefined ? undefined : startGuard(child.pid)
  void exited.then(() => guard?.kill('SIGKILL'))

  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), ANVIL_STOP_MS)
    await exited
    clearTimeout(timer)
  }
  try {
    const port = await waitForPort(child, init.signal)
    const onAbort = (): void => void stop()
    init.signal?.addEventListener('abort', onAbort, { once: true })
    void exited.then(() => init.signal?.removeEventListener('abort', onAbort))
    return {
      rpcUrl: `http://127.0.0.1:${port}`,
      port,
      chainId,
      pid: child.pid ?? 0,
      fundedKeys: deriveFundedKeys(),
      exited,
      stop,
    }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

function argumentsOf(init: AnvilInit, chainId: number): string[] {
  const args = ['--host', '127.0.0.1', '--port', String(init.port ?? 0), '--chain-id', String(chainId)]
  args.push(
    '--slots-in-an-epoch',
    '1',
    '--mnemonic',
    MNEMONIC,
    '--accounts',
    String(FUNDED_ACCOUNTS),
    '--color',
    'never',
  )
  if (init.blockTimeS > 0) args.push('--block-time', String(init.blockTimeS))
  if (init.statePath !== undefined) args.push('--state', init.statePath, '--state-interval', String(STATE_INTERVAL_S))
  return args
}

/**
 * Path of Anvil's native binary.
 *
 * @throws {ChainError} ERR_CHAIN_ANVIL_MISSING.
 */
export function findAnvilBinary(platform: string = process.platform, arch: string = process.arch): string {
  const target = `${platform}-${arch === 'x64' ? 'amd64' : arch}`
  try {
    // The platform's package is a dependency of the wrapper's package, which may be where it is installed.
    const wrapper = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
    return createRequire(wrapper).resolve(`@foundry-rs/anvil-${target}/bin/anvil${platform === 'win32' ? '.exe' : ''}`)
  } catch (cause) {
    throw new ChainError(
      `no Anvil binary for ${target} is installed (npm package @foundry-rs/anvil); name a JSON-RPC endpoint instead`,
      { code: 'ERR_CHAIN_ANVIL_MISSING', platform: target },
      { cause },
    )
  }
}

/** The port that Anvil reports; afterwards its output is read and dropped, so that a full pipe never stops it. */
async function waitForPort(
  child: ChildProcessByStdio<null, Readable, Readable>,
  signal?: AbortSignal,
): Promise<number> {
  let output = ''
  return await new Promise<number>((resolve, reject) => {
    const fail = (cause?: unknown): void => {
      settle()
      reject(
        new ChainError(
          `anvil did not start: ${output.trim().split('\n').at(-1) ?? ''}`,
          { code: 'ERR_CHAIN_ANVIL_FAILED', output: output.slice(-OUTPUT_TAIL_CHARS) },
          { cause },
        ),
      )
    }
    const read = (chunk: Buffer): void => {
      output += chunk.toString('utf8')
      const port = /Listening on [^\n]*:(\d+)\s/.exec(output)?.[1]
      if (port === undefined) return
      settle()
      resolve(Number(port))
    }
    const abort = (): void => {
      settle()
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(fail, ANVIL_START_MS)
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      child.off('close', fail).off('error', fail)
      child.stdout.off('data', read).resume()
      child.stderr.off('data', read).resume()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    // 'close', not 'exit': the last words have been read then.
    child.once('close', fail).once('error', fail)
    signal?.addEventListener('abort', abort, { once: true })
  })
}

function startGuard(anvilPid: number): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined
  const guard = spawn('/bin/sh', ['-c', GUARD_SCRIPT, String(anvilPid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  // Without a shell there is no guard; Anvil works all the same.
  guard.on('error', () => undefined)
  guard.stdin.on('error', () => undefined)
  return guard
}

function deriveFundedKeys(): Uint8Array[] {
  const root = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), "m/44'/60'/0'/0")
  return Array.from({ length: FUNDED_ACCOUNTS }, (_, i) => getBytes(root.deriveChild(i).privateKey))
}
