import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { ContractError } from '../../contracts/index.ts'
import type { AbiEntry, ContractArtifact } from '../../contracts/index.ts'

/*
 * Cancun, not the newest: it runs on mainnet, on the embedded Anvil, and on private chains and rollups that lag behind;
 * later ones add nothing that this contract uses. Many runs: the code is deployed once and anchors are written for years.
 */
const SETTINGS = {
  evmVersion: 'cancun',
  optimizer: { enabled: true, runs: 1_000_000 },
  viaIR: true,
} as const

const CONTRACT = 'AuditRegistry'
const MAIN_SOURCE = `contracts/${CONTRACT}.sol`

/** The part of the compiler's interface that is used: standard JSON in, standard JSON out. */
type Solc = {
  readonly compile: (input: string, callbacks: { readonly import: (path: string) => ImportResult }) => string
  readonly version: () => string
}

type ImportResult = { readonly contents: string } | { readonly error: string }

type CompiledContract = {
  readonly abi: readonly AbiEntry[]
  readonly evm: { readonly bytecode: { readonly object: string } }
}

type SolcOutput = {
  readonly errors?: readonly { readonly formattedMessage: string }[]
  readonly contracts?: { readonly [file: string]: { readonly [name: string]: CompiledContract } }
}

/**
 * Compiles AuditRegistry with the compiler and the OpenZeppelin sources of this folder's packages. The same sources give the
 * same bytes on every machine: paths in the compiler's input are relative to the repository.
 *
 * @throws {ContractError} ERR_CONTRACT_COMPILE on any error or warning.
 */
export async function compileAuditRegistry(): Promise<ContractArtifact> {
  const solc = await loadSolc()
  const sources: { [path: string]: string } = {}
  const read = (path: string): string => {
    const text = readSource(path)
    sources[path] = createHash('sha256').update(text).digest('hex')
    return text
  }
  const input = {
    language: 'Solidity',
    sources: { [MAIN_SOURCE]: { content: read(MAIN_SOURCE) } },
    settings: {
      ...SETTINGS,
      outputSelection: { [MAIN_SOURCE]: { [CONTRACT]: ['abi', 'evm.bytecode.object'] } },
    },
  }
  const output = JSON.parse(
    solc.compile(JSON.stringify(input), {
      import: (path) => {
        try {
          return { contents: read(path) }
        } catch (cause) {
          return { error: cause instanceof Error ? cause.message : 'unreadable' }
        }
      },
    }),
  ) as SolcOutput
  const compiled = output.contracts?.[MAIN_SOURCE]?.[CONTRACT]
  if (compiled === undefined || (output.errors ?? []).length > 0) {
    throw new ContractError((output.errors ?? []).map((e) => e.formattedMessage).join('\n'), {
      code: 'ERR_CONTRACT_COMPILE',
    })
  }
  return {
    contract: CONTRACT,
    abi: compiled.abi,
    bytecode: `0x${compiled.evm.bytecode.object}`,
    solc: solc.version(),
    settings: SETTINGS,
    sources: Object.fromEntries(Object.entries(sources).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** Text of a source by the path it has in the compiler's input: our own from contracts/, others from packages. */
function readSource(path: string): string {
  const own = /^contracts\/(\w+\.sol)$/.exec(path)?.[1]
  const file =
    own === undefined
      ? createRequire(import.meta.url).resolve(path)
      : new URL(`../../contracts/${own}`, import.meta.url)
  return readFileSync(file, 'utf8')
}

/** The compiler, without the process-wide handler that its Emscripten runtime installs when it is loaded. */
async function loadSolc(): Promise<Solc> {
  const before = new Set(process.listeners('unhandledRejection'))
  const { default: solc } = (await import('solc')) as unknown as { readonly default: Solc }
  for (const listener of process.listeners('unhandledRejection')) {
    if (!before.has(listener)) process.off('unhandledRejection', listener)
  }
  return solc
}
