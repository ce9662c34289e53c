import type { ApiScope, ApiServerInit } from '#api'
import type { AuditorNode, NodeInit } from '../../node/node.ts'
import { startApi } from './api-server.ts'
import type { RunningApi } from './api-server.ts'
import { startLiveRegion } from './live-region.ts'
import type { LiveRegion } from './live-region.ts'

/** An auditor of a live region, with both listeners. */
export type ServedNode = {
  readonly region: LiveRegion
  readonly node: AuditorNode
  readonly api: RunningApi
  readonly operator: RunningApi
  /** A key of an account, which is signed up if it is new. */
  makeKey(account: string, scopes: readonly ApiScope[], expiresAt?: string): Promise<{ id: string; text: string }>
  stop(): Promise<void>
}

/** Who the test is in the audit log. */
export const BY = { actor: 'operator' }

/** Starts one. */
export async function startServedNode(
  change: Partial<NodeInit> = {},
  init: Partial<ApiServerInit> = {},
): Promise<ServedNode> {
  const region = await startLiveRegion({ change: () => change })
  try {
    const node = region.node(0)
    const api = await startApi({ node, keys: node.keys }, init)
    const operator = await startApi({ node, keys: node.keys }, { ...init, kind: 'operator' })
    return {
      region,
      node,
      api,
      operator,
      async makeKey(account, scopes, expiresAt) {
        if ((await node.accounts.findAccount(account)) === undefined)
          await node.accounts.addAccount({ id: account }, BY)
        const wanted = { account, scopes, ...(expiresAt === undefined ? {} : { expiresAt }) }
        const { key, text } = await node.accounts.createKey(wanted, BY)
        return { id: key.id, text }
      },
      async stop() {
        await operator.stop()
        await api.stop()
        await region.stop()
      },
    }
  } catch (cause) {
    await region.stop()
    throw cause
  }
}
