import { parseReviewEntry, ProtocolError } from '#protocol'
import type { ReviewEntry } from '#protocol'
import { usageError } from './cli-error.ts'

/**
 * What a person read, from the bytes of a file (`docs/spec/review.md`).
 *
 * @throws {CliError} ERR_CLI_USAGE with the field that is wrong.
 */
export function parseEntryFile(bytes: Uint8Array): ReviewEntry {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw usageError('the file with facts is not JSON', { cause })
  }
  try {
    return parseReviewEntry(value)
  } catch (thrown) {
    if (thrown instanceof ProtocolError) throw usageError(thrown.message, { cause: thrown })
    throw thrown
  }
}
