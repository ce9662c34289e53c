import type {
  AnchorView,
  BatchView,
  BillEvent,
  BillState,
  BillStatus,
  CommitteeView,
  Page,
  RegionView,
  ReviewView,
  Webhook,
  WebhookOutcome,
} from '#api'
import type { JsonObject } from './answer.ts'
import { followEvents } from './event-stream.ts'
import { prepareBill } from './new-bill.ts'
import type { NewBill } from './new-bill.ts'
import { NodeClient } from './node-client.ts'
import { eachOf } from './paging.ts'
import { part } from './transport.ts'
import type { CallOptions } from './transport.ts'
import type {
  BillFile,
  BillListQuery,
  EnteredFacts,
  EstimateAnswer,
  ExplanationAnswer,
  FactorListQuery,
  IpfsQuery,
  OwnAccount,
  PageQuery,
} from './types.ts'

const STATUS = ['cid', 'state', 'claims']
const PAGE = ['items']
const REVIEW = ['cid', 'entries', 'quorum']

/**
 * A node's API for users and strangers, one method for each operation, under its name in the OpenAPI document.
 *
 * Nothing is verified here: hashes, CIDs, signatures and proofs are the verifier's (docs/verify.md).
 */
export class KwitnessClient extends NodeClient {
  /**
   * Hands in a bill. It resolves when the bill is durable at the node. Sent again by itself where that helps, for it always
   * has a name: the same bill comes out.
   */
  async submitBill(bill: NewBill, options?: CallOptions): Promise<BillStatus> {
    const { transport } = this
    const given = await prepareBill(bill, transport).catch((thrown: unknown) => {
      throw transport.toError(thrown)
    })
    return transport.json({ ...given, method: 'POST', path: '/v1/bills', isRepeatable: true }, STATUS, options)
  }

  /** A page of the account's bills, newest first. */
  async listBills(query: BillListQuery = {}, options?: CallOptions): Promise<Page<BillStatus>> {
    return this.transport.json({ path: '/v1/bills', query }, PAGE, options)
  }

  /** All bills of the account, newest first. */
  eachBill(query: BillListQuery = {}, options?: CallOptions): AsyncGenerator<BillStatus, void> {
    return eachOf(this.transport, query.cursor, async (cursor) => this.listBills({ ...query, cursor }, options))
  }

  async getBill(cid: string, options?: CallOptions): Promise<BillStatus> {
    return this.transport.json({ path: `/v1/bills/${part(cid)}` }, STATUS, options)
  }

  /** The bytes of a bill of the account; of a sealed one opened, where the node can. */
  async getBillFile(cid: string, options?: CallOptions): Promise<BillFile> {
    return this.#file(`/v1/bills/${part(cid)}/file`, options)
  }

  /** The proof file of one claim, byte for byte. @param claim from 0 */
  async getBillProof(cid: string, claim = 0, options?: CallOptions): Promise<Uint8Array> {
    return this.#bytes(`/v1/bills/${part(cid)}/proof`, { claim }, options)
  }

  /** Where the figures of a bill come from. @param claim only this one */
  async explainBill(cid: string, claim?: number, options?: CallOptions): Promise<ExplanationAnswer> {
    return this.transport.json(
      { path: `/v1/bills/${part(cid)}/explain`, query: { claim } },
      ['ok', 'cid', 'bills'],
      options,
    )
  }

  /** What people read in a certified bill. */
  async getBillFacts(cid: string, options?: CallOptions): Promise<EnteredFacts> {
    const { bills } = await this.transport.json<{ bills: EnteredFacts }>(
      { path: `/v1/bills/${part(cid)}/facts` },
      ['bills'],
      options,
    )
    return bills
  }

  /** A bill as an age file that `to` (`age1…`) alone opens. */
  async discloseBill(cid: string, to: string, options?: CallOptions): Promise<Uint8Array> {
    const { bytes } = await this.transport.bytes(
      // Twice is another line in the audit log, and nothing else.
      { method: 'POST', path: `/v1/bills/${part(cid)}/disclose`, body: { json: { to } }, isRepeatable: true },
      options,
    )
    return bytes
  }

