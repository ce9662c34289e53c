import { ApiError } from '../api-error.ts'
import { defineRoute } from '../route.ts'
import { ownAccount } from '../schemas/accounts.ts'

/** What every key may know: whose it is, and what is left of the quota. */
export const ownAccountRoutes = [
  defineRoute({
    method: 'GET',
    path: '/v1/account',
    operationId: 'getOwnAccount',
    summary: 'The account of this key: quota, usage, and the key itself',
    tag: 'Account',
    access: 'any-key',
    answers: { 200: { description: 'Account and key', schema: ownAccount } },
    problems: [],
    handle: async ({ principal }, node) => {
      const account = await node.accounts.findAccount(principal.account)
      const key = (await node.accounts.listKeys(principal.account)).find(({ id }) => id === principal.keyId)
      if (account !== undefined && key !== undefined) return { account, key }
      // Revoked between the first look and this one.
      throw new ApiError('the key is not valid here', { code: 'ERR_API_KEY_WRONG' })
    },
  }),
]
