import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { extractBill } from '#audit'
import { utf8 } from '#protocol'
import { greenButtonFile, hourly, NEW_YEAR_S } from './green-button-file.ts'

const HERE = 'bad-input-threats.spec.ts'
const ESPI_LINKS = 'espi/links.spec.ts'

/** Each threat of the list in `FORMATS.md`, section 10, with the tests that hold against it, by file and title. */
const THREATS: Readonly<Record<string, readonly (readonly [file: string, title: string])[]>> = {
  'external entities (XXE)': [[HERE, 'external entities and document types are refused at sight']],
  'internal entity spoof': [
    [HERE, 'external entities and document types are refused at sight'],
    ['einvoice-hostile.spec.ts', 'have no document type: no entity ever means anything'],
  ],
  'laughs and quadratic blow-up': [[HERE, 'entities that multiply cost nothing']],
  'depth bomb': [
    [HERE, 'nested elements are refused at the limit, in no time'],
    ['einvoice-hostile.spec.ts', 'are refused when they are too deep, too wide, too long'],
  ],
  'attribute bomb': [[HERE, 'attributes are refused at the limit, in number and in length']],
  'declared against actual encoding': [[HERE, 'only UTF-8 is read, whatever the file declares']],
  'byte order mark': [
    [HERE, 'a byte order mark is no part of the text'],
    ['csv.spec.ts', 'gives the same facts with LF, CRLF, byte order mark, no last line end, and rows in any order'],
  ],
  'overlong UTF-8': [[HERE, 'malformed UTF-8 and NUL are refused with their place']],
  NUL: [[HERE, 'malformed UTF-8 and NUL are refused with their place']],
  'namespace spoof': [
    [ESPI_LINKS, 'may carry elements of vendors, whatever their names are inside of them'],
    ['einvoice-hostile.spec.ts', 'cannot smuggle in elements of another namespace that have a name of the format'],
  ],
  'duplicate ids and links': [
    [
      ESPI_LINKS,
      'name one thing once: an entry that is repeated as it is counts once, one that says something else is refused',
    ],
    [ESPI_LINKS, 'must not say one thing twice: another reader could take the other'],
    ['einvoice-hostile.spec.ts', 'need a person when an element that is single stands twice'],
  ],
  'names of object prototypes': [
    [HERE, 'names of object prototypes are names like others'],
    ['csv-profiles.spec.ts', 'refuses formulas, foreign digits, and dates that do not exist'],
  ],
  'forms of numbers': [
    [HERE, 'numbers are plain digits'],
    ['csv-profiles.spec.ts', 'read plain numbers only, whatever else they are called'],
  ],
  'ZIP bombs': [['zip.spec.ts', 'is refused before it is unpacked when it would be too large']],
  'ZIP that lies about sizes': [['zip.spec.ts', 'is refused when it lies']],
  'ZIP with two members': [['zip.spec.ts', 'leaves several bills to a person, except NEM12 files that agree']],
  'PDF with two revisions': [
    ['pdf-hostile.spec.ts', 'is flagged when it has two revisions and no signature: the last one is read'],
    ['pdf.spec.ts', 'is read as it was signed, whatever was appended'],
  ],
  'PDF attachment name tricks': [
    ['pdf-invoice.spec.ts', 'goes to a person when there are several, or when a name only looks like one'],
  ],
  'formula cells': [['csv-profiles.spec.ts', 'refuses formulas, foreign digits, and dates that do not exist']],
  'polyglot of PDF and ZIP': [
    ['pdf-hostile.spec.ts', 'is refused when it is a ZIP archive, too, wherever the archive ends'],
  ],
  'a million readings': [
    [HERE, 'as many readings as a file can hold are read, and one byte more is refused early'],
    ['csv.spec.ts', 'is refused when it has more values than any meter'],
  ],
  'integers beyond 2^53': [[HERE, 'sums are exact beyond 2^53']],
}

async function resultOf(content: string | Uint8Array): Promise<string> {
  const { verdict, reason, bills } = await extractBill(typeof content === 'string' ? utf8(content) : content)
  assert.equal(bills.length, 0)
  return `${verdict} ${reason?.code}`
}

