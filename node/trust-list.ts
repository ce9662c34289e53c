import { readFile } from 'node:fs/promises'
import type { CID } from 'multiformats/cid'
import { parseTrustList } from '#audit'
import type { NamedTrustList } from '#audit'
import { datasetCids } from '#datasets'

/** Name under which a charter lists the trust list, beside its data sets. */
export const TRUST_LIST_NAME = 'trust-list'

const SHIPPED = new URL('./trust-list.json', import.meta.url)

/**
 * A trust list.
 *
 * @param text of a file; without it the shipped list, which trusts nobody.
 * @throws {AuditError} ERR_AUDIT_TRUST_LIST.
 */
export async function loadTrustList(text?: string): Promise<NamedTrustList> {
  return parseTrustList(text ?? (await readFile(SHIPPED, 'utf8')))
}

/** What a charter names beside rules: the shipped data sets, and the trust list as one more. */
export async function sharedCids(trust: Pick<NamedTrustList, 'cid'>): Promise<{ name: string; cid: CID }[]> {
  return [...(await datasetCids()), { name: TRUST_LIST_NAME, cid: trust.cid }]
}
