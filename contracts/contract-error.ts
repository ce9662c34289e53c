import { CodedError } from '#protocol'

/** Failures of building or reading the contract's artifact. */
export type ContractFailure =
  /** The Solidity sources do not compile without errors and warnings; the message holds the compiler's own words. */
  | { readonly code: 'ERR_CONTRACT_COMPILE' }
  /** The artifact file is missing or malformed: run `npm run contracts:build`. */
  | { readonly code: 'ERR_CONTRACT_ARTIFACT'; readonly path: string }

/** Error of `contracts/`. */
export class ContractError extends CodedError<ContractFailure> {}
