import assert from 'node:assert/strict'
import fc from 'fast-check'
import { extractBill } from '#audit'
import { utf8 } from '#protocol'
import type { Extraction } from '#protocol'
import { greenButtonFile, hourly } from './green-button-file.ts'

async function refusal(content: string | Uint8Array): Promise<string> {
  const { verdict, reason, bills, format } = await extractBill(typeof content === 'string' ? utf8(content) : content)
  assert.deepEqual(bills, [])
  assert.ok(reason)
  const { line, column } = reason.place ?? {}
  return `${format} ${verdict} ${reason.code} ${line ?? '-'}:${column ?? '-'}`
}

describe('bad input', () => {
  it('is refused with a code and a place', async () => {
    const feed = '<feed xmlns="http://www.w3.org/2005/Atom">'
    const cases: readonly [string, string | Uint8Array, string][] = [
      ['empty', '', 'unknown reject ERR_BILL_EMPTY 1:1'],
      ['not XML', 'hello, world\n', 'unknown unsupported ERR_BILL_FORMAT_UNKNOWN 1:1'],
      ['cut XML', `${feed}\n  <entry>`, 'green-button-espi reject ERR_BILL_XML 2:10'],
      ['two roots', `${feed}</feed><feed/>`, 'green-button-espi reject ERR_BILL_XML 1:56'],
      ['other XML', '<Invoice/>', 'xml unsupported ERR_BILL_FORMAT_UNKNOWN 1:1'],
      ['unbound prefix', '<feed><x:entry/></feed>', 'green-button-espi reject ERR_BILL_XML 1:17'],
      ['undefined entity', '<feed>&kwh;</feed>', 'green-button-espi reject ERR_BILL_XML 1:12'],
      ['repeated attribute', '<feed a="1" a="2"/>', 'xml reject ERR_BILL_XML 1:20'],
      ['declared UTF-16', '<?xml version="1.0" encoding="UTF-16"?><feed/>', 'xml reject ERR_BILL_ENCODING 1:40'],
      ['UTF-16', new Uint8Array([0xff, 0xfe, 0x3c, 0x00]), 'unknown reject ERR_BILL_ENCODING 1:4'],
      ['overlong UTF-8', new Uint8Array([0x3c, 0x0a, 0x61, 0xc0, 0xaf]), 'unknown reject ERR_BILL_ENCODING 2:2'],
      ['NUL', '<feed>\n\0</feed>', 'unknown reject ERR_BILL_ENCODING 2:1'],
      ['no consumption', `${feed}<entry/></feed>`, 'green-button-espi reject ERR_BILL_NO_CONSUMPTION 1:1'],
    ]
    for (const [name, content, expected] of cases) assert.equal(await refusal(content), expected, name)
  })

  it('is refused when it says to be Green Button and has nothing of a meter', async () => {
    const sheet = '<?xml-stylesheet type="text/xsl" href="GreenButtonDataStyleSheet.xslt"?>'
    const espi = 'xmlns:e="http://naesb.org/espi"'
    const empty = 'green-button-espi reject ERR_BILL_NO_CONSUMPTION'
    const other = 'xml unsupported ERR_BILL_FORMAT_UNKNOWN 1:1'
    const cases: readonly [string, string][] = [
      [`<?xml version="1.0"?>\n${sheet}\n<!-- a template -->\n<xyz>\n<abc>123</abc></xyz>`, `${empty} 4:1`],
      [`${sheet.replace('GreenB', 'https://example.org/sheets/greenb')}<xyz/>`, `${empty} 1:100`],
      [`<xyz ${espi}><e:MeterReading/></xyz>`, `${empty} 1:1`],
      [
        `<xyz ${espi}><entry xmlns="http://www.w3.org/2005/Atom"><content><e:ReadingType/></content></entry></xyz>`,
        `${empty} 1:1`,
      ],
      // Without an element of ESPI, or with any element of others, it is XML of another kind.
      [`<xyz ${espi}/>`, other],
      ['<xyz><MeterReading/></xyz>', other],
      ['<xyz><entry xmlns="http://www.w3.org/2005/Atom"/></xyz>', other],
      [`<schema xmlns="http://www.w3.org/2001/XMLSchema" ${espi}><e:MeterReading/></schema>`, other],
      [`<xyz ${espi}><e:MeterReading/><o:other xmlns:o="urn:other"/></xyz>`, other],
      [`<?xml-stylesheet href="report.xslt"?><xyz/>`, other],
      [`<?xml-stylesheet href="report.xslt" title="href='GreenButton.xslt'"?><xyz/>`, other],
      [`<xyz>${sheet}</xyz>`, other],
      // What a person could read is left to a person.
      [`${sheet}<xyz><UsagePoint/></xyz>`, other],
      [`<xyz ${espi}><e:IntervalBlock/></xyz>`, other],
      [`<xyz ${espi}><e:MeterReading/><e:ElectricPowerUsageSummary/></xyz>`, other],
      // Not well-formed: nobody can say what it is.
      [`${sheet}<xyz>`, other],
    ]
    for (const [content, expected] of cases) assert.equal(await refusal(content), expected, content)
  })

  it('is refused when it has a document type, before any entity is used', async () => {
    const spoof = greenButtonFile()
      .replace('?>\n', '?>\n<!DOCTYPE feed [<!ENTITY kwh "9999">]>\n')
      .replace('<value>100<', '<value>&kwh;<')
    assert.match(await refusal(spoof), /ERR_BILL_DOCTYPE 2:/)
    const laughs = `<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "${'&a;'.repeat(50)}"><!ENTITY c "${'&b;'.repeat(50)}">]><feed>&c;</feed>`
    assert.match(await refusal(laughs), /ERR_BILL_DOCTYPE/)
    assert.match(await refusal('<!DOCTYPE feed SYSTEM "file:///etc/passwd"><feed/>'), /ERR_BILL_DOCTYPE/)
  })

  it('is refused when it is too deep, too wide or too long', async () => {
    assert.match(await refusal(`<feed>${'<a>'.repeat(400_000)}`), /ERR_BILL_DEPTH 1:196/)
    const attributes = Array.from({ length: 100 }, (_, index) => `a${index}="1"`).join(' ')
    assert.match(await refusal(`<feed ${attributes}/>`), /ERR_BILL_TOO_LARGE/)
    assert.match(await refusal(`<feed>${'x'.repeat(70_000)}</feed>`), /ERR_BILL_TOO_LARGE/)
    assert.match(await refusal(`<feed>${'<entry/>'.repeat(100_001)}</feed>`), /ERR_BILL_TOO_LARGE/)
    const large = new Uint8Array(20 * 1024 * 1024 + 1).fill(0x20)
    assert.match(await refusal(large), /unknown reject ERR_BILL_TOO_LARGE/)
  })

  it('is refused when an element of the format hides in a foreign namespace', async () => {
    const evil = greenButtonFile()
      .replace('<IntervalReading>', '<x:IntervalReading xmlns:x="urn:evil">')
      .replace('</IntervalReading>', '</x:IntervalReading>')
    assert.match(await refusal(evil), /reject ERR_BILL_NAMESPACE/)
    const vendor = greenButtonFile().replace('<content>', '<content><v:Extra xmlns:v="urn:vendor">1</v:Extra>')
    assert.equal((await extractBill(utf8(vendor))).verdict, 'facts')
  })

  it('is refused when a number is not plain, negative, or absurd', async () => {
    for (const value of [
      '1e3',
      '+5',
      '0x1F',
      '５',
      '1.5',
      '',
      ' ',
      '1 2',
      '-',
      'NaN',
      '140737488355328',
      '9'.repeat(40),
    ]) {
      assert.match(
        await refusal(greenButtonFile({ readings: [{ start: 1_672_531_200, durationS: 3_600, value }] })),
        /reject ERR_BILL_NUMBER/,
        value,
      )
    }
    assert.match(await refusal(greenButtonFile({ readings: hourly([1, -1]) })), /reject ERR_BILL_NEGATIVE/)
    assert.match(await refusal(greenButtonFile({ readings: hourly([10n ** 10n + 1n]) })), /reject ERR_BILL_ABSURD/)
    assert.equal((await extractBill(utf8(greenButtonFile({ readings: hourly([10n ** 10n]) })))).verdict, 'facts')
    assert.match(
      await refusal(greenButtonFile({ readings: hourly(Array.from({ length: 11 }, () => 10n ** 10n)) })),
      /ERR_BILL_ABSURD/,
    )
    assert.match(
      await refusal(greenButtonFile({ readings: hourly([1]), readingType: { powerOfTenMultiplier: '12' } })),
      /ERR_BILL_ABSURD/,
    )
  })

  it('is refused when a time is no time', async () => {
    const reading = (start: string, duration: string): string =>
      greenButtonFile()
        .replaceAll(/<duration>\d+</g, `<duration>${duration}<`)
        .replaceAll(/<start>\d+</g, `<start>${start}<`)
    assert.match(await refusal(reading('1672531200.5', '3600')), /ERR_BILL_NUMBER/)
    assert.match(await refusal(reading('10', '10')), /ERR_BILL_DATE/)
    assert.match(await refusal(reading('1672531200000', '3600')), /ERR_BILL_DATE/)
    assert.match(await refusal(reading('1672531200', '-3600')), /ERR_BILL_PERIOD/)
    assert.match(await refusal(reading('1672531200', '999999999')), /ERR_BILL_PERIOD/)
  })

  it('is never repeated at length in the reason', async () => {
    const name = 'n'.repeat(1_000_000)
    const files = [
      `<${name}/>`,
      `<feed></${name}>`,
      `<feed><${name}>${'x'.repeat(70_000)}</${name}></feed>`,
      `<feed><${name}:a/></feed>`,
    ]
    for (const file of files) {
      const { reason } = await extractBill(utf8(file))
      assert.ok(reason !== undefined && JSON.stringify(reason).length < 500)
    }
  })

  it('never makes extraction throw, whatever the bytes', async () => {
    const verdicts = new Set(['facts', 'correction', 'needs-review', 'reject', 'unsupported'])
    const check = (result: Extraction): void => {
      assert.ok(verdicts.has(result.verdict))
      assert.equal(result.verdict === 'facts' || result.verdict === 'correction', result.bills.length > 0)
      assert.equal(result.reason === undefined, result.bills.length > 0)
    }
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        check(await extractBill(bytes))
      }),
    )
    const file = utf8(greenButtonFile())
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.nat(255), fc.nat(40), async (at, byte, cut) => {
        const mutated = new Uint8Array(file)
        mutated[at] = byte
        check(await extractBill(mutated))
        check(await extractBill(new Uint8Array([...file.subarray(0, at), ...file.subarray(at + cut)])))
      }),
      { numRuns: 500 },
    )
  })
})
