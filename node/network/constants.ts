/** Protocol of the first exchange. Not bound to a network, so that strangers can be told what differs. */
export const HELLO_PROTOCOL = '/kwitness/hello/1'

/** Largest hello: a charter's summary; the same bound as for a charter itself. */
export const HELLO_LIMIT_BYTES = 64 * 1024
/** Largest verdict on a hello: a code and a sentence. */
export const VERDICT_LIMIT_BYTES = 4 * 1024
/** Longest reason that is kept of a stranger's verdict. */
export const REASON_LIMIT_CHARS = 500
/** Both hellos and verdicts must have passed by then; a slow link needs four round trips. */
export const HELLO_TIMEOUT_MS = 10_000
/** How long a refused peer has to read why, before its connection is cut; a busy machine takes seconds. */
export const PARTING_TIMEOUT_MS = 10_000
/** How long the last bytes of a stream or connection have to leave. */
export const FAREWELL_TIMEOUT_MS = 1_000

/** Refusals that are remembered; older ones are forgotten first. */
export const REFUSALS_KEPT = 64
/** A refused peer is not dialled again before this: its charter changes by hand, not by itself. */
export const REFUSAL_BACKOFF_MS = 5 * 60_000

/** Gossip messages of one peer that are judged at the same time; what comes beyond is ignored, and sync repairs it. */
export const GOSSIP_IN_FLIGHT_PER_PEER = 512

/** Requests of one peer served at the same time, and sent to one peer at the same time. */
export const REQUESTS_PER_PEER = 16
/** Largest request body: 512 CIDs of a bulk request take 20 kB. */
export const REQUEST_LIMIT_BYTES = 64 * 1024
/** Largest frame of a response: the largest block (a manifest, 1.5 MiB) and its head. */
export const FRAME_LIMIT_BYTES = 2 * 1024 * 1024
/** Frames of a response, unless the caller says otherwise. */
export const RESPONSE_FRAMES = 4_096
/** A response must be complete by then, unless the caller says otherwise. */
export const REQUEST_TIMEOUT_MS = 30_000
/** Streams to one peer that are kept open for the next request: a new one costs more than the request. */
export const IDLE_STREAMS_PER_PEER = 4
/** How long a stream is kept without a request; well below the server's patience, so that the client closes it. */
export const IDLE_STREAM_MS = 15_000
/** How long a server waits for the next request on a stream. */
export const NEXT_REQUEST_MS = 60_000
/** Received bytes that wait for their reader before the sender is told to pause. */
export const READ_AHEAD_BYTES = 1024 * 1024

/** Sent bytes that wait for the network before the writer has to wait. */
export const WRITE_AHEAD_BYTES = 1024 * 1024

/** yamux window: less than what a stream may buffer (4 MiB), or a paused stream would be reset. */
export const STREAM_WINDOW_BYTES = 2 * 1024 * 1024

/** First pause before a peer is dialled again; doubled each time. */
export const DIAL_BACKOFF_MS = 500
/** Longest pause: a peer that returns is found again within it. */
export const DIAL_BACKOFF_LIMIT_MS = 30_000
/** A dial must succeed by then. */
export const DIAL_TIMEOUT_MS = 10_000
/** Head start of the peer with the lower id, so that two peers that know each other do not connect twice. */
export const DIAL_COURTESY_MS = 400

/** CIDs of one bulk request: the claims of the largest batch. */
export const BULK_CIDS = 512
/** Bytes of one bulk response; the requester asks again for the rest. */
export const BULK_RESPONSE_BYTES = 16 * 1024 * 1024
/** Blocks fetched by bitswap at the same time (DESIGN 17: eight are six times as fast as one). */
export const BITSWAP_PARALLEL = 8
/** One search by bitswap; a holder that is connected answers within a round trip or two. */
export const BITSWAP_TIMEOUT_MS = 5_000
/** Rounds of a fetch: roots, their chunks, and one more for what a peer left out. */
export const FETCH_ROUNDS = 4
