import type { KwitnessClient, OperatorClient } from '#client'
import { FAKE_PUBLIC_BILL as CID } from './fake-node.ts'

type Calls<T> = Readonly<Record<string, (client: T) => Promise<unknown>>>

const ACCOUNT = 'tester'
const KEY = '010101010101'
const WEBHOOK = 'wh_0011223344556677'
/** A recipient of age's own test suite. */
const RECIPIENT = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj'

/** A call for each operation of the public listener, with all that it can be given; {@link FakeNode} has what is asked for. */
export const PUBLIC_CALLS: Calls<KwitnessClient> = {
  getHealth: async (client) => client.getHealth(),
  getReadiness: async (client) => client.getReadiness(),
  getStatus: async (client) => client.getStatus(),
  listPeers: async (client) => client.listPeers(),
  submitBill: async (client) =>
    client.submitBill({ bytes: Uint8Array.of(1), visibility: 'public', file: 'a.csv', place: { country: 'DE' } }),
  listBills: async (client) =>
    client.listBills({
      state: 'certified',
      from: '2026-01-01T00:00:00Z',
      to: '2026-02-01T00:00:00Z',
      limit: 2,
      cursor: 'a',
    }),
  getBill: async (client) => client.getBill(CID),
  getBillFile: async (client) => client.getBillFile(CID),
  getBillProof: async (client) => client.getBillProof(CID, 0),
  explainBill: async (client) => client.explainBill(CID, 0),
  getBillFacts: async (client) => client.getBillFacts(CID),
  discloseBill: async (client) => client.discloseBill(CID, RECIPIENT),
  followEvents: async (client) => {
    const events = client.followEvents(0, { patienceMs: 0 })
    const first = await events.next()
    await events.return(undefined as never)
    return first.value
  },
  createWebhook: async (client) => client.createWebhook({ url: 'https://example.com/hook', states: ['final'] }),
  listWebhooks: async (client) => client.listWebhooks(),
  rotateWebhook: async (client) => client.rotateWebhook(WEBHOOK, 3_600_000),
  removeWebhook: async (client) => client.removeWebhook(WEBHOOK),
  pingWebhook: async (client) => client.pingWebhook(WEBHOOK),
  estimate: async (client) =>
    client.estimate({ place: { country: 'DE' }, year: 2023, energy: { amount: '1', unit: 'kWh' } }),
  listFactors: async (client) => client.listFactors({ place: 'DE', year: 2023, limit: 5 }),
  listRegions: async (client) => client.listRegions(),
  getCommittee: async (client) => client.getCommittee(),
  listAnchors: async (client) => client.listAnchors({ limit: 1, cursor: 'a' }),
  getAnchor: async (client) => client.getAnchor(1),
  listBatches: async (client) => client.listBatches({ limit: 1, cursor: 'a', state: 'certified' }),
  getBatch: async (client) => client.getBatch(CID),
  getOwnAccount: async (client) => client.getOwnAccount(),
  getPublicFile: async (client) => client.getPublicFile(CID),
  getPublicProof: async (client) => client.getPublicProof(CID, 0),
  getIpfs: async (client) =>
    client.getIpfs(CID, { format: 'car', scope: 'entity', entityBytes: '0:9', duplicates: false }),
  listReviews: async (client) => client.listReviews(),
  getReview: async (client) => client.getReview(CID),
  getReviewFile: async (client) => client.getReviewFile(CID),
  enterReview: async (client) => client.enterReview(CID, []),
  withdrawReview: async (client) => client.withdrawReview(CID),
}

/** A call for each operation of the operator's listener. */
export const OPERATOR_CALLS: Calls<OperatorClient> = {
  getHealth: async (client) => client.getHealth(),
  getReadiness: async (client) => client.getReadiness(),
  getStatus: async (client) => client.getStatus(),
  listPeers: async (client) => client.listPeers(),
  getMetrics: async (client) => client.getMetrics(),
  listAccounts: async (client) => client.listAccounts({ after: 'a', limit: 3 }),
  addAccount: async (client) => client.addAccount({ id: ACCOUNT, name: 'Tester', quota: { billsPerDay: 3 } }),
  getAccount: async (client) => client.getAccount(ACCOUNT),
  changeQuota: async (client) => client.changeQuota(ACCOUNT, { billsPerDay: 4 }),
  closeAccount: async (client) => client.closeAccount(ACCOUNT),
  listKeys: async (client) => client.listKeys({ account: ACCOUNT, after: KEY, limit: 3 }),
  createKey: async (client) => client.createKey({ account: ACCOUNT, scopes: ['bills:read'] }),
  rotateKey: async (client) => client.rotateKey(KEY, 1_000),
  revokeKey: async (client) => client.revokeKey(KEY),
  listAuditLog: async (client) => client.listAuditLog(1, 5),
}
