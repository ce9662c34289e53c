import type { CID } from 'multiformats/cid'
import type { ReviewNotice, Vote, Withdrawal } from '#protocol'
import { ClaimsByBill } from './claims-by-bill.ts'
import { Bucket, Database } from './database.ts'
import type { Write } from './database.ts'
import type {
  AccountBillRecord,
  AccountRecord,
  AccountUsageRecord,
  AnchorRecord,
  AuditRecord,
  BatchRecord,
  BillRecord,
  ClaimRecord,
  DailyCountRecord,
  EquivocationRecord,
  EventRecord,
  IdempotencyRecord,
  KeyRecord,
  LockRecord,
  OwnVoteRecord,
  ProposalRecord,
  ReviewEntryRecord,
  ReviewRecord,
  ToldRecord,
  WebhookOldSecretRecord,
  WebhookProgressRecord,
  WebhookRecord,
  WithdrawnRecord,
} from './records.ts'
import { StorageError } from './storage-error.ts'

/** Version of the layout below; a change of it is a migration. */
const FORMAT = 1

/**
 * All records of a node. One registry of key spaces: a prefix is never reused for another kind.
 *
 * Order of writes everywhere (DESIGN 16): blocks are flushed first, then one commit makes the records that speak of
 * them, then something is published. A crash between two steps leaves blocks that nothing names, or records whose
 * publication is repeated at the next start; both are harmless.
 */
export class Store {
  readonly #database: Database
  /** Bills submitted here. Key: CID bytes. */
  readonly bills: Bucket<BillRecord>
  /** CID of the bill with a plain hash. Key: visibility byte | SHA-256. */
  readonly billsByPlainHash: Bucket<CID>
  /** All bills submitted here, in order of arrival. Key: time | CID bytes. */
  readonly billsByTime: Bucket<CID>
  /** Bills whose claims are not proposed yet, in order of arrival. Key: time | CID bytes. */
  readonly queue: Bucket<CID>
  /** Key: claim id. */
  readonly claims: Bucket<ClaimRecord>
  /** Claims of a bill. Key: CID bytes | ordinal | claim id. */
  readonly claimsByBill: ClaimsByBill
  /** Certified claim that replaced another one. Key: claim id of the replaced one. */
  readonly superseded: Bucket<Uint8Array>
  /** Key: batch digest. */
  readonly batches: Bucket<BatchRecord>
  /** Batch of a sponsor's sequence number, the first one seen. Key: epoch | sponsor | sequence number. */
  readonly chains: Bucket<Uint8Array>
  /** How many claims are accepted of each certified batch that is not anchored. Key: batch digest. */
  readonly unanchored: Bucket<number>
  /** Key: batch digest. */
  readonly ownVotes: Bucket<OwnVoteRecord>
  /** Votes of the committee on batches without certificate. Key: batch digest | voter. */
  readonly votes: Bucket<Vote>
  /** Key: point tag. */
  readonly locks: Bucket<LockRecord>
  /** Key: sequence number. */
  readonly anchors: Bucket<AnchorRecord>
  /** Key: struct hash of the anchor. */
  readonly proposals: Bucket<ProposalRecord>
  /** Key: sponsor | sequence number. */
  readonly equivocations: Bucket<EquivocationRecord>
  /** Bills that people must read, of all sponsors. Key: CID bytes. */
  readonly reviews: Bucket<ReviewRecord>
  /** What this auditor's people read. Key: plain hash. */
  readonly reviewEntries: Bucket<ReviewEntryRecord>
  /** The latest notice of each auditor for a bill. Key: plain hash | auditor. */
  readonly reviewNotices: Bucket<ReviewNotice>
  /** Users that the operator signed up, closed ones too: an id is never given again. Key: UTF-8 id. */
  readonly accounts: Bucket<AccountRecord>
  /** API keys, ended ones too. Key: UTF-8 id. */
  readonly keys: Bucket<KeyRecord>
  /** When a key was last used, in ms; apart from the key, so that a use never overwrites a change. Key: UTF-8 key id. */
  readonly keyUses: Bucket<number>
  /** What an account has taken of its quota. Key: UTF-8 account id. */
  readonly accountUsage: Bucket<AccountUsageRecord>
  /** What accounts may do so often a day. Key: UTF-8 account id | 0x00 | UTF-8 kind. */
  readonly dailyCounts: Bucket<DailyCountRecord>
  /** Bills of an account. Key: UTF-8 account id | 0x00 | CID bytes. */
  readonly accountBills: Bucket<AccountBillRecord>
  /** The same in the order in which it handed them in. Key: UTF-8 account id | 0x00 | time | CID bytes. */
  readonly accountBillsByTime: Bucket<CID>
  /** Accounts of a bill. Key: CID bytes | UTF-8 account id. */
  readonly billAccounts: Bucket<string>
  /** What the operator did. Key: sequence number. */
  readonly audit: Bucket<AuditRecord>
  /** State changes as a reader of events sees them. Key: UTF-8 account id (empty: of all accounts) | 0x00 | sequence number. */
  readonly events: Bucket<EventRecord>
  /** State of a bill that a reader of events was told last. Key: CID bytes | UTF-8 account id (empty: of all accounts). */
  readonly billsTold: Bucket<ToldRecord>
  /** Bills of accounts that are not final, to be looked at after a crash. Key: CID bytes. */
  readonly billsOpen: Bucket<true>
  /** Where events are posted to. Key: UTF-8 account id | 0x00 | UTF-8 id. */
  readonly webhooks: Bucket<WebhookRecord>
  /** How far a webhook is. Key: as of the webhook. */
  readonly webhookProgress: Bucket<WebhookProgressRecord>
  /** Secrets that webhooks are signed with; apart from them, so that no list can show one. Key: as of the webhook. */
  readonly webhookSecrets: Bucket<Uint8Array>
  /** Secrets that were rotated and sign for a while yet. Key: as of the webhook. */
  readonly webhookOldSecrets: Bucket<WebhookOldSecretRecord>
  /** Requests that were answered, by what the client called them. Key: UTC day | SHA-256 of account id | 0x00 | name. */
  readonly idempotency: Bucket<IdempotencyRecord>
  /** Signed lists of bills whose bytes are to go. Key: sponsor | sequence number. */
  readonly withdrawals: Bucket<Withdrawal>
  /** Key: CID bytes | sponsor. */
  readonly withdrawn: Bucket<WithdrawnRecord>
  /** Cursors and identity of this store. Key: UTF-8 name. */
  readonly meta: Bucket<unknown>