describe('threats', () => {
  it('are each held by a test', () => {
    for (const [threat, tests] of Object.entries(THREATS)) {
      for (const [file, title] of tests) {
        const text = readFileSync(new URL(file, import.meta.url), 'utf8')
        const times = text.split(`it('${title}'`).length - 1
        assert.equal(times, 1, `${threat}: ${file} has "${title}" ${times} times`)
      }
    }
    assert.equal(Object.keys(THREATS).length, 22)
  })

  it('external entities and document types are refused at sight', async () => {
    const bill = greenButtonFile()
    for (const doctype of [
      '<!DOCTYPE feed SYSTEM "file:///etc/passwd">',
      '<!DOCTYPE feed PUBLIC "-//X//EN" "http://127.0.0.1:1/x.dtd">',
      '<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
      '<!DOCTYPE feed [<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]>',
      '<!DOCTYPE feed [<!ENTITY kwh "9999">]>',
      '<!DOCTYPE feed>',
    ]) {
      const file = bill.replace('?>\n', `?>\n${doctype}\n`).replace('<value>100<', '<value>&kwh;<')
      assert.equal(await resultOf(file), 'reject ERR_BILL_DOCTYPE', doctype)
    }
    assert.equal(await resultOf(bill.replace('<value>100<', '<value>&kwh;<')), 'reject ERR_BILL_XML')
    assert.equal((await extractBill(utf8(bill.replace('<value>100<', '<value>&#49;00<')))).bills[0]?.import.value.u, 4n)
  })

  it('entities that multiply cost nothing', async () => {
    const lol = Array.from({ length: 12 }, (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`)
    const laughs = `<!DOCTYPE feed [<!ENTITY l0 "ha">${lol.join('')}]><feed>&l12;</feed>`
    const quadratic = `<!DOCTYPE feed [<!ENTITY a "${'x'.repeat(50_000)}">]><feed>${'&a;'.repeat(50_000)}</feed>`
    for (const file of [laughs, quadratic]) assert.equal(await resultOf(file), 'reject ERR_BILL_DOCTYPE')
  })

  it('nested elements are refused at the limit, in no time', async () => {
    const nested = (depth: number): string => `<feed>${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}</feed>`
    assert.equal(await resultOf(nested(63)), 'reject ERR_BILL_NO_CONSUMPTION')
    assert.equal(await resultOf(nested(64)), 'reject ERR_BILL_DEPTH')
    assert.equal(await resultOf(`<feed>${'<a>'.repeat(2_000_000)}`), 'reject ERR_BILL_DEPTH')
    const inReading = greenButtonFile().replace('<timePeriod>', `${'<a>'.repeat(80)}${'</a>'.repeat(80)}<timePeriod>`)
    assert.equal(await resultOf(inReading), 'reject ERR_BILL_DEPTH')
    const inVendor = greenButtonFile().replace(
      '<content>',
      `<content>${'<v:a xmlns:v="urn:v">'.repeat(80)}${'</v:a>'.repeat(80)}`,
    )
    assert.equal(await resultOf(inVendor), 'reject ERR_BILL_DEPTH')
  })

  it('attributes are refused at the limit, in number and in length', async () => {
    const many = (count: number): string => Array.from({ length: count }, (_, index) => `a${index}="1"`).join(' ')
    assert.equal(await resultOf(`<feed ${many(64)}/>`), 'reject ERR_BILL_NO_CONSUMPTION')
    assert.equal(await resultOf(`<feed ${many(65)}/>`), 'reject ERR_BILL_TOO_LARGE')
    assert.equal(await resultOf(`<feed ${many(200_000)}/>`), 'reject ERR_BILL_TOO_LARGE')
    assert.equal(await resultOf(`<feed a="${'x'.repeat(70_000)}"/>`), 'reject ERR_BILL_TOO_LARGE')
    assert.equal(await resultOf('<feed a="1" a="1"/>'), 'reject ERR_BILL_XML')
  })

  it('only UTF-8 is read, whatever the file declares', async () => {
    const bill = greenButtonFile()
    for (const encoding of ['UTF-16', 'utf-16le', 'UTF-7', 'ISO-8859-1', 'windows-1252', 'US-ASCII', 'EBCDIC-CP-US']) {
      assert.equal(
        await resultOf(bill.replace('encoding="UTF-8"', `encoding="${encoding}"`)),
        'reject ERR_BILL_ENCODING',
        encoding,
      )
    }
    assert.equal((await extractBill(utf8(bill.replace('encoding="UTF-8"', 'encoding="utf-8"')))).verdict, 'facts')
    const wide = new Uint8Array(Buffer.from(`\uFEFF${bill}`, 'utf16le'))
    assert.equal(await resultOf(wide), 'reject ERR_BILL_ENCODING')
    assert.equal(await resultOf(new Uint8Array(Buffer.from(bill, 'utf16le'))), 'reject ERR_BILL_ENCODING')
    const latin = new Uint8Array(Buffer.from(bill.replace('<feed', '<!-- \u00e9 --><feed'), 'latin1'))
    assert.equal(await resultOf(latin), 'reject ERR_BILL_ENCODING')
    // UTF-7 has no byte above 127: only the declaration could tell, and without one it is text like any other.
    assert.equal(await resultOf('<feed>+ADw-entry+AD4-</feed>'), 'reject ERR_BILL_NO_CONSUMPTION')
  })

  it('a byte order mark is no part of the text', async () => {
    const [plain, marked] = [
      await extractBill(utf8(greenButtonFile())),
      await extractBill(utf8(`\uFEFF${greenButtonFile()}`)),
    ]
    assert.deepEqual(marked, plain)
    assert.equal(await resultOf(`\uFEFF\uFEFF${greenButtonFile()}`), 'unsupported ERR_BILL_FORMAT_UNKNOWN')
  })

  it('malformed UTF-8 and NUL are refused with their place', async () => {
    const head = utf8('<feed>\n<!-- ')
    const tails: readonly (readonly number[])[] = [
      [0xc0, 0xaf],
      [0xe0, 0x80, 0xaf],
      [0xf0, 0x80, 0x80, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xff],
      [0x80],
      [0x00],
    ]
    for (const tail of tails) {
      const { verdict, reason } = await extractBill(new Uint8Array([...head, ...tail, ...utf8(' --></feed>')]))
      assert.deepEqual([verdict, reason?.code, reason?.place?.line], ['reject', 'ERR_BILL_ENCODING', 2], String(tail))
    }
    for (const reference of ['&#0;', '&#x0;', '&#xD800;', '&#x110000;', '&#1;']) {
      assert.equal(await resultOf(`<feed>${reference}</feed>`), 'reject ERR_BILL_XML', reference)
    }
  })

  it('names of object prototypes are names like others', async () => {
    const plain = await extractBill(utf8(greenButtonFile()))
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype']) {
      const extra = greenButtonFile().replace('<content>', `<content><${name} ${name}="1"><value>9</value></${name}>`)
      assert.deepEqual((await extractBill(utf8(extra))).bills, plain.bills, name)
      const linked = greenButtonFile().replaceAll('ReadingType/1', name)
      assert.equal((await extractBill(utf8(linked))).verdict, 'facts', name)
      for (const field of ['uom', 'commodity', 'flowDirection', 'accumulationBehaviour', 'powerOfTenMultiplier']) {
        assert.match(
          await resultOf(greenButtonFile({ readingType: { [field]: name } })),
          /^(reject|needs-review) /,
          `${field} ${name}`,
        )
      }
      assert.equal(await resultOf(greenButtonFile({ kind: name })), 'reject ERR_BILL_SERVICE_KIND')
    }
    assert.equal(Object.hasOwn(Object.prototype, 'value'), false)
  })

  it('numbers are plain digits', async () => {
    const withValue = (value: string): string =>
      greenButtonFile({ readings: [{ start: NEW_YEAR_S, durationS: 3_600, value }] })
    for (const value of [
      '1e3',
      '1E3',
      '+5',
      '０',
      '５',
      '٣',
      'Infinity',
      '-Infinity',
      'NaN',
      '0x1F',
      '1_000',
      '1,000',
      '1.0',
      '\u00a012',
      '12\u202f',
      '1 2',
      '--1',
      '１２',
    ]) {
      assert.equal(await resultOf(withValue(value)), 'reject ERR_BILL_NUMBER', value)
    }
    for (const value of [' 12 ', '\n12\t', '0012']) {
      assert.equal((await extractBill(utf8(withValue(value)))).bills[0]?.import.value.u, 12n, value)
    }
  })

  it('as many readings as a file can hold are read, and one byte more is refused early', async function () {
    this.timeout(60_000)
    // One reading a second: 150,000 readings in 18 MB, in a period of two days.
    const readings = Array.from({ length: 150_000 }, (_, index) => ({
      start: NEW_YEAR_S + index,
      durationS: 1,
      value: '7',
    }))
    const { bills } = await extractBill(utf8(greenButtonFile({ readings })))
    assert.equal(bills[0]?.readings?.count, 150_000)
    assert.equal(bills[0].import.value.u * 10n ** BigInt(bills[0].import.value.e), 1_050_000n)
    const started = performance.now()
    const million = new Uint8Array(100 * 1024 * 1024).fill(0x3c)
    assert.equal(await resultOf(million), 'reject ERR_BILL_TOO_LARGE')
    assert.ok(performance.now() - started < 1_000)
  })

  it('sums are exact beyond 2^53', async () => {
    const largest = 2n ** 47n - 1n
    const values = Array.from({ length: 500 }, (_, index) => largest - BigInt(index % 7))
    const { bills } = await extractBill(
      utf8(greenButtonFile({ readings: hourly(values), readingType: { powerOfTenMultiplier: '-6' } })),
    )
    const total = values.reduce((sum, value) => sum + value, 0n)
    assert.ok(total > 2n ** 53n)
    assert.ok(bills[0])
    assert.equal(bills[0].import.value.u * 10n ** BigInt(bills[0].import.value.e + 6), total)
    for (const value of [2n ** 47n, 2n ** 53n + 1n, 2n ** 64n, -(2n ** 47n) - 1n]) {
      assert.equal(
        await resultOf(greenButtonFile({ readings: hourly([value]) })),
        'reject ERR_BILL_NUMBER',
        String(value),
      )
    }
  })
})
