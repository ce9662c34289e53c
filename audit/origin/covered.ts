import type { Origin } from '#protocol'

/** A signature that holds, and the bytes that may be read because of it. */
export type Covered = {
  readonly origin: Origin
  /** What the signature covers, and nothing else; may be a view into the file. */
  readonly covered: Uint8Array
}
