import type { ApiScope } from '#api'
import { csvBill } from './bills.ts'
import { RECIPIENT } from './api-calls.ts'
import type { Call, World } from './api-calls.ts'
import { BY } from './served-node.ts'
import type { ServedNode } from './served-node.ts'

/** Who may call a route, on which listener, with a request that works, and what who may gets. */
export type Row = {
  readonly listener: 'public' | 'operator' | 'both'
  readonly who: 'open' | 'any-key' | readonly ApiScope[]
  /** A request of its own for each call: what it changes is made for it. */
  readonly call: (world: World) => Call | Promise<Call>
  /** Status for the account that the request is about, and for keys with the scope `admin`. */
  readonly own: number
  /** Status for another account's key with the same scopes. @default as `own` */
  readonly other?: number
}

const READ: readonly ApiScope[] = ['bills:read', 'admin']
const ADMIN: readonly ApiScope[] = ['admin']
let made = 0
const unique = (name: string): string => `${name}-${(made += 1)}`
const json = (value: object): string => JSON.stringify(value)
const get = (path: string): (() => Call) => {
  return () => ({ path })
}
const ofBill = (suffix = ''): ((world: World) => Call) => {
  return ({ sealed }) => ({ path: `/v1/bills/${sealed}${suffix}` })
}

/** An account has room for a few webhooks: what an earlier call made is gone, the first stays. */
async function makeRoom({ node }: ServedNode, account: string): Promise<void> {
  for (const whose of [account, 'stranger']) {
    for (const { id } of (await node.webhooks.list(whose)).slice(1)) await node.webhooks.remove(whose, id, BY)
  }
}

/**
 * Every operation, written down a second time: what a route declares of itself is compared with what it ought to. A route
 * without a row, or with another access than here, fails.
 */
