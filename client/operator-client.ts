import type { Account, AuditEntry, KeyView, NewAccount, NewKey, Page, Quota } from '#api'
import { NodeClient } from './node-client.ts'
import { eachOf } from './paging.ts'
import { part } from './transport.ts'
import type { CallOptions } from './transport.ts'

/** A key that was made, and its text, which is shown this once. */
export type MadeKey = { readonly key: KeyView; readonly apiKey: string }

/** Which part of a list: items behind the one with this id, at most 1,000. */
export type PartQuery = { readonly after?: string | undefined; readonly limit?: number | undefined }

/** Which keys: of an account, or of all. */
export type KeyListQuery = PartQuery & { readonly account?: string | undefined }

/** Entries of the audit log that are asked for at once: the most that a node gives. */
const AUDIT_PAGE = 1_000

/**
 * A node's listener for its operator, one method for each operation, under its name in the OpenAPI document. A class of its
 * own, for it is at another URL; it takes a key with the scope `admin`. What makes or ends something is sent once, unless the
 * node itself says that it did nothing.
 */
export class OperatorClient extends NodeClient {
  /** A part of the accounts by id, closed ones too; `next` is what to ask for `after`. */
  async listAccounts(query: PartQuery = {}, options?: CallOptions): Promise<Page<Account>> {
    const { accounts: items, ...rest } = await this.transport.json<{ accounts: Account[]; next?: string }>(
      { path: '/v1/accounts', query },
      ['accounts'],
      options,
    )
    return { items, ...rest }
  }

  /** All accounts by id. */
  eachAccount(query: PartQuery = {}, options?: CallOptions): AsyncGenerator<Account, void> {
    return eachOf(this.transport, query.after, async (after) => this.listAccounts({ ...query, after }, options))
  }

  /** @returns the account and, for a key pair that was made for it, the secret half, which is shown this once. */
  async addAccount(
    account: NewAccount,
    options?: CallOptions,
  ): Promise<{ readonly account: Account; readonly identity?: string }> {
    return this.transport.json({ method: 'POST', path: '/v1/accounts', body: { json: account } }, ['account'], options)
  }

  async getAccount(id: string, options?: CallOptions): Promise<Account> {
    return this.transport.json({ path: `/v1/accounts/${part(id)}` }, ['id', 'state'], options)
  }

  /** What the account may use from now on; what is left out is without limit. */
  async changeQuota(id: string, quota: Quota, options?: CallOptions): Promise<Account> {
    return this.transport.json(
      { method: 'PUT', path: `/v1/accounts/${part(id)}/quota`, body: { json: quota } },
      ['id', 'quota'],
      options,
    )
  }

  /** Ends its keys and destroys its sealed bills: this cannot be undone. */
  async closeAccount(
    id: string,
    options?: CallOptions,
  ): Promise<{ readonly account: Account; readonly removedBills: number }> {
    return this.transport.json(
      { method: 'POST', path: `/v1/accounts/${part(id)}/close`, body: { json: { confirm: id } } },
      ['account', 'removedBills'],
      options,
    )
  }

  /** A part of the keys, the oldest first, ended ones too; `next` is what to ask for `after`. */
  async listKeys(query: KeyListQuery = {}, options?: CallOptions): Promise<Page<KeyView>> {
    const { keys: items, ...rest } = await this.transport.json<{ keys: KeyView[]; next?: string }>(
      { path: '/v1/keys', query },
      ['keys'],
      options,
    )
    return { items, ...rest }
  }

  /** All keys, the oldest first. */
  eachKey(query: KeyListQuery = {}, options?: CallOptions): AsyncGenerator<KeyView, void> {
    return eachOf(this.transport, query.after, async (after) => this.listKeys({ ...query, after }, options))
  }

  async createKey(key: NewKey, options?: CallOptions): Promise<MadeKey> {
    return this.transport.json({ method: 'POST', path: '/v1/keys', body: { json: key } }, ['key', 'apiKey'], options)
  }

  /** @param graceMs time that the old key stays valid */
  async rotateKey(id: string, graceMs = 0, options?: CallOptions): Promise<MadeKey> {
    return this.transport.json(
      { method: 'POST', path: `/v1/keys/${part(id)}/rotate`, body: { json: { graceMs } } },
      ['key', 'apiKey'],
      options,
    )
  }

  async revokeKey(id: string, options?: CallOptions): Promise<KeyView> {
    // Revoked twice is revoked.
    return this.transport.json(
      { method: 'POST', path: `/v1/keys/${part(id)}/revoke`, isRepeatable: true },
      ['id', 'account'],
      options,
    )
  }

  /** Entries behind a sequence number, oldest first. @param limit at most 1,000 */
  async listAuditLog(after = 0, limit = 100, options?: CallOptions): Promise<AuditEntry[]> {
    return (
      await this.transport.json<{ entries: AuditEntry[] }>(
        { path: '/v1/audit-log', query: { after, limit } },
        ['entries'],
        options,
      )
    ).entries
  }

  /** All entries behind a sequence number, oldest first. */
  async *eachAuditEntry(after = 0, options?: CallOptions): AsyncGenerator<AuditEntry, void> {
    let last = after
    for (;;) {
      const entries = await this.listAuditLog(last, AUDIT_PAGE, options)
      yield* entries
      const next = entries.at(-1)?.seq ?? last
      // The numbers ascend: what does not would never end.
      if (next <= last) return
      last = next
    }
  }

  /** Metrics in Prometheus's text format. */
  async getMetrics(options?: CallOptions): Promise<string> {
    return new TextDecoder().decode((await this.transport.bytes({ path: '/metrics' }, options)).bytes)
  }
}
