import { BY } from './served-node.ts'
import { UNKNOWN_CID } from './api-calls.ts'
import type { Call, World } from './api-calls.ts'
import { ROWS } from './api-rows.ts'
import { csvBill } from './bills.ts'

/** A request that must fail with a code. */
export type Failing = Call & {
  readonly headers?: Readonly<Record<string, string>>
  /** A key instead of one with every scope; the empty text is none. */
  readonly key?: string
}

type Provoke = (world: World, call: Call) => Failing | Promise<Failing>

const json = (value: object): string => JSON.stringify(value)
const at = (path: string): Provoke => {
  return (_world, call) => ({ ...call, path })
}
const withBody = (body: string | Uint8Array): Provoke => {
  return (_world, call) => ({ ...call, body })
}
const unknownBill: Provoke = ({ sealed, open, unread, batch }, call) => ({
  ...call,
  path: [sealed, open, unread, batch].reduce((path, cid) => path.replace(cid, UNKNOWN_CID), call.path),
})
const unknownHook = at('/v1/webhooks/wh_0000000000000000')
const EMPTY_KEY_ID = 'f'.repeat(12)
let made = 0
const unique = (name: string): string => `${name}-${(made += 1)}`
const bill = (row: object = {}): Uint8Array => csvBill({ point: unique('failing'), ...row })

async function closedAccount({ served }: World): Promise<string> {
  const id = unique('gone')
  await served.node.accounts.addAccount({ id }, BY)
  await served.node.accounts.closeAccount(id, BY)
  return id
}

/** An account whose quota its first bill fills. */
async function fullKey({ served }: World, quota: object): Promise<string> {
  const account = unique('full')
  await served.node.accounts.addAccount({ id: account, quota }, BY)
  const { text } = await served.makeKey(account, ['bills:write'])
  const first = { bytes: bill(), visibility: 'public', accountId: account } as const
  await served.node.submitBill(first, AbortSignal.timeout(30_000))
  return text
}

/** A sealed bill whose account was closed: it waits for people, so that its file is gone when that returns. */
async function withdrawnBill({ served: { node } }: World): Promise<string> {
  const id = unique('left')
  await node.accounts.addAccount({ id }, BY)
  const bytes = new TextEncoder().encode(`a bill that only ${id} can read\n`)
  const { cid } = await node.submitBill({ bytes, visibility: 'sealed', accountId: id }, AbortSignal.timeout(30_000))
  await node.accounts.closeAccount(id, BY)
  return cid
}

/** An account whose keys are as many as it may have. @returns the last one's id. */
async function fullOfKeys({ served }: World): Promise<{ account: string; id: string }> {
  const account = unique('many-keys')
  let id = ''
  for (let i = 0; i < 100; i += 1) id = (await served.makeKey(account, ['bills:read'])).id
  return { account, id }
}

/** What makes any route fail with a code that follows from its access, its shapes and its limits. */
export const COMMON: Readonly<Record<string, Provoke>> = {
  ERR_API_REQUEST: (_world, call) => ({
    ...call,
    path: `${call.path}${call.path.includes('?') ? '&' : '?'}nonsense=1`,
  }),
  ERR_API_KEY_MISSING: (_world, call) => ({ ...call, key: '' }),
  ERR_API_KEY_WRONG: (_world, call) => ({ ...call, key: `kw_${EMPTY_KEY_ID}_${'0'.repeat(64)}` }),
  ERR_API_SCOPE: async ({ served, account }, call) => {
    // One scope is enough to be refused everywhere but where it counts.
    const { listener } = await whoseRow(call)
    const scope = listener === 'review' ? 'proofs:read' : 'review'
    return { ...call, key: (await served.makeKey(account, [scope])).text }
  },
  ERR_API_ENCODING: (_world, call) => ({ ...call, body: call.body ?? '{}', headers: { 'content-encoding': 'gzip' } }),
  ERR_API_TOO_LARGE: (_world, call) => ({ ...call, body: ' '.repeat(20 * 1_048_576 + 1) }),
  ERR_API_BILL_UNKNOWN: unknownBill,
  ERR_REVIEW_UNKNOWN: unknownBill,
}

