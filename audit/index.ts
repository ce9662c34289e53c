/**
 * Bill bytes -> facts -> emissions: pure, integer-only, the same on every machine.
 */
export { AuditError } from './audit-error.ts'
export type { AuditFailure } from './audit-error.ts'
export { computeEmissions, RULES_VERSION } from './rules/emissions.ts'
export type { EmissionsInput } from './rules/emissions.ts'
export type { ReadingWeight, When } from './rules/apportion.ts'
export type { Instrument } from './rules/instrument.ts'
export { estimate, estimateLine } from './rules/estimate.ts'
export type { EstimateResponse } from './rules/estimate.ts'
export type { ActivitySeries, FactorKey, FactorSeries, FactorSource, Unusable, ZipArea } from './rules/factor-source.ts'
export { extractBill } from './extract.ts'
export { loadVectors, runVectors, vectorsCid } from './rules/vectors.ts'
export type { Vector, VectorReport } from './rules/vectors.ts'
export { createSandbox } from './sandbox.ts'
export type { Sandbox, SandboxInit } from './sandbox.ts'
