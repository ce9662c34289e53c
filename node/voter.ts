import type { Logger } from 'pino'
import {
  digestOf,
  encodeCanonical,
  equalBytes,
  errorCodeOf,
  ProtocolError,
  signVote,
  toHex,
  verifyAnnouncement,
  verifyCertificate,
  ZERO_32,
} from '#protocol'
import type { Announcement, Certificate, Claim, GossipMessage, Refusal, ReviewEntry, Vote } from '#protocol'
import type { Finding } from '#consensus'
import type { Store } from '#storage'
import type { BatchLoader, LoadedBatch } from './batch-loader.ts'
import type { BillVault } from './bill-vault.ts'
import { buildClaim, findExamined, regionOf } from './examiner.ts'
import type { Examination, Examiner } from './examiner.ts'
import { hashFile } from './hash-file.ts'
import type { Ledger } from './ledger.ts'
import { Limiter } from './limiter.ts'
import type { Polls } from './polls.ts'
import { isMember } from './region-context.ts'
import type { RegionContext } from './region-context.ts'
import { WorkLanes } from './work-lanes.ts'

/** Batches of one sponsor audited at a time: as many as an honest one has in flight. */
const BATCHES_AT_A_TIME = 2
/** Batches that a quorum has voted on, brought into the records at a time; a quorum has their bytes. */
const CERTIFIED_LANE = { name: 'certified', width: 4 } as const
/** Batches of one sponsor under way at a time; an honest one has two in flight. More come by sync, later. */
const BATCHES_PER_SPONSOR = 16
/** Longest that one batch is fetched and audited before it is left to the next sync. */
const BATCH_TIMEOUT_MS = 60_000
/** Bills of one sponsor recomputed at a time; the sandbox queues them anyway. */
const BILLS_AT_A_TIME = 16
/** Open batches kept with their claims, so that the vote that completes a quorum does not decode them again. */
const KEPT_BATCHES = 64

/** What the voter needs. */
export type VoterInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly ledger: Ledger
  readonly polls: Polls
  readonly loader: BatchLoader
  readonly vault: BillVault
  readonly examiner: Examiner
  /** What this auditor's own people read in a bill. */
  readonly findEntry: (plainHash: Uint8Array) => Promise<ReviewEntry | undefined>
  /** Makes all blocks stored so far durable. */
  readonly flushBlocks: () => Promise<void>
  readonly publish: (message: GossipMessage) => Promise<void>
  /** Called once for each batch that this node sees certified, after its records are written. */
  readonly onCertified: (loaded: LoadedBatch, certificate: Certificate) => Promise<void>
  /** Called for each announcement of this node's own that comes from others. */
  readonly onOwn: (announcement: Announcement) => void
  /** Called for each batch of a member that is announced for the first time, and is not certified yet. */
  readonly onAnnounced: (sponsor: Uint8Array) => void
  /** Called for each batch that can no longer be certified; again if it failed, or the process ended before the batch was given up. */
  readonly onSplit: (announcement: Announcement) => Promise<void>
  readonly log: Logger
}

/** Audits announced batches, votes, and certifies what a quorum agrees on. */
export class Voter {
  readonly #init: VoterInit
  readonly #stopped = new AbortController()
  /** By sponsor: bills of one that take long hold up no bill of another. */
  readonly #bills = new Map<string, Limiter>()
  readonly #lanes = new WorkLanes()
  readonly #loaded = new Map<string, LoadedBatch>()
  /** Batches that are being given up. */
  readonly #splitting = new Map<string, Promise<void>>()

