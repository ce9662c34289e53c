import {
  charterCid,
  claimIdOf,
  cidOfBlock,
  encodeCanonical,
  encodeCharter,
  encodeManifest,
  encodeProof,
  hashAnchor,
  hashAnchorStruct,
  hashVote,
  leafOf,
  merklePath,
  merkleRoot,
  signVote,
  toHex,
  verifyProofOffline,
  ZERO_32,
} from '#protocol'
import type { Claim, Proof } from '#protocol'
import { planAnchor } from '#consensus'
import { certifyBatch, foundRegion, hashOf, makeClaim, makeProof, REGION } from './region-fixture.ts'

/** A proof file, whether it verifies, and the lines that fail. */
type ProofVector = { readonly what: string; readonly file: string; readonly failed: readonly string[] }

/**
 * What a second implementation must compute from the same input (docs/spec/claims.md, docs/spec/proof.md); all bytes as hex.
 *
 * `test/vectors/protocol-1/vectors.json` is this object. It may change only with the protocol's version:
 * `node -e "import('./test/support/protocol-vectors.ts').then(v => console.log(JSON.stringify(v.makeProtocolVectors(), null, 2)))"`
 */
export function makeProtocolVectors(): object {
  const region = foundRegion()
  const { charter, domain, members } = region
  const [voter] = members
  if (voter === undefined) throw new RangeError('the region has no member')
  const claims = [
    makeClaim('plain'),
    makeClaim('every field', {
      ordinal: 63,
      tagBasis: 'account',
      startDay: -1,
      endDay: 30,
      energyWh: { n: '901800', d: '7' },
      gramsLocation: (2n ** 64n + 1n).toString(),
      gramsMarket: '0',
      assurance: 'place-declared',
      origin: 'utility-signed',
      declaredPlace: {
        country: 'US',
        state: 'CA',
        utility: { eia: 14_328, state: 'CA' },
        zip: '94105',
        subregion: 'CAMX',
      },
      supersedes: hashOf('superseded'),
    }),
    makeClaim('third'),
  ]
  const batch = certifyBatch(region, claims, { refused: [2] })
  const { content, bitmap } = batch.certificate
  const plan = planAnchor({ region: REGION, epoch: 0, seq: 1, prev: ZERO_32 }, [batch], () => false)
  if (plan === undefined) throw new RangeError('there is nothing to anchor')
  const leaves = claims.map((claim) => leafOf(domain, REGION, claim))
  return {
    charter: toHex(encodeCharter(charter)),
    network: charterCid(charter).toString(),
    region: REGION,
    claims: claims.map((claim) => ({
      block: toHex(encodeCanonical(claim)),
      leaf: toHex(leafOf(domain, REGION, claim)),
      claimId: toHex(claimIdOf(domain, REGION, claim)),
    })),
    tree: {
      leaves: leaves.map(toHex),
      root: toHex(merkleRoot(leaves)),
      paths: leaves.map((_, i) => merklePath(leaves, i).map(toHex)),
    },
    batch: { block: toHex(batch.block), announcement: toHex(encodeCanonical(batch.announcement)) },
    vote: {
      content: toHex(encodeCanonical(content)),
      digest: toHex(hashVote(domain, content)),
      key: toHex(voter.key),
      signature: toHex(signVote(domain, content, voter.key)),
    },
    certificate: { block: toHex(encodeCanonical(batch.certificate)), bitmap: toHex(bitmap) },
    anchor: {
      manifest: toHex(encodeManifest(plan.manifest)),
      manifestCid: cidOfBlock(encodeManifest(plan.manifest)).toString(),
      root: toHex(plan.anchor.root),
      structHash: toHex(hashAnchorStruct(plan.anchor)),
      digest: toHex(hashAnchor(domain, plan.anchor)),
    },
    proofs: makeProofVectors(claims),
  }
}

function makeProofVectors(claims: readonly Claim[]): ProofVector[] {
  const region = foundRegion()
  const [claim] = claims
  if (claim === undefined) throw new RangeError('there is no claim')
  const make = (options: Parameters<typeof makeProof>[3] = {}): Proof => makeProof(region, claims, 0, options).proof
  const proof = make()
  const { certificate } = proof
  const cases: [string, Proof][] = [
    ['anchored claim of a public bill', proof],
    ['certified claim of a public bill', make({ anchored: false })],
    ['leaf of a sealed bill', make({ sealed: true, disclosed: false })],
    ['a gram less', { ...proof, claim: { kind: 'full', content: { ...claim, gramsLocation: '22479' } } }],
    [
      'one signature of the quorum twice',
      {
        ...proof,
        certificate: {
          ...certificate,
          signatures: certificate.signatures.with(1, certificate.signatures[0] ?? ZERO_32),
        },
      },
    ],
    [
      'two signatures of three',
      { ...proof, certificate: { ...certificate, signatures: certificate.signatures.slice(1) } },
    ],
    [
      'signatures out of order',
      { ...proof, certificate: { ...certificate, signatures: certificate.signatures.toReversed() } },
    ],
    ['another index in the batch', { ...proof, batch: { ...proof.batch, index: 2 } }],
    ...(proof.anchor === undefined
      ? []
      : ([
          [
            'another anchor number',
            { ...proof, anchor: { ...proof.anchor, content: { ...proof.anchor.content, seq: 2 } } },
          ],
        ] as [string, Proof][])),
  ]
  const files = cases.map(([what, made]): [string, Uint8Array] => [what, encodeProof(made)])
  const text = new TextDecoder().decode(encodeProof(proof))
  const altered: [string, string][] = [
    [
      'an altered block number: nobody signed it, the checksum tells',
      text.replace('"blockNumber":7', '"blockNumber":8'),
    ],
    ['white space', text.replace('{"anchor"', '{ "anchor"')],
    ['no line feed at the end', text.trimEnd()],
  ]
  files.push(...altered.map(([what, file]): [string, Uint8Array] => [what, new TextEncoder().encode(file)]))
  return files.map(([what, bytes]) => {
    const { checks } = verifyProofOffline({ proof: bytes, charter: region.charter })
    const failed = checks.filter((check) => !check.ok).map((check) => check.name)
    return { what, file: new TextDecoder().decode(bytes), failed }
  })
}
