import assert from 'node:assert/strict'
import {
  decodeGossip,
  decodeSyncRecord,
  encodeFacts,
  encodeGossip,
  encodeSyncRecord,
  factsOfEntry,
  hashReviewEntry,
  parseReviewEntry,
  ProtocolError,
  REVIEW_NOTICES,
  signReviewNotice,
  signReviewRequest,
  toHex,
  verifyReviewNotice,
  verifyReviewRequest,
} from '#protocol'
import { foundRegion, hashOf, makeClaim, REGION } from '../../support/region-fixture.ts'
import type { Member } from '../../support/region-fixture.ts'

const region = foundRegion()
const { domain } = region
const [first, second] = region.members as [Member, Member]

const CLAIM = `0x${'a'.repeat(64)}`
const BILL = {
  commodity: 'electricity',
  point: 'NL 12-34',
  service: { start: '2022-03-01', end: '2022-04-01' },
  import: { value: '128.50', unit: 'kWh' },
  kind: 'actual',
  place: { country: 'US', state: 'CA' },
}

const content = {
  region: REGION,
  epoch: 0,
  sponsor: first.address,
  bill: makeClaim('review').bill,
  visibility: 'sealed',
  plainHash: hashOf('plain'),
  declaredPlace: { country: 'US' },
} as const
const header = { region: REGION, epoch: 0, auditor: first.address, plainHash: hashOf('plain') }

function isSignatureFault(thrown: unknown): boolean {
  return thrown instanceof ProtocolError && thrown.code === 'ERR_PROTOCOL_SIGNATURE'
}

describe('a request for review', () => {
  const request = signReviewRequest(domain, content, first.key)

  it('is its sponsor’s alone, in every field and in this network', () => {
    verifyReviewRequest(domain, request)
    const changes = [
      { sponsor: second.address },
      { plainHash: hashOf('other') },
      { visibility: 'public' },
      { bill: makeClaim('other').bill },
      { declaredPlace: { country: 'MX' } },
      { declaredPlace: undefined },
      { epoch: 1 },
      { region: 'elsewhere' },
    ] as const
    for (const change of changes)
      assert.throws(
        () => verifyReviewRequest(domain, { ...request, ...change }),
        isSignatureFault,
        JSON.stringify(change),
      )
    assert.throws(() => verifyReviewRequest({ ...domain, networkId: hashOf('another') }, request), isSignatureFault)
  })

  it('survives gossip and sync as it is', () => {
    const notices = [signReviewNotice(domain, { ...header, seq: 1, commitment: null }, first.key)]
    assert.deepEqual(decodeGossip(encodeGossip({ kind: 'review-request', request })), {
      kind: 'review-request',
      request,
    })
    const record = { kind: 'review', request, notices } as const
    assert.deepEqual(decodeSyncRecord(encodeSyncRecord({ ...record, notices: [...notices] })), record)
  })
})

describe('a notice of an entry', () => {
  it('is its auditor’s alone; a withdrawal is no entry', () => {
    const notice = signReviewNotice(domain, { ...header, seq: 2, commitment: hashOf('entry') }, first.key)
    verifyReviewNotice(domain, notice)
    for (const change of [{ seq: 3 }, { commitment: null }, { auditor: second.address }, { plainHash: hashOf('x') }])
      assert.throws(() => verifyReviewNotice(domain, { ...notice, ...change }), isSignatureFault)
    const withdrawn = signReviewNotice(domain, { ...header, seq: 3, commitment: null }, first.key)
    verifyReviewNotice(domain, withdrawn)
    assert.deepEqual(decodeGossip(encodeGossip({ kind: 'review-notice', notice: withdrawn })), {
      kind: 'review-notice',
      notice: withdrawn,
    })
  })

  it('has a number up to a limit', () => {
    const notice = (seq: number): Uint8Array =>
      encodeGossip({
        kind: 'review-notice',
        notice: signReviewNotice(domain, { ...header, seq, commitment: null }, first.key),
      })
    decodeGossip(notice(REVIEW_NOTICES))
    for (const seq of [0, REVIEW_NOTICES + 1])
      assert.throws(() => decodeGossip(notice(seq)), { code: 'ERR_PROTOCOL_SCHEMA' })
  })
})

