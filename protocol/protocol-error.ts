import { CodedError } from './errors.ts'

/** Failures of decoding and verification of protocol structures. */
export type ProtocolFailure =
  /** Hex text is malformed: the file or message was altered or written by another tool. */
  | { readonly code: 'ERR_PROTOCOL_HEX' }
  /** Bytes are over the size limit of their kind; nothing was parsed. */
  | { readonly code: 'ERR_PROTOCOL_TOO_LARGE'; readonly sizeBytes: number; readonly limitBytes: number }
  /** Bytes are not canonical DAG-CBOR; of a proof file, not canonical JSON. */
  | { readonly code: 'ERR_PROTOCOL_CODEC' }
  /** Decoded value does not have the shape of its kind; `place` is the path of the first wrong field. */
  | { readonly code: 'ERR_PROTOCOL_SCHEMA'; readonly place: string }
  /** A signature is malformed, has a high s, or recovers to nobody. */
  | { readonly code: 'ERR_PROTOCOL_SIGNATURE' }
  /** A number does not fit its field. */
  | { readonly code: 'ERR_PROTOCOL_RANGE' }
  /** Certificate or anchor has too few, repeated or foreign signers. */
  | { readonly code: 'ERR_PROTOCOL_QUORUM' }
  /** Structures contradict each other (root, path, digest, count). */
  | { readonly code: 'ERR_PROTOCOL_MISMATCH'; readonly place: string }

/** Error of `protocol/`. */
export class ProtocolError extends CodedError<ProtocolFailure> {}
