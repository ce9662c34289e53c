import assert from 'node:assert/strict'
import { bill, ciiFile, extract, factsOf, figures, kWh, refusal, ublFile } from './einvoice-file.ts'
import type { TestInvoice, TestLine } from './einvoice-file.ts'

const MARCH = 'electricity 2024-03-01..2024-04-01'

async function ofLines(lines: readonly TestLine[], changes: Partial<TestInvoice> = {}): Promise<readonly string[]> {
  const invoice = bill(lines, changes)
  const found = await figures(ublFile(invoice))
  assert.deepEqual(await figures(ciiFile(invoice)), found)
  return found
}

async function refused(lines: readonly TestLine[], changes: Partial<TestInvoice> = {}): Promise<string> {
  return refusal(ublFile(bill(lines, changes)))
}

async function flagsOf(lines: readonly TestLine[], changes: Partial<TestInvoice> = {}): Promise<readonly string[]> {
  const [first] = await factsOf(ublFile(bill(lines, changes)))
  return first?.flags ?? []
}

describe('lines of an e-invoice', () => {
  it('count energy once, however many taxes and levies repeat it', async () => {
    const lines = [
      kWh('Arbeitspreis Strom', '1000'),
      kWh('Stromsteuer', '1000'),
      kWh('KWKG-Umlage', '1000'),
      kWh('Konzessionsabgabe', '1000'),
      kWh('Netznutzung Arbeit', '1000'),
      kWh('§ 19 StromNEV-Umlage', '1000'),
      { name: 'Grundpreis Strom', quantity: '31', unit: 'DAY' },
    ]
    assert.deepEqual(await ofLines(lines), [`${MARCH} 1000 kWh`])
    assert.deepEqual(await flagsOf(lines), ['arithmetic-unchecked', 'kind-unstated'])
  })

  it('add registers, in every language of the table', async () => {
    const pairs = [
      ['Arbeitspreis Strom HT', 'Arbeitspreis Strom NT'],
      ['Verbruik stroom piekuren', 'Verbruik stroom daluren'],
      ['Verbruik elektriciteit hoog', 'Verbruik elektriciteit laag'],
      ['Consommation électricité heures pleines', 'Consommation électricité heures creuses'],
      ['Spesa per la materia energia elettrica F1', 'Spesa per la materia energia elettrica F23'],
      ['Término de energía eléctrica P1', 'Término de energía eléctrica P2'],
      ['Electricity usage - Peak', 'Electricity usage - Off-peak'],
      ['Elförbrukning dag', 'Elförbrukning natt'],
      ['Strøm forbruk høylast', 'Strøm forbruk lavlast'],
    ]
    for (const [high = '', low = ''] of pairs) {
      assert.deepEqual(await ofLines([kWh(high, '600'), kWh(low, '400')]), [`${MARCH} 1000 kWh`], high)
    }
    assert.deepEqual(await ofLines([kWh('Electricity day units', '6'), kWh('Electricity night rate', '4')]), [
      `${MARCH} 10 kWh`,
    ])
  })

  it('do not add charges on the same energy, and add price blocks', async () => {
    assert.deepEqual(await ofLines([kWh('Getransporteerde kWh’s', '16000'), kWh('Systeemdiensten', '16000')]), [
      `${MARCH} 16000 kWh`,
    ])
    assert.deepEqual(
      await ofLines([kWh('Electricity usage block 1', '500'), kWh('Electricity usage block 2', '73.5')]),
      [`${MARCH} 573.5 kWh`],
    )
  })

  it('of equal quantities need a person where no name shows that one repeats the other', async () => {
    const pairs = [
      ['Arbeitspreis Haushaltsstrom', 'Arbeitspreis Heizstrom'],
      ['Electricity charge', 'Electricity usage cost'],
      ['Netznutzung Haushalt', 'Netznutzung Wärmepumpe'],
      // No rule knows the second one.
      ['Arbeitspreis Haushaltsstrom', 'Heizstrom'],
      ['Stromverbrauch Halle', 'Sonderposition Q'],
    ]
    for (const [first = '', second = ''] of pairs) {
      const lines = [kWh(first, '500'), kWh(second, '500')]
      for (const each of [lines, lines.toReversed(), [kWh('Stromsteuer', '500'), ...lines]]) {
        assert.match(await refused(each), /^needs-review ERR_BILL_LINES InvoiceLine [123]$/, `${first}, ${second}`)
      }
    }
    for (const name of ['Netznutzung Arbeit', 'Stromsteuer', 'Konzessionsabgabe', 'KWKG-Umlage']) {
      const repeated = [kWh('Arbeitspreis Haushaltsstrom', '500'), kWh(name, '500')]
      assert.deepEqual(await ofLines(repeated), [`${MARCH} 500 kWh`], name)
    }
    const standing = { name: 'Grundpreis Heizstrom', quantity: '500', unit: 'DAY' }
    assert.deepEqual(await ofLines([kWh('Arbeitspreis Haushaltsstrom', '500'), standing]), [`${MARCH} 500 kWh`])
  })

  it('repeat the energy under the ordinary names of what is paid on it, in many languages', async () => {
    const bills = [
      ['Electricity', 'Network charges', 'Electricity duty', 'Contracts for Difference', 'Feed-in Tariff levy'],
      ['Arbeitspreis', 'Netznutzung', 'Herkunftsnachweise', 'Ökostrom-Zuschlag', 'Dienstleistungsentgelt'],
      ['Energiekost', 'Groene stroom bijdrage', 'Transmissiekosten', 'Garanties van oorsprong', 'Inkoopvergoeding'],
      ['Énergie', 'Réseau', 'Obligation de capacité', 'Garanties d’origine'],
      ['Energia attiva', 'Trasporto', 'Componente ASOS', 'ARIM', 'UC3', 'Spread', 'Garanzia di origine'],
      ['Energía consumida', 'Peajes', 'Mecanismo de ajuste RD 10/2022', 'Garantías de origen', 'Tope del gas'],
      ['Strøm', 'Energiledd dag', 'Avgift til Energifondet', 'Miljøavgift', 'Opprinnelsesgarantier'],
      ['Rörligt elpris', 'Elhandelspåslag', 'Rörliga kostnader', 'Profilkostnad', 'Rörliga inköpskostnader'],
    ]
    for (const names of bills) {
      const lines = names.map((name) => kWh(name, '500', { classes: [['HS', '27160000']] }))
      assert.deepEqual(await ofLines(lines), [`${MARCH} 500 kWh`], names.join(', '))
    }
  })

  it('name energy where they say at what price it was, surcharges and all', async () => {
    const lines = [kWh('Arbeitspreis Strom HT mit Aufschlag', '300'), kWh('Energiavgift elhandel natt', '200')]
    assert.deepEqual(await ofLines(lines), [`${MARCH} 500 kWh`])
  })

  it('of two commodities never have the same energy at one point', async () => {
    const lines = (gas: string): TestLine[] => [kWh('Electricity usage', '500'), kWh('Gas wholesale index', gas)]
    assert.equal(await refused(lines('500')), 'needs-review ERR_BILL_LINES InvoiceLine 2')
    assert.equal((await factsOf(ublFile(bill(lines('501'))))).length, 2)
    const undated = async (gas: string): Promise<string> => {
      const { period: _, ...invoice } = bill(lines(gas))
      return refusal(ublFile(invoice))
    }
    assert.match(await undated('500'), /^needs-review ERR_BILL_UNSTATED/)
    assert.match(await undated('501'), /^facts ERR_BILL_UNSTATED/)
  })

  it('of equal quantities in overlapping periods are a total only of several', async () => {
    const [half, rest] = [['2024-03-01', '2024-03-15'] as const, ['2024-03-16', '2024-03-31'] as const]
    const of = (first: string, second: string): TestLine[] => [
      kWh('Haushaltsstrom Verbrauch', first, { period: half }),
      kWh('Haushaltsstrom Verbrauch', second, { period: rest }),
      kWh('Heizstrom Verbrauch', '500'),
    ]
    assert.equal(await refused(of('500', '0')), 'needs-review ERR_BILL_LINES InvoiceLine 1')
    assert.equal((await factsOf(ublFile(bill(of('300', '200'))))).length, 2)
  })

  it('take a line for the total only when it is the sum of the registers', async () => {
    const registers = [kWh('Wirkarbeit HT', '600'), kWh('Wirkarbeit NT', '400')]
    assert.deepEqual(await ofLines([...registers, kWh('Stromverbrauch gesamt', '1000')]), [`${MARCH} 1000 kWh`])
    assert.equal(
      await refused([...registers, kWh('Stromverbrauch gesamt', '1001')]),
      'needs-review ERR_BILL_LINES InvoiceLine 1',
    )
    // A total under the name of its registers is not added to them, and one register is no sum.
    assert.deepEqual(await ofLines([...registers, kWh('Wirkarbeit', '1000')]), [`${MARCH} 1000 kWh`])
    const one = [kWh('Wirkarbeit HT', '500'), kWh('Wirkarbeit', '500')]
    assert.equal(await refused(one), 'needs-review ERR_BILL_LINES InvoiceLine 2')
    assert.equal(await refused([...one, kWh('Wirkarbeit NT', '0')]), 'needs-review ERR_BILL_LINES InvoiceLine 2')
  })

  it('need a person when a line that no rule knows states other energy, and not when it states the same', async () => {
    const energy = [kWh('Wirkarbeit HT', '600'), kWh('Wirkarbeit NT', '400')]
    const same = [...energy, kWh('Sonderposition Q', '1000')]
    assert.deepEqual(await ofLines(same), [`${MARCH} 1000 kWh`])
    assert.ok((await flagsOf(same)).includes('unclassified-repetition'))
    const byRegister = [...energy, kWh('Sonderposition Q HT', '600'), kWh('Sonderposition Q NT', '400')]
    assert.equal(await refused(byRegister), 'needs-review ERR_BILL_LINES InvoiceLine 3')
    assert.equal(
      await refused([...energy, kWh('Sonderposition Q', '600')]),
      'needs-review ERR_BILL_LINES InvoiceLine 3',
    )
    assert.equal(
      await refused([kWh('Sonderposition Q', '10', { classes: [['HS', '27160000']] })]),
      'needs-review ERR_BILL_LINES InvoiceLine 1',
    )
  })

  it('need a person when a levy covers more energy than was counted, or nothing but levies is there', async () => {
    assert.equal(
      await refused([kWh('Arbeitspreis Strom', '1000'), kWh('Stromsteuer', '1000.5')]),
      'needs-review ERR_BILL_LINES InvoiceLine 2',
    )
    assert.deepEqual(await ofLines([kWh('Arbeitspreis Strom', '1000'), kWh('Stromsteuer', '900')]), [
      `${MARCH} 1000 kWh`,
    ])
    assert.equal(await refused([kWh('Stromsteuer', '1000')]), 'needs-review ERR_BILL_LINES InvoiceLine 1')
  })

  it('need a person when one name and quantity stands twice, or names and quantities both differ', async () => {
    const twice = [kWh('Arbeitspreis Strom', '500'), kWh('Arbeitspreis Strom', '500')]
    assert.equal(await refused(twice), 'needs-review ERR_BILL_LINES InvoiceLine 2')
    const different = [kWh('Arbeitspreis Strom', '500'), kWh('Stromverbrauch Halle', '400')]
    assert.equal(await refused(different), 'needs-review ERR_BILL_LINES InvoiceLine 1')
    const register = [kWh('Wirkarbeit HT', '500'), kWh('Stromverbrauch Halle HT', '400')]
    assert.equal(await refused(register), 'needs-review ERR_BILL_LINES InvoiceLine 1')
    const numbered = [kWh('Wirkarbeit HT', '500', { id: '7' }), kWh('Wirkarbeit NT', '400', { id: '7' })]
    assert.equal(await refused(numbered), 'needs-review ERR_BILL_LINES InvoiceLine 7')
  })

  it('add registers that are equal by chance, and let a person look at two meters that are', async () => {
    const registers = [kWh('Electricity day units', '500'), kWh('Electricity night rate', '500')]
    assert.deepEqual(await ofLines(registers), [`${MARCH} 1000 kWh`])
    const ofMeters = (name: string): TestLine[] => [
      kWh(`${name} Zählernummer: 11111`, '500'),
      kWh(`${name} Zählernummer: 22222`, '500'),
    ]
    assert.equal(await refused(ofMeters('Arbeitspreis Strom')), 'needs-review ERR_BILL_LINES InvoiceLine 2')
    const halls = [kWh('Stromverbrauch Halle 1', '500'), kWh('Stromverbrauch Halle 2', '500')]
    assert.equal(await refused(halls), 'needs-review ERR_BILL_LINES InvoiceLine 2')
    const named = ['11111', '22222'].map((meter, index) =>
      kWh(index === 0 ? 'Stromverbrauch Halle' : 'Stromverbrauch Keller', '500', {
        properties: { Zählernummer: meter },
      }),
    )
    assert.equal(await refused(named), 'needs-review ERR_BILL_LINES InvoiceLine 2')
    const unused = ofMeters('Arbeitspreis Strom').map((line) => ({ ...line, quantity: '0' }))
    assert.deepEqual(await ofLines(unused), [`${MARCH} 0 kWh`])
  })

  it('believe the description where the name only says what is sold', async () => {
    const lines = [
      kWh('Electricity', '600', { description: 'Peak' }),
      kWh('Electricity', '400', { description: 'Off-peak' }),
      kWh('Electricity', '1000', { description: 'Environmental levy' }),
      kWh('Electricity', '1000', { description: 'Network use' }),
    ]
    assert.deepEqual(await ofLines(lines), [`${MARCH} 1000 kWh`])
  })

  it('leave out what a price includes or excludes', async () => {
    assert.deepEqual(await ofLines([kWh('Arbeitspreis Strom inkl. Stromsteuer', '1000')]), [`${MARCH} 1000 kWh`])
    assert.deepEqual(await ofLines([kWh('Electricity usage excl. climate change levy', '1000')]), [`${MARCH} 1000 kWh`])
  })

  it('leave out losses, reactive energy, last year and advance payments', async () => {
    const lines = [
      kWh('Wirkarbeit', '1000'),
      kWh('Netzverluste', '45'),
      kWh('Vorjahresverbrauch', '1800'),
      kWh('Abschlag', '2000'),
      { name: 'Blindarbeit', quantity: '300', unit: 'K3' },
      { name: 'Leistung', quantity: '58', unit: 'KWT' },
    ]
    assert.deepEqual(await ofLines(lines), [`${MARCH} 1000 kWh`])
  })

  it('that pay money back for energy count nothing, and must say the same as those that bill it', async () => {
    const billed = kWh('Stromverbrauch HT', '1000', { price: '0.50', amount: '500.00' })
    const rebate = (name: string, quantity: string, amount: string): TestLine =>
      kWh(name, quantity, { price: '-0.10', amount })
    assert.deepEqual(await ofLines([billed, rebate('Entlastung Strompreis', '1000', '-100.00')]), [`${MARCH} 1000 kWh`])
    assert.equal(
      await refused([billed, rebate('Gutschrift Arbeitspreis NT', '800', '-80.00')]),
      'needs-review ERR_BILL_LINES InvoiceLine 2',
    )
    assert.equal(
      await refused([rebate('Gutschrift Arbeitspreis Strom', '800', '-80.00')]),
      'needs-review ERR_BILL_LINES InvoiceLine 1',
    )
  })

  it('of feed-in that the customer pays for are no feed-in', async () => {
    const used = kWh('Electricity usage', '1000', { price: '0.20', amount: '200.00' })
    const levy = kWh('Feed in Tariff charge', '1000', { price: '0.005', amount: '5.00' })
    assert.equal(await refused([used, levy]), 'needs-review ERR_BILL_LINES InvoiceLine 2')
    const paid = kWh('Solar feed-in', '150', { price: '-0.05', amount: '-7.50' })
    const fee = kWh('Solar export fee', '150', { price: '0.01', amount: '1.50' })
    assert.deepEqual(await ofLines([used, paid]), [`${MARCH} 1000 kWh, export 150 kWh`])
    assert.deepEqual(await ofLines([used, paid, fee]), [`${MARCH} 1000 kWh, export 150 kWh`])
    assert.equal(await refused([used, paid, levy]), 'needs-review ERR_BILL_LINES InvoiceLine 2')
  })

  it('name feed-in in many ways, none of which is consumption', async () => {
    const names = [
      'Rücklieferung',
      'Netzeinspeisung',
      'PV-Einspeisung',
      'Eingespeiste Energie',
      'Såld el',
      'Energia injetada',
    ]
    for (const name of names) {
      assert.deepEqual(await ofLines([kWh('Strombezug', '325.2'), kWh(name, '150')]), [
        `${MARCH} 325.2 kWh, export 150 kWh`,
      ])
    }
  })

  it('state what was fed in apart, whatever its sign', async () => {
    const lines = [kWh('Electricity charges - all day rate', '325.2'), kWh('Solar feed-in rebate', '-150')]
    assert.deepEqual(await ofLines(lines), [`${MARCH} 325.2 kWh, export 150 kWh`])
    assert.deepEqual(await ofLines([kWh('Strombezug', '325.2'), kWh('Einspeisevergütung', '150')]), [
      `${MARCH} 325.2 kWh, export 150 kWh`,
    ])
    const { reason } = await extract(ublFile(bill([kWh('Solar feed-in rebate', '-150')])))
    assert.equal(reason?.code, 'ERR_BILL_UNSTATED')
    assert.match(reason?.message ?? '', /fed in, and not what was used/)
    assert.equal(
      await refused([kWh('Strombezug', '9'), kWh('Einspeisung', '1', { period: ['2024-02-01', '2024-03-01'] })]),
      'needs-review ERR_BILL_UNSTATED InvoiceLine 2',
    )
  })

  it('are the innermost ones: those above them are their sum', async () => {
    const outer = ublFile(bill([kWh('Strombezug', '1000')]))
    const inner = ['600', '400'].map(
      (quantity, index) =>
        `<cac:SubInvoiceLine><cbc:ID>1.${index}</cbc:ID><cbc:InvoicedQuantity unitCode="KWH">${quantity}</cbc:InvoicedQuantity><cac:Item><cbc:Name>Strombezug</cbc:Name></cac:Item></cac:SubInvoiceLine>`,
    )
    assert.deepEqual(await figures(outer.replace('</cac:InvoiceLine>', `${inner.join('')}</cac:InvoiceLine>`)), [
      `${MARCH} 1000 kWh`,
    ])
    const parted = outer.replace('</cac:InvoiceLine>', `${inner[0]}</cac:InvoiceLine>`)
    assert.deepEqual(await figures(parted), [`${MARCH} 600 kWh`])
    const lines = [kWh('Strombezug', '1000'), kWh('Strombezug', '600'), kWh('Strombezug', '400')]
    const grouped = ciiFile(bill(lines)).replace(
      '<ram:LineID>1</ram:LineID>',
      '<ram:LineID>1</ram:LineID><ram:LineStatusReasonCode>GROUP</ram:LineStatusReasonCode>',
    )
    assert.deepEqual(await figures(grouped), [`${MARCH} 1000 kWh`])
  })

  it('say whether supply or grid is billed', async () => {
    const cases: readonly (readonly [readonly TestLine[], string])[] = [
      [[kWh('El-förbrukning', '1701')], 'supply'],
      [[kWh('Energiledd, nettleie', '2561')], 'grid'],
      [[kWh('Elöverföring, tariff 4b', '1701'), kWh('Energiskatt', '1701')], 'grid'],
      [[kWh('Energiepreis Strom', '9'), kWh('Arbeitspreis Netznutzung', '9')], 'both'],
    ]
    for (const [lines, role] of cases) {
      const [facts] = await factsOf(ublFile(bill(lines)))
      assert.equal(facts?.utility?.role, role, lines[0]?.name)
    }
  })
})

