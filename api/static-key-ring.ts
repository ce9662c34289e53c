import { findApiKey } from './api-key.ts'
import type { ApiKeyRecord } from './api-key.ts'
import type { KeyRing } from './views/accounts.ts'

/** A key ring of fixed records, without expiry: for tests and for tools that serve without a store. */
export function createStaticKeyRing(records: readonly ApiKeyRecord[]): KeyRing {
  return {
    authenticate(text) {
      const record = findApiKey(records, text)
      return record === undefined ? undefined : { keyId: record.id, account: record.account, scopes: record.scopes }
    },
  }
}
