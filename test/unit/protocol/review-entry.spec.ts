import assert from 'node:assert/strict'
import fc from 'fast-check'
import { hashReviewEntry, parseReviewEntry } from '#protocol'

/** Texts that people type or copy: other alphabets, letters that become several in capitals, blanks, marks that are not seen. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('ß', 'ŉ', 'ΐ', 'ǰ', 'ﬁ', 'i̇', 'é', 'e\u0301', ' ', '\u00a0', '\u00ad', '\u200b', 'x', '7', '-'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => `a${parts.join('').replace(/\p{Cc}/gu, '')}`)

const days = fc.constantFrom('2022-01-01', '2022-02-01', '2022-03-01')
const bill = fc.record(
  {
    commodity: fc.constantFrom('electricity', 'gas', 'heat'),
    point: text,
    account: text,
    utility: fc.oneof(fc.record({ id: text }), fc.record({ name: text }), fc.record({ id: text, name: text })),
    service: days.map((start) => ({ start, end: '2022-04-01' })),
    import: fc.record({ value: fc.nat(3).map(String), unit: fc.constantFrom('kWh', 'MWh') }),
    kind: fc.constantFrom('actual', 'estimated'),
    place: fc.constant({ country: 'US', state: 'CA' }),
  },
  { requiredKeys: ['commodity', 'service', 'import', 'kind', 'place'] },
)

const BILL = {
  commodity: 'electricity',
  service: { start: '2022-03-01', end: '2022-04-01' },
  import: { value: '1', unit: 'kWh' },
  kind: 'actual',
  place: { country: 'US', state: 'CA' },
}
const APRIL = { service: { start: '2022-04-01', end: '2022-05-01' } }

/** Some bills and the same in another order, none of them twice. */
const orders = fc
  .array(bill, { minLength: 1, maxLength: 6 })
  .filter((bills) => isEntry(bills))
  .chain((bills) => fc.tuple(fc.constant(bills), fc.shuffledSubarray(bills, { minLength: bills.length })))

function isEntry(bills: readonly object[]): boolean {
  try {
    parseReviewEntry(bills)
    return true
  } catch {
    return false
  }
}

describe('an entry of several bills', () => {
  it('is the same in any order, with fields in any order', () => {
    fc.assert(
      fc.property(orders, ([bills, shuffled]) => {
        const turned = shuffled.map((one) => Object.fromEntries(Object.entries(one).toReversed()))
        assert.deepEqual(parseReviewEntry(turned), parseReviewEntry(bills))
        assert.deepEqual(hashReviewEntry(parseReviewEntry(turned)), hashReviewEntry(parseReviewEntry(bills)))
      }),
    )
  })

  it('is the same when it is read again from what it was read as', () => {
    fc.assert(
      fc.property(orders, ([bills]) => {
        const entry = parseReviewEntry(bills)
        assert.deepEqual(parseReviewEntry(JSON.parse(JSON.stringify(entry))), entry)
      }),
    )
  })

  it('is the same for letters that are one sign or two, in small and in capitals', () => {
    const hashes = ['é 1', 'e\u0301 1', 'É1', 'E\u03011'].map((account) =>
      hashReviewEntry(parseReviewEntry({ ...BILL, account })),
    )
    for (const hash of hashes) assert.deepEqual(hash, hashes[0])
  })

  it('has an order even where all that identifies its bills is the same', () => {
    const alike = [
      { ...BILL, account: '7', utility: { id: 'A' } },
      { ...BILL, account: '7', utility: { id: 'B' } },
      { ...BILL, account: '7', utility: { name: 'C' } },
    ]
    const hash = hashReviewEntry(parseReviewEntry(alike))
    fc.assert(
      fc.property(fc.shuffledSubarray(alike, { minLength: 3 }), (shuffled) => {
        assert.deepEqual(hashReviewEntry(parseReviewEntry(shuffled)), hash)
      }),
    )
  })

  it('has no bill twice, whatever else is said of it', () => {
    const doubled: readonly (readonly [object, object])[] = [
      [{}, {}],
      [{ point: 'P' }, { point: ' p ' }],
      [{ point: 'P' }, { point: 'P', import: { value: '2', unit: 'kWh' } }],
      [
        { point: 'P', account: '1', utility: { id: 'A' } },
        { point: 'P', account: '2', utility: { id: 'B' } },
      ],
      [{ account: '1' }, { account: '1', kind: 'estimated' }],
      [
        { account: '1', utility: { id: 'A' } },
        { account: '1', utility: { id: 'a', name: 'A' } },
      ],
    ]
    for (const [one, other] of doubled) {
      assert.throws(() => parseReviewEntry([one, other].map((change) => ({ ...BILL, ...change }))), /there twice/)
    }
  })

  it('has bills of one point in other periods or of another commodity, and bills that name no point', () => {
    const apart: readonly (readonly [object, object])[] = [
      [{ point: 'P' }, { point: 'P', ...APRIL }],
      [{ point: 'P' }, { point: 'P', commodity: 'gas' }],
      [{ point: 'P' }, { account: 'P' }],
      [{}, { import: { value: '2', unit: 'kWh' } }],
    ]
    for (const [one, other] of apart) {
      assert.equal(parseReviewEntry([one, other].map((change) => ({ ...BILL, ...change }))).length, 2)
    }
  })
})
