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
