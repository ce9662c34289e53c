import assert from 'node:assert/strict'
import fc from 'fast-check'
import { extractBill } from '#audit'
import { encodeFacts, extractionToJson, toHex, utf8 } from '#protocol'
import type { Extraction, ExtractionJson } from '#protocol'
import {
  blockEntry,
  entry,
  feedOf,
  greenButtonEntries,
  greenButtonFile,
  hourly,
  NEW_YEAR_S,
  summaryEntry,
} from './green-button-file.ts'

const DAY_S = 86_400

async function read(text: string): Promise<ExtractionJson> {
  return extractionToJson(await extractBill(utf8(text)))
}

function factsOf(extraction: Extraction): string[] {
  return extraction.bills.map((facts) => toHex(encodeFacts(facts)))
}

async function refusal(text: string): Promise<string> {
  const { verdict, reason, bills } = await read(text)
  assert.deepEqual(bills, [])
  return `${verdict} ${reason?.code}`
}

describe('Green Button extraction', () => {
  it('adds the readings of one delivered series', async () => {
    assert.deepEqual(await read(greenButtonFile()), {
      verdict: 'facts',
      format: 'green-button-espi',
      bills: [
        {
          commodity: 'electricity',
          point: 'User/7/UsagePoint/01',
          service: {
            start: '2023-01-01',
            end: '2023-01-02',
            startUtc: '2023-01-01T00:00:00Z',
            endUtc: '2023-01-01T03:00:00Z',
          },
          import: { kWh: '0.4', value: '400', unit: 'Wh' },
          kind: 'actual',
          flags: ['not-whole-days'],
        },
      ],
    })
  })

  it('applies any power of ten from -18 to 18 without losing a digit', async () => {
    const one = async (power: string, value: string): Promise<string | undefined> =>
      (await read(greenButtonFile({ readingType: { powerOfTenMultiplier: power }, readings: hourly([BigInt(value)]) })))
        .bills[0]?.import.kWh
    assert.equal(await one('-3', '146000001'), '146.000001')
    assert.equal(await one('-18', '123456789012345'), '0.000000123456789012345')
    assert.equal(await one('6', '2'), '2000')
    for (const power of ['19', '-19', '1.0', '+3', '', 'x']) {
      const file = greenButtonFile({ readingType: { powerOfTenMultiplier: power } })
      assert.equal(await refusal(file), 'reject ERR_BILL_NUMBER', power)
    }
    assert.equal(
      await refusal(greenButtonFile({ readingType: { powerOfTenMultiplier: undefined } })),
      'reject ERR_BILL_NUMBER',
    )
  })

  it('reads the same facts in any order of entries and readings', async () => {
    const values = fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 24 })
    await fc.assert(
      fc.asyncProperty(values, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), async (wh, keys) => {
        const readings = hourly(wh)
        const shuffle = <T>(items: readonly T[]): T[] =>
          items
            .map((item, index) => ({ item, key: keys[index] ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ item }) => item)
        const plain = factsOf(await extractBill(utf8(greenButtonFile({ readings }))))
        const shuffled = shuffle(greenButtonEntries({ readings: shuffle(readings) }))
        assert.deepEqual(factsOf(await extractBill(utf8(feedOf(shuffled)))), plain)
        assert.equal((await extractBill(utf8(feedOf(shuffled)))).bills[0]?.readings?.count, wh.length)
      }),
      { numRuns: 50 },
    )
  })

  it('reads the same facts when a series is cut into blocks, and when an unrelated entry is added', async () => {
    const up = 'User/7/UsagePoint/01/MeterReading/1/IntervalBlock'
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(10_000), { minLength: 2, maxLength: 24 }), fc.nat(23), async (wh, cut) => {
        const readings = hourly(wh)
        const at = 1 + (cut % (wh.length - 1))
        const whole = factsOf(await extractBill(utf8(greenButtonFile({ readings }))))
        const split = greenButtonFile({
          readings: readings.slice(0, at),
          entries: [blockEntry(up, readings.slice(at))],
        })
        assert.deepEqual(factsOf(await extractBill(utf8(split))), whole)
        const more = greenButtonFile({ readings, entries: [entry({ self: 'x' }, '<Authorization/>')] })
        assert.deepEqual(factsOf(await extractBill(utf8(more))), whole)
      }),
      { numRuns: 50 },
    )
  })

  it('reads the same facts with CRLF, byte order mark, other prefixes, and missing namespaces', async () => {
    const file = greenButtonFile({ readings: hourly([7, 8, 9]) })
    const plain = factsOf(await extractBill(utf8(file)))
    const prefixed = file
      .replaceAll(
        /<(\/?)([A-Z][A-Za-z]+|kind|uom|value|start|duration|timePeriod|tzOffset|commodity|flowDirection|powerOfTenMultiplier|accumulationBehaviour)(?=[ >/])/g,
        '<$1ns0:$2',
      )
      .replaceAll(' xmlns="http://naesb.org/espi"', '')
      .replaceAll(/<(\/?)(feed|entry|link|content)(?=[ >/])/g, '<$1a:$2')
      .replace(
        'xmlns="http://www.w3.org/2005/Atom"',
        'xmlns:a="http://www.w3.org/2005/Atom" xmlns:ns0="http://naesb.org/espi"',
      )
    const variants = {
      crlf: file.replaceAll('\n', '\r\n'),
      bom: `\uFEFF${file}`,
      prefixed,
      bare: file.replaceAll(/ xmlns="[^"]*"/g, ''),
      blanks: file.replaceAll('<value>', '<value>\n\t ').replaceAll('</duration>', ' </duration>'),
      references: file.replaceAll('<uom>72<', '<uom>&#55;2<'),
      cdata: file.replaceAll('<uom>72<', '<uom><![CDATA[72]]><'),
    }
    for (const [name, variant] of Object.entries(variants)) {
      assert.notEqual(variant, file, name)
      assert.deepEqual(factsOf(await extractBill(utf8(variant))), plain, name)
    }
  })

  it('drops identical readings and refuses contradictory ones', async () => {
    const readings = hourly([5, 6])
    const [first] = readings
    assert.ok(first)
    const twice = (await read(greenButtonFile({ readings: [...readings, first] }))).bills[0]
    assert.equal(twice?.import.value, '11')
    assert.ok(twice.flags.includes('duplicates-dropped'))
    const other = greenButtonFile({ readings: [...readings, { ...first, value: '7' }] })
    assert.equal(await refusal(other), 'needs-review ERR_BILL_READINGS_CONFLICT')
    const overlap = greenButtonFile({ readings: [...readings, { ...first, start: first.start + 1_800 }] })
    assert.equal(await refusal(overlap), 'needs-review ERR_BILL_READINGS_CONFLICT')
  })

  it('asks a person when time is missing, but not for the hour of a clock change', async () => {
    // New York, local time written as UTC: on 2023-03-12 there is no hour from 2 to 3.
    const spring = Date.UTC(2023, 2, 12) / 1_000
    const hours = hourly(Array.from({ length: 48 }, () => 10)).map((reading, index) => ({
      ...reading,
      start: spring + index * 3_600,
    }))
    const one = (await read(greenButtonFile({ readings: hours.toSpliced(2, 1) }))).bills[0]
    assert.equal(one?.import.value, '470')
    assert.ok(one.flags.includes('clock-change-gap'))
    assert.equal(await refusal(greenButtonFile({ readings: hours.toSpliced(2, 2) })), 'needs-review ERR_BILL_GAP')
  })

  it('asks a person when an hour is missing that no clock skips', async () => {
    const winter = hourly(Array.from({ length: 48 }, () => 10))
    for (const at of [1, 20, 40]) {
      assert.equal(await refusal(greenButtonFile({ readings: winter.toSpliced(at, 1) })), 'needs-review ERR_BILL_GAP')
    }
    const sunday = Date.UTC(2023, 2, 12) / 1_000
    const quarters = Array.from({ length: 96 }, (_, index) => ({
      start: sunday + index * 900,
      durationS: 900,
      value: '10',
    }))
    assert.equal((await read(greenButtonFile({ readings: quarters.toSpliced(8, 4) }))).bills[0]?.import.value, '920')
    for (const count of [1, 2, 3]) {
      const file = greenButtonFile({ readings: quarters.toSpliced(8, count) })
      assert.equal(await refusal(file), 'needs-review ERR_BILL_GAP', `${count}`)
    }
  })

  it('accepts a day of 23 or 25 hours, and an hour of no length beside one of double length', async () => {
    for (const count of [23, 25]) {
      const bill = (await read(greenButtonFile({ readings: hourly(Array.from({ length: count }, () => 1)) }))).bills[0]
      assert.deepEqual([bill?.service.start, bill?.service.end], ['2023-01-01', '2023-01-02'])
    }
    const odd = [
      { start: NEW_YEAR_S, durationS: 0, value: '0' },
      { start: NEW_YEAR_S, durationS: 7_200, value: '9' },
    ]
    assert.equal((await read(greenButtonFile({ readings: odd }))).bills[0]?.import.value, '9')
  })

  it('labels days by the nearest local midnight, so that bills which follow each other never share a day', async () => {
    const day = async (start: number, tzOffset: string): Promise<string[]> => {
      const readings = [{ start, durationS: DAY_S, value: '1' }]
      const { service } = (await read(greenButtonFile({ readings, tzOffset }))).bills[0] ?? {}
      return [service?.start ?? '', service?.end ?? '']
    }
    assert.deepEqual(await day(NEW_YEAR_S + 5 * 3_600, '-18000'), ['2023-01-01', '2023-01-02'])
    assert.deepEqual(await day(NEW_YEAR_S + 4 * 3_600, '-18000'), ['2023-01-01', '2023-01-02'], 'daylight saving time')
    assert.deepEqual(await day(NEW_YEAR_S - 3_600, '3600'), ['2023-01-01', '2023-01-02'])
    assert.deepEqual(await day(NEW_YEAR_S - 13 * 3_600, '46800'), ['2023-01-01', '2023-01-02'])
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 10 ** 7 }),
        fc.integer({ min: DAY_S, max: 100 * DAY_S }),
        async (start, length) => {
          const at = NEW_YEAR_S + start
          const first = (await read(greenButtonFile({ readings: [{ start: at, durationS: length, value: '1' }] })))
            .bills[0]
          const next = (
            await read(greenButtonFile({ readings: [{ start: at + length, durationS: length, value: '1' }] }))
          ).bills[0]
          assert.equal(first?.service.end, next?.service.start)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('tells import from export and never nets them', async () => {
    const up = 'User/7/UsagePoint/01/MeterReading'
    const exported = [
      entry({ self: `${up}/2`, up, related: [`${up}/2/IntervalBlock`, 'ReadingType/2'] }, '<MeterReading/>'),
      entry(
        { self: 'ReadingType/2' },
        '<ReadingType><accumulationBehaviour>4</accumulationBehaviour><flowDirection>19</flowDirection><powerOfTenMultiplier>0</powerOfTenMultiplier><uom>72</uom></ReadingType>',
      ),
      blockEntry(`${up}/2/IntervalBlock`, hourly([30, 0, 1])),
    ]
    const bill = (await read(greenButtonFile({ entries: exported }))).bills[0]
    assert.deepEqual([bill?.import.value, bill?.export?.value], ['400', '31'])
  })

  it('asks a person wherever a meaning would be guessed', async () => {
    const cases: readonly [Record<string, string | undefined>, string][] = [
      [{ flowDirection: '4' }, 'needs-review ERR_BILL_FLOW'],
      [{ flowDirection: '20' }, 'needs-review ERR_BILL_FLOW'],
      [{ accumulationBehaviour: '1' }, 'needs-review ERR_BILL_ACCUMULATION'],
      [{ accumulationBehaviour: '9' }, 'needs-review ERR_BILL_ACCUMULATION'],
      [{ uom: '38' }, 'needs-review ERR_BILL_UNIT'],
      [{ uom: '73' }, 'needs-review ERR_BILL_UNIT'],
      [{ uom: '119' }, 'reject ERR_BILL_UNIT'],
      [{ uom: undefined }, 'reject ERR_BILL_UNIT'],
      [{ uom: '072' }, 'reject ERR_BILL_UNIT'],
      [{ commodity: '7' }, 'reject ERR_BILL_COMMODITY_CONFLICT'],
    ]
    for (const [readingType, expected] of cases) {
      assert.equal(await refusal(greenButtonFile({ readingType })), expected, JSON.stringify(readingType))
    }
    assert.equal(await refusal(greenButtonFile({ kind: '1' })), 'reject ERR_BILL_COMMODITY_CONFLICT')
    assert.equal(await refusal(greenButtonFile({ kind: '3' })), 'reject ERR_BILL_SERVICE_KIND')
    const assumed = (await read(greenButtonFile({ kind: undefined, readingType: { flowDirection: undefined } })))
      .bills[0]
    assert.deepEqual(assumed?.flags, ['direction-assumed', 'not-whole-days', 'service-kind-assumed'])
    const rising = { readingType: { accumulationBehaviour: undefined }, readings: hourly([1, 2, 3, 4, 5, 6, 7, 8]) }
    assert.equal(await refusal(greenButtonFile(rising)), 'needs-review ERR_BILL_ACCUMULATION')
  })

  it('carries the quality of readings as kind, and refuses forecasts', async () => {
    const quality = (...codes: string[]): ReturnType<typeof hourly> =>
      hourly(codes.map(() => 1)).map((reading, index) => ({
        ...reading,
        extra: `<ReadingQuality><quality>${codes[index]}</quality></ReadingQuality>`,
      }))
    const kind = async (...codes: string[]): Promise<string | undefined> =>
      (await read(greenButtonFile({ readings: quality(...codes) }))).bills[0]?.kind
    assert.equal(await kind('17', '0'), 'actual')
    assert.equal(await kind('8', '9'), 'estimated')
    assert.equal(await kind('8', '17'), 'mixed')
    assert.equal(await kind('13'), 'mixed')
    assert.equal(await refusal(greenButtonFile({ readings: quality('17', '12') })), 'needs-review ERR_BILL_FORECAST')
  })

  it('follows links and refuses chains that are missing or double', async () => {
    const entries = greenButtonEntries()
    const second = entry({ self: 'ReadingType/1' }, '<ReadingType><uom>72</uom></ReadingType>')
    assert.equal(await refusal(feedOf([...entries, second])), 'reject ERR_BILL_LINK')
    assert.equal(await refusal(feedOf(entries.filter((one) => !one.includes('<ReadingType ')))), 'reject ERR_BILL_LINK')
    const broken = entries.map((one) =>
      one.includes('<ReadingType ') ? one.replace('ReadingType/1', 'ReadingType/9') : one,
    )
    assert.ok((await read(feedOf(broken))).bills[0]?.flags.includes('link-fallback'))
    const slash = entries.map((one) =>
      one.includes('<MeterReading ') ? one.replace('href="ReadingType/1"', 'href="ReadingType/1/"') : one,
    )
    assert.notDeepEqual(slash, entries)
    assert.deepEqual(await read(feedOf(slash)), await read(feedOf(entries)))
  })
})

