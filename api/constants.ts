/** Bills of one list: a page that a person reads. */
export const MAX_LISTED_BILLS = 1_000
/** Bills of a list when the request does not say. */
export const DEFAULT_LISTED_BILLS = 100
/** Longest file name kept with a bill, as on common file systems. */
export const MAX_FILE_NAME = 255
/** Longest time for a request to come in: 20 MiB at 1 Mbit/s take 168 s; who is slower must not hold a connection for ever. */
export const REQUEST_TIMEOUT_MS = 300_000
/** Longest time for the head of a request; also for the first byte of a new connection. */
export const HEADERS_TIMEOUT_MS = 10_000
/** Longest time without a request on an open connection: longer than the 60 s for which common proxies keep theirs. */
export const KEEP_ALIVE_MS = 72_000
/** How often connections are checked against these times. */
export const CONNECTION_CHECK_MS = 2_000
/** Most bytes of a request's head: a path, a key and a dozen common headers are below 2 KiB; Node's own limit is 16. */
export const MAX_HEAD_BYTES = 8_192
/** Longest part of a path that is a parameter: CIDs in base 16 are 74 characters. */
export const MAX_PARAMETER = 128
/** Open connections in all: each costs about 20 KiB, so 4,096 are 80 MiB. */
export const MAX_CONNECTIONS = 4_096
/** Open connections of one address: hundreds of event streams behind one router, not the whole of the above. */
export const MAX_CONNECTIONS_OF_ADDRESS = 512
/** Requests are counted a minute long. */
export const RATE_WINDOW_MS = 60_000
/** Keys and addresses that are counted at once; the least recently seen is forgotten, which costs it nothing. */
export const COUNTED_CALLERS = 20_000
/** Bytes of a refused body that are still read, so that a client that has not finished sending can read why: one bill. */
export const LINGER_BYTES = 20 * 1_048_576
/** When a client is told to try again where nothing better is known. */
export const RETRY_AFTER_S = 5
/** Answers below this are not compressed: they fit into one packet. */
export const COMPRESS_FROM_BYTES = 1_400
/** Time that requests under way have when the API stops; a client that is slower sends again. */
export const STOP_GRACE_MS = 1_000
/** Most bytes of a JSON body, where a route does not say otherwise: requests of people and programs are a few hundred. */
export const DEFAULT_BODY_BYTES = 65_536
/** Bodies up to this size stay in memory while they come in: most bills, and less than the sockets' own buffers. */
export const SMALL_BODY_BYTES = 65_536
/** Larger bodies that are in memory at once: 4 x 20 MiB, and as many again while they are sealed. */
export const MAX_BODIES_IN_MEMORY = 4
/** Larger bodies on their way in, on disk: 64 x 20 MiB are 1.25 GiB. */
export const MAX_UPLOADS = 64
/** The same of one account, so that one with slow clients does not keep others out. */
export const MAX_UPLOADS_OF_ACCOUNT = 16
/** When a client is told to try again that found no room for its upload. */
export const UPLOAD_RETRY_S = 5

/** Large files on their way out at once: 16 x 20 MiB, whatever clients ask for and do not read. */
export const MAX_DOWNLOADS = 16
/** The same of one account, or of one address without a key, so that one with slow clients does not keep others out. */
export const MAX_DOWNLOADS_OF_CALLER = 8
/** DAGs that are walked for clients at once, as many as the node walks; and of one caller. */
export const MAX_WALKS = 32
export const MAX_WALKS_OF_CALLER = 8
/** Blocks of up to 1 MiB on their way out at once; and of one caller: IPFS clients ask for some dozen at a time. */
export const MAX_LARGE_BLOCKS = 512
export const MAX_LARGE_BLOCKS_OF_CALLER = 64
/** Longest time that a large file takes on its way out, as on its way in: who is slower asks again. */
export const DOWNLOAD_TIMEOUT_MS = 300_000
/** When a client is told to try again whose file has no room on its way out. */
export const DOWNLOAD_RETRY_S = 5
/** Longest time in which nothing moves on a connection: a client that does not read its answer holds memory. */
export const STALL_MS = 120_000
/**
 * Slowest client that is served: 16 kbit/s, which any line that bills come by exceeds. Who sends or reads more slowly holds a
 * place, and what waits for it, for hours.
 */
export const SLOWEST_BYTES_PER_S = 2_048
/** A body is judged over this time: a line that breaks off for some seconds is none of them. */
export const RECEIVE_WINDOW_MS = 20_000
/** Time for what waits for a client, beside the time that it takes to read it: as long as event streams wait. */
export const SEND_WINDOW_MS = 60_000
/** How often open requests are held to that. */
export const PACE_CHECK_MS = 5_000
/** Time for a client to read why its connection ends, before it is closed whatever the client does. */
export const LAST_WORDS_MS = 1_000

/** Most activities of one answer: more words find fewer. */
export const MAX_LISTED_ACTIVITIES = 200
