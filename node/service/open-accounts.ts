import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import { charterFromJson } from '#config'
import { domainOf } from '#protocol'
import { Store } from '#storage'
import { readApiKeys } from '../data-dir.ts'
import { DATA_FILES, readDataFile } from '../data-files.ts'
import { Accounts } from './accounts.ts'
import { takeOverAccounts } from './take-over.ts'

/** Accounts of a data directory whose node does not run. */
export type OpenedAccounts = { readonly accounts: Accounts; readonly close: () => Promise<void> }

/**
 * Opens the accounts of a data directory, as the node would at its start: keys of `api-keys.json` are taken over. No passphrase
 * is needed: what is kept of keys is public, and bills stay as they are.
 *
 * @throws {StorageError} ERR_STORAGE_LOCKED while the node runs: level lets one process have a store.
 * @throws {IdentityError} ERR_DIR_INCOMPLETE, ERR_DIR_FILE.
 */
export async function openAccounts(dataDir: string): Promise<OpenedAccounts> {
  const charter = charterFromJson(await readDataFile(dataDir, DATA_FILES.charter))
  const keys = await readApiKeys(dataDir)
  const store = await Store.open(join(dataDir, 'store'), domainOf(charter).networkId)
  try {
    const log = pino({ level: 'silent' })
    const accounts = new Accounts({
      store,
      nowMs: () => Date.now(),
      randomBytes: (size) => new Uint8Array(randomBytes(size)),
      log,
    })
    await accounts.load()
    await takeOverAccounts({ dataDir, store, accounts, keys, log })
    return { accounts, close: async () => store.close() }
  } catch (thrown) {
    await store.close()
    throw thrown
  }
}