export const ROWS: Readonly<Record<string, Row>> = {
  submitBill: {
    listener: 'public',
    who: ['bills:write'],
    call: () => ({ path: '/v1/bills', method: 'POST', body: csvBill({ point: unique('row') }) }),
    own: 202,
  },
  listBills: { listener: 'public', who: READ, call: get('/v1/bills?limit=1'), own: 200 },
  getBill: { listener: 'public', who: READ, call: ofBill(), own: 200, other: 404 },
  getBillFile: { listener: 'public', who: READ, call: ofBill('/file'), own: 200, other: 404 },
  getBillProof: {
    listener: 'public',
    who: ['proofs:read', 'bills:read', 'admin'],
    call: ofBill('/proof'),
    own: 200,
    other: 404,
  },
  // Nothing that people read: the bill is there all the same.
  getBillFacts: { listener: 'public', who: READ, call: ofBill('/facts'), own: 404, other: 404 },
  explainBill: { listener: 'public', who: READ, call: ofBill('/explain'), own: 200, other: 404 },
  discloseBill: {
    listener: 'public',
    who: ['bills:read'],
    call: ({ sealed }) => ({
      path: `/v1/bills/${sealed}/disclose`,
      method: 'POST',
      body: json({ to: RECIPIENT }),
    }),
    own: 200,
    other: 404,
  },
  getPublicFile: { listener: 'public', who: 'open', call: ({ open }) => ({ path: `/v1/files/${open}` }), own: 200 },
  getPublicProof: {
    listener: 'public',
    who: 'open',
    call: ({ sealed }) => ({ path: `/v1/proofs/${sealed}` }),
    own: 200,
  },
  getIpfs: { listener: 'public', who: 'open', call: ({ open }) => ({ path: `/ipfs/${open}?format=raw` }), own: 200 },
  followEvents: { listener: 'public', who: READ, call: get('/v1/events'), own: 200 },
  createWebhook: {
    listener: 'public',
    who: ['bills:write'],
    call: async ({ served, account }) => {
      await makeRoom(served, account)
      return {
        path: '/v1/webhooks',
        method: 'POST',
        body: json({ url: `http://127.0.0.1:9/${unique('hook')}`, states: ['final'] }),
      }
    },
    own: 201,
  },
  listWebhooks: { listener: 'public', who: ['bills:read', 'bills:write'], call: get('/v1/webhooks'), own: 200 },
  removeWebhook: {
    listener: 'public',
    who: ['bills:write'],
    call: async ({ served, account }) => {
      await makeRoom(served, account)
      const { webhook } = await served.node.webhooks.add(
        account,
        { url: `http://127.0.0.1:9/${unique('gone')}`, states: ['final'] },
        BY,
      )
      return { path: `/v1/webhooks/${webhook.id}`, method: 'DELETE' }
    },
    own: 204,
    other: 404,
  },
  rotateWebhook: {
    listener: 'public',
    who: ['bills:write'],
    call: ({ webhook }) => ({ path: `/v1/webhooks/${webhook}/rotate`, method: 'POST', body: '{}' }),
    own: 200,
    other: 404,
  },
  pingWebhook: {
    listener: 'public',
    who: ['bills:write'],
    call: ({ webhook }) => ({ path: `/v1/webhooks/${webhook}/ping`, method: 'POST' }),
    own: 200,
    other: 404,
  },
  estimate: {
    listener: 'public',
    who: 'open',
    call: () => ({
      path: '/v1/estimates',
      method: 'POST',
      body: json({ place: { country: 'US', state: 'CA' }, year: 2022, energy: { amount: '1', unit: 'kWh' } }),
    }),
    own: 200,
  },
  listFactors: { listener: 'public', who: 'open', call: get('/v1/factors?place=US-CA&year=2022'), own: 200 },
  listRegions: { listener: 'public', who: 'open', call: get('/v1/regions'), own: 200 },
  getCommittee: { listener: 'public', who: 'open', call: get('/v1/committee'), own: 200 },
  listAnchors: { listener: 'public', who: 'open', call: get('/v1/anchors'), own: 200 },
  getAnchor: { listener: 'public', who: 'open', call: get('/v1/anchors/1'), own: 200 },
  listBatches: { listener: 'public', who: 'open', call: get('/v1/batches'), own: 200 },
  getBatch: { listener: 'public', who: 'open', call: ({ batch }) => ({ path: `/v1/batches/${batch}` }), own: 200 },
  // What is under review is the auditor's, not an account's.
  listReviews: { listener: 'public', who: ['review'], call: get('/v1/reviews'), own: 200 },
  getReview: {
    listener: 'public',
    who: ['review'],
    call: ({ unread }) => ({ path: `/v1/reviews/${unread}` }),
    own: 200,
  },
  getReviewFile: {
    listener: 'public',
    who: ['review'],
    call: ({ unread }) => ({ path: `/v1/reviews/${unread}/file` }),
    own: 200,
  },
  enterReview: {
    listener: 'public',
    who: ['review'],
    call: ({ unread }) => ({
      path: `/v1/reviews/${unread}/entry`,
      method: 'PUT',
      body: json({
        commodity: 'electricity',
        point: 'READ BY PEOPLE',
        service: { start: '2022-03-01', end: '2022-04-01' },
        import: { value: '128', unit: 'kWh' },
        kind: 'actual',
        place: { country: 'US', state: 'CA' },
      }),
    }),
    own: 200,
  },
  withdrawReview: {
    listener: 'public',
    who: ['review'],
    call: ({ unread }) => ({ path: `/v1/reviews/${unread}/entry`, method: 'DELETE' }),
    own: 200,
  },
  listPeers: { listener: 'both', who: READ, call: get('/v1/peers'), own: 200 },
  getOwnAccount: { listener: 'public', who: 'any-key', call: get('/v1/account'), own: 200 },
  listAccounts: { listener: 'operator', who: ADMIN, call: get('/v1/accounts'), own: 200 },
  addAccount: {
    listener: 'operator',
    who: ADMIN,
    call: () => ({ path: '/v1/accounts', method: 'POST', body: json({ id: unique('added') }) }),
    own: 201,
  },
  getAccount: {
    listener: 'operator',
    who: ADMIN,
    call: ({ account }) => ({ path: `/v1/accounts/${account}` }),
    own: 200,
  },
  changeQuota: {
    listener: 'operator',
    who: ADMIN,
    call: ({ account }) => ({ path: `/v1/accounts/${account}/quota`, method: 'PUT', body: '{}' }),
    own: 200,
  },
  closeAccount: {
    listener: 'operator',
    who: ADMIN,
    call: async ({ served }) => {
      const { account } = await served.node.accounts.addAccount({ id: unique('closed') }, BY)
      return { path: `/v1/accounts/${account.id}/close`, method: 'POST', body: json({ confirm: account.id }) }
    },
    own: 200,
  },
  listKeys: { listener: 'operator', who: ADMIN, call: get('/v1/keys'), own: 200 },
  createKey: {
    listener: 'operator',
    who: ADMIN,
    call: () => ({ path: '/v1/keys', method: 'POST', body: json({ account: 'spare', scopes: ['bills:read'] }) }),
    own: 201,
  },
  rotateKey: {
    listener: 'operator',
    who: ADMIN,
    call: async ({ served }) => {
      const { id } = await served.makeKey('spare', ['bills:read'])
      return { path: `/v1/keys/${id}/rotate`, method: 'POST', body: '{}' }
    },
    own: 201,
  },
  revokeKey: {
    listener: 'operator',
    who: ADMIN,
    call: async ({ served }) => {
      const { id } = await served.makeKey('spare', ['bills:read'])
      return { path: `/v1/keys/${id}/revoke`, method: 'POST' }
    },
    own: 200,
  },
  listAuditLog: { listener: 'operator', who: ADMIN, call: get('/v1/audit-log'), own: 200 },
  getHealth: { listener: 'both', who: 'open', call: get('/healthz'), own: 200 },
  getReadiness: { listener: 'both', who: 'open', call: get('/readyz'), own: 200 },
  getStatus: { listener: 'both', who: READ, call: get('/v1/status'), own: 200 },
  getMetrics: { listener: 'operator', who: 'open', call: get('/metrics'), own: 200 },
}