describe('commodities of an e-invoice', () => {
  it('are told by words, each with its own unit', async () => {
    const lines = [
      kWh('Arbeitspreis Strom', '1054'),
      kWh('Arbeitspreis Gas', '5949'),
      kWh('Fernwärme Arbeitspreis', '700'),
      { name: 'Arbeitspreis Wasser', quantity: '29', unit: 'MTQ' },
      { name: 'Abwasser', quantity: '29', unit: 'MTQ' },
    ]
    assert.deepEqual(await ofLines(lines, { points: [] }), [
      `${MARCH} 1054 kWh`,
      'gas 2024-03-01..2024-04-01 5949 kWh',
      'heat 2024-03-01..2024-04-01 700 kWh',
      'water 2024-03-01..2024-04-01 29 m3',
    ])
  })

  it('are never assumed', async () => {
    const { reason } = await extract(ublFile(bill([kWh('Arbeitspreis', '616290')])))
    assert.equal(reason?.code, 'ERR_BILL_UNSTATED')
    assert.match(reason?.message ?? '', /616290 KWH/)
    assert.equal(await refused([kWh('Gas und Strom', '10')]), 'needs-review ERR_BILL_UNSTATED InvoiceLine 1')
  })

  it('may be stated by another line or a code of the item', async () => {
    const base = { name: 'Grundpreis Strom', quantity: '31', unit: 'DAY' }
    assert.deepEqual(await ofLines([kWh('Arbeitspreis', '10'), base]), [`${MARCH} 10 kWh`])
    assert.deepEqual(await ofLines([kWh('Arbeitspreis', '10', { classes: [['STI', '09310000']] })]), [
      `${MARCH} 10 kWh`,
    ])
    assert.deepEqual(await ofLines([kWh('Levering', '10', { classes: [['STI', '09123000']] })]), [
      'gas 2024-03-01..2024-04-01 10 kWh',
    ])
    const both = [kWh('Arbeitspreis', '10'), base, { ...base, name: 'Grundpreis Gas' }]
    assert.equal(await refused(both), 'needs-review ERR_BILL_UNSTATED InvoiceLine 1')
  })

  it('refuse a unit that they do not have', async () => {
    assert.equal(
      await refused([{ name: 'Stromverbrauch', quantity: '9', unit: 'MTQ' }]),
      'needs-review ERR_BILL_COMMODITY_CONFLICT InvoiceLine 1',
    )
    assert.equal(
      await refused([kWh('Trinkwasser Verbrauch', '9')]),
      'needs-review ERR_BILL_COMMODITY_CONFLICT InvoiceLine 1',
    )
  })

  it('take gas by its energy where both energy and volume are billed', async () => {
    const lines = [kWh('Gasverbrauch', '5300'), { name: 'Gasverbrauch', quantity: '500', unit: 'MTQ' }]
    assert.deepEqual(await ofLines(lines), ['gas 2024-03-01..2024-04-01 5300 kWh'])
    assert.ok((await flagsOf(lines)).includes('volume-beside-energy'))
    assert.deepEqual(await ofLines([{ name: 'Levering gas', quantity: '1234.5', unit: 'MTQ' }]), [
      'gas 2024-03-01..2024-04-01 1234.5 m3',
    ])
  })

  it('do not make water of concrete, and say that a volume was not read', async () => {
    const concrete = { name: 'Beton C30/37', quantity: '179.9', unit: 'MTQ' }
    assert.equal(await refused([concrete]), 'reject ERR_BILL_NO_CONSUMPTION Invoice')
    assert.deepEqual(await flagsOf([kWh('Strombezug', '9'), concrete]), [
      'arithmetic-unchecked',
      'kind-unstated',
      'lines-not-read',
    ])
  })
})