async function whoseRow({ path }: Call): Promise<{ listener: string }> {
  return { listener: path.startsWith('/v1/reviews') ? 'review' : 'other' }
}

/** What makes one route fail with a code of its own. */
export const OWN: Readonly<Record<string, Provoke>> = {
  'submitBill ERR_API_IDEMPOTENCY': async ({ served, account }, call) => {
    const { text } = await served.makeKey(account, ['bills:write'])
    const headers = { authorization: `Bearer ${text}`, 'idempotency-key': unique('name') }
    const first = await fetch(`${served.api.url}/v1/bills`, { method: 'POST', headers, body: Uint8Array.from(bill()) })
    await first.arrayBuffer()
    return { ...call, key: text, headers: { 'idempotency-key': headers['idempotency-key'] } }
  },
  'submitBill ERR_BILL_EMPTY': withBody(''),
  'submitBill ERR_BILL_REJECTED': withBody('<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry>'),
  'submitBill ERR_CLAIM_OVERLAP': ({ account }, call) => ({
    ...call,
    body: csvBill({ point: `${account}-sealed`, kWh: '129' }),
  }),
  'submitBill ERR_REGION_UNKNOWN': (_world, call) => ({ ...call, body: bill({ country: 'JP' }) }),
  'submitBill ERR_REGION_OTHER': (_world, call) => ({ ...call, body: bill({ country: 'DE' }) }),
  'submitBill ERR_QUOTA_BILLS': async (world, call) => ({ ...call, key: await fullKey(world, { billsPerDay: 1 }) }),
  'submitBill ERR_QUOTA_BYTES': async (world, call) => ({ ...call, key: await fullKey(world, { storedBytes: 200 }) }),
  'listBills ERR_API_CURSOR': at('/v1/bills?cursor=AAAA'),
  'listAnchors ERR_API_CURSOR': at('/v1/anchors?cursor=AAAA'),
  'listBatches ERR_API_CURSOR': at('/v1/batches?cursor=AAAA'),
  'getBillProof ERR_API_PROOF_PENDING': ({ unread }, call) => ({ ...call, path: `/v1/bills/${unread}/proof` }),
  'getPublicProof ERR_API_PROOF_PENDING': ({ unread }, call) => ({ ...call, path: `/v1/proofs/${unread}` }),
  'getBillFacts ERR_API_NOT_REVIEWED': (_world, call) => call,
  'getBillFile ERR_API_BILL_WITHDRAWN': async (world) => ({ path: `/v1/bills/${await withdrawnBill(world)}/file` }),
  'explainBill ERR_API_BILL_WITHDRAWN': async (world) => ({ path: `/v1/bills/${await withdrawnBill(world)}/explain` }),
  'getPublicFile ERR_API_BILL_WITHDRAWN': async (world) => ({ path: `/v1/files/${await withdrawnBill(world)}` }),
  'getIpfs ERR_API_BILL_WITHDRAWN': async (world) => ({ path: `/ipfs/${await withdrawnBill(world)}?format=car` }),
  'discloseBill ERR_SEAL_KEY': withBody(json({ to: `age1${'q'.repeat(58)}` })),
  'getPublicFile ERR_API_SEALED': ({ sealed }, call) => ({ ...call, path: `/v1/files/${sealed}` }),
  // Parameters that it does not know are left alone, as the gateways' specification says.
  'getIpfs ERR_API_REQUEST': at('/ipfs/not-a-cid?format=raw'),
  'getIpfs ERR_GATEWAY_ABSENT': unknownBill,
  'getIpfs ERR_GATEWAY_FORMAT': ({ open }, call) => ({ ...call, path: `/ipfs/${open}?format=tar` }),
  'getIpfs ERR_GATEWAY_RANGE': (_world, call) => ({ ...call, headers: { range: 'bytes=99999999-' } }),
  'getIpfs ERR_GATEWAY_NOT_CACHED': (_world, call) => ({
    ...call,
    path: `/ipfs/${UNKNOWN_CID}?format=raw`,
    headers: { 'cache-control': 'only-if-cached' },
  }),
  'createWebhook ERR_WEBHOOK_URL': withBody(json({ url: 'ftp://example.org/hook' })),
  'createWebhook ERR_WEBHOOK_LIMIT': async ({ served, account }, call) => {
    for (let i = (await served.node.webhooks.list(account)).length; i < 10; i += 1) {
      await served.node.webhooks.add(account, { url: `http://127.0.0.1:9/full-${i}`, states: ['final'] }, BY)
    }
    return { ...call, body: json({ url: 'http://127.0.0.1:9/one-more', states: ['final'] }) }
  },
  'removeWebhook ERR_WEBHOOK_UNKNOWN': unknownHook,
  'rotateWebhook ERR_WEBHOOK_UNKNOWN': at('/v1/webhooks/wh_0000000000000000/rotate'),
  'pingWebhook ERR_WEBHOOK_UNKNOWN': at('/v1/webhooks/wh_0000000000000000/ping'),
  'estimate ERR_ESTIMATE_REQUEST': withBody('{}'),
  'estimate ERR_PLACE_UNKNOWN': withBody(
    json({ place: { zip: '00000' }, year: 2022, energy: { amount: '1', unit: 'kWh' } }),
  ),
  'estimate ERR_FACTOR_NOT_AVAILABLE': withBody(
    json({ place: { country: 'US', state: 'CA' }, year: 1901, energy: { amount: '1', unit: 'kWh' } }),
  ),
  'listFactors ERR_PLACE_UNKNOWN': at('/v1/factors?zip=00000&year=2022'),
  'listFactors ERR_FACTOR_NOT_AVAILABLE': at('/v1/factors?place=US-CA&year=1901'),
  'listFactors ERR_FACTOR_DATASET_UNKNOWN': at('/v1/factors?place=US-CA&year=2022&dataset=nonesuch'),
  'explainBill ERR_BILL_NO_FIGURES': ({ unread }, call) => ({ ...call, path: `/v1/bills/${unread}/explain` }),
  'getAnchor ERR_API_ANCHOR_UNKNOWN': at('/v1/anchors/999999'),
  'getBatch ERR_API_BATCH_UNKNOWN': at('/v1/batches/bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'),
  'enterReview ERR_REVIEW_FACTS': (_world, call) => ({
    ...call,
    body: String(call.body).replace('"country":"US","state":"CA"', '"country":"DE"'),
  }),
  'addAccount ERR_ACCOUNT_EXISTS': ({ account }, call) => ({ ...call, body: json({ id: account }) }),
  'addAccount ERR_ACCOUNT_FIELD': withBody(json({ id: 'Not An Id' })),
  'getAccount ERR_ACCOUNT_UNKNOWN': at('/v1/accounts/nobody'),
  'changeQuota ERR_ACCOUNT_UNKNOWN': at('/v1/accounts/nobody/quota'),
  'changeQuota ERR_ACCOUNT_CLOSED': async (world, call) => ({
    ...call,
    path: `/v1/accounts/${await closedAccount(world)}/quota`,
  }),
  'closeAccount ERR_ACCOUNT_UNKNOWN': (_world, call) => ({
    ...call,
    path: '/v1/accounts/nobody/close',
    body: json({ confirm: 'nobody' }),
  }),
  'closeAccount ERR_ACCOUNT_CLOSED': async (world, call) => {
    const id = await closedAccount(world)
    return { ...call, path: `/v1/accounts/${id}/close`, body: json({ confirm: id }) }
  },
  'createKey ERR_ACCOUNT_UNKNOWN': withBody(json({ account: 'nobody', scopes: ['bills:read'] })),
  'createKey ERR_ACCOUNT_CLOSED': async (world, call) => ({
    ...call,
    body: json({ account: await closedAccount(world), scopes: ['bills:read'] }),
  }),
  'createKey ERR_KEY_FIELD': withBody(
    json({ account: 'spare', scopes: ['bills:read'], expiresAt: '2020-01-01T00:00:00.000Z' }),
  ),
  'createKey ERR_KEY_LIMIT': async (world, call) => ({
    ...call,
    body: json({ account: (await fullOfKeys(world)).account, scopes: ['bills:read'] }),
  }),
  'rotateKey ERR_KEY_UNKNOWN': at(`/v1/keys/${EMPTY_KEY_ID}/rotate`),
  'rotateKey ERR_KEY_REVOKED': async ({ served }, call) => {
    const { id } = await served.makeKey('spare', ['bills:read'])
    await served.node.accounts.revokeKey(id, BY)
    return { ...call, path: `/v1/keys/${id}/rotate` }
  },
  'rotateKey ERR_KEY_FIELD': withBody(json({ graceMs: 9_000_000_000 })),
  'rotateKey ERR_KEY_LIMIT': async (world, call) => ({
    ...call,
    path: `/v1/keys/${(await fullOfKeys(world)).id}/rotate`,
  }),
  'revokeKey ERR_KEY_UNKNOWN': at(`/v1/keys/${EMPTY_KEY_ID}/revoke`),
}

