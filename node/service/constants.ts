/** Accounts of a node, closed ones included: all are kept in memory, about 1 kB each. */
export const MAX_ACCOUNTS = 100_000
/** Valid keys of an account: one for each program and person, with room; more is a loop. */
export const MAX_KEYS_PER_ACCOUNT = 100
/** Ended keys that are kept of an account, for its history; the oldest go first. */
export const MAX_ENDED_KEYS_PER_ACCOUNT = 100
/** Longest time that a rotated key stays valid beside its successor. */
export const MAX_KEY_GRACE_MS = 30 * 24 * 3_600_000
/** Time between two writes of when keys were used: a use is a note, not worth a write of its own. */
export const KEY_USES_INTERVAL_MS = 60_000
/** Entries that the audit log keeps: about 200 MB; the oldest leave as new ones come. */
export const MAX_AUDIT_ENTRIES = 1_000_000
/**
 * Bills that one account hands on in a day (UTC): each is an entry of the audit log, from which users must not be able to drive
 * those of operators. A business that shows all its bills to a verifier has fewer.
 */
export const DISCLOSURES_PER_DAY = 10_000
/**
 * Webhooks that one account adds, changes and tests in a day (UTC), together: each is an entry of the audit log. Programs do so
 * when they are set up, people when something is wrong.
 */
export const WEBHOOK_CHANGES_PER_DAY = 1_000
/** Entries of one answer of the audit log. */
export const MAX_LISTED_AUDIT = 1_000
/** Bills that a filter looks at for one page: a filter that hardly anything passes must not read the whole store. */
export const MAX_SCANNED_BILLS = 2_000
/** Records of one commit of long work (taking over, closing): small enough not to hold up the bills between. */
export const BATCH_RECORDS = 500
