import assert from 'node:assert/strict'
import {
  addressOfPrivateKey,
  announceBatch,
  decodeProof,
  encodeProof,
  hashAnchor,
  hashVote,
  LIMITS,
  sha256,
  toHex,
  utf8,
  verifyProofOffline,
} from '#protocol'
import type { Proof, ProofVerifyInput } from '#protocol'
import {
  certifyBatch,
  flipBit,
  foundRegion,
  hashOf,
  makeBatch,
  makeClaim,
  makeProof,
  proofAnchor,
  proofCertificate,
  publicEntry,
  signByQuorum,
} from '../../support/region-fixture.ts'

const region = foundRegion()
const { charter } = region
const claims = ['a', 'b', 'c', 'd', 'e'].map((label) => makeClaim(label))
const optional = makeClaim('b', {
  gramsMarket: '9007199254740993',
  supersedes: hashOf('old'),
  declaredPlace: { country: 'US', state: 'CA', utility: { eia: 14328, state: 'CA' }, zip: '94105', subregion: 'CAMX' },
  assurance: 'place-declared',
})

function failures(input: Omit<ProofVerifyInput, 'charter'> & Partial<ProofVerifyInput>): string[] {
  const { ok, checks } = verifyProofOffline({ charter, ...input })
  const failed = checks.filter((check) => !check.ok).map((check) => check.name)
  assert.equal(ok, failed.length === 0)
  return failed
}

function failuresOf(proof: Proof): string[] {
  return failures({ proof: encodeProof(proof) })
}