describe('what a person enters', () => {
  it('is the same for blanks, case, zeros, and what is not seen', () => {
    const spelt = { ...BILL, point: ' nl1\u00ad2-34\u200b ', import: { unit: 'kWh', value: '0128.5' } }
    assert.deepEqual(hashReviewEntry(parseReviewEntry(spelt)), hashReviewEntry(parseReviewEntry([BILL])))
  })

  it('is another for another figure, unit, day, point, commodity, kind, place or claim to replace', () => {
    const others = [
      { import: { value: '128.51', unit: 'kWh' } },
      { import: { value: '128.5', unit: 'MWh' } },
      { service: { start: '2022-03-01', end: '2022-04-02' } },
      { point: 'NL 12-35' },
      { commodity: 'heat' },
      { kind: 'estimated' },
      { place: { country: 'US', state: 'NV' } },
      { export: { value: '0', unit: 'kWh' } },
      { account: '7' },
      { utility: { name: 'Power' } },
      { supersedes: CLAIM },
      { supersedes: CLAIM.replace('a', 'b') },
    ]
    const hashes = [{}, ...others].map((change) => toHex(hashReviewEntry(parseReviewEntry({ ...BILL, ...change }))))
    assert.equal(new Set(hashes).size, hashes.length)
  })

  it('replaces a claim by its id, and no claim twice', () => {
    const [facts] = factsOfEntry(parseReviewEntry({ ...BILL, supersedes: CLAIM }))
    assert.deepEqual(facts, factsOfEntry(parseReviewEntry(BILL))[0])
    for (const supersedes of ['', CLAIM.slice(0, -1), CLAIM.toUpperCase(), `${CLAIM}0`, CLAIM.slice(2), null, 1]) {
      assert.throws(() => parseReviewEntry({ ...BILL, supersedes }), { code: 'ERR_PROTOCOL_SCHEMA' })
    }
    const other = { ...BILL, service: { start: '2022-04-01', end: '2022-05-01' } }
    parseReviewEntry([{ ...BILL, supersedes: CLAIM }, other])
    const twice = [BILL, other].map((bill) => ({ ...bill, supersedes: CLAIM }))
    assert.throws(() => parseReviewEntry(twice), /two bills replace one claim/)
  })

  it('becomes facts that encode, and reads back from what it became', () => {
    const entry = parseReviewEntry({ ...BILL, utility: { id: 'u 1', name: '  Some   Power ' } })
    const [facts] = factsOfEntry(entry)
    assert.ok(facts !== undefined)
    assert.deepEqual(facts.utility, { id: 'U1', name: 'Some Power' })
    assert.deepEqual(facts.extractor, { id: 'person', version: '1' })
    assert.ok(encodeFacts(facts).byteLength > 0)
    assert.deepEqual(parseReviewEntry(JSON.parse(JSON.stringify(entry))), entry)
  })

  it('names the field that is wrong', () => {
    const wrong: readonly (readonly [string, object])[] = [
      ['import.value', { import: { value: '1e3', unit: 'kWh' } }],
      ['import.unit', { import: { value: '1', unit: 'therm' } }],
      ['service', { service: { start: '2022-03-01', end: '2022-03-01' } }],
      ['service.start', { service: { start: '1889-03-01', end: '2022-03-01' } }],
      ['point', { point: ' ' }],
      ['account', { account: '\u200b' }],
      ['account', { account: '7'.repeat(201) }],
      // Two texts that are one when they are stored.
      ['utility.name', { utility: { name: 'Power \ud800' } }],
      ['utility', { utility: {} }],
      ['place.country', { place: { country: 'USA' } }],
    ]
    for (const [place, change] of wrong) {
      assert.throws(
        () => parseReviewEntry({ ...BILL, ...change }),
        (thrown) => thrown instanceof ProtocolError && String(Object(thrown.details)['place']).includes(place),
        place,
      )
    }
  })
})
