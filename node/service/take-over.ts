import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { ApiKeyRecord } from '#api'
import { generateArchiveKey } from '#storage'
import type { Store } from '#storage'
import { writeNewFile } from '../data-files.ts'
import type { RegionContext } from '../region-context.ts'
import { recordOfSeed } from './account-keys.ts'
import type { Accounts } from './accounts.ts'
import { indexOldBills } from './old-bills.ts'

/** What taking over needs. */
export type TakeOverInit = {
  readonly dataDir: string
  readonly store: Store
  readonly accounts: Accounts
  /** Keys of `api-keys.json`. */
  readonly keys: readonly ApiKeyRecord[]
  /** Tells whose bills an older store has; without it they wait for the node's own start. */
  readonly context?: Pick<RegionContext, 'privateKey'>
  readonly log: Logger
}

/**
 * Takes over what `init` and earlier versions left: keys of `api-keys.json` with their accounts, and bills from before accounts
 * were kept. What the store knows already stays as it is, revoked keys and closed accounts above all.
 */
export async function takeOverAccounts({ dataDir, store, accounts, keys, context, log }: TakeOverInit): Promise<void> {
  const byAccount = Map.groupBy(keys, ({ account }) => account)
  for (const [id, seeds] of byAccount) {
    const isKnown = (await accounts.findAccount(id)) !== undefined
    const recipient = isKnown ? undefined : await makeRecipient(dataDir, id, log)
    await accounts.takeOver({ id, ...(recipient === undefined ? {} : { recipient }) }, seeds.map(recordOfSeed))
  }
  if (context !== undefined) await indexOldBills({ store, accounts, privateKey: context.privateKey, log })
}

/**
 * A key pair for an account that came with `api-keys.json`: there is nobody to hand the secret half to, so it lies in the data
 * directory, as `age-keygen` writes it. The file comes first: a crash behind it finds it again.
 */
async function makeRecipient(dataDir: string, account: string, log: Logger): Promise<string> {
  const path = holderPath(dataDir, account)
  const found = await readFile(path, 'utf8').catch(() => undefined)
  const known = found === undefined ? undefined : /^# public key: (age1\w+)$/m.exec(found)?.[1]
  if (known !== undefined) return known
  const { identity, recipient } = await generateArchiveKey()
  await writeNewFile(path, `# account: ${account}\n# public key: ${recipient}\n${identity}\n`)
  log.info({ account, path }, 'made an age key for an account: its sealed bills open with age -d -i FILE')
  return recipient
}

/** Destroys the key pair that was made here for an account, if its secret half was never handed over and deleted. */
export async function removeHolderKey(dataDir: string, account: string): Promise<void> {
  await rm(holderPath(dataDir, account), { force: true })
}

function holderPath(dataDir: string, account: string): string {
  return join(dataDir, `holder-${encodeURIComponent(account)}.age`)
}