// The text of a file with another value, and a checksum that agrees: what a forger would write.
function rewrite(proof: Proof, change: (body: Record<string, unknown>) => void): Uint8Array {
  const { checksum: _, ...body } = JSON.parse(new TextDecoder().decode(encodeProof(proof))) as Record<string, unknown>
  change(body)
  const sorted = Object.fromEntries(Object.entries(body).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const checksum = toHex(sha256(utf8(JSON.stringify(sorted))))
  const full = Object.fromEntries(Object.entries({ ...sorted, checksum }).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return utf8(`${JSON.stringify(full)}\n`)
}

describe('proof file', () => {
  it('decodes to what was encoded, and encodes to the same bytes again', () => {
    for (const options of [{}, { anchored: false }, { sealed: true }, { sealed: true, disclosed: false }]) {
      const { proof } = makeProof(region, [claims[0] ?? optional, optional], 1, options)
      const bytes = encodeProof(proof)
      const decoded = decodeProof(bytes)
      assert.deepEqual(encodeProof(decoded), bytes)
      assert.equal(decoded.bill.cid.toString(), optional.bill.toString())
      if (decoded.claim.kind === 'full') assert.equal(decoded.claim.content.gramsMarket, '9007199254740993')
      assert.deepEqual(failures({ proof: bytes }), [])
    }
  })

  it('verifies for every claim of a batch, anchored or only certified, and says what was not checked', () => {
    for (const index of claims.keys()) {
      assert.deepEqual(failuresOf(makeProof(region, claims, index).proof), [])
    }
    const certified = verifyProofOffline({
      charter,
      proof: encodeProof(makeProof(region, claims, 2, { anchored: false }).proof),
    })
    assert.equal(certified.ok, true)
    const skipped = certified.checks.filter((check) => check.skipped === true)
    assert.deepEqual(
      skipped.map((check) => check.name),
      ['batch-entry', 'anchor-path', 'anchor-quorum'],
    )
    assert.ok(skipped.every((check) => check.ok && check.detail.startsWith('not checked: ')))
  })

  it('refuses bytes that are not canonical: white space, order, spelling, members, encoding', () => {
    const bytes = encodeProof(makeProof(region, claims, 0).proof)
    const text = new TextDecoder().decode(bytes)
    const object = JSON.parse(text) as Record<string, unknown>
    const spellings = [
      text.trimEnd(),
      `${text}\n`,
      ` ${text}`,
      `\uFEFF${text}`,
      `${JSON.stringify(object, null, 2)}\n`,
      `${JSON.stringify(Object.fromEntries(Object.entries(object).toReversed()))}\n`,
      text.replace('"v":1', '"v":1.0'),
      text.replace('"v":1', '"v":1,"v":1'),
      text.replace('"kwitness-proof"', '"kwitness\\u002dproof"'),
      '[]\n',
      'null\n',
      '{}\n',
      `${'['.repeat(200_000)}\n`,
      '',
    ]
    for (const spelling of spellings)
      assert.deepEqual(failures({ proof: utf8(spelling) }), ['file'], spelling.slice(0, 90))
    assert.deepEqual(failures({ proof: new Uint8Array([0xff, 0xfe]) }), ['file'])
  })

  it('refuses another spelling of a value even if the checksum agrees', () => {
    const { proof } = makeProof(region, claims, 0)
    const code = (bytes: Uint8Array): unknown => {
      try {
        decodeProof(bytes)
      } catch (thrown) {
        return (thrown as { code: unknown }).code
      }
      return 'none'
    }
    assert.equal(code(rewrite(proof, () => undefined)), 'none')
    assert.equal(
      code(rewrite(proof, (body) => (body['network'] = proof.network.toString().toUpperCase()))),
      'ERR_PROTOCOL_SCHEMA',
    )
    assert.equal(code(rewrite(proof, (body) => (body['extra'] = 1))), 'ERR_PROTOCOL_SCHEMA')
    assert.equal(code(rewrite(proof, (body) => (body['v'] = 2))), 'ERR_PROTOCOL_SCHEMA')
    assert.equal(
      code(rewrite(proof, (body) => (body['claim'] = { kind: 'leaf', leaf: `0x${'A'.repeat(64)}` }))),
      'ERR_PROTOCOL_SCHEMA',
    )
    assert.equal(code(rewrite(proof, (body) => delete body['certificate'])), 'ERR_PROTOCOL_SCHEMA')
  })

  it('refuses members out of order and bytes that are not UTF-8 even if the checksum agrees', () => {
    const { proof } = makeProof(region, [makeClaim('a', { rules: '\uFFFD' })], 0)
    const bytes = encodeProof(proof)
    assert.deepEqual(failures({ proof: bytes }), [])
    const { checksum: _, ...body } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
    const reversed = Object.fromEntries(Object.entries(body).toReversed())
    const checksum = toHex(sha256(utf8(JSON.stringify(reversed))))
    const file = utf8(`${JSON.stringify({ ...reversed, checksum })}\n`)
    assert.throws(() => decodeProof(file), { code: 'ERR_PROTOCOL_CODEC' })
    // A lenient decoder reads any broken byte as U+FFFD.
    const at = Buffer.from(bytes).indexOf('\uFFFD')
    const broken = new Uint8Array([...bytes.subarray(0, at), 0xff, ...bytes.subarray(at + 3)])
    assert.throws(() => decodeProof(broken), { code: 'ERR_PROTOCOL_CODEC' })
  })

  it('is refused unread above its size limit', () => {
    const { checks } = verifyProofOffline({ charter, proof: new Uint8Array(LIMITS.proofBytes + 1) })
    assert.equal(checks.length, 1)
    assert.match(checks[0]?.detail ?? '', /at most 262144 are read/)
  })

  for (const anchored of [false, true]) {
    it(`fails if any one bit is turned (${anchored ? 'anchored' : 'certified only'})`, () => {
      const bytes = encodeProof(makeProof(region, [optional, ...claims], 0, { anchored }).proof)
      assert.deepEqual(failures({ proof: bytes }), [])
      for (let bit = 0; bit < bytes.byteLength * 8; bit += 1) {
        const { ok } = verifyProofOffline({ charter, proof: flipBit(bytes, bit) })
        if (ok) assert.fail(`bit ${bit} was turned and nobody noticed`)
      }
    })
  }
})

describe('a forged proof, with a checksum that agrees', () => {
  const { proof } = makeProof(region, claims, 1)
  const { anchor } = proof
  assert.ok(anchor !== undefined)
  const { announcement } = proof.batch
  const full = claims[1] ?? optional
  const far = hashOf('elsewhere')
  const withClaim = (fields: Partial<typeof full>): Proof => ({
    ...proof,
    claim: { kind: 'full', content: { ...full, ...fields } },
  })

  it('shows every changed figure of the claim as another leaf', () => {
    const changes: Partial<typeof full>[] = [
      { gramsLocation: '22479' },
      { gramsMarket: '1' },
      { energyWh: { n: '128001', d: '1' } },
      { energyWh: { n: '128000', d: '2' } },
      { startDay: 17_999 },
      { endDay: 18_030 },
      { rules: 'rules-2' },
      { ordinal: 1 },
      { assurance: 'place-declared' },
      { origin: 'utility-signed' },
      { tagBasis: 'account' },
      { supersedes: far },
      ...(['plainHash', 'factsHash', 'derivationHash', 'pointTag', 'holder', 'salt'] as const).map((name) => ({
        [name]: far,
      })),
    ]
    for (const change of changes)
      assert.deepEqual(failuresOf(withClaim(change)), ['accepted', 'anchor-path'], JSON.stringify(change))
  })

  it('names the line that is wrong', () => {
    const other = makeProof(region, [makeClaim('x'), makeClaim('y')], 1).proof
    const outsider = foundRegion(7)
    const cases: [string[], Proof][] = [
      [['network', 'claim'], { ...proof, network: other.batch.announcement.batch, bill: other.bill }],
      [['batch', 'accepted'], { ...proof, batch: { announcement, index: 5 } }],
      [['accepted'], { ...proof, batch: { announcement, index: 4 } }],
      [['batch', 'certificate'], { ...proof, batch: { announcement: { ...announcement, epoch: 1 }, index: 1 } }],
      [['batch'], { ...proof, batch: { announcement: { ...announcement, sponsor: far.slice(0, 20) }, index: 1 } }],
      [['batch'], { ...proof, batch: { announcement: { ...announcement, seq: 2 }, index: 1 } }],
      [
        ['batch', 'accepted', 'certificate'],
        { ...proof, batch: { announcement: { ...other.batch.announcement, claims: 3 }, index: 1 } },
      ],
      [['accepted'], { ...proof, certificate: { ...proof.certificate, bitmap: new Uint8Array([0xff]) } }],
      [['accepted'], { ...proof, certificate: { ...proof.certificate, bitmap: new Uint8Array([0x1d]) } }],
      [['accepted'], { ...proof, certificate: { ...proof.certificate, path: proof.certificate.path.slice(1) } }],
      [['accepted'], { ...proof, certificate: { ...proof.certificate, path: proof.certificate.path.toReversed() } }],
      [
        ['certificate'],
        { ...proof, certificate: { ...proof.certificate, signatures: proof.certificate.signatures.slice(1) } },
      ],
      [
        ['certificate'],
        { ...proof, certificate: { ...proof.certificate, signatures: proof.certificate.signatures.toReversed() } },
      ],
      [
        ['certificate'],
        { ...proof, certificate: { ...proof.certificate, content: { ...proof.certificate.content, totalGrams: '1' } } },
      ],
      [
        ['certificate'],
        { ...proof, certificate: { ...proof.certificate, content: { ...proof.certificate.content, round: 1 } } },
      ],
      [['anchor-path'], { ...proof, anchor: { ...anchor, path: [] } }],
      [['anchor-quorum'], { ...proof, anchor: { ...anchor, content: { ...anchor.content, seq: 2 } } }],
      [['anchor-quorum'], { ...proof, anchor: { ...anchor, content: { ...anchor.content, manifest: far } } }],
      [['anchor-quorum'], { ...proof, anchor: { ...anchor, signatures: anchor.signatures.slice(1) } }],
      [['anchor-quorum'], { ...proof, anchor: { ...anchor, content: { ...anchor.content, epoch: 3 } } }],
      [['anchor-path'], { ...proof, anchor: proofAnchor(region, [certifyBatch(region, [makeClaim('z')])], 0, 0) }],
      [
        ['anchor-quorum'],
        {
          ...proof,
          anchor: { ...anchor, signatures: proofAnchor(outsider, [certifyBatch(outsider, claims)], 0, 1).signatures },
        },
      ],
    ]
    for (const [expected, forged] of cases) {
      assert.deepEqual(failuresOf(forged), expected)
    }
  })

  it('is refused with a bitmap that does not have the claim, or not as many as were accepted', () => {
    const six = [...claims, makeClaim('f')]
    const own = certifyBatch(region, six, { refused: [5] })
    const { announcement: header, certificate } = own
    const shown = proofCertificate(certificate, own.leaves, 1)
    const base: Proof = {
      ...makeProof(region, six, 1, { anchored: false }).proof,
      batch: { announcement: header, index: 1 },
    }
    const withBitmap = (bits: number): Proof => ({ ...base, certificate: { ...shown, bitmap: new Uint8Array([bits]) } })
    assert.deepEqual(failuresOf(withBitmap(0b01_1111)), [])
    assert.deepEqual(failuresOf(withBitmap(0b11_1101)), ['accepted'])
    assert.deepEqual(failuresOf(withBitmap(0b11_1111)), ['accepted'])
  })

  it('is refused if its sponsor is not in the committee, though a quorum certified the batch', () => {
    const outsider = { key: hashOf('outsider'), address: addressOfPrivateKey(hashOf('outsider')) }
    const { announcement: foreign } = makeBatch(region, outsider, claims.map(publicEntry))
    const content = { ...proof.certificate.content, batch: foreign.batch }
    const signatures = signByQuorum(region, hashVote(region.domain, content))
    const certificate = { ...proof.certificate, content, signatures }
    assert.deepEqual(failuresOf({ ...proof, batch: { announcement: foreign, index: 1 }, certificate }), ['batch'])
  })

  it('is refused if batch or anchor are of another region, though the same committee signed them', () => {
    const [sponsor] = region.members
    assert.ok(sponsor !== undefined)
    const { batch } = makeBatch(region, sponsor, claims.map(publicEntry))
    const elsewhere = announceBatch(region.domain, { ...batch, region: 'europe' }, sponsor.key)
    const content = { ...proof.certificate.content, batch: elsewhere.batch, region: 'europe' }
    const certificate = {
      ...proof.certificate,
      content,
      signatures: signByQuorum(region, hashVote(region.domain, content)),
    }
    assert.deepEqual(failuresOf({ ...proof, batch: { announcement: elsewhere, index: 1 }, certificate }), ['batch'])
    const wire = { ...anchor.content, region: 'europe' }
    const grams = { gramsLocation: BigInt(wire.gramsLocation), gramsMarket: BigInt(wire.gramsMarket) }
    const signatures = signByQuorum(region, hashAnchor(region.domain, { ...wire, ...grams }))
    assert.deepEqual(failuresOf({ ...proof, anchor: { ...anchor, content: wire, signatures } }), ['anchor-path'])
  })

  it('is refused if its period has no day', () => {
    const backwards = makeClaim('backwards', { startDay: 20, endDay: 20 })
    assert.deepEqual(failuresOf(makeProof(region, [backwards], 0).proof), ['claim'])
  })

  it('is refused where the committee of its epoch is not in the charter', () => {
    const later = { ...anchor, content: { ...anchor.content, epoch: 1 } }
    const { checks } = verifyProofOffline({ charter, proof: encodeProof({ ...proof, anchor: later }) })
    assert.equal(
      checks.find((check) => check.name === 'anchor-quorum')?.detail,
      'committee of epoch 1 is not in the charter',
    )
  })

  it('is refused by another network with the same committee', () => {
    const other = foundRegion(4, 'another network')
    const failed = failures({ proof: encodeProof(proof), charter: other.charter })
    assert.deepEqual(failed, ['network', 'batch', 'accepted', 'certificate', 'anchor-path', 'anchor-quorum'])
  })
})

describe('proof of a sealed bill', () => {
  const sealed = makeProof(region, claims, 3, { sealed: true, disclosed: false })

  it('shows its leaf only, and says so', () => {
    const { ok, checks } = verifyProofOffline({ charter, proof: encodeProof(sealed.proof) })
    assert.equal(ok, true)
    assert.match(checks.find((check) => check.name === 'claim')?.detail ?? '', /^not checked: .* is not disclosed/)
    assert.ok(!new TextDecoder().decode(encodeProof(sealed.proof)).includes('gramsLocation":"22480"'))
  })

  it('is tied to its bill by the batch block', () => {
    const bytes = encodeProof(sealed.proof)
    assert.deepEqual(failures({ proof: bytes, batch: sealed.block }), [])
    const wrongBill = encodeProof({ ...sealed.proof, bill: { cid: makeClaim('x').bill, visibility: 'sealed' } })
    assert.deepEqual(failures({ proof: wrongBill }), [])
    assert.deepEqual(failures({ proof: wrongBill, batch: sealed.block }), ['batch-entry'])
    assert.deepEqual(failures({ proof: bytes, batch: flipBit(sealed.block, 99) }), ['batch-entry'])
    const wrongKind = encodeProof({
      ...makeProof(region, claims, 3, { sealed: true }).proof,
      bill: { ...sealed.proof.bill, visibility: 'public' },
    })
    assert.deepEqual(failures({ proof: wrongKind, batch: sealed.block }), ['batch-entry'])
  })

  it('is tied to one claim of a file of several by the batch block', () => {
    const { bill } = makeClaim('file')
    const rows = [0, 1].map((ordinal) => makeClaim(`row ${ordinal}`, { bill, ordinal }))
    const { proof, block } = makeProof(region, rows, 0, { sealed: true, disclosed: false })
    assert.deepEqual(failures({ proof: encodeProof(proof), batch: block }), [])
    const other = encodeProof({ ...proof, batch: { ...proof.batch, index: 1 } })
    assert.deepEqual(failures({ proof: other }), [])
    assert.deepEqual(failures({ proof: other, batch: block }), ['batch-entry'])
  })

  it('must show the claim of a public bill', () => {
    const hidden: Proof = { ...sealed.proof, bill: { ...sealed.proof.bill, visibility: 'public' } }
    assert.deepEqual(failuresOf(hidden), ['claim'])
  })
})
