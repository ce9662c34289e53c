/** Limits and intervals of the chain client; all can be overridden where a constructor takes them. */

/** Longest wait for one JSON-RPC answer: public endpoints take seconds under load, a dead one must not hold a poll. */
export const RPC_TIMEOUT_MS = 10_000

/** Largest JSON-RPC answer: 2,000 blocks of logs of one contract stay far below it. */
export const RPC_RESPONSE_BYTES = 16 * 1024 * 1024

/** Pause between looks for a receipt: a twelfth of mainnet's slot, and quick on a 1 s development chain. */
export const RECEIPT_POLL_MS = 500

/** A transaction that waits longer than five mainnet slots is sent again with a higher fee. */
export const REPLACE_AFTER_MS = 60_000

/** After this long without a receipt the caller is told; the next stage of the rotation will have taken over. */
export const SUBMIT_TIMEOUT_MS = 10 * 60_000

/** Fee bump of a replacement in percent; nodes demand at least 10. */
export const FEE_BUMP_PERCENT = 13n

/** Highest fee per gas ever offered, in wei (500 gwei): an anchor can wait for a calmer hour. */
export const MAX_FEE_PER_GAS_WEI = 500_000_000_000n

/** Reserve on an estimated gas limit in percent: the head may move between the estimate and the block. */
export const GAS_RESERVE_PERCENT = 20n

/** Pause between two looks of the watcher. */
export const WATCH_POLL_MS = 2_000

/** Longest pause of the watcher between tries while the endpoint is down: no load, and work goes on soon after a repair. */
export const WATCH_BACKOFF_MAX_MS = 15_000

/** Blocks of one `eth_getLogs`: what most public endpoints accept; halved when one refuses. */
export const LOG_RANGE_BLOCKS = 2_000

/** Depth that counts as final when the chain has no `finalized` tag: three mainnet epochs. */
export const FINAL_DEPTH_BLOCKS = 96

/** Longest wait for a new Anvil to listen. */
export const ANVIL_START_MS = 20_000

/** Between asking Anvil to end (it writes its state then) and killing it. */
export const ANVIL_STOP_MS = 5_000
