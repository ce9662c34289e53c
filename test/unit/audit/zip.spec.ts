import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { extractBill } from '#audit'
import { formatDecimal, utf8 } from '#protocol'
import type { Extraction, Facts } from '#protocol'
import { marchDays, nem12File } from './mdff-file.ts'
import { zipFile } from './zip-file.ts'
import type { MadeMember } from './zip-file.ts'

const SAMPLES = new URL('../../../samples/', import.meta.url)
const BILL: MadeMember = { name: 'bill.csv', content: nem12File() }
const NOTE: MadeMember = { name: 'leaflet.txt', content: 'How to read your bill' }
const WRONG: MadeMember = { name: 'wrong.csv', content: nem12File({ minutes: '60' }) }
const OTHER: MadeMember = { name: 'household.csv', content: readFileSync(new URL('europe/household.csv', SAMPLES)) }

async function refusal(...members: readonly MadeMember[]): Promise<string> {
  return reasonOf(await extractBill(zipFile(members)))
}

function reasonOf({ verdict, reason, format }: Extraction): string {
  assert.ok(reason?.place?.path, `${verdict} ${reason?.code ?? ''} has no place`)
  return `${format} ${verdict} ${reason.code} ${reason.place.path}`
}

describe('a ZIP archive', () => {
  it('gives the facts of the bill inside, packed in any way, and names the member', async () => {
    const plain = await extractBill(utf8(nem12File()))
    const [facts] = plain.bills
    assert.ok(facts)
    for (const made of [{}, { isStored: true }, { hasDescriptor: true }, { name: 'NEM12#0001#INVENTMDP#RET.csv' }]) {
      const member = { ...BILL, ...made }
      const found = await extractBill(zipFile([member]))
      const tagged: Facts = { ...facts, sources: { ...facts.sources, member: member.name } }
      assert.deepEqual(found, { ...plain, bills: [tagged] })
    }
    const streamed = { ...NOTE, hasDescriptor: true }
    assert.equal((await extractBill(zipFile([streamed, BILL]))).verdict, 'facts')
    const folder = { name: 'folder/', content: '', isStored: true }
    const inside = { ...BILL, name: 'folder/bill.csv' }
    assert.equal((await extractBill(zipFile([folder, inside], { comment: 'from your retailer' }))).verdict, 'facts')
  })

  it('leaves aside what is no bill, and says so', async () => {
    const litter = { name: '__MACOSX/._bill.csv', content: new Uint8Array([0, 5, 22, 7, 0]) }
    const found = await extractBill(zipFile([NOTE, BILL, litter, { name: '.DS_Store', content: '\0' }]))
    assert.deepEqual(found.bills[0]?.flags, ['members-ignored'])
    assert.deepEqual((await extractBill(zipFile([BILL, litter]))).bills[0]?.flags, [])
  })

  it('leaves several bills to a person, except NEM12 files that agree', async () => {
    const [first, second] = [nem12File({ days: marchDays(1, 2) }), nem12File({ days: marchDays(3, 2) })]
    const parts = [
      { name: 'b', content: second },
      { name: 'a', content: first },
    ]
    for (const members of [parts, parts.toReversed()]) {
      const { verdict, bills, format } = await extractBill(zipFile(members))
      assert.deepEqual([verdict, format], ['facts', 'nem12'])
      assert.deepEqual(
        bills.map(({ service, sources }) => [service.start, service.end, sources['member']]),
        [
          ['2024-03-01', '2024-03-03', 'a'],
          ['2024-03-03', '2024-03-05', 'b'],
        ],
      )
    }
    const twice = await extractBill(zipFile([...parts, { name: 'c', content: first }]))
    assert.deepEqual(
      twice.bills.map(({ flags, import: { value } }) => [formatDecimal(value), flags]),
      [
        ['48', ['duplicates-dropped']],
        ['48', []],
      ],
    )
    const overlapping = { name: 'd', content: nem12File({ days: marchDays(2, 2) }) }
    assert.equal(await refusal(...parts, overlapping), 'zip needs-review ERR_BILL_READINGS_CONFLICT d')
    const byStream = { name: 'e', content: nem12File({ suffix: 'B1', days: marchDays(1, 2) }) }
    assert.equal(await refusal(...parts, byStream), 'zip needs-review ERR_BILL_READINGS_CONFLICT e')
    assert.equal(await refusal(BILL, OTHER), 'zip needs-review ERR_BILL_CONTAINER household.csv')
    const points = Array.from({ length: 40 }, (_, index) => ({ nmi: `41039990${index + 10}` }))
    const many = { name: 'f', content: nem12File(...points) }
    const more = { name: 'g', content: nem12File(...points.map(({ nmi }) => ({ nmi: nmi.replace('4103', '4102') }))) }
    assert.equal((await extractBill(zipFile([many]))).bills.length, 40)
    assert.equal(await refusal(many, more), 'zip reject ERR_BILL_TOO_LARGE central directory')
  })

  it('repeats the reason of its only file, and never hides a wrong one beside a bill', async () => {
    assert.equal(await refusal(WRONG), 'zip reject ERR_BILL_RECORDS wrong.csv: IntervalLength')
    assert.equal(await refusal(NOTE, WRONG), 'zip reject ERR_BILL_RECORDS wrong.csv: IntervalLength')
    assert.equal(await refusal(WRONG, { ...WRONG, name: 'a' }), 'zip reject ERR_BILL_RECORDS a: IntervalLength')
    assert.equal(await refusal(BILL, WRONG), 'zip needs-review ERR_BILL_CONTAINER wrong.csv')
    assert.equal(await refusal(NOTE), 'zip unsupported ERR_BILL_FORMAT_UNKNOWN leaflet.txt')
    assert.equal(
      await refusal({ name: 'folder/', content: '', isStored: true }),
      'zip reject ERR_BILL_EMPTY central directory',
    )
    const empty = { name: 'empty.csv', content: '', isStored: true }
    assert.equal(await refusal(empty), 'zip reject ERR_BILL_EMPTY empty.csv')
  })

  it('states what its only file states where no claim can be made of it, and is for a person with any other', async () => {
    const produced = { name: 'roof.csv', content: readFileSync(new URL('formats/csv/enphase.csv', SAMPLES)) }
    const alone = await extractBill(zipFile([produced, NOTE]))
    const { read } = await extractBill(produced.content)
    assert.deepEqual([alone.verdict, alone.bills, alone.read], ['facts', [], read])
    assert.equal(reasonOf(alone), 'zip facts ERR_BILL_GENERATION roof.csv')
    for (const others of [[BILL], [OTHER], [WRONG], [{ ...produced, name: 'again.csv' }], [BILL, WRONG]]) {
      for (const members of [
        [produced, ...others],
        [...others, produced],
      ]) {
        const found = await extractBill(zipFile(members))
        assert.deepEqual(
          [found.verdict, found.reason?.code, found.read],
          ['needs-review', 'ERR_BILL_CONTAINER', undefined],
        )
      }
    }
  })

  it('is not opened inside another one', async () => {
    const inner = { name: 'inner.zip', content: zipFile([BILL]) }
    assert.equal(await refusal(inner), 'zip unsupported ERR_BILL_NESTED inner.zip')
    assert.equal(await refusal(BILL, inner), 'zip unsupported ERR_BILL_NESTED inner.zip')
    const packed = { name: 'bill.csv.gz', content: gzipSync(nem12File()) }
    assert.equal(await refusal(BILL, packed), 'zip unsupported ERR_BILL_NESTED bill.csv.gz')
  })

  it('is refused when it lies', async () => {
    const cases: readonly (readonly [string, readonly MadeMember[], string])[] = [
      ['crc', [{ ...BILL, crc: 1 }], 'bill.csv'],
      ['crc of a stored member', [{ ...BILL, crc: 1, isStored: true }], 'bill.csv'],
      ['smaller size', [{ ...BILL, size: 10 }], 'bill.csv'],
      ['larger size', [{ ...BILL, size: 1_000 }], 'bill.csv'],
      ['size zero', [{ ...BILL, size: 0 }], 'bill.csv'],
      ['size of the local header', [{ ...BILL, local: { size: 10 } }], 'bill.csv'],
      ['method of the local header', [{ ...BILL, local: { method: 0 } }], 'bill.csv'],
      ['name of the local header', [{ ...BILL, local: { name: 'blll.csv' } }], 'bill.csv'],
      ['damaged bytes', [{ ...BILL, packed: new Uint8Array([1, 2, 3, 4]) }], 'bill.csv'],
      ['no bytes', [{ ...BILL, packed: new Uint8Array() }], 'bill.csv'],
      ['bytes behind the stream', [{ ...BILL, packed: withTail(BILL) }], 'bill.csv'],
      ['encrypted', [{ ...BILL, flags: 1 }], 'bill.csv'],
      ['encrypted in one header', [{ ...BILL, local: { flags: 1 } }], 'bill.csv'],
      ['strong encryption', [{ ...BILL, flags: 0x40 }], 'central directory'],
      ['method', [{ ...BILL, method: 12 }], 'bill.csv'],
      ['two of one name', [BILL, { ...NOTE, name: 'bill.csv' }], 'bill.csv'],
      ['folder with bytes', [{ ...BILL, name: 'bill.csv/' }], 'bill.csv/'],
      ['parent folder', [{ ...BILL, name: '../bill.csv' }], 'central directory'],
      ['parent folder inside', [{ ...BILL, name: 'a/../../bill.csv' }], 'central directory'],
      ['absolute path', [{ ...BILL, name: '/etc/bill.csv' }], 'central directory'],
      ['drive', [{ ...BILL, name: 'C:/bill.csv' }], 'central directory'],
      ['backslash', [{ ...BILL, name: '..\\bill.csv' }], 'central directory'],
      ['backslash without parent', [{ ...BILL, name: 'a\\bill.csv' }], 'central directory'],
      ['hidden member', [BILL, { ...OTHER, isHidden: true }], 'bill.csv'],
      ['hidden member in between', [BILL, { ...OTHER, isHidden: true }, NOTE], 'leaflet.txt'],
      ['bytes in between', [BILL, { ...NOTE, before: new Uint8Array(16) }], 'leaflet.txt'],
      [
        'overlapping members',
        [
          { name: 'a', content: zipFile([BILL]), isStored: true },
          { ...BILL, at: 31 },
        ],
        'bill.csv',
      ],
    ]
    for (const [what, members, path] of cases) {
      const found = await refusal(...members)
      assert.equal(found, `zip reject ERR_BILL_CONTAINER ${path}`, what)
    }
  })

  it('is refused when its end is damaged', async () => {
    const whole = zipFile([BILL])
    for (const bytes of [
      whole.subarray(0, 100),
      whole.subarray(0, -1),
      zipFile([BILL], { tail: utf8('x') }),
      zipFile([BILL], { entryCount: 2 }),
      zipFile([BILL], { entryCount: 0 }),
    ]) {
      const found = reasonOf(await extractBill(bytes))
      assert.match(found, /^zip reject ERR_BILL_(?:CONTAINER|EMPTY) central directory$/)
    }
  })

  it('is refused before it is unpacked when it would be too large', async () => {
    const zeros = new Uint8Array(8 * 1024 * 1024)
    const bomb = { name: 'bomb', content: zeros }
    assert.equal(await refusal(bomb), 'zip reject ERR_BILL_TOO_LARGE bomb')
    const declared = { ...BILL, size: 20 * 1024 * 1024 + 1 }
    assert.equal(await refusal(declared), 'zip reject ERR_BILL_TOO_LARGE bill.csv')
    const slow = { ...declared, packed: new Uint8Array(100_000) }
    assert.equal(await refusal(slow), 'zip reject ERR_BILL_TOO_LARGE bill.csv')
    const large = { content: new Uint8Array(15 * 1024 * 1024), isStored: true } as const
    const [a, b, c] = ['a', 'b', 'c'].map((name) => ({
      ...large,
      name,
      size: 15 * 1024 * 1024,
      packed: new Uint8Array(1),
    }))
    assert.ok(a && b && c)
    const deflated = [a, b, c].map((member) => ({ ...member, isStored: false, packed: new Uint8Array(70_000) }))
    assert.equal(await refusal(...deflated), 'zip reject ERR_BILL_TOO_LARGE c')
    const many = Array.from({ length: 129 }, (_, index) => ({ ...NOTE, name: `note ${index}` }))
    assert.equal(await refusal(...many), 'zip reject ERR_BILL_TOO_LARGE central directory')
    assert.equal((await extractBill(zipFile(many.slice(1)))).verdict, 'unsupported')
    const repetitive = { name: 'year.csv', content: nem12File({ days: marchDays(1, 31, { values: '0' }) }) }
    assert.equal((await extractBill(zipFile([repetitive]))).verdict, 'facts')
  })

  it('never throws, whatever its bytes', async () => {
    const whole = zipFile([NOTE, BILL])
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(30), async (at, byte, cut) => {
        const mutated = new Uint8Array(whole)
        mutated[at] = byte
        for (const bytes of [mutated, new Uint8Array([...whole.subarray(0, at), ...whole.subarray(at + cut)])]) {
          const { verdict, bills, reason } = await extractBill(bytes)
          assert.equal(verdict === 'facts', bills.length > 0)
          assert.equal(reason === undefined, bills.length > 0)
          if (bills.length > 0) assert.equal(formatDecimal(bills[0]?.import.value ?? { u: 0n, e: 0 }), '24')
        }
      }),
      { numRuns: 400 },
    )
  })
})

function withTail(member: MadeMember): Uint8Array {
  const whole = zipFile([member])
  const start = 30 + member.name.length
  const end = whole.findIndex(
    (_, at) => at > start && Buffer.from(whole.subarray(at, at + 4)).equals(Buffer.from('PK\x01\x02')),
  )
  return new Uint8Array([...whole.subarray(start, end), 0, 0])
}
