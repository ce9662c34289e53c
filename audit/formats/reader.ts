import type { Extraction } from '#protocol'
import type { TrustList } from '../origin/trust-list.ts'

/** A file as far as every reader may need it before one is chosen. */
export type Content = {
  readonly bytes: Uint8Array
  /** Strict UTF-8 text without byte order mark; absent for other bytes. */
  readonly text?: string
  /** Name of the first element, when the text is XML. */
  readonly root?: { readonly uri: string; readonly local: string }
}

/** What a reader may use beside the file. */
export type ReadContext = {
  readonly trust: TrustList
  /**
   * Extraction of a file inside the file (an attachment, a member of an archive, what a signature encloses). It may be
   * packed itself, at most once more: deeper ones give ERR_BILL_NESTED as their reason.
   *
   * @throws {WholeFileRefusal} ERR_BILL_TOO_LARGE when more is packed in the whole file than is read; no reader catches it.
   */
  readonly readInner: (bytes: Uint8Array) => Promise<Extraction>
  /** As {@link readInner}, of a file that must not have others packed in it. */
  readonly readLast: (bytes: Uint8Array) => Promise<Extraction>
}

/** One format. Readers are tried in a fixed order, and the first that accepts a file decides. */
export interface FormatReader {
  /** Name in results. */
  readonly format: string
  /** Cheap look at the content, never at a file name. */
  accepts(content: Content): boolean
  /** @throws {Refusal} with code and place; a guess is never made. */
  read(content: Content, context: ReadContext): Extraction | Promise<Extraction>
}
