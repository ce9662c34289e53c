import type { CertifiedBatch } from '#consensus'
import { anchorPath, fillBallot, planAnchor, Tally } from '#consensus'
import type { Announcement, Batch, BatchEntry, Certificate, Charter, Claim, Domain, Proof, Vote } from '#protocol'
import {
  addressOfPrivateKey,
  announceBatch,
  charterCid,
  cidOfBlock,
  cidOfDigest,
  claimIdOf,
  domainOf,
  encodeBatch,
  encodeCanonical,
  hashAnchor,
  hashVote,
  isBitSet,
  leafOf,
  merklePath,
  merklePathLength,
  orderBytes,
  quorumOf,
  RAW_CODE,
  sha256,
  signDigest,
  utf8,
  ZERO_32,
} from '#protocol'

/** Name of the fixture's only region. */
export const REGION = 'north-america'

/** A committee member of the fixture: keys are made from its number, so that every run signs the same bytes. */
export type Member = { readonly key: Uint8Array; readonly address: Uint8Array }

/** A founded region whose keys the test holds. */
export type RegionFixture = { readonly charter: Charter; readonly domain: Domain; readonly members: readonly Member[] }

/** Hash of a label: a distinct 32-byte value for each. */
export function hashOf(label: string): Uint8Array {
  return sha256(utf8(label))
}

/** A region of `size` auditors, ascending by address. */
export function foundRegion(size = 4, name = 'fixture', changes: Partial<Charter> = {}): RegionFixture {
  const members = Array.from({ length: size }, (_, i) => hashOf(`key ${i}`))
    .map((key) => ({ key, address: addressOfPrivateKey(key) }))
    .toSorted((a, b) => orderBytes(a.address, b.address))
  const charter: Charter = {
    v: 1,
    name,
    protocol: 1,
    rules: { version: 'rules-1', vectors: cidOfBlock(encodeCanonical(['vectors'])) },
    datasets: [{ name: 'eGRID', cid: cidOfBlock(encodeCanonical(['eGRID'])) }],
    regions: [
      {
        name: REGION,
        jurisdictions: ['CA', 'MX', 'US'],
        committee: members.map((member) => member.address),
        archiveRecipient: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
        pointKeyHash: hashOf('point key'),
      },
    ],
    chain: { chainId: 31337, registry: hashOf('registry').slice(0, 20) },
    ...changes,
  }
  return { charter, domain: domainOf(charter), members }
}

/** A claim that differs from others by its label; other fields as given. */
export function makeClaim(label: string, fields: Partial<Claim> = {}): Claim {
  return {
    bill: cidOfDigest(hashOf(`bill ${label}`), RAW_CODE),
    plainHash: hashOf(`bill ${label}`),
    ordinal: 0,
    factsHash: hashOf(`facts ${label}`),
    derivationHash: hashOf(`derivation ${label}`),
    rules: 'rules-1',
    pointTag: hashOf(`point ${label}`),
    tagBasis: 'point',
    startDay: 18_000,
    endDay: 18_031,
    energyWh: { n: '128000', d: '1' },
    gramsLocation: '22480',
    assurance: 'extracted',
    origin: 'unsigned',
    holder: hashOf('holder'),
    salt: hashOf(`salt ${label}`),
    ...fields,
  }
}

/** A batch of public claims from a member, its announcement included. */
export function makeBatch(
  { domain }: RegionFixture,
  sponsor: Member,
  entries: readonly BatchEntry[],
  place: { seq?: number; prev?: Batch['prev']; sealed?: Uint8Array } = {},
): { batch: Batch; block: Uint8Array; announcement: Announcement } {
  const { seq = 1, prev = null, sealed = null } = place
  const header = { v: 1 as const, network: domain.networkId, region: REGION, epoch: 0, sponsor: sponsor.address }
  const batch: Batch = { ...header, seq, prev, entries: [...entries], sealed }
  return { batch, block: encodeBatch(batch), announcement: announceBatch(domain, batch, sponsor.key) }
}

/** Entry of a public claim. */
export function publicEntry(claim: Claim): BatchEntry {
  return { kind: 'public', claim }
}

/** Entry of a sealed claim. */
export function sealedEntry({ domain }: RegionFixture, claim: Claim): BatchEntry {
  return { kind: 'sealed', bill: claim.bill, leaf: leafOf(domain, REGION, claim) }
}

/** A member's vote on a batch, refusing the claims at `refused`. */
export function makeVote(
  { domain }: RegionFixture,
  voter: Member,
  announcement: Announcement,
  claims: readonly Claim[],
  refused: readonly number[] = [],
): Vote {
  const findings = claims.map((claim, i) => ({
    leaf: leafOf(domain, REGION, claim),
    grams: BigInt(claim.gramsLocation),
    ...(refused.includes(i) ? { refusal: { code: 'ERR_CLAIM_OVERLAP' } } : {}),
  }))
  const ballot = fillBallot(announcement, 0, findings)
  const signature = signDigest(hashVote(domain, ballot.content), voter.key)
  return {
    content: ballot.content,
    bitmap: ballot.bitmap,
    refusals: [...ballot.refusals],
    voter: voter.address,
    signature,
  }
}

