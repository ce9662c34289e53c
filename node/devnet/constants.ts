/** Auditors of a region when nobody says otherwise: the fewest that tolerate a fault. */
export const DEFAULT_AUDITORS = 4
/** Auditors of one region at most: more processes than a laptop carries, and a committee of the contract has 31. */
export const MAX_AUDITORS = 31
/** Seconds between blocks of the embedded chain. */
export const BLOCK_TIME_S = 1
/** Time that the auditors have to come up and find each other; two slow cores need ten seconds for eight. */
export const START_TIMEOUT_MS = 120_000
/** Time without any change after which a bill is given up. */
export const STALL_MS = 120_000
/** Time between two looks at a node: quick for an eye, cheap for a node. */
export const POLL_MS = 200
/** Time that an auditor has to stop before it is killed. */
export const STOP_TIMEOUT_MS = 12_000
/** Lines of a log that are shown when its process ended. */
export const LOG_TAIL_LINES = 3
/** Ether of each payer, in wei: the chain is a toy, and no bill may wait for gas. */
export const PAYER_BALANCE_WEI = 10n ** 21n
