import {
  concatBytes,
  digestOf,
  equalBytes,
  fromHex,
  isBitSet,
  merkleRoot,
  ProtocolError,
  toHex,
  verifyCertificate,
  ZERO_32,
} from '#protocol'
import type { Announcement, Certificate, Claim, Equivocation, Refusal } from '#protocol'
import { fillBallot, findEquivocation, imposeLock, requestLock } from '#consensus'
import type { Finding, Lock, LockRequest } from '#consensus'
import { keyOfNumber } from '#storage'
import type { BatchRecord, ClaimRecord, OwnVoteRecord, Store, Write } from '#storage'
import type { LoadedBatch } from './batch-loader.ts'
import type { RegionContext } from './region-context.ts'
import { Serial } from './serial.ts'
import { findSuccessor, judgeSupersession, supersede } from './supersession.ts'

/** What became of an announcement. */
export type Admission =
  | { readonly kind: 'new' | 'known' }
  /** `isNews`: this node had no proof for this place before. */
  | { readonly kind: 'equivocation'; readonly proof: Equivocation; readonly isNews: boolean }

/** Key of a batch in its sponsor's chain. */
export function chainKey(epoch: number, sponsor: Uint8Array, seq: number): Uint8Array {
  return concatBytes([keyOfNumber(epoch), sponsor, keyOfNumber(seq)])
}

/**
 * What this node holds of the region: batches, claims, locks, votes and certificates. Every read-check-write is one
 * serial task that ends in one atomic commit.
 */
export class Ledger {
  readonly #context: RegionContext
  readonly #store: Store
  readonly #nowMs: () => number
  readonly #serial = new Serial()

  constructor(context: RegionContext, store: Store, nowMs: () => number) {
    this.#context = context
    this.#store = store
    this.#nowMs = nowMs
  }

  /**
   * Takes note of a verified announcement; two for one place in a chain are kept as proof that the sponsor lied.
   *
   * @param isCertified the caller holds a quorum's certificate for it: then it takes the place, whichever came first.
   */
  async admit(announcement: Announcement, isCertified = false): Promise<Admission> {
    return this.#serial.run(async () => {
      const key = chainKey(announcement.epoch, announcement.sponsor, announcement.seq)
      const digest = digestOf(announcement.batch)
      const known = await this.#store.chains.find(key)
      if (known !== undefined) {
        if (equalBytes(known, digest)) return { kind: 'known' }
        const first = await this.#store.batches.get(known)
        const proof = findEquivocation(first.announcement, announcement)
        if (proof === undefined) return { kind: 'known' }
        const replaced = isCertified ? [this.#store.chains.put(key, digest), this.#fresh(announcement)] : []
        const isNews = (await this.#store.equivocations.find(equivocationKey(proof))) === undefined
        const kept = isNews ? [this.#equivocation(proof)] : []
        await this.#store.commit([...kept, ...replaced], { durable: true })
        return { kind: 'equivocation', proof, isNews }
      }
      await this.#store.commit([this.#store.chains.put(key, digest), this.#fresh(announcement)], { durable: false })
      return { kind: 'new' }
    })
  }

  #fresh(announcement: Announcement): Write {
    const record: BatchRecord = { announcement, state: 'announced', leaves: [], claimIds: [] }
    return this.#store.batches.put(digestOf(announcement.batch), record)
  }