describe('Green Button usage summaries', () => {
  const period = { start: NEW_YEAR_S, durationS: 31 * DAY_S }
  const head = greenButtonEntries().filter((one) => one.includes('<UsagePoint ') || one.includes('<LocalTime'))

  it('are bills of their own when the file has no readings', async () => {
    const bills = (await read(feedOf([...head, summaryEntry({ ...period, last: '310000' })]))).bills
    assert.deepEqual(
      bills.map(({ import: { kWh }, service, flags }) => [kWh, service.start, service.end, flags]),
      [['310', '2023-01-01', '2023-02-01', ['summary-only']]],
    )
  })

  it('give one bill each, a repetition none', async () => {
    const next = { start: period.start + period.durationS, durationS: 28 * DAY_S, last: '280000' }
    const file = [...head, summaryEntry(next), summaryEntry({ ...period, last: '310000' }), summaryEntry(next)]
    assert.deepEqual(
      (await read(feedOf(file))).bills.map((bill) => bill.import.kWh),
      ['310', '280'],
    )
  })

  it('go to a person when their two figures differ, when they contradict each other, or when they overlap', async () => {
    const both = [...head, summaryEntry({ ...period, last: '1', current: '2' })]
    assert.equal(await refusal(feedOf(both)), 'needs-review ERR_BILL_SUMMARY_CONFLICT')
    const contradiction = [...head, summaryEntry({ ...period, last: '1' }), summaryEntry({ ...period, last: '2' })]
    assert.equal(await refusal(feedOf(contradiction)), 'needs-review ERR_BILL_SUMMARY_CONFLICT')
    const shifted = { ...period, start: period.start + DAY_S, last: '1' }
    assert.equal(
      await refusal(feedOf([...head, summaryEntry({ ...period, last: '1' }), summaryEntry(shifted)])),
      'needs-review ERR_BILL_SUMMARY_CONFLICT',
    )
  })

  it('are evidence beside readings: equal figures agree, other periods are flagged, contradictions go to a person', async () => {
    const readings = [{ ...period, value: '310000' }]
    const withSummary = (summary: string): string => greenButtonFile({ readings, entries: [summary] })
    assert.deepEqual(
      (await read(withSummary(summaryEntry({ ...period, last: '9', current: '310000' })))).bills[0]?.flags,
      ['summary-agrees'],
    )
    assert.equal(
      await refusal(withSummary(summaryEntry({ ...period, last: '311000' }))),
      'needs-review ERR_BILL_SUMMARY_CONFLICT',
    )
    const placeholder = summaryEntry({ start: 10, durationS: 10, last: '5' })
    assert.deepEqual((await read(withSummary(placeholder))).bills[0]?.flags, ['summary-other-period'])
  })

  it('never count their detail lines, and refuse a net figure', async () => {
    const detail =
      '<costAdditionalDetailLastPeriod><measurement><uom>72</uom><value>999</value></measurement></costAdditionalDetailLastPeriod>'
    assert.equal(
      (await read(feedOf([...head, summaryEntry({ ...period, last: '5', extra: detail })]))).bills[0]?.import.value,
      '5',
    )
    assert.equal(
      await refusal(feedOf([...head, summaryEntry({ ...period, last: '-5' })])),
      'needs-review ERR_BILL_NEGATIVE',
    )
  })
})

