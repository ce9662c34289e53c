import { ApiError } from '../api-error.ts'
import { actorOf } from '../auth.ts'
import { defineRoute } from '../route.ts'
import {
  account,
  accountList,
  accountParams,
  accountsQuery,
  auditEntries,
  auditQuery,
  closeBody,
  closedAccount,
  key,
  keyList,
  keyParams,
  keysQuery,
  madeAccount,
  madeKey,
  newAccount,
  newKey,
  quota,
  rotateBody,
} from '../schemas/accounts.ts'

/** Of every route here: the operator's listener, and a key that administers. */
const OPERATOR = { listener: 'operator', tag: 'Operator', access: ['admin'] } as const

/** Secrets that are shown once are kept by no cache. */
const NO_STORE = { 'cache-control': 'no-store' } as const

/** Accounts, for the operator (DESIGN 15). */
const accountRoutes = [
  defineRoute({
    ...OPERATOR,
    method: 'GET',
    path: '/v1/accounts',
    operationId: 'listAccounts',
    summary: 'All accounts with quota and usage, closed ones too',
    query: accountsQuery,
    answers: { 200: { description: 'Accounts by id', schema: accountList } },
    problems: [],
    handle: async ({ query: { after, limit } }, node) => {
      const accounts = await node.accounts.listAccounts({ limit, ...(after === undefined ? {} : { after }) })
      return { accounts, ...nextOf(accounts, limit) }
    },
  }),
  defineRoute({
    ...OPERATOR,
    method: 'POST',
    path: '/v1/accounts',
    operationId: 'addAccount',
    summary: 'Sign up an account',
    body: newAccount,
    answers: { 201: { description: 'The account; with a key pair made for it, its secret half', schema: madeAccount } },
    problems: ['ERR_ACCOUNT_EXISTS', 'ERR_ACCOUNT_FIELD', 'ERR_ACCOUNT_LIMIT'],
    handle: async ({ body: { id, name, recipient, quota: limits }, principal, requestId, reply }, node) => {
      const made = await node.accounts.addAccount(
        {
          id,
          ...(name === undefined ? {} : { name }),
          ...(recipient === undefined ? {} : { recipient }),
          ...(limits === undefined ? {} : { quota: withoutAbsent(limits) }),
        },
        actorOf(principal, requestId),
      )
      return reply.code(201).headers(NO_STORE).send(made)
    },
  }),
  defineRoute({
    ...OPERATOR,
    method: 'GET',
    path: '/v1/accounts/{id}',
    operationId: 'getAccount',
    summary: 'One account with quota and usage',
    params: accountParams,
    answers: { 200: { description: 'The account', schema: account } },
    problems: ['ERR_ACCOUNT_UNKNOWN'],
    handle: async ({ params: { id } }, node) => node.accounts.getAccount(id),
  }),
  defineRoute({
    ...OPERATOR,
    method: 'PUT',
    path: '/v1/accounts/{id}/quota',
    operationId: 'changeQuota',
    summary: 'Change what an account may use: what is left out is without limit',
    params: accountParams,
    body: quota,
    answers: { 200: { description: 'The account as it is now', schema: account } },
    problems: ['ERR_ACCOUNT_UNKNOWN', 'ERR_ACCOUNT_CLOSED'],
    handle: async ({ params: { id }, body, principal, requestId }, node) =>
      node.accounts.changeQuota(id, withoutAbsent(body), actorOf(principal, requestId)),
  }),
  defineRoute({
    ...OPERATOR,
    method: 'POST',
    path: '/v1/accounts/{id}/close',
    operationId: 'closeAccount',
    summary: 'Close an account: revokes its keys at once and destroys its sealed bills for good',
    params: accountParams,
    body: closeBody,
    answers: { 200: { description: 'The closed account', schema: closedAccount } },
    problems: ['ERR_ACCOUNT_UNKNOWN', 'ERR_ACCOUNT_CLOSED'],
    handle: async ({ params: { id }, body: { confirm }, principal, requestId }, node) => {
      if (confirm === id) return node.accounts.closeAccount(id, actorOf(principal, requestId))
      throw new ApiError(`confirm: expected the id ${id} again`, { code: 'ERR_API_REQUEST', place: 'confirm' })
    },
  }),
]

