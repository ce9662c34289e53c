import {
  cidOfDigest,
  DAG_CBOR_CODE,
  equalBytes,
  hashAnchor,
  hashAnchorStruct,
  orderBytes,
  recoverAddress,
  toHex,
} from '#protocol'
import type { Anchor, AnchorWire } from '#protocol'
import type { ProposalRecord, Store, Write } from '#storage'
import type { Ledger } from '../ledger.ts'
import { isMember } from '../region-context.ts'
import type { RegionContext } from '../region-context.ts'
import { AnchoringError } from './anchoring-error.ts'

/** Head of the region on the chain. */
export type AnchorHead = { readonly seq: number; readonly anchorHash: Uint8Array }

/** An anchor with the signatures of a quorum, in ascending order of their signers. */
export type SignedAnchor = { readonly anchor: Anchor; readonly signatures: readonly Uint8Array[] }

/** Signatures on an anchor as messages and records carry them. */
export type AnchorSignatures = ProposalRecord['signatures']

/** Proposals for one place that are kept of a member while nobody else has signed them; an honest one needs one or two. */
const LONE_PROPOSALS = 4
/** Anchors of the chain whose signatures are kept as proposals, for peers that follow the chain this far behind. */
const KEPT_ANCHORS = 16

/** What the book needs. */
export type ProposalBookInit = {
  readonly context: RegionContext
  readonly store: Store
  readonly ledger: Pick<Ledger, 'exclusively'>
  readonly head: () => AnchorHead
}

/** Anchors that members have signed for the place after the head, with all signatures that are known on each. */
export class ProposalBook {
  readonly #init: ProposalBookInit

  constructor(init: ProposalBookInit) {
    this.#init = init
  }

  /** True for an anchor that would follow the head of this region. */
  isNext({ anchor }: Pick<ProposalRecord, 'anchor'>): boolean {
    const { context, head } = this.#init
    const { seq, anchorHash } = head()
    const isHere = anchor.region === context.region.name && anchor.epoch === context.epoch
    return isHere && anchor.seq === seq + 1 && equalBytes(anchor.prev, anchorHash)
  }

  /** Checks a proposal's signatures. @throws {AnchoringError | ProtocolError} when one is not its member's. */
  verify(proposal: Pick<ProposalRecord, 'anchor' | 'signatures'>): void {
    const { context } = this.#init
    const digest = hashAnchor(context.domain, anchorFromWire(proposal.anchor))
    for (const { signer, signature } of proposal.signatures) {
      if (!isMember(context, signer) || !equalBytes(recoverAddress(digest, signature), signer)) {
        throw new AnchoringError('anchor is not signed by a member', { code: 'ERR_ANCHOR_SIGNATURE' })
      }
    }
  }

  /**
   * Keeps verified signatures of others.
   *
   * @returns the proposal with all signatures known; undefined if it is not kept: not the next anchor, one that nobody
   * needs beside one that a quorum has signed, or one too many of its only signer.
   */
  async keep(anchor: Anchor, signatures: AnchorSignatures): Promise<ProposalRecord | undefined> {
    return this.#init.ledger.exclusively(async () => {
      if (!this.isNext({ anchor: anchorToWire(anchor) })) return undefined
      const before = await this.#init.store.proposals.find(hashAnchorStruct(anchor))
      if (before === undefined && !(await this.#hasRoom(anchor, signatures))) return undefined
      return this.#put(anchor, before, signatures, false)
    })
  }

  /** Keeps this node's own signature, on disk before it is told to anybody. */
  async keepOwn(anchor: Anchor, signature: Uint8Array): Promise<void> {
    const { store, ledger, context } = this.#init
    await ledger.exclusively(async () => {
      const before = await store.proposals.find(hashAnchorStruct(anchor))
      await this.#put(anchor, before, [{ signer: context.address, signature }], true)
    })
  }

