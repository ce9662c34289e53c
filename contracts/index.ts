/**
 * The contract that anchors are written to: Solidity sources and their artifact.
 *
 * `AuditRegistry.sol` is documented in `IAuditRegistry.sol`. `artifacts/AuditRegistry.json` is committed, so that a node needs no
 * compiler; `tools/contract.spec.ts` proves that it matches the sources, with the compiler that lies beside the checking tools.
 */
export { ARTIFACT_PATH, readAuditRegistryArtifact } from './artifact.ts'
export type { AbiEntry, ContractArtifact } from './artifact.ts'
export { ContractError } from './contract-error.ts'
export type { ContractFailure } from './contract-error.ts'