  private constructor(database: Database) {
    this.#database = database
    this.bills = new Bucket(database, 0x10)
    this.billsByPlainHash = new Bucket(database, 0x11)
    this.queue = new Bucket(database, 0x12)
    this.billsByTime = new Bucket(database, 0x13)
    this.claims = new Bucket(database, 0x20)
    this.claimsByBill = new ClaimsByBill(database, 0x21)
    this.superseded = new Bucket(database, 0x22)
    this.batches = new Bucket(database, 0x30)
    this.chains = new Bucket(database, 0x31)
    this.unanchored = new Bucket(database, 0x32)
    this.ownVotes = new Bucket(database, 0x40)
    this.votes = new Bucket(database, 0x41)
    this.locks = new Bucket(database, 0x50)
    this.anchors = new Bucket(database, 0x60)
    this.proposals = new Bucket(database, 0x61)
    this.equivocations = new Bucket(database, 0x70)
    this.reviews = new Bucket(database, 0x80)
    this.reviewEntries = new Bucket(database, 0x81)
    this.reviewNotices = new Bucket(database, 0x82)
    this.withdrawals = new Bucket(database, 0x83)
    this.withdrawn = new Bucket(database, 0x84)
    this.accounts = new Bucket(database, 0x90)
    this.keys = new Bucket(database, 0x91)
    this.keyUses = new Bucket(database, 0x92)
    this.accountUsage = new Bucket(database, 0x93)
    this.accountBills = new Bucket(database, 0x94)
    this.accountBillsByTime = new Bucket(database, 0x95)
    this.billAccounts = new Bucket(database, 0x96)
    this.audit = new Bucket(database, 0x97)
    this.dailyCounts = new Bucket(database, 0x98)
    this.events = new Bucket(database, 0xa0)
    this.billsTold = new Bucket(database, 0xa1)
    this.billsOpen = new Bucket(database, 0xa2)
    this.webhooks = new Bucket(database, 0xa3)
    this.webhookProgress = new Bucket(database, 0xa4)
    this.webhookSecrets = new Bucket(database, 0xa5)
    this.webhookOldSecrets = new Bucket(database, 0xa6)
    this.idempotency = new Bucket(database, 0xb0)
    this.meta = new Bucket(database, 0x01)
  }

  /**
   * Opens the store of a network at `path`, making it if absent.
   *
   * @throws {StorageError} ERR_STORAGE_LOCKED, ERR_STORAGE_BROKEN, ERR_STORAGE_FOREIGN (another network or format).
   */
  static async open(path: string, networkId: Uint8Array): Promise<Store> {
    const store = new Store(await Database.open(path))
    const key = new TextEncoder().encode('identity')
    const ours = { format: FORMAT, networkId }
    const found = await store.meta.find(key)
    if (found === undefined) {
      await store.commit([store.meta.put(key, ours)], { durable: true })
    } else if (JSON.stringify(found) !== JSON.stringify(ours)) {
      await store.close()
      throw new StorageError(`store ${path} belongs to another network or format`, {
        code: 'ERR_STORAGE_FOREIGN',
        path,
      })
    }
    return store
  }

  /** Writes all or nothing; `durable` as in {@link Database.commit}. */
  async commit(writes: readonly Write[], options: { readonly durable: boolean }): Promise<void> {
    await this.#database.commit(writes, options.durable)
    this.claimsByBill.changed(writes)
  }

  async close(): Promise<void> {
    await this.#database.close()
  }
}