  /** Keeps a proof of equivocation that a peer brought. @returns false if it is known. */
  async keepEquivocation(proof: Equivocation): Promise<boolean> {
    const key = equivocationKey(proof)
    if ((await this.#store.equivocations.find(key)) !== undefined) return false
    await this.#store.commit([this.#equivocation(proof)], { durable: true })
    return true
  }

  #equivocation(proof: Equivocation): Write {
    return this.#store.equivocations.put(equivocationKey(proof), proof)
  }

  /**
   * Locks the claims that stand, and makes the intent to vote durable, in one commit.
   *
   * DESIGN 8: an auditor writes its locks before it signs. The same batch again gives the stored intent; a claim whose
   * period another claim holds is refused with that claim's id.
   */
  async intend(loaded: LoadedBatch, findings: readonly Finding[]): Promise<OwnVoteRecord> {
    return this.#serial.run(async () => {
      const stored = await this.#store.ownVotes.find(loaded.digest)
      if (stored !== undefined) return stored
      const locks = await this.#locksOf(loaded.claims)
      const granted = new Set<string>()
      const seen = new Set<string>()
      const settled: Finding[] = []
      // Before anything is locked: what a claim may replace is the same for all of them.
      const barred = await Promise.all(
        loaded.claims.map(async (claim, i) => judgeSupersession(this.#store, claim, loaded.claimIds[i] ?? ZERO_32)),
      )
      for (const [i, finding] of findings.entries()) {
        const claim = loaded.claims[i]
        const claimId = loaded.claimIds[i]
        if (claim === undefined || claimId === undefined) break
        const refusal = finding.refusal ?? barred[i] ?? lockClaim(claim, claimId, locks, granted, seen)
        settled.push(refusal === undefined ? finding : { ...finding, refusal })
      }
      const ballot = fillBallot(loaded.announcement, 0, settled)
      const own: OwnVoteRecord = { content: ballot.content, bitmap: ballot.bitmap, refusals: ballot.refusals }
      await this.#store.commit(
        [
          this.#store.ownVotes.put(loaded.digest, own),
          ...[...granted].map((tag) => this.#store.locks.put(fromHex(tag), locks.get(tag) ?? [])),
          this.#store.batches.put(loaded.digest, {
            ...(await this.#store.batches.get(loaded.digest)),
            leaves: loaded.leaves,
            claimIds: loaded.claimIds,
          }),
          ...(await this.#recordClaims(loaded, (i) => settled[i]?.refusal === undefined, 'proposed')),
        ],
        { durable: true },
      )
      return own
    })
  }

  /** Locks of the point tags of claims, by tag as hex. */
  async #locksOf(claims: readonly Claim[]): Promise<Map<string, readonly Lock[]>> {
    const held = await this.#store.locks.findMany(claims.map((claim) => claim.pointTag))
    return new Map(claims.map((claim, i) => [toHex(claim.pointTag), held[i] ?? []]))
  }

  /** Claim that holds (part of) a claim's period, if any; for an early answer to whoever submits. */
  async findHolder(claim: Claim, claimId: Uint8Array): Promise<Uint8Array | undefined> {
    const held = (await this.#store.locks.find(claim.pointTag)) ?? []
    const outcome = requestLock(held, lockRequestOf(claim, claimId))
    return outcome.kind === 'refused' ? outcome.heldBy : undefined
  }

  /** Writes that bring the accepted claims of a batch to `state`; a claim that is further already stays as it is. */
  async #recordClaims(
    loaded: LoadedBatch,
    isAccepted: (index: number) => boolean,
    state: 'proposed' | 'certified',
  ): Promise<Write[]> {
    const known = await this.#store.claims.findMany(loaded.claimIds)
    const now = this.#nowMs()
    const writes: Write[] = []
    for (const [index, claim] of loaded.claims.entries()) {
      const claimId = loaded.claimIds[index]
      const before = known[index]
      if (claimId === undefined || !isAccepted(index)) continue
      const visibility = loaded.batch.entries[index]?.kind ?? 'sealed'
      if (before === undefined || before.state === 'proposed') {
        const proposedAtMs = before?.proposedAtMs ?? now
        const certified = state === 'certified' ? { certifiedAtMs: now } : {}
        const { digest: batch } = loaded
        const record: ClaimRecord = { claimId, claim, visibility, batch, index, state, proposedAtMs, ...certified }
        writes.push(this.#store.claims.put(claimId, record))
      }
      // What this same batch wrote when it was voted on need not be written again.
      if (before !== undefined && equalBytes(before.batch, loaded.digest)) continue
      writes.push(
        this.#store.claimsByBill.put(concatBytes([claim.bill.bytes, keyOfNumber(claim.ordinal), claimId]), claimId),
        this.#store.billsByPlainHash.put(plainKey(visibility, claim.plainHash), claim.bill),
      )
    }
    return writes
  }

  /**
   * Makes a batch certified. The accepted root must be that of the batch's leaves under the certificate's bitmap.
   *
   * @returns false if it was certified before.
   * @throws {ProtocolError} ERR_PROTOCOL_QUORUM, ERR_PROTOCOL_SIGNATURE, ERR_PROTOCOL_MISMATCH.
   */
  async certify(loaded: LoadedBatch, certificate: Certificate): Promise<boolean> {
    verifyCertificate(this.#context.domain, this.#context.committee, certificate)
    const accepted = loaded.leaves.filter((_, i) => isBitSet(certificate.bitmap, i))
    const { content } = certificate
    if (
      !content.batch.equals(loaded.announcement.batch) ||
      !equalBytes(merkleRoot(accepted), content.acceptedRoot) ||
      accepted.length !== content.accepted
    ) {
      throw new ProtocolError('certificate is not about this batch', {
        code: 'ERR_PROTOCOL_MISMATCH',
        place: 'content',
      })
    }
    return this.#serial.run(async () => {
      const record = await this.#store.batches.get(loaded.digest)
      if (record.state === 'certified' || record.state === 'anchored') return false
      const { leaves, claimIds } = loaded
      const certified: BatchRecord = { ...record, leaves, claimIds, state: 'certified', certificate }
      const writes: Write[] = [
        ...(await this.#recordClaims(loaded, (i) => isBitSet(certificate.bitmap, i), 'certified')),
        this.#store.batches.put(loaded.digest, certified),
        this.#store.unanchored.put(loaded.digest, content.accepted),
        ...(await this.#imposeLocks(loaded, certificate)),
        ...this.#supersede(loaded, certificate),
      ]
      writes.push(...this.#forgetVotes(loaded.digest))
      await this.#store.commit(writes, { durable: false })
      return true
    })
  }

  #forgetVotes(digest: Uint8Array): Write[] {
    return this.#context.committee.map((member) => this.#store.votes.remove(concatBytes([digest, member])))
  }

  #supersede({ claims, claimIds }: LoadedBatch, { bitmap }: Certificate): Write[] {
    return claims.flatMap((claim, index) => {
      const claimId = claimIds[index]
      return claimId === undefined || !isBitSet(bitmap, index) ? [] : supersede(this.#store, claim, claimId)
    })
  }

  /** Writes that give certified claims their periods, where this auditor's own vote had not. */
  async #imposeLocks(loaded: LoadedBatch, certificate: Certificate): Promise<Write[]> {
    const locks = await this.#locksOf(loaded.claims)
    const changed = new Set<string>()
    for (const [index, claim] of loaded.claims.entries()) {
      const claimId = loaded.claimIds[index]
      if (claimId === undefined || !isBitSet(certificate.bitmap, index)) continue
      const tag = toHex(claim.pointTag)
      const held = locks.get(tag) ?? []
      const successor = await findSuccessor(this.#store, claimId)
      if (successor !== undefined) {
        // Sync brought the correction first: the period is its own, and neither this claim's nor its predecessor's.
        const gone = [claimId, ...(claim.supersedes === undefined ? [] : [claim.supersedes])]
        const others = held.filter((lock) => !gone.some((id) => equalBytes(id, lock.claimId)))
        locks.set(tag, imposeLock(others, lockRequestOf(successor.claim, successor.claimId)))
      } else {
        const isHeld = held.some((lock) => equalBytes(lock.claimId, claimId))
        if (isHeld && claim.supersedes === undefined) continue
        locks.set(tag, imposeLock(held, lockRequestOf(claim, claimId)))
      }
      changed.add(tag)
    }
    return [...changed].map((tag) => this.#store.locks.put(fromHex(tag), locks.get(tag) ?? []))
  }

  /**
   * Marks a batch that no quorum can certify any more. Its votes are kept: its sponsor may have been away, and learns
   * from them why.
   */
  async abandon(digest: Uint8Array): Promise<void> {
    await this.#serial.run(async () => {
      const record = await this.#store.batches.get(digest)
      if (record.state !== 'announced') return
      await this.#store.commit([this.#store.batches.put(digest, { ...record, state: 'abandoned' })], { durable: false })
    })
  }

  /** Runs a read-check-write of another component on the same records, in the same order. */
  async exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.#serial.run(task)
  }
}