describe('place of a Green Button bill', () => {
  const address = (town: string, zip = ''): string =>
    entry({}, `<ServiceLocation><mainAddress><townDetail>${town}</townDetail>${zip}</mainAddress></ServiceLocation>`)
  const placeOf = async (made: Parameters<typeof greenButtonFile>[0]): Promise<unknown> =>
    (await extractBill(utf8(greenButtonFile(made)))).bills[0]?.place

  it('comes from the service address', async () => {
    const town = '<stateOrProvince>OR</stateOrProvince><country>US</country>'
    assert.deepEqual(await placeOf({ entries: [address(town, '<postalCode>97035-1234</postalCode>')] }), {
      country: 'US',
      state: 'OR',
      zip: '97035',
    })
    assert.deepEqual(await placeOf({ entries: [address('<country>AT</country>')] }), { country: 'AT' })
  })

  it('comes from the host of a utility that serves one state', async () => {
    const place = { country: 'US', state: 'CA', utility: { eia: 14328, state: 'CA' } }
    assert.deepEqual(await placeOf({ host: 'https://api.pge.com/espi' }), place)
    for (const host of [
      'https://api.pge.com.evil.example',
      'https://notpge.com',
      'http://api.pge.com',
      'https://x@api.pge.com',
    ]) {
      assert.equal(await placeOf({ host }), undefined, host)
    }
  })

  it('is absent when the file names none, or two', async () => {
    const other = entry({ self: 'https://vendor.example/UsagePoint/2' }, '<UsagePoint/>')
    assert.equal(await placeOf({ host: 'https://api.pge.com', entries: [other] }), undefined)
    assert.equal(await placeOf({}), undefined)
    assert.equal(
      await placeOf({ entries: [address('<country>AT</country>'), address('<country>DE</country>')] }),
      undefined,
    )
    assert.equal(await placeOf({ host: 'https://api.pge.com', entries: [address('<country>DE</country>')] }), undefined)
    assert.equal(await placeOf({ entries: [address('<country>Austria</country>')] }), undefined)
  })
})
