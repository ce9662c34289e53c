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
   * Extraction of a file inside the file (an attachment, a member of an archive, what a signature encloses); one level
   * of packing only.
   *
   * @throws {Refusal} ERR_BILL_NESTED when the inner file is itself a container.
   */
  readonly readInner: (bytes: Uint8Array) => Promise<Extraction>
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
