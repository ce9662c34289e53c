import assert from 'node:assert/strict'
import { extractBill } from '#audit'
import { extractionToJson, utf8 } from '#protocol'
import { bill, ciiFile, factsOf, figures, kWh, refusal, ublFile } from './einvoice-file.ts'
import type { TestInvoice, TestLine } from './einvoice-file.ts'

const EHF =
  'urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0#conformant#urn:fdc:anskaffelser.no:2019:ehf:forward-billing:3.0'

function withoutPeriod(lines: readonly TestLine[], changes: Partial<TestInvoice> = {}): TestInvoice {
  const { period, ...rest } = bill(lines, changes)
  assert.ok(period)
  return rest
}

describe('periods of an e-invoice', () => {
  it('end with their last day, as EN 16931 has it', async () => {
    const [facts] = await factsOf(ublFile(bill([kWh('Wirkarbeit', '1')])))
    assert.deepEqual(facts?.service, { start: '2024-03-01', end: '2024-04-01', basis: 'printed-inclusive' })
    const leap = kWh('Wirkarbeit', '1', { period: ['2024-02-29', '2024-02-29'] })
    assert.deepEqual(await figures(ublFile(bill([leap]))), ['electricity 2024-02-29..2024-03-01 1 kWh'])
  })

  it('end before their last date in Norway, as the profile has it', async () => {
    const lines = [
      { name: 'Fastbeløp', quantity: '61', unit: 'DAY', period: ['2019-05-01', '2019-07-01'] as const },
      kWh('Energiledd', '2561.00', { period: ['2019-03-01', '2019-05-01'] }),
    ]
    const [facts] = await factsOf(ublFile(withoutPeriod(lines, { profile: EHF })))
    assert.deepEqual(facts?.service, { start: '2019-03-01', end: '2019-05-01', basis: 'printed-exclusive' })
  })

  it('need a person when the days of a line contradict the profile', async () => {
    const days = (quantity: string): readonly TestLine[] => [
      kWh('Nettleie', '1'),
      { name: 'Fastbeløp', quantity, unit: 'DAY', period: ['2019-05-01', '2019-07-01'] },
    ]
    const conflict = 'needs-review ERR_BILL_PERIOD InvoicedQuantity of line 2'
    assert.equal(await refusal(ublFile(bill(days('61')))), conflict)
    assert.equal(await refusal(ublFile(bill(days('62'), { profile: EHF }))), conflict)
    assert.equal((await factsOf(ublFile(bill(days('62'))))).length, 1)
    assert.equal((await factsOf(ublFile(bill(days('61.00'), { profile: EHF })))).length, 1)
    for (const other of ['30', '61.5', '245', 'x'])
      assert.equal((await factsOf(ublFile(bill(days(other))))).length, 1, other)
  })

  it('are assumed to include the last day, and say so, where no known profile is named', async () => {
    const [facts] = await factsOf(ublFile(bill([kWh('Wirkarbeit', '1')], { profile: 'TR1.2' })))
    assert.ok(facts)
    assert.ok(facts.flags.includes('end-date-assumed'))
    assert.equal(facts.service.end, '2024-04-01')
  })

  it('that are missing leave facts of which no claim can be made, where all else was read', async () => {
    const invoice = (lines: readonly TestLine[], changes: Partial<TestInvoice> = {}): TestInvoice =>
      withoutPeriod(lines, { payable: '119.50', ...changes })
    const read = async (of: TestInvoice, expected = 'facts'): Promise<unknown> => {
      const [ubl, cii] = [await extractBill(utf8(ublFile(of))), await extractBill(utf8(ciiFile(of)))]
      for (const { verdict, reason, bills } of [ubl, cii]) {
        assert.deepEqual([verdict, reason?.code, bills], [expected, 'ERR_BILL_UNSTATED', []])
      }
      assert.deepEqual(extractionToJson(cii).read, extractionToJson(ubl).read)
      return extractionToJson(ubl).read
    }
    const common = {
      account: 'K4711',
      point: 'DE0009990000000000000000000000017',
      money: { currency: 'EUR', payable: '119.5' },
      missing: ['service'],
      flags: ['arithmetic-unchecked'],
    }
    const lines = [kWh('Wirkarbeit HT', '1000.50'), kWh('Wirkarbeit NT', '20'), kWh('Stromsteuer', '1020.5')]
    assert.deepEqual(await read(invoice(lines)), [
      {
        commodity: 'electricity',
        import: { kWh: '1020.5', value: '1020.5', unit: 'kWh' },
        lines: ['1', '2'],
        ...common,
      },
    ])
    const both = [kWh('Gas Arbeitspreis', '5'), kWh('Strom Arbeitspreis', '7'), kWh('Einspeisung Strom', '2')]
    assert.deepEqual(await read(invoice(both)), [
      {
        commodity: 'electricity',
        import: { kWh: '7', value: '7', unit: 'kWh' },
        export: { kWh: '2', value: '2', unit: 'kWh' },
        lines: ['2'],
        ...common,
      },
      { commodity: 'gas', import: { kWh: '5', value: '5', unit: 'kWh' }, lines: ['1'], ...common },
    ])
    // Figures that do not agree, lines that are left out or guessed at, a period for some lines only, and corrections.
    const none: readonly TestInvoice[] = [
      invoice([kWh('Wirkarbeit', '10'), kWh('Stromsteuer', '11')]),
      invoice([kWh('Wirkarbeit', '10'), kWh('Energie', '11')]),
      invoice([kWh('Wirkarbeit HT', '10', { period: ['2024-03-01', '2024-03-31'] }), kWh('Wirkarbeit NT', '11')]),
      invoice([kWh('Wirkarbeit', '10')], { type: '384', precedes: ['R-1000'] }),
      invoice([kWh('Wirkarbeit', '10'), { name: 'Beton C30/37', quantity: '179.9', unit: 'MTQ' }]),
      invoice([kWh('Wirkarbeit HT', '10'), kWh('Wirkarbeit NT', '20'), kWh('Sonderposition Q', '30')]),
      invoice([kWh('Wirkarbeit', '10'), kWh('Stromsteuer', '10', { price: '0.02', amount: '9.00' })]),
      invoice([kWh('Strom Arbeitspreis', '7'), kWh('Gas Arbeitspreis', '5', { price: '0.20', amount: '300.00' })]),
    ]
    for (const [index, one] of none.entries()) {
      assert.equal(await read(one, 'needs-review'), undefined, String(index))
    }
    const conflict = invoice([kWh('Wirkarbeit', '1000', { price: '0.20', amount: '300.00' })])
    assert.match(await refusal(ublFile(conflict)), /^needs-review ERR_BILL_ARITHMETIC/)
  })

  it('of what was fed in alone are facts of which no claim can be made', async () => {
    const read = async (of: TestInvoice, expected = 'facts'): Promise<unknown> => {
      const [ubl, cii] = [await extractBill(utf8(ublFile(of))), await extractBill(utf8(ciiFile(of)))]
      for (const { verdict, reason, bills } of [ubl, cii]) {
        assert.deepEqual([verdict, reason?.code, bills], [expected, 'ERR_BILL_UNSTATED', []])
      }
      assert.deepEqual(extractionToJson(cii).read, extractionToJson(ubl).read)
      return extractionToJson(ubl).read
    }
    const feedIn = kWh('Einspeisung Strom', '150', { price: '0.08', amount: '-12.00' })
    const paid = { ...feedIn, price: '-0.08' }
    const common = {
      commodity: 'electricity',
      account: 'K4711',
      point: 'DE0009990000000000000000000000017',
      export: { kWh: '150', value: '150', unit: 'kWh' },
      money: { currency: 'EUR', payable: '119' },
      lines: ['1'],
    }
    const service = { start: '2024-03-01', end: '2024-04-01' }
    assert.deepEqual(await read(bill([paid])), [{ ...common, service, missing: ['import'] }])
    assert.deepEqual(await read(withoutPeriod([paid])), [{ ...common, missing: ['import', 'service'] }])
    const fee = kWh('Solar export fee', '150', { price: '0.01', amount: '1.50' })
    assert.deepEqual(await read(bill([paid, fee])), [{ ...common, service, missing: ['import'] }])
    // A levy on something that is not stated, and documents that give back, are for a person.
    assert.equal(await read(bill([paid, kWh('Stromsteuer', '150')]), 'needs-review'), undefined)
    assert.equal(await read(bill([paid], { type: '381', precedes: ['R-1000'] }), 'needs-review'), undefined)
  })

  it('and the installation of a Turkish customer stand where UBL-TR has them', async () => {
    const { account, ...rest } = bill([kWh('Elektrik Tüketim Bedeli', '101')], {
      profile: 'TR1.2 TEMELFATURA',
      points: [],
    })
    assert.ok(account)
    const ids = [
      ['TESISATNO', '1234567'],
      ['SAYACNO', '7654321'],
      ['ABONENO', '55'],
    ].map(
      ([scheme, id]) =>
        `<cac:PartyIdentification><cbc:ID schemeID="${scheme}">${id}</cbc:ID></cac:PartyIdentification>`,
    )
    const more = `<cac:AccountingCustomerParty><cac:Party>${ids.join('')}</cac:Party></cac:AccountingCustomerParty>`
    const [facts] = await factsOf(ublFile(rest, { more }))
    assert.deepEqual([facts?.point, facts?.meter, facts?.account], ['1234567', '7654321', '55'])
  })

  it('belong to a line before the document, and must be stated once', async () => {
    const lines = [
      kWh('Wirkarbeit', '1', { period: ['2024-03-01', '2024-03-15'] }),
      kWh('Wirkarbeit', '2', { period: ['2024-03-16', '2024-03-31'] }),
    ]
    const expected = ['electricity 2024-03-01..2024-03-16 1 kWh', 'electricity 2024-03-16..2024-04-01 2 kWh']
    assert.deepEqual(await figures(ublFile(bill(lines))), expected)
    assert.deepEqual(await figures(ciiFile(bill(lines))), expected)
    const none = withoutPeriod([kWh('Wirkarbeit', '1000')])
    assert.equal(await refusal(ublFile(none)), 'facts ERR_BILL_UNSTATED InvoiceLine 1')
    assert.equal(await refusal(ciiFile(none)), 'facts ERR_BILL_UNSTATED IncludedSupplyChainTradeLineItem 1')
    const two = ublFile(none, {
      more: ['2024-03', '2024-04']
        .map(
          (month) =>
            `<cac:InvoicePeriod><cbc:StartDate>${month}-01</cbc:StartDate><cbc:EndDate>${month}-30</cbc:EndDate></cac:InvoicePeriod>`,
        )
        .join(''),
    })
    assert.equal(await refusal(two), 'needs-review ERR_BILL_UNSTATED InvoiceLine 1')
    // Whatever else is said where a period stands was not read; the day on which tax is due is no period.
    const said = (inside: string): string => ublFile(none, { more: `<cac:InvoicePeriod>${inside}</cac:InvoicePeriod>` })
    for (const inside of [
      '<cbc:StartDate>2024-03-01</cbc:StartDate>',
      '<cbc:Description>March 2024</cbc:Description>',
    ]) {
      assert.equal(await refusal(said(inside)), 'needs-review ERR_BILL_UNSTATED InvoiceLine 1', inside)
    }
    for (const inside of ['<cbc:DescriptionCode>35</cbc:DescriptionCode>', '']) {
      assert.equal(await refusal(said(inside)), 'facts ERR_BILL_UNSTATED InvoiceLine 1', inside)
    }
    const base = {
      name: 'Grundpreis Strom',
      quantity: '31',
      unit: 'DAY',
      period: ['2024-03-01', '2024-03-31'] as const,
    }
    const dated = withoutPeriod([kWh('Wirkarbeit', '1000'), base])
    assert.equal(await refusal(ublFile(dated)), 'needs-review ERR_BILL_UNSTATED InvoiceLine 1')
    const ended = ciiFile(bill([kWh('Wirkarbeit', '1000')])).replace(/<ram:StartDateTime>.*?<\/ram:StartDateTime>/s, '')
    assert.equal(await refusal(ended), 'needs-review ERR_BILL_UNSTATED IncludedSupplyChainTradeLineItem 1')
  })

  it('stated by one date, or several times, are not those of the document, unless they begin or end as it does', async () => {
    const document = ['2024-01-01', '2024-02-29'] as const
    const invoice = bill([kWh('Wirkarbeit', '1000', { period: ['2024-01-01', '2024-01-31'] })], { period: document })
    const [ubl, cii] = [ublFile(invoice), ciiFile(invoice)]
    const lineEnd = '<cbc:EndDate>2024-01-31</cbc:EndDate>'
    const start = '<cbc:StartDate>2024-01-01</cbc:StartDate>'
    assert.equal(
      await refusal(ubl.replace(`${start}${lineEnd}`, lineEnd)),
      'needs-review ERR_BILL_UNSTATED InvoicePeriod',
    )
    const ciiStart = /<ram:StartDateTime>.*?<\/ram:StartDateTime>/s
    assert.equal(await refusal(cii.replace(ciiStart, '')), 'needs-review ERR_BILL_UNSTATED BillingSpecifiedPeriod')
    const other = `${lineEnd}</cac:InvoicePeriod><cac:InvoicePeriod><cbc:StartDate>2024-02-02</cbc:StartDate><cbc:EndDate>2024-02-03</cbc:EndDate>`
    assert.equal(await refusal(ubl.replace(lineEnd, other)), 'needs-review ERR_BILL_UNSTATED InvoicePeriod')
    assert.deepEqual(await figures(ubl.replace(lineEnd, '')), ['electricity 2024-01-01..2024-03-01 1000 kWh'])
  })

  it('of a line are those of its sub-lines', async () => {
    const document = ['2024-01-01', '2024-02-29'] as const
    const invoice = bill([kWh('Wirkarbeit', '1000', { period: ['2024-01-01', '2024-01-31'] })], { period: document })
    const sub = (id: string, quantity: string, name: string): string =>
      `<cac:SubInvoiceLine><cbc:ID>${id}</cbc:ID><cbc:InvoicedQuantity unitCode="KWH">${quantity}</cbc:InvoicedQuantity><cac:Item><cbc:Name>${name}</cbc:Name></cac:Item></cac:SubInvoiceLine>`
    const inner = sub('1.1', '600', 'Wirkarbeit HT') + sub('1.2', '400', 'Wirkarbeit NT')
    const expected = ['electricity 2024-01-01..2024-02-01 1000 kWh']
    assert.deepEqual(
      await figures(ublFile(invoice).replace('</cac:InvoiceLine>', `${inner}</cac:InvoiceLine>`)),
      expected,
    )

    const cii = ciiFile(invoice)
    const [line = ''] =
      /<ram:IncludedSupplyChainTradeLineItem>.*<\/ram:IncludedSupplyChainTradeLineItem>/s.exec(cii) ?? []
    const lineId = '<ram:LineID>1</ram:LineID>'
    const status = '<ram:LineStatusReasonCode>GROUP</ram:LineStatusReasonCode>'
    const child = (id: string, quantity: string, name: string): string =>
      line
        .replace(lineId, `<ram:LineID>${id}</ram:LineID><ram:ParentLineID>1</ram:ParentLineID>`)
        .replace('>1000<', `>${quantity}<`)
        .replace('Wirkarbeit', name)
        .replace(/<ram:BillingSpecifiedPeriod>.*?<\/ram:BillingSpecifiedPeriod>/s, '')
    const children = child('1.1', '600', 'Wirkarbeit HT') + child('1.2', '400', 'Wirkarbeit NT')
    const grouped = cii.replace(line, line.replace(lineId, lineId + status) + children)
    assert.deepEqual(await figures(grouped), expected)
    // A group that names itself as its own is none around it.
    const circle = grouped.replace(status, `<ram:ParentLineID>1</ram:ParentLineID>${status}`)
    assert.deepEqual(await figures(circle), expected)
  })

  it('may lack on a levy', async () => {
    const lines = [kWh('Wirkarbeit', '10', { period: ['2024-03-01', '2024-03-31'] }), kWh('Stromsteuer', '10')]
    assert.deepEqual(await figures(ublFile(withoutPeriod(lines))), ['electricity 2024-03-01..2024-04-01 10 kWh'])
  })

  it('join registers whose price changed on different days', async () => {
    const lines = [
      kWh('Wirkarbeit HT', '100', { period: ['2024-01-01', '2024-06-30'] }),
      kWh('Wirkarbeit HT', '200', { period: ['2024-07-01', '2024-12-31'] }),
      kWh('Wirkarbeit NT', '50', { period: ['2024-01-01', '2024-12-31'] }),
      kWh('Stromsteuer', '350', { period: ['2024-01-01', '2024-12-31'] }),
    ]
    assert.deepEqual(await figures(ublFile(bill(lines))), ['electricity 2024-01-01..2025-01-01 350 kWh'])
    const gap = lines.map((line, index) =>
      index === 1 ? { ...line, period: ['2024-07-02', '2024-12-31'] as const } : line,
    )
    assert.equal(await refusal(ublFile(bill(gap))), 'needs-review ERR_BILL_LINES InvoiceLine 1')
  })

  it('take a whole year for the total of its months only when it is their sum', async () => {
    const months = [
      kWh('Wirkarbeit', '100', { period: ['2024-01-01', '2024-06-30'] }),
      kWh('Wirkarbeit', '200', { period: ['2024-07-01', '2024-12-31'] }),
    ]
    const year = (quantity: string): TestLine =>
      kWh('Stromverbrauch', quantity, { period: ['2024-01-01', '2024-12-31'] })
    assert.deepEqual(await figures(ublFile(bill([...months, year('300')]))), [
      'electricity 2024-01-01..2024-07-01 100 kWh',
      'electricity 2024-07-01..2025-01-01 200 kWh',
    ])
    assert.match(await refusal(ublFile(bill([...months, year('301')]))), /^needs-review ERR_BILL_LINES/)
  })

  it('are refused when they cannot be', async () => {
    const cases: readonly (readonly [string, string, string])[] = [
      ['2024-03-31', '2024-03-01', 'needs-review ERR_BILL_PERIOD EndDate'],
      ['2024-02-30', '2024-03-31', 'reject ERR_BILL_DATE StartDate'],
      ['2024-3-1', '2024-03-31', 'reject ERR_BILL_DATE StartDate'],
      ['1924-03-01', '2024-03-31', 'reject ERR_BILL_DATE StartDate'],
      ['2024-03-01', '2124-03-31', 'reject ERR_BILL_DATE EndDate'],
      ['2001-03-01', '2024-03-31', 'reject ERR_BILL_PERIOD EndDate'],
      ['01.03.2024', '31.03.2024', 'reject ERR_BILL_DATE StartDate'],
    ]
    for (const [start, end, expected] of cases) {
      assert.equal(await refusal(ublFile(bill([kWh('Wirkarbeit', '1', { period: [start, end] })]))), expected, start)
    }
    const zoned = kWh('Wirkarbeit', '1', { period: ['2024-03-01Z', '2024-03-31+01:00'] })
    assert.deepEqual(await figures(ublFile(bill([zoned]))), ['electricity 2024-03-01..2024-04-01 1 kWh'])
  })

  it('are read from dates of format 102 alone', async () => {
    const file = ciiFile(bill([kWh('Wirkarbeit', '1')]))
    assert.equal(await refusal(file.replace('"102">20240301', '"616">202409')), 'reject ERR_BILL_DATE DateTimeString')
    assert.equal(await refusal(file.replace('>20240301', '>20243101')), 'reject ERR_BILL_DATE DateTimeString')
  })
})
