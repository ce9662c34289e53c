import type { CID } from 'multiformats/cid'
import { vectorsCid } from '#audit'
import { DAG_PB_CODE, RAW_CODE, toHex } from '#protocol'
import type { Datasets } from '#datasets'
import type { ClaimRecord, Store } from '#storage'
import { compareCertified } from '../cli/explain/certified.ts'
import type { Certified, ShownClaim } from '../cli/explain/certified.ts'
import { explanationToJson } from '../cli/explain/explain-json.ts'
import type { Explained } from '../cli/explain/explained.ts'
import { isConsistent } from '../cli/explain/sections.ts'
import type { Components } from '../compose.ts'
import type { Examination, Examined, Examiner } from '../examiner.ts'
import { hashFile } from '../hash-file.ts'
import { findCid } from '../intake.ts'
import { NodeError } from '../node-error.ts'

/** What an explanation is made of. */
export type ExplanationComponents = Pick<Components, 'archive' | 'vault' | 'statuses' | 'reviews'> & {
  readonly store: Pick<Store, 'bills'>
  readonly examiner: Examiner
  readonly datasets: Pick<Datasets, 'manifests'>
}

type Facts = Extract<Examination, { kind: 'facts' }>

/**
 * Where the figures of a bill come from, recomputed from its bytes, and whether the certified claims have the same: the
 * JSON of `kwitness explain CID`.
 *
 * @returns `undefined` for a CID that is no bill here.
 * @throws {NodeError} ERR_BILL_NO_FIGURES; {AuditError} ERR_AUDIT_TIMEOUT and the like.
 */
export async function explainBill(
  components: ExplanationComponents,
  text: string,
  ordinal: number | undefined,
  signal: AbortSignal,
): Promise<object | undefined> {
  const { archive, vault, statuses, datasets } = components
  const cid = findCid(text)
  const isBill = cid?.code === RAW_CODE || cid?.code === DAG_PB_CODE
  if (cid === undefined || !isBill || !(await archive.hasBill(cid))) return undefined
  const plain = await vault.readPlain(cid, await visibilityOf(components, cid), signal)
  const plainHash = hashFile(plain)
  const claims = await statuses.listClaims(cid)
  const examination = await examineAs(components, { cid, plain, plainHash, claims, signal })
  const vectors = (await vectorsCid()).toString()
  const bills = examination.bills
    .filter((bill) => ordinal === undefined || bill.ordinal === ordinal)
    .map((examined) => {
      const explained: Explained = {
        format: examined.facts.format,
        plainHash: toHex(plainHash),
        sizeBytes: plain.byteLength,
        ordinal: examined.ordinal,
        count: examination.bills.length + examination.unclaimed.length,
        examined,
        ...(examination.signed === undefined ? {} : { signed: examination.signed }),
        vectors,
        sets: datasets.manifests,
      }
      if (!isConsistent(explained)) throw new Error(`the steps of bill ${examined.ordinal} do not add up`)
      return { ...explanationToJson(explained), certified: certifiedOf(claims, plainHash, examined) }
    })
  if (bills.length === 0) throw notThere(ordinal ?? 0, examination)
  return { ok: bills.every(({ certified }) => certified.equal), cid: cid.toString(), bills }
}

async function visibilityOf({ statuses }: ExplanationComponents, cid: CID): Promise<'public' | 'sealed'> {
  return (await statuses.find(cid))?.visibility ?? 'public'
}

type Read = {
  readonly cid: CID
  readonly plain: Uint8Array
  readonly plainHash: Uint8Array
  readonly claims: readonly ClaimRecord[]
  readonly signal: AbortSignal
}

/** As its claims were made: from what people read, or from the bytes with the place that was declared. */
async function examineAs(
  { examiner, reviews, store }: ExplanationComponents,
  { cid, plain, plainHash, claims, signal }: Read,
): Promise<Facts> {
  const known = claims.find(({ state }) => state !== 'proposed') ?? claims[0]
  const entry = known?.claim.assurance === 'reviewed' ? await reviews.findEntry(plainHash) : undefined
  const declaredPlace =
    known === undefined ? (await store.bills.find(cid.bytes))?.declaredPlace : known.claim.declaredPlace
  const examination =
    entry === undefined
      ? await examiner.examine(plain, plainHash, declaredPlace, signal)
      : examiner.examineReviewed(entry)
  if (examination.kind === 'facts') return examination
  const { code, message } = examination.reason
  throw new NodeError(message, { code: 'ERR_BILL_NO_FIGURES', reason: code })
}

function certifiedOf(claims: readonly ClaimRecord[], plainHash: Uint8Array, examined: Examined): Certified {
  const record = claims.find(({ claim, state }) => claim.ordinal === examined.ordinal && state !== 'proposed')
  const shown: ShownClaim =
    record === undefined
      ? { kind: 'none', why: `bill ${examined.ordinal} of the file is not certified yet` }
      : { kind: 'claim', claim: record.claim, checks: [] }
  return compareCertified(shown, plainHash, examined)
}

function notThere(ordinal: number, { bills, unclaimed }: Facts): NodeError {
  const why = unclaimed.find((bill) => bill.ordinal === ordinal)?.reason
  const message = why?.message ?? `the file has ${bills.length + unclaimed.length} bills, counted from 0`
  return new NodeError(message, { code: 'ERR_BILL_NO_FIGURES', reason: why?.code ?? 'ERR_API_REQUEST' })
}