/** The request that works, of an operation. */
export async function workingCall(operationId: string, world: World): Promise<Call> {
  const row = ROWS[operationId]
  if (row === undefined) throw new Error(`no row for ${operationId}`)
  return row.call(world)
}

const BUSY = 'takes a queue of thousands; unit tests hold the bound'
const DOWNLOADS = 'takes readers that are slow on purpose; held by the tests of downloads'
const CHANGES = 'takes a thousand of them in a day; held by webhooks.spec.ts'
/** Codes that are documented and not provoked here, with the reason. What is provoked must not stand here. */
export const NOT_PROVOKED: Readonly<Record<string, string>> = {
  'submitBill ERR_API_UPLOADS': 'takes 17 large uploads at once; held by api-uploads.spec.ts',
  'submitBill ERR_NODE_BUSY': BUSY,
  'submitBill ERR_NODE_STOPPED': 'the listener is closed before the node stops',
  'submitBill ERR_STORAGE_FULL': 'takes a full disk',
  'getBillFile ERR_API_DOWNLOADS': DOWNLOADS,
  'discloseBill ERR_API_DOWNLOADS': DOWNLOADS,
  'discloseBill ERR_QUOTA_DISCLOSURES': 'takes hundreds of them in an hour; held by the unit test of disclosures',
  'createWebhook ERR_WEBHOOK_CHANGES': CHANGES,
  'rotateWebhook ERR_WEBHOOK_CHANGES': CHANGES,
  'pingWebhook ERR_WEBHOOK_CHANGES': CHANGES,
  'getPublicFile ERR_API_DOWNLOADS': DOWNLOADS,
  'getReviewFile ERR_API_DOWNLOADS': DOWNLOADS,
  'getIpfs ERR_API_DOWNLOADS': DOWNLOADS,
  'getIpfs ERR_NODE_BUSY': BUSY,
  'followEvents ERR_API_STREAMS': 'takes streams that stay open; held by the tests of events',
  'estimate ERR_NODE_BUSY': BUSY,
  'listFactors ERR_NODE_BUSY': BUSY,
  'explainBill ERR_AUDIT_TIMEOUT': 'takes a bill that extraction needs 10 s for',
  'getReviewFile ERR_REVIEW_ABSENT': 'takes a sponsor that is gone; held by region-review.spec.ts',
  'enterReview ERR_REVIEW_ABSENT': 'takes a sponsor that is gone; held by region-review.spec.ts',
  'enterReview ERR_REVIEW_NOT_NEEDED': 'takes a request for review that a rogue auditor made',
  'enterReview ERR_REVIEW_CLOSED': 'takes the people of a quorum; held by region-review.spec.ts',
  'withdrawReview ERR_REVIEW_CLOSED': 'takes the people of a quorum; held by region-review.spec.ts',
  'addAccount ERR_ACCOUNT_LIMIT': 'takes 100,000 accounts',
}