  /**
   * State changes of the account's bills as they happen, over as many connections as it takes; ends by `options.signal`, by
   * leaving the loop, or with what is thrown.
   *
   * @param after number of the last event that is known; without it, from now on.
   * @param options.patienceMs time without contact after which it is given up: ten minutes
   */
  async *followEvents(
    after?: number,
    options: Pick<CallOptions, 'signal'> & { readonly patienceMs?: number | undefined } = {},
  ): AsyncGenerator<BillEvent, never> {
    const { transport } = this
    try {
      return yield* followEvents({
        open: async (lastId, signal) => {
          const headers = { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': lastId }) }
          return transport.open({ path: '/v1/events', headers }, { signal, attempts: 1 })
        },
        ...options,
        after,
        platform: transport.platform,
        url: this.url,
      })
    } catch (thrown) {
      throw transport.toError(thrown)
    }
  }

  /** A page of events that the node still keeps. @param after number of the last event that is known */
  async listEvents(
    after = 0,
    limit?: number,
    options?: CallOptions,
  ): Promise<{ readonly items: readonly BillEvent[]; readonly after: number; readonly last: number }> {
    const headers = { accept: 'application/json' }
    return this.transport.json({ path: '/v1/events', query: { after, limit }, headers }, ['items', 'after'], options)
  }

  /** @returns the webhook, and its secret, which is shown this once. */
  async createWebhook(
    webhook: { readonly url: string; readonly states?: readonly BillState[] },
    options?: CallOptions,
  ): Promise<Webhook & { readonly secret: string }> {
    return this.transport.json(
      { method: 'POST', path: '/v1/webhooks', body: { json: webhook } },
      ['id', 'secret'],
      options,
    )
  }

  async listWebhooks(options?: CallOptions): Promise<readonly Webhook[]> {
    return (await this.transport.json<{ items: Webhook[] }>({ path: '/v1/webhooks' }, PAGE, options)).items
  }

  /**
   * Gives a webhook a new secret, which is shown this once.
   *
   * @param graceMs time that the old secret signs too, at most 7 days; a day if nothing is said
   */
  async rotateWebhook(
    id: string,
    graceMs?: number,
    options?: CallOptions,
  ): Promise<Webhook & { readonly secret: string }> {
    const json = graceMs === undefined ? {} : { graceMs }
    return this.transport.json(
      { method: 'POST', path: `/v1/webhooks/${part(id)}/rotate`, body: { json } },
      ['id', 'secret'],
      options,
    )
  }

  /** Sent again after an answer that was lost, it may say ERR_WEBHOOK_UNKNOWN: the webhook is gone. */
  async removeWebhook(id: string, options?: CallOptions): Promise<void> {
    await this.transport.nothing({ method: 'DELETE', path: `/v1/webhooks/${part(id)}` }, options)
  }

  async pingWebhook(id: string, options?: CallOptions): Promise<WebhookOutcome> {
    return this.transport.json({ method: 'POST', path: `/v1/webhooks/${part(id)}/ping` }, ['ok'], options)
  }

  /** Emissions of some energy or travel; JSON that is given as text is sent with its own digits. */
  async estimate(request: JsonObject | string, options?: CallOptions): Promise<EstimateAnswer> {
    return this.transport.json(
      { method: 'POST', path: '/v1/estimates', body: { json: request }, isRepeatable: true },
      ['gramsCO2e'],
      options,
    )
  }

  /** Factors of a place, or of activities; as `kwitness factors --json` prints them. */
  async listFactors(query: FactorListQuery, options?: CallOptions): Promise<JsonObject> {
    return this.transport.json({ path: '/v1/factors', query }, [], options)
  }

  async listRegions(options?: CallOptions): Promise<readonly RegionView[]> {
    return (await this.transport.json<{ regions: RegionView[] }>({ path: '/v1/regions' }, ['regions'], options)).regions
  }

  async getCommittee(options?: CallOptions): Promise<CommitteeView> {
    return this.transport.json({ path: '/v1/committee' }, ['region', 'members'], options)
  }

  /** A page of anchors, newest first. */
  async listAnchors(query: PageQuery = {}, options?: CallOptions): Promise<Page<AnchorView>> {
    return this.transport.json({ path: '/v1/anchors', query }, PAGE, options)
  }

  /** All anchors, newest first. */
  eachAnchor(query: PageQuery = {}, options?: CallOptions): AsyncGenerator<AnchorView, void> {
    return eachOf(this.transport, query.cursor, async (cursor) => this.listAnchors({ ...query, cursor }, options))
  }

  async getAnchor(seq: number, options?: CallOptions): Promise<AnchorView> {
    return this.transport.json({ path: `/v1/anchors/${part(seq)}` }, ['seq', 'root'], options)
  }

  /** A page of the batches of all sponsors. */
  async listBatches(
    query: PageQuery & { readonly state?: BatchView['state'] | undefined } = {},
    options?: CallOptions,
  ): Promise<Page<BatchView>> {
    return this.transport.json({ path: '/v1/batches', query }, PAGE, options)
  }

  /** All batches of all sponsors. */
  eachBatch(
    query: PageQuery & { readonly state?: BatchView['state'] | undefined } = {},
    options?: CallOptions,
  ): AsyncGenerator<BatchView, void> {
    return eachOf(this.transport, query.cursor, async (cursor) => this.listBatches({ ...query, cursor }, options))
  }

  async getBatch(cid: string, options?: CallOptions): Promise<BatchView> {
    return this.transport.json({ path: `/v1/batches/${part(cid)}` }, ['cid', 'state'], options)
  }

  /** The account of the key: quota, usage, and the key itself. */
  async getOwnAccount(options?: CallOptions): Promise<OwnAccount> {
    return this.transport.json({ path: '/v1/account' }, ['account', 'key'], options)
  }

  /** The bytes of a public bill. */
  async getPublicFile(cid: string, options?: CallOptions): Promise<BillFile> {
    return this.#file(`/v1/files/${part(cid)}`, options)
  }

  /** The proof file of one claim of any bill; of a sealed one it shows the leaf only. @param claim from 0 */
  async getPublicProof(cid: string, claim = 0, options?: CallOptions): Promise<Uint8Array> {
    return this.#bytes(`/v1/proofs/${part(cid)}`, { claim }, options)
  }

  /** A block, or a CAR with the blocks of a DAG, for who verifies them: the time of the call ends with its head. */
  async getIpfs(cid: string, query: IpfsQuery, options?: CallOptions): Promise<ReadableStream<Uint8Array>> {
    const { format, scope, entityBytes, duplicates } = query
    const dups = duplicates === undefined ? undefined : duplicates ? 'y' : 'n'
    return this.transport.body(
      {
        path: `/ipfs/${part(cid)}`,
        query: { format, 'dag-scope': scope, 'entity-bytes': entityBytes, 'car-dups': dups },
      },
      options,
    )
  }

  /** Bills of the region that people must read. */
  async listReviews(options?: CallOptions): Promise<readonly ReviewView[]> {
    return (await this.transport.json<{ reviews: ReviewView[] }>({ path: '/v1/reviews' }, ['reviews'], options)).reviews
  }

  async getReview(cid: string, options?: CallOptions): Promise<ReviewView> {
    return this.transport.json({ path: `/v1/reviews/${part(cid)}` }, REVIEW, options)
  }

  /** The own bytes of a bill under review, opened. */
  async getReviewFile(cid: string, options?: CallOptions): Promise<Uint8Array> {
    return this.#bytes(`/v1/reviews/${part(cid)}/file`, {}, options)
  }

  /** What a person read; it replaces what was entered here before. */
  async enterReview(cid: string, entry: EnteredFacts, options?: CallOptions): Promise<ReviewView> {
    return this.transport.json(
      { method: 'PUT', path: `/v1/reviews/${part(cid)}/entry`, body: { json: entry } },
      REVIEW,
      options,
    )
  }

  async withdrawReview(cid: string, options?: CallOptions): Promise<ReviewView> {
    return this.transport.json({ method: 'DELETE', path: `/v1/reviews/${part(cid)}/entry` }, REVIEW, options)
  }

  async #file(path: string, options?: CallOptions): Promise<BillFile> {
    const { bytes, headers } = await this.transport.bytes({ path }, options)
    return { bytes, isSealed: headers.get('x-kwitness-sealed') === 'true' }
  }

  async #bytes(path: string, query: Readonly<Record<string, number>>, options?: CallOptions): Promise<Uint8Array> {
    return (await this.transport.bytes({ path, query }, options)).bytes
  }
}
