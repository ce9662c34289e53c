import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ContractError } from './contract-error.ts'

/** One entry of a contract's JSON ABI. */
export type AbiEntry = {
  readonly type: string
  readonly name?: string
  readonly stateMutability?: string
  readonly inputs?: readonly { readonly name: string; readonly type: string }[]
}

/** A compiled contract and everything that made it, so that anyone can make it again. */
export type ContractArtifact = {
  readonly contract: string
  readonly abi: readonly AbiEntry[]
  /** Creation code, `0x` hex, without constructor arguments. */
  readonly bytecode: string
  /** Full version of the compiler. */
  readonly solc: string
  /** Compiler settings as in its standard JSON input. */
  readonly settings: { readonly [name: string]: unknown }
  /** SHA-256, lower-case hex, of every source file the compiler read, by path. */
  readonly sources: { readonly [path: string]: string }
}

/** Where the compiled AuditRegistry is kept. */
export const ARTIFACT_PATH: string = fileURLToPath(new URL('artifacts/AuditRegistry.json', import.meta.url))

/**
 * The compiled AuditRegistry, read from disk at each call.
 *
 * @throws {ContractError} ERR_CONTRACT_ARTIFACT when the file is missing or not an artifact.
 */
export function readAuditRegistryArtifact(): ContractArtifact {
  try {
    const artifact = JSON.parse(readFileSync(ARTIFACT_PATH, 'utf8')) as ContractArtifact
    if (!Array.isArray(artifact.abi) || !/^0x[0-9a-f]+$/.test(artifact.bytecode)) throw new TypeError('not an artifact')
    return artifact
  } catch (cause) {
    throw new ContractError(
      'the compiled contract cannot be read; run `npm run contracts:build`',
      { code: 'ERR_CONTRACT_ARTIFACT', path: ARTIFACT_PATH },
      { cause },
    )
  }
}
