import { createHash } from 'node:crypto'

/** SHA-256 of a file's bytes by native code: bills are large, and hashed on every node. */
export function hashFile(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}