/** A certified batch of claims; those at `refused` are not accepted. */
export function certifyBatch(
  region: RegionFixture,
  claims: readonly Claim[],
  options: { sponsor?: number; seq?: number; refused?: readonly number[]; sealed?: boolean } = {},
): CertifiedBatch & { readonly block: Uint8Array } {
  const { domain, members } = region
  const sponsor = members[options.sponsor ?? 0]
  if (sponsor === undefined) throw new RangeError('the region has no such member')
  const entries = claims.map((claim) => (options.sealed === true ? sealedEntry(region, claim) : publicEntry(claim)))
  const place = { seq: options.seq ?? 1, ...(options.sealed === true ? { sealed: utf8('sealed claims') } : {}) }
  const { block, announcement } = makeBatch(region, sponsor, entries, place)
  const tally = new Tally(members.length)
  for (const member of members) tally.add(makeVote(region, member, announcement, claims, options.refused))
  const outcome = tally.outcome()
  if (outcome.kind !== 'certified') throw new RangeError('equal votes of all members make a certificate')
  return {
    announcement,
    certificate: outcome.certificate,
    block,
    leaves: claims.map((claim) => leafOf(domain, REGION, claim)),
    claimIds: claims.map((claim) => claimIdOf(domain, REGION, claim)),
    gramsLocation: claims.map((claim) => BigInt(claim.gramsLocation)),
    gramsMarket: claims.map((claim) => (claim.gramsMarket === undefined ? undefined : BigInt(claim.gramsMarket))),
  }
}

/** A quorum's signatures over a digest, ascending by signer. */
export function signByQuorum({ members }: RegionFixture, digest: Uint8Array): Uint8Array[] {
  return members.slice(0, quorumOf(members.length)).map((member) => signDigest(digest, member.key))
}

/** Certificate's part of a proof: with the path of claim `index` to the accepted root. */
export function proofCertificate(
  certificate: Certificate,
  leaves: readonly Uint8Array[],
  index: number,
): Proof['certificate'] {
  const accepted = leaves.flatMap((leaf, i) => (isBitSet(certificate.bitmap, i) ? [{ leaf, i }] : []))
  const position = accepted.findIndex(({ i }) => i === index)
  return {
    ...certificate,
    path: merklePath(
      accepted.map(({ leaf }) => leaf),
      position,
    ),
  }
}

/** Anchor's part of a proof: the first anchor of the region over `batches`. */
export function proofAnchor(
  region: RegionFixture,
  batches: readonly CertifiedBatch[],
  at: number,
  index: number,
): NonNullable<Proof['anchor']> {
  const plan = planAnchor({ region: REGION, epoch: 0, seq: 1, prev: ZERO_32 }, batches, () => false)
  if (plan === undefined) throw new RangeError('there is nothing to anchor')
  const listed = batches.map((batch, i) => ({ ...batch, omitted: plan.manifest.batches[i]?.omitted ?? [] }))
  const path = anchorPath(listed, at, index)
  if (path === undefined) throw new RangeError('the anchor does not count this claim')
  const { anchor } = plan
  return {
    content: {
      ...anchor,
      gramsLocation: anchor.gramsLocation.toString(),
      gramsMarket: anchor.gramsMarket.toString(),
    },
    path,
    signatures: signByQuorum(region, hashAnchor(region.domain, anchor)),
    transaction: hashOf('transaction'),
    blockNumber: 7,
    blockHash: hashOf('block'),
  }
}

/** What a made proof shows. */
export type ProofOptions = { readonly anchored?: boolean; readonly sealed?: boolean; readonly disclosed?: boolean }

/** Valid proofs of all claims of a batch, and the batch's block. */
export function makeProofs(
  region: RegionFixture,
  claims: readonly Claim[],
  { anchored = true, sealed = false, disclosed = true }: ProofOptions = {},
): { proofs: Proof[]; block: Uint8Array } {
  const other = certifyBatch(region, [makeClaim('other batch')], { sponsor: 1 })
  const own = certifyBatch(region, claims, { sealed })
  const anchor = anchored ? proofAnchor(region, [other, own], 1, 0) : undefined
  const proofs = claims.map((claim, index): Proof => {
    const certificate = proofCertificate(own.certificate, own.leaves, index)
    const upper = anchor?.path.slice(merklePathLength(claims.length, 0)) ?? []
    return {
      kind: 'kwitness-proof',
      v: 1,
      network: charterCid(region.charter),
      region: REGION,
      bill: { cid: claim.bill, visibility: sealed ? 'sealed' : 'public' },
      claim: disclosed
        ? { kind: 'full', content: claim }
        : { kind: 'leaf', leaf: leafOf(region.domain, REGION, claim) },
      batch: { announcement: own.announcement, index },
      certificate,
      ...(anchor === undefined ? {} : { anchor: { ...anchor, path: [...certificate.path, ...upper] } }),
    }
  })
  return { proofs, block: own.block }
}

/** A valid proof of claim `index` of a batch of `claims`. */
export function makeProof(
  region: RegionFixture,
  claims: readonly Claim[],
  index: number,
  options: ProofOptions = {},
): { proof: Proof; block: Uint8Array } {
  const { proofs, block } = makeProofs(region, claims, options)
  const proof = proofs[index]
  if (proof === undefined) throw new RangeError('there is no such claim')
  return { proof, block }
}

/** Bytes with one bit turned. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  // A copy even of a Buffer, whose slice() is a view.
  const flipped = new Uint8Array(bytes)
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return flipped
}
