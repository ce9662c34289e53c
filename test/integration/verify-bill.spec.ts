import assert from 'node:assert/strict'
import { extractBill } from '#audit'
import { loadDatasets } from '#datasets'
import { encodeProof, LIMITS, pointTagOf, sha256 } from '#protocol'
import type { Check, Claim, Proof } from '#protocol'
import { generateArchiveKey, seal } from '#storage'
import { computeBillCid } from '../../node/bill-cid.ts'
import { buildClaim, Examiner } from '../../node/examiner.ts'
import { verifyProof } from '../../node/verify.ts'
import type { VerifyRequest } from '../../node/verify.ts'
import { csvBill, espiBill } from '../support/bills.ts'
import { foundRegion, hashOf, makeClaim, makeProof } from '../support/region-fixture.ts'

const region = foundRegion()
const { charter } = region
// The preimage of the fixture's `pointKeyHash`.
const regionSecret = new TextEncoder().encode('point key')
const { signal } = new AbortController()

type Sample = { readonly bytes: Uint8Array; readonly claim: Claim }

describe('verification with the bill', () => {
  let examiner: Examiner

  before(async () => {
    const sandbox = {
      extract: (bytes: Uint8Array) => Promise.resolve(extractBill(bytes)),
      close: () => Promise.resolve(),
    }
    examiner = new Examiner(sandbox, await loadDatasets())
  })

  async function makeSample(bytes: Uint8Array, stored = bytes, ordinal = 0): Promise<Sample> {
    const plainHash = sha256(bytes)
    const declaredPlace = { country: 'US', state: 'CA' }
    const examination = await examiner.examine(bytes, plainHash, declaredPlace, signal)
    assert.equal(examination.kind, 'facts')
    const examined = examination.bills.find((bill) => bill.ordinal === ordinal)
    assert.ok(examined !== undefined)
    const parts = { plainHash, ordinal, declaredPlace, holder: hashOf('holder'), salt: hashOf('salt') }
    return {
      bytes: stored,
      claim: buildClaim({ regionSecret }, { ...parts, bill: await computeBillCid(stored) }, examined),
    }
  }

  function prove(claim: Claim, options: Parameters<typeof makeProof>[3] = {}): Proof {
    return makeProof(region, [makeClaim('other'), claim], 1, options).proof
  }

  async function verify(
    proof: Proof,
    bill: Omit<NonNullable<VerifyRequest['bill']>, 'examiner'>,
  ): Promise<readonly Check[]> {
    const { ok, checks } = await verifyProof({
      proof: encodeProof(proof),
      charter,
      bill: { ...bill, examiner },
      signal,
    })
    assert.equal(
      ok,
      checks.every((check) => check.ok),
    )
    return checks
  }

  function failed(checks: readonly Check[]): string[] {
    return checks.filter((check) => !check.ok).map((check) => check.name)
  }

  function skipped(checks: readonly Check[]): string[] {
    return checks.filter((check) => check.skipped === true).map((check) => check.name)
  }

  it('computes every figure again, in both formats and for each bill of a file', async () => {
    const csv = csvBill({ point: 'P-1' }, { point: 'P-2', kWh: '250.5', start: '2019-12-01', end: '2020-02-01' })
    const samples = [
      await makeSample(csv),
      await makeSample(csv, csv, 1),
      await makeSample(espiBill({ point: 'P-3' })),
      await makeSample(espiBill({ point: 'P-4', country: undefined })),
    ]
    assert.deepEqual(
      samples.map(({ claim }) => claim.assurance),
      ['extracted', 'extracted', 'extracted', 'place-declared'],
    )
    for (const { bytes, claim } of samples) {
      const checks = await verify(prove(claim), { bytes, regionSecret })
      assert.deepEqual(failed(checks), [])
      assert.deepEqual(skipped(checks), ['batch-entry', 'chain'])
      assert.ok(checks.find((check) => check.name === 'grams')?.detail.startsWith(`${claim.gramsLocation} g CO2e`))
    }
  })

  it('catches a quorum that signed wrong figures: each one by its name', async () => {
    const { bytes, claim } = await makeSample(csvBill({ point: 'P-1' }))
    const cases: [string[], Partial<Claim>][] = [
      [['facts'], { factsHash: hashOf('x') }],
      [['derivation'], { derivationHash: hashOf('x') }],
      [['period'], { startDay: claim.startDay - 1 }],
      [['energy'], { energyWh: { n: '1', d: '3' } }],
      [['grams'], { gramsLocation: '1' }],
      [['grams'], { gramsMarket: '1' }],
      [['place'], { assurance: 'place-declared' }],
      [['place'], { declaredPlace: { country: 'US', state: 'CA' } }],
      [['origin'], { origin: 'utility-signed' }],
      [['point-tag'], { pointTag: hashOf('x') }],
      [['point-tag'], { tagBasis: 'account' }],
      [['bill-cid'], { bill: makeClaim('x').bill }],
      [['bill-hash'], { plainHash: hashOf('x') }],
      [['rules'], { rules: 'rules-2' }],
      [['recomputation'], { ordinal: 1 }],
    ]
    for (const [expected, lie] of cases) {
      assert.deepEqual(failed(await verify(prove({ ...claim, ...lie }), { bytes, regionSecret })), expected)
    }
  })

  it('refuses another bill, a bill with one bit turned, and bytes that are no bill', async () => {
    const { bytes, claim } = await makeSample(csvBill({ point: 'P-1' }))
    const flipped = new Uint8Array(bytes)
    flipped[bytes.byteLength - 20] = (flipped[bytes.byteLength - 20] ?? 0) ^ 1
    for (const other of [flipped, csvBill({ point: 'P-2' }), new Uint8Array(0)]) {
      assert.deepEqual(failed(await verify(prove(claim), { bytes: other })), ['bill-cid', 'bill-hash'])
    }
    const noBill = new TextEncoder().encode('<x/>')
    const lie = { ...claim, plainHash: sha256(noBill), bill: await computeBillCid(noBill) }
    assert.deepEqual(failed(await verify(prove(lie), { bytes: noBill })), ['recomputation'])
  })

  it('says that it cannot compare the point tag without the region’s secret, and refuses a wrong secret', async () => {
    const { bytes, claim } = await makeSample(csvBill({ point: 'P-1' }))
    assert.deepEqual(skipped(await verify(prove(claim), { bytes })), ['batch-entry', 'point-tag', 'chain'])
    assert.deepEqual(failed(await verify(prove(claim), { bytes, regionSecret: hashOf('x') })), ['point-tag'])
    // Nor may a tag that was made with the wrong secret agree with that secret.
    const id = { basis: 'point', id: 'P-1' } as const
    const forged = { ...claim, pointTag: pointTagOf(hashOf('x'), id, 'electricity', 'import') }
    assert.deepEqual(failed(await verify(prove(forged), { bytes, regionSecret: hashOf('x') })), ['point-tag'])
  })

  it('opens a sealed bill with its key, and without says what it could not do', async () => {
    const plain = csvBill({ point: 'P-1' })
    const { identity, recipient } = await generateArchiveKey()
    const { bytes, claim } = await makeSample(plain, await seal(plain, [recipient]))
    const proof = prove(claim, { sealed: true })
    const opened = await verify(proof, { bytes, sealedIdentities: [identity], regionSecret })
    assert.deepEqual([failed(opened), skipped(opened)], [[], ['batch-entry', 'chain']])
    const closed = await verify(proof, { bytes })
    assert.deepEqual([failed(closed), skipped(closed)], [[], ['batch-entry', 'recomputation', 'chain']])
    const plainGiven = await verify(proof, { bytes: plain, regionSecret })
    assert.deepEqual([failed(plainGiven), skipped(plainGiven)], [[], ['batch-entry', 'bill-cid', 'chain']])
    const wrongKey = await verify(proof, { bytes, sealedIdentities: [(await generateArchiveKey()).identity] })
    assert.deepEqual(failed(wrongKey), ['bill-hash'])
    const hidden = await verify(prove(claim, { sealed: true, disclosed: false }), {
      bytes,
      sealedIdentities: [identity],
    })
    assert.deepEqual([failed(hidden), skipped(hidden)], [[], ['claim', 'batch-entry', 'recomputation', 'chain']])
  })

  it('refuses rules that this program does not have', async () => {
    const { bytes, claim } = await makeSample(csvBill({ point: 'P-1' }))
    const later = foundRegion(4, 'later', { rules: { ...charter.rules, version: 'rules-2' } })
    const { proof } = makeProof(later, [{ ...claim, rules: 'rules-2' }], 0)
    const { checks } = await verifyProof({
      proof: encodeProof(proof),
      charter: later.charter,
      bill: { bytes, examiner },
      signal,
    })
    assert.deepEqual(failed(checks), ['rules'])
    assert.match(checks.find((check) => !check.ok)?.detail ?? '', /rules-2, found rules-1/)
  })
})

describe('CID of a bill', () => {
  it('is the one that ipfs add gives with the documented settings', async () => {
    // `ipfs add --cid-version 1 --raw-leaves --chunker size-1048576 --only-hash` of these bytes.
    const hello = new TextEncoder().encode('hello world\n')
    assert.equal(
      (await computeBillCid(hello)).toString(),
      'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4',
    )
    const large = new Uint8Array(LIMITS.chunkBytes + 1)
    assert.match((await computeBillCid(large)).toString(), /^bafybei/)
    assert.match((await computeBillCid(large.subarray(1))).toString(), /^bafkrei/)
  })
})