/** Keys of accounts. */
const keyRoutes = [
  defineRoute({
    ...OPERATOR,
    method: 'GET',
    path: '/v1/keys',
    operationId: 'listKeys',
    summary: 'Keys, ended ones too, without their secrets',
    query: keysQuery,
    answers: { 200: { description: 'Keys, the oldest first', schema: keyList } },
    problems: [],
    handle: async ({ query: { account: of, after, limit } }, node) => {
      const keys = await node.accounts.listKeys(of, { limit, ...(after === undefined ? {} : { after }) })
      return { keys, ...nextOf(keys, limit) }
    },
  }),
  defineRoute({
    ...OPERATOR,
    method: 'POST',
    path: '/v1/keys',
    operationId: 'createKey',
    summary: 'Make a key; its secret is in this answer and nowhere else',
    body: newKey,
    answers: { 201: { description: 'The key', schema: madeKey } },
    problems: ['ERR_ACCOUNT_UNKNOWN', 'ERR_ACCOUNT_CLOSED', 'ERR_KEY_FIELD', 'ERR_KEY_LIMIT'],
    handle: async ({ body, principal, requestId, reply }, node) => {
      const { account: of, scopes, label, expiresAt } = body
      const made = await node.accounts.createKey(
        {
          account: of,
          scopes,
          ...(label === undefined ? {} : { label }),
          ...(expiresAt === undefined ? {} : { expiresAt }),
        },
        actorOf(principal, requestId),
      )
      return reply.code(201).headers(NO_STORE).send({ key: made.key, apiKey: made.text })
    },
  }),
  defineRoute({
    ...OPERATOR,
    method: 'POST',
    path: '/v1/keys/{id}/rotate',
    operationId: 'rotateKey',
    summary: 'Follow a key by a new one with the same rights',
    params: keyParams,
    body: rotateBody,
    answers: { 201: { description: 'The new key', schema: madeKey } },
    problems: ['ERR_KEY_UNKNOWN', 'ERR_KEY_REVOKED', 'ERR_KEY_FIELD', 'ERR_KEY_LIMIT'],
    handle: async ({ params: { id }, body: { graceMs }, principal, requestId, reply }, node) => {
      const made = await node.accounts.rotateKey(id, graceMs, actorOf(principal, requestId))
      return reply.code(201).headers(NO_STORE).send({ key: made.key, apiKey: made.text })
    },
  }),
  defineRoute({
    ...OPERATOR,
    method: 'POST',
    path: '/v1/keys/{id}/revoke',
    operationId: 'revokeKey',
    summary: 'End a key at once',
    params: keyParams,
    answers: { 200: { description: 'The key as it is now', schema: key } },
    problems: ['ERR_KEY_UNKNOWN'],
    handle: async ({ params: { id }, principal, requestId }, node) =>
      node.accounts.revokeKey(id, actorOf(principal, requestId)),
  }),
]

const auditRoute = defineRoute({
  ...OPERATOR,
  method: 'GET',
  path: '/v1/audit-log',
  operationId: 'listAuditLog',
  summary: 'Who did what with accounts, keys and sealed bills, the oldest entry first',
  query: auditQuery,
  answers: { 200: { description: 'Entries', schema: auditEntries } },
  problems: [],
  handle: async ({ query: { after, limit } }, node) => ({ entries: await node.accounts.listAudit(after, limit) }),
})

/** What the operator does with accounts and keys. */
export const operatorRoutes = [...accountRoutes, ...keyRoutes, auditRoute]

function nextOf(items: readonly { readonly id: string }[], limit: number): { next?: string } {
  const last = items.length === limit ? items.at(-1) : undefined
  return last === undefined ? {} : { next: last.id }
}

/** The same without fields that are undefined. */
function withoutAbsent<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // Entries that are left have values: that is what the type says.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
