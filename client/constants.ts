/** Largest bill that a node takes; the protocol's own limit, which a test holds equal. */
export const MAX_BILL_BYTES = 20 * 1_024 * 1_024
/** Largest answer that is read into memory: a sealed bill is 20 MiB and a little, a page of a thousand bills less. */
export const MAX_ANSWER_BYTES = 64 * 1_024 * 1_024
/** Most bytes of a refusal that are read: problem details are some hundred, a proxy's page a few thousand. */
export const MAX_REFUSAL_BYTES = 64 * 1_024
/** Time for a call with all its attempts: 20 MiB at 2 Mbit/s take 84 s. */
export const CALL_TIMEOUT_MS = 120_000
/** Longest message of an event stream: an event is some hundred bytes. */
export const MAX_MESSAGE_CHARS = 65_536
/** A stream that is silent for three of the node's heartbeats (15 s) is dead. */
export const STREAM_SILENCE_MS = 45_000
/** Wait before a stream is opened again, where the node has not said how long: its own 3 s. */
export const STREAM_RETRY_MS = 3_000
/** Longest such wait: what a broken proxy says is not believed for longer. */
export const STREAM_LONGEST_RETRY_MS = 60_000
/** Time without any contact after which a stream is given up: a node that is replaced by a new version is back by then. */
export const STREAM_PATIENCE_MS = 600_000
