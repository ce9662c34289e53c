import { CodedError } from '#protocol'

/** Failures of talking to the chain. In all of them the caller's queue holds: nothing is lost by trying again. */
export type ChainFailure =
  /** No usable answer: connection refused, time-out, HTTP error, not JSON-RPC. Check the endpoint; work goes on without it. */
  | { readonly code: 'ERR_CHAIN_UNREACHABLE'; readonly endpoint: string }
  /** The endpoint answered with a JSON-RPC error that is not a revert; `method` and the server's own words are given. */
  | { readonly code: 'ERR_CHAIN_RPC'; readonly method: string; readonly rpcCode: number; readonly rpcMessage: string }
  /** The endpoint serves another chain than the charter names: the URL is wrong. */
  | { readonly code: 'ERR_CHAIN_WRONG_ID'; readonly expected: number; readonly found: number }
  /** The charter's address holds no AuditRegistry of this network: wrong chain state, or the contract is not deployed yet. */
  | { readonly code: 'ERR_CHAIN_NO_CONTRACT'; readonly registry: string }
  /** The contract refused; `errorName` is its custom error, empty if it gave none. */
  | { readonly code: 'ERR_CHAIN_REVERTED'; readonly errorName: string; readonly errorArgs: readonly string[] }
  /** The payer cannot pay for gas: send it at least `neededWei - balanceWei`. */
  | {
      readonly code: 'ERR_CHAIN_PAYER_EMPTY'
      readonly payer: string
      readonly balanceWei: string
      readonly neededWei: string
    }
  /** A sent transaction was not mined in time, also after fee bumps; one of them may still be mined later. */
  | { readonly code: 'ERR_CHAIN_TIMEOUT'; readonly txHashes: readonly string[] }
  /** The endpoint knows fewer blocks than it showed as final before: it lags, or its chain was reset. */
  | { readonly code: 'ERR_CHAIN_BEHIND'; readonly expectedBlock: number; readonly foundBlock: number }
  /** No Anvil binary for this platform: the optional package `@foundry-rs/anvil` is not installed; use a JSON-RPC endpoint. */
  | { readonly code: 'ERR_CHAIN_ANVIL_MISSING'; readonly platform: string }
  /** Anvil ended before it answered (a port that is taken, a state file that it cannot read); `output` is its last words. */
  | { readonly code: 'ERR_CHAIN_ANVIL_FAILED'; readonly output: string }

/** Error of `node/chain/`. */
export class ChainError extends CodedError<ChainFailure> {}