  async #put(
    anchor: Anchor,
    before: ProposalRecord | undefined,
    signatures: AnchorSignatures,
    durable: boolean,
  ): Promise<ProposalRecord> {
    const { store } = this.#init
    const all = [...(before?.signatures ?? [])]
    for (const given of signatures) {
      // One signature of each: a quorum is counted by them.
      if (!all.some(({ signer }) => equalBytes(signer, given.signer))) all.push(given)
    }
    const record = recordOf(anchor, all)
    if (all.length > (before?.signatures.length ?? 0)) {
      await store.commit([store.proposals.put(hashAnchorStruct(anchor), record)], { durable })
    }
    return record
  }

  async #hasRoom(anchor: Anchor, signatures: AnchorSignatures): Promise<boolean> {
    const [first] = signatures
    if (first === undefined) return false
    const signed = await this.findSigned()
    if (signed !== undefined && signed.anchor.claims >= anchor.claims) return false
    if (signatures.some(({ signer }) => !equalBytes(signer, first.signer))) return true
    return (await this.#countLone(first.signer)) < LONE_PROPOSALS
  }

  async #countLone(member: Uint8Array): Promise<number> {
    const open = await this.#listOpen()
    return open.filter(({ signatures }) => signatures.every(({ signer }) => equalBytes(signer, member))).length
  }

  async #listOpen(): Promise<ProposalRecord[]> {
    const open: ProposalRecord[] = []
    for await (const [, proposal] of this.#init.store.proposals.entries()) {
      if (this.isNext(proposal)) open.push(proposal)
    }
    return open
  }

  /** Of the proposals for the next place that have a quorum's signatures, the one with the most claims. */
  async findSigned(): Promise<SignedAnchor | undefined> {
    const { quorum } = this.#init.context
    const signed = (await this.#listOpen()).filter(({ signatures }) => signatures.length >= quorum)
    const [best] = signed.toSorted((a, b) => b.anchor.claims - a.anchor.claims)
    if (best === undefined) return undefined
    return { anchor: anchorFromWire(best.anchor), signatures: orderQuorum(best.signatures, quorum) }
  }

  /** True if this node has signed something for the next place. */
  async hasOwn(): Promise<boolean> {
    return (await this.#listOpen()).some((proposal) => this.isSigned(proposal))
  }

  /** True if this node may make one more proposal for the next place: peers do not keep too many of one member alone. */
  async hasRoomForOwn(): Promise<boolean> {
    return (await this.#countLone(this.#init.context.address)) < LONE_PROPOSALS
  }

  /** True if this node's signature is among those of a proposal. */
  isSigned({ signatures }: Pick<ProposalRecord, 'signatures'>): boolean {
    return signatures.some(({ signer }) => equalBytes(signer, this.#init.context.address))
  }

  /** Signatures of a quorum on an anchor as far as proposals have them, ascending by signer; else undefined. */
  async findQuorumOn(anchorHash: Uint8Array): Promise<Uint8Array[] | undefined> {
    const { store, context } = this.#init
    const { signatures } = (await store.proposals.find(anchorHash)) ?? { signatures: [] }
    return signatures.length < context.quorum ? undefined : orderQuorum(signatures, context.quorum)
  }

  /**
   * Writes that forget proposals for places that the chain has passed. The anchors of the chain stay for a while: a peer
   * that comes late may find their signatures nowhere else, when another contract has sent them.
   */
  async closePlace(anchor: Anchor, signatures: AnchorSignatures): Promise<Write[]> {
    const { store } = this.#init
    const key = hashAnchorStruct(anchor)
    const writes: Write[] = []
    for await (const [other, proposal] of store.proposals.entries()) {
      const { seq } = proposal.anchor
      const isOld = seq <= anchor.seq - KEPT_ANCHORS
      if (isOld || (seq === anchor.seq && toHex(other) !== toHex(key))) writes.push(store.proposals.remove(other))
    }
    return [...writes, store.proposals.put(key, recordOf(anchor, signatures))]
  }
}

function recordOf(anchor: Anchor, signatures: AnchorSignatures): ProposalRecord {
  return { anchor: anchorToWire(anchor), manifest: cidOfDigest(anchor.manifest, DAG_CBOR_CODE), signatures }
}

function orderQuorum(signatures: AnchorSignatures, quorum: number): Uint8Array[] {
  return signatures
    .toSorted((a, b) => orderBytes(a.signer, b.signer))
    .slice(0, quorum)
    .map(({ signature }) => signature)
}

/** An anchor as messages and records carry it. */
export function anchorToWire(anchor: Anchor): AnchorWire {
  return { ...anchor, gramsLocation: anchor.gramsLocation.toString(), gramsMarket: anchor.gramsMarket.toString() }
}

/** An anchor with its sums as big integers. */
export function anchorFromWire(wire: AnchorWire): Anchor {
  return { ...wire, gramsLocation: BigInt(wire.gramsLocation), gramsMarket: BigInt(wire.gramsMarket) }
}