  constructor(init: VoterInit) {
    this.#init = init
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#lanes.allSettled()
    await Promise.allSettled(this.#splitting.values())
  }

  /**
   * Takes an announcement from gossip or sync, with the certificate if the sender had one.
   *
   * @returns false for one that is not for this committee.
   * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE, ERR_PROTOCOL_QUORUM, ERR_PROTOCOL_MISMATCH.
   */
  async consider(announcement: Announcement, certificate?: Certificate): Promise<boolean> {
    const { context, ledger, log } = this.#init
    if (announcement.region !== context.region.name || announcement.epoch !== context.epoch) return false
    if (!isMember(context, announcement.sponsor)) return false
    verifyAnnouncement(context.domain, announcement)
    if (certificate !== undefined) this.#verifyCertificate(announcement, certificate)
    if (certificate === undefined && this.#isCrowded(announcement)) return false
    const admission = await ledger.admit(announcement, certificate !== undefined)
    // News only: whoever repeats old announcements keeps nobody waiting.
    if (admission.kind === 'new' && certificate === undefined) this.#init.onAnnounced(announcement.sponsor)
    this.#init.polls.know(digestOf(announcement.batch))
    if (this.#init.polls.isOwn(announcement.sponsor)) this.#init.onOwn(announcement)
    if (admission.kind === 'equivocation') {
      const { proof, isNews } = admission
      // Once: a liar repeats itself, and each repetition would cost a log line and a message to everybody.
      if (isNews) {
        const { sponsor, seq } = announcement
        log.error({ sponsor: toHex(sponsor), seq }, 'sponsor signed two batches for one place')
        await this.#init.publish({ kind: 'equivocation', equivocation: proof })
      }
      if (certificate === undefined) return isNews
    }
    this.#begin(announcement, undefined, certificate)
    return true
  }

  /**
   * Takes a certified batch that an anchor of the chain lists, and waits until it is in the records.
   *
   * @throws {ProtocolError} when the certificate does not stand; when the batch cannot be had, it stays absent.
   */
  async adopt(announcement: Announcement, certificate: Certificate): Promise<void> {
    await this.consider(announcement, certificate)
    await this.#lanes.settled(CERTIFIED_LANE.name, announcement.batch.toString())
  }

  // Before anything is noted: a certificate gives its batch the place in its sponsor's chain, whoever holds it.
  #verifyCertificate(announcement: Announcement, certificate: Certificate): void {
    const { domain, committee } = this.#init.context
    verifyCertificate(domain, committee, certificate)
    if (!certificate.content.batch.equals(announcement.batch)) {
      throw new ProtocolError('certificate is of another batch', { code: 'ERR_PROTOCOL_MISMATCH', place: 'batch' })
    }
  }

  #isCrowded({ sponsor, batch }: Announcement): boolean {
    return this.#lanes.countOthers(toHex(sponsor), batch.toString()) >= BATCHES_PER_SPONSOR
  }

  /** Audits this node's own batch, which is at hand. */
  considerOwn(loaded: LoadedBatch): void {
    this.#begin(loaded.announcement, loaded, undefined)
  }

  /** Counts a vote from gossip or sync. @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE. */
  async count(vote: Vote): Promise<void> {
    const digest = digestOf(vote.content.batch)
    const record = await this.#init.store.batches.find(digest)
    if (record?.certificate !== undefined || record?.state === 'abandoned') return
    const effect = await this.#init.polls.add(vote, record !== undefined)
    if (effect === 'certified' && record !== undefined) this.#begin(record.announcement, undefined, undefined)
    if (effect === 'split' && record !== undefined) await this.#split(record.announcement)
  }

  // A lane for each sponsor: one that announces what it never delivers keeps nobody waiting but itself.
  #begin(announcement: Announcement, loaded: LoadedBatch | undefined, certificate: Certificate | undefined): void {
    if (this.#stopped.signal.aborted) return
    const { batch, sponsor } = announcement
    const isCertified = certificate !== undefined || this.#init.polls.findCertificate(digestOf(batch)) !== undefined
    const lane = isCertified ? CERTIFIED_LANE : { name: toHex(sponsor), width: BATCHES_AT_A_TIME }
    this.#lanes.begin(lane, batch.toString(), async () => {
      try {
        await this.#process(announcement, loaded, certificate)
      } catch (cause) {
        const level = this.#stopped.signal.aborted ? 'debug' : 'warn'
        this.#init.log[level](
          { batch: batch.toString(), code: errorCodeOf(cause), err: cause },
          'batch not audited; sync will bring it again',
        )
      }
    })
  }

  async #process(
    announcement: Announcement,
    own: LoadedBatch | undefined,
    given: Certificate | undefined,
  ): Promise<void> {
    const { store, polls, loader } = this.#init
    const digest = digestOf(announcement.batch)
    const record = await store.batches.find(digest)
    if (record?.certificate !== undefined) return
    // A member that votes one way here and another way there can make a split of what others certify.
    if (record?.state === 'abandoned' && given === undefined) return
    const certificate = given ?? polls.findCertificate(digest)
    // Voted already and nothing new to certify: the second run of a batch, spared the fetch. A split that could not be
    // carried out before is.
    if (certificate === undefined && polls.hasOwnVote(digest)) {
      if (polls.isSplit(digest)) await this.#split(announcement)
      return
    }
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(BATCH_TIMEOUT_MS)])
    const key = toHex(digest)
    const loaded = own ?? this.#loaded.get(key) ?? (await this.#load(announcement, signal))
    if (own === undefined) await loader.fetchBills(loaded, signal, certificate !== undefined)
    this.#keep(key, loaded)
    // Where all votes at hand came with bitmaps that were changed, this one brings the true one.
    const find = (): Certificate | undefined => given ?? polls.findCertificate(digest, loaded.leaves)
    if (find() === undefined && !polls.hasOwnVote(digest)) await this.#vote(loaded, signal)
    const formed = find()
    if (formed !== undefined) await this.#certify(loaded, formed)
    else if (polls.isSplit(digest)) await this.#split(announcement)
  }

  async #load(announcement: Announcement, signal: AbortSignal): Promise<LoadedBatch> {
    try {
      return await this.#init.loader.load(announcement, signal)
    } catch (cause) {
      // Malformed for everybody and for ever: without this, sync would bring it again and again.
      if (cause instanceof ProtocolError) await this.#init.ledger.abandon(digestOf(announcement.batch))
      throw cause
    }
  }

  #keep(key: string, loaded: LoadedBatch): void {
    this.#loaded.set(key, loaded)
    for (const oldest of this.#loaded.keys()) {
      if (this.#loaded.size <= KEPT_BATCHES) break
      this.#loaded.delete(oldest)
    }
  }

  async #certify(loaded: LoadedBatch, certificate: Certificate): Promise<void> {
    if (!(await this.#init.ledger.certify(loaded, certificate))) return
    this.#loaded.delete(toHex(loaded.digest))
    try {
      // Before the count is closed: the sponsor finds in it why claims were refused.
      await this.#init.onCertified(loaded, certificate)
    } finally {
      this.#init.polls.close(loaded.digest)
    }
  }

  // Once, whether the last vote or the audit saw it first.
  async #split(announcement: Announcement): Promise<void> {
    const key = announcement.batch.toString()
    const running = this.#splitting.get(key) ?? this.#giveUp(announcement).finally(() => this.#splitting.delete(key))
    this.#splitting.set(key, running)
    await running
  }

  // The sponsor first: only when its claims are in the durable queue again may the batch be forgotten. What fails before
  // leaves the batch announced, and sync or the next start brings it here again.
  async #giveUp(announcement: Announcement): Promise<void> {
    const { store, ledger, onSplit, log } = this.#init
    const digest = digestOf(announcement.batch)
    if ((await store.batches.find(digest))?.state !== 'announced') return
    await onSplit(announcement)
    await ledger.abandon(digest)
    log.info({ batch: announcement.batch.toString() }, 'batch given up: auditors disagree on it')
  }

  async #vote(loaded: LoadedBatch, signal: AbortSignal): Promise<void> {
    const { context, ledger, polls, publish } = this.#init
    const sponsor = toHex(loaded.batch.sponsor)
    const bills = this.#bills.get(sponsor) ?? new Limiter(BILLS_AT_A_TIME)
    this.#bills.set(sponsor, bills)
    // A vote says that this auditor holds the bytes: they are on disk before it signs.
    const [findings] = await Promise.all([
      Promise.all(loaded.claims.map(async (claim, i) => bills.run(async () => this.#find(loaded, claim, i, signal)))),
      this.#init.flushBlocks(),
    ])
    const intent = await ledger.intend(loaded, findings)
    const vote: Vote = {
      content: intent.content,
      bitmap: intent.bitmap,
      refusals: [...intent.refusals],
      voter: context.address,
      signature: signVote(context.domain, intent.content, context.privateKey),
    }
    await publish({ kind: 'vote', vote })
    await polls.add(vote, true)
  }

  /** Recomputes one claim from its bill's bytes. */
  async #find(loaded: LoadedBatch, claim: Claim, index: number, signal: AbortSignal): Promise<Finding> {
    const { examiner, vault } = this.#init
    const finding = { leaf: loaded.leaves[index] ?? new Uint8Array(32), grams: BigInt(claim.gramsLocation) }
    const visibility = loaded.batch.entries[index]?.kind ?? 'sealed'
    try {
      const plain = await vault.readPlain(claim.bill, visibility, signal)
      if (!equalBytes(hashFile(plain), claim.plainHash)) return { ...finding, refusal: { code: 'ERR_CLAIM_FIGURES' } }
      const lane = toHex(loaded.batch.sponsor)
      const examination = await examiner.examine(plain, claim.plainHash, claim.declaredPlace, signal, lane)
      const refusal = await (claim.assurance === 'reviewed'
        ? this.#judgeReviewed(claim, examination)
        : this.#judge(claim, examination))
      return refusal === undefined ? finding : { ...finding, refusal: { code: refusal } }
    } catch (cause) {
      if (signal.aborted) throw cause
      // What this node cannot read or recompute it does not vouch for; others may.
      this.#init.log.warn({ bill: claim.bill.toString(), code: errorCodeOf(cause) }, 'abstained from a claim')
      return { ...finding, refusal: { code: 'ERR_CLAIM_ABSTAINED' } }
    }
  }

  // A reviewed claim is accepted by what this auditor's own people read, and by nothing that the sponsor says.
  async #judgeReviewed(claim: Claim, examination: Examination): Promise<Refusal['code'] | undefined> {
    const { findEntry, examiner } = this.#init
    if (examination.kind === 'facts') return 'ERR_REVIEW_NOT_NEEDED'
    if (examination.verdict === 'reject') return examination.reason.code
    const entry = await findEntry(claim.plainHash)
    if (entry === undefined) return 'ERR_CLAIM_ABSTAINED'
    const own = examiner.examineReviewed(entry)
    const read = own.kind === 'facts' ? findExamined(own, claim.ordinal) : undefined
    if (read === undefined || !equalBytes(read.factsHash, claim.factsHash)) return 'ERR_REVIEW_DIFFERS'
    if (!equalBytes(read.supersedes ?? ZERO_32, claim.supersedes ?? ZERO_32)) return 'ERR_REVIEW_DIFFERS'
    return this.#judge(claim, own)
  }

  #judge(claim: Claim, examination: Examination): Refusal['code'] | undefined {
    const { context } = this.#init
    if (examination.kind === 'refused') return examination.reason.code
    const examined = findExamined(examination, claim.ordinal)
    if (examined === undefined) return 'ERR_CLAIM_ORDINAL'
    if (regionOf(context, examined) !== context.region.name) return 'ERR_CLAIM_REGION'
    const expected = buildClaim(context, claim, examined)
    return equalBytes(encodeCanonical(expected), encodeCanonical(claim)) ? undefined : 'ERR_CLAIM_FIGURES'
  }
}
