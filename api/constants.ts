/** Bills of one list: a page that a person reads. */
export const MAX_LISTED_BILLS = 1_000
/** Bills of a list when the request does not say. */
export const DEFAULT_LISTED_BILLS = 100
/** Longest file name kept with a bill, as on common file systems. */
export const MAX_FILE_NAME = 255
/** A request that sends nothing for so long is closed: a slow client must not hold a connection for ever. */
export const REQUEST_TIMEOUT_MS = 120_000
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

/** Most activities of one answer: more words find fewer. */
export const MAX_LISTED_ACTIVITIES = 200
