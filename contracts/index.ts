/**
 * The contract that anchors are written to: Solidity sources, compiler, artifact.
 *
 * `AuditRegistry.sol` is documented in `IAuditRegistry.sol`. `artifacts/AuditRegistry.json` is committed, so that a node needs no
 * compiler; a test proves that it matches the sources. OpenZeppelin and solc are needed for `npm run contracts:build` only.
 */
export { readAuditRegistryArtifact } from './artifact.ts'
export type { AbiEntry, ContractArtifact } from './artifact.ts'
export { compileAuditRegistry } from './compile.ts'
export { ContractError } from './contract-error.ts'
export type { ContractFailure } from './contract-error.ts'