// Grants a claim's lock in `locks`, or tells why not; `granted` collects the tags whose locks changed.
function lockClaim(
  claim: Claim,
  claimId: Uint8Array,
  locks: Map<string, readonly Lock[]>,
  granted: Set<string>,
  seen: Set<string>,
): Omit<Refusal, 'index'> | undefined {
  const id = toHex(claimId)
  if (seen.has(id)) return { code: 'ERR_CLAIM_DUPLICATE', heldBy: claimId }
  const tag = toHex(claim.pointTag)
  const outcome = requestLock(locks.get(tag) ?? [], lockRequestOf(claim, claimId))
  if (outcome.kind === 'refused') return { code: 'ERR_CLAIM_OVERLAP', heldBy: outcome.heldBy }
  seen.add(id)
  if (outcome.kind === 'granted') {
    locks.set(tag, outcome.locks)
    granted.add(tag)
  }
  return undefined
}

function lockRequestOf(claim: Claim, claimId: Uint8Array): LockRequest {
  const { startDay, endDay, supersedes } = claim
  return { startDay, endDay, claimId, ...(supersedes === undefined ? {} : { supersedes }) }
}

/** Key of the index from plain hashes to bills. */
export function plainKey(visibility: 'public' | 'sealed', plainHash: Uint8Array): Uint8Array {
  return concatBytes([new Uint8Array([visibility === 'sealed' ? 1 : 0]), plainHash])
}

function equivocationKey(proof: Equivocation): Uint8Array {
  return chainKey(proof.first.epoch, proof.first.sponsor, proof.first.seq)
}