describe('metering points of an e-invoice', () => {
  const A = '707057500012345670'
  const B = '707057500012345687'

  async function pointsOf(invoice: TestInvoice): Promise<readonly (string | undefined)[]> {
    const found = (await factsOf(ublFile(invoice))).map(({ point }) => point)
    assert.deepEqual(
      (await factsOf(ciiFile(invoice))).map(({ point }) => point),
      found,
    )
    return found
  }

  it('part the energy of one document', async () => {
    const lines = [
      kWh('Elförbrukning', '10', { point: [A, 'AVE'] }),
      kWh('Energiskatt', '10', { point: [A, 'AVE'] }),
      kWh('Elförbrukning', '20', { point: [B, 'AVE'] }),
    ]
    assert.deepEqual(await pointsOf(bill(lines)), [A, B])
    assert.deepEqual(await ofLines(lines), [`${MARCH} 10 kWh`, `${MARCH} 20 kWh`])
    const loose = kWh('Energiskatt', '30')
    assert.deepEqual(await ofLines([...lines, loose]), [`${MARCH} 10 kWh`, `${MARCH} 20 kWh`])
    assert.equal(await refused([...lines, kWh('Elförbrukning', '30')]), 'needs-review ERR_BILL_UNSTATED InvoiceLine 4')
    assert.equal(await refused([...lines, kWh('Energiskatt', '31')]), 'needs-review ERR_BILL_LINES InvoiceLine 4')
  })

  it('come from a property of the item, the line, the document, or a form in its words', async () => {
    const property = { properties: { Zählpunkt: 'DE 0009990000000000000000000000099' } }
    assert.deepEqual(await pointsOf(bill([kWh('Wirkarbeit', '1', property), kWh('Stromsteuer', '1')])), [
      'DE0009990000000000000000000000099',
    ])
    assert.deepEqual(await pointsOf(bill([kWh('Wirkarbeit', '1')])), ['DE0009990000000000000000000000017'])
    const noted = bill([kWh('Electricity charges NMI 9000074677', '1')], { points: [] })
    assert.deepEqual(await pointsOf(noted), ['9000074677'])
    assert.deepEqual(await pointsOf(bill([kWh('Wirkarbeit', '1')], { points: ['NMI 9000074677'] })), ['9000074677'])
    assert.deepEqual(await pointsOf(bill([kWh('Electricity charges NMI 9000', '1')], { points: [] })), [undefined])
  })

  it('are the object of a line when its scheme says so, or it has none', async () => {
    const at = (scheme: string): TestInvoice =>
      bill([kWh('Wirkarbeit', '1', { point: ['M-77', scheme] })], { points: [] })
    assert.deepEqual(await pointsOf(at('AVE')), ['M-77'])
    assert.deepEqual(await pointsOf(at('')), ['M-77'])
    assert.deepEqual(await pointsOf(at('AFL')), [undefined])
  })

  it('stand in names only in forms that mean nothing else', async () => {
    const cases = [
      ['ICP 0000123456UN7E2', '0000123456UN7E2'],
      ['MPAN 1200012345678', '1200012345678'],
      ['(EAN: 871694831000290806)', '871694831000290806'],
      ['EAN 8712345678906', undefined],
      ['MPAN 12000123456789', undefined],
      ['ICPX 0000123456UN7E2', undefined],
    ] as const
    for (const [words, point] of cases) {
      assert.deepEqual(await pointsOf(bill([kWh(`Electricity charges ${words}`, '1')], { points: [] })), [point], words)
    }
  })

  it('lose the checksum of an NMI only when it holds', async () => {
    const withSum = bill([kWh('Electricity charges NMI 20019857328', '1')], { points: [] })
    assert.deepEqual(await pointsOf(withSum), ['2001985732'])
    const wrong = bill([kWh('Electricity charges NMI 20019857320', '1')], { points: [] })
    assert.deepEqual(await pointsOf(wrong), ['20019857320'])
  })

  it('keep all digits where they are no NMI, whatever the last one', async () => {
    const malo = bill([kWh('Wirkarbeit', '1', { properties: { Marktlokation: '20019857328' } })], { points: [] })
    assert.deepEqual(await pointsOf(malo), ['20019857328'])
  })

  it('are believed without a type only with the check digit of a GSRN', async () => {
    const reference = (id: string): string =>
      ublFile(bill([kWh('Wirkarbeit', '1')], { points: [] }), {
        more: `<cac:AdditionalDocumentReference><cbc:ID>${id}</cbc:ID></cac:AdditionalDocumentReference>`,
      })
    assert.equal((await factsOf(reference('871694831000290806')))[0]?.point, '871694831000290806')
    assert.equal((await factsOf(reference('871694831000290807')))[0]?.point, undefined)
  })

  it('may be missing: an account stands in, and facts say when there is none', async () => {
    const { account, ...nameless } = bill([kWh('Wirkarbeit', '1')], { points: [] })
    const [named] = await factsOf(ublFile({ ...nameless, account: account ?? '' }))
    assert.deepEqual([named?.account, named?.flags.includes('no-identifier')], ['K4711', false])
    const [other] = await factsOf(ublFile(nameless))
    assert.deepEqual(
      [other?.account, other?.point, other?.flags.includes('no-identifier')],
      [undefined, undefined, true],
    )
  })

  it('are ambiguous when the document names two and the line none', async () => {
    assert.equal(
      await refused([kWh('Wirkarbeit', '1')], { points: ['A1', 'B2'] }),
      'needs-review ERR_BILL_UNSTATED InvoiceLine 1',
    )
    const two = { properties: { Zählpunkt: 'A1', Messlokation: 'B2' } }
    assert.equal(await refused([kWh('Wirkarbeit', '1', two)]), 'needs-review ERR_BILL_UNSTATED InvoiceLine 1')
  })
})
