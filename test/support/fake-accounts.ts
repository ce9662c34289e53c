import type { Account, AccountsView, KeyView } from '#api'

const ACCOUNT: Account = {
  id: 'tester',
  recipient: 'age1fake',
  quota: { billsPerDay: 10 },
  createdAt: '2026-01-01T00:00:00.000Z',
  state: 'open',
  usage: { bills: 2, storedBytes: 300, billsToday: 1 },
}

const KEY: KeyView = {
  id: '010101010101',
  account: 'tester',
  scopes: ['bills:write', 'bills:read'],
  createdAt: '2026-01-01T00:00:00.000Z',
}

/** One account with one key, whatever is done. */
export const FAKE_ACCOUNTS: AccountsView = {
  addAccount: async () => ({ account: ACCOUNT, identity: 'AGE-SECRET-KEY-FAKE' }),
  listAccounts: async () => [ACCOUNT],
  findAccount: async () => ACCOUNT,
  getAccount: async () => ACCOUNT,
  changeQuota: async (_id, quota) => ({ ...ACCOUNT, quota }),
  closeAccount: async () => ({ account: { ...ACCOUNT, state: 'closed' }, removedBills: 2 }),
  createKey: async () => ({ key: KEY, text: `kw_${KEY.id}_${'00'.repeat(32)}` }),
  listKeys: async () => [KEY],
  rotateKey: async () => ({ key: KEY, text: `kw_${KEY.id}_${'00'.repeat(32)}` }),
  revokeKey: async () => ({ ...KEY, revokedAt: '2026-01-02T00:00:00.000Z' }),
  listAudit: async () => [
    { seq: 1, at: '2026-01-01T00:00:00.000Z', actor: 'operator', action: 'account.add', subject: 'tester' },
  ],
  checkQuota: () => undefined,
}
