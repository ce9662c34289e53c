import assert from 'node:assert/strict'
import fc from 'fast-check'
import { extractBill } from '#audit'
import { utf8 } from '#protocol'
import { entry, feedOf } from '../green-button-file.ts'
import { billOf, bytesOf, factsOf, fileOf, hours, pointEntries, refusal, summary } from './espi-file.ts'

const POINT = { series: [{ readings: hours([5, 6]) }] }
const BLOCK_UP = 'Customer/5/UsagePoint/1/MeterReading/0/IntervalBlock'

/** Entries without any `related` link: parents do not name their children, as in some real exports. */
function withoutRelated(entries: readonly string[]): string[] {
  return entries.map((one) => one.replaceAll(/<link rel="related" href="(?!ReadingType)[^"]*"\/>/g, ''))
}

describe('links of Green Button', () => {
  it('by resource path are enough where parents do not name their children, and are marked', async () => {
    const entries = [...pointEntries(POINT), ...pointEntries({ id: '2', series: [{ readings: hours([1, 2]) }] })]
    const bills = await factsOf(feedOf(withoutRelated(entries)))
    assert.deepEqual(
      bills.map(({ point, import: { value } }) => [point, value.u]),
      [
        ['Customer/5/UsagePoint/1', 11n],
        ['Customer/5/UsagePoint/2', 3n],
      ],
    )
    for (const { flags } of bills) assert.ok(flags.includes('link-by-path'))
  })

  it('tell the point of a series whose usage point is not in the file', async () => {
    const entries = pointEntries(POINT).filter((one) => !one.includes('<UsagePoint '))
    const bill = await billOf(feedOf(entries))
    assert.deepEqual([bill.point, bill.flags.includes('service-kind-assumed')], ['Customer/5/UsagePoint/1', true])
  })

  it('that differ by one digit, lead to two, or to nothing, are refused', async () => {
    const entries = [...pointEntries(POINT), ...pointEntries({ ...POINT, id: '2' })]
    const broken = (from: string, to: string): string => feedOf(withoutRelated(entries)).replaceAll(from, to)
    assert.equal(
      await refusal(broken('rel="self" href="Customer/5/UsagePoint/1"', 'rel="self" href="Customer/55/UsagePoint/1"')),
      'needs-review ERR_BILL_LINK',
    )
    assert.equal(
      await refusal(broken('rel="self" href="ReadingType/1-0"', 'rel="self" href="ReadingType/9"')),
      'reject ERR_BILL_LINK',
    )
    assert.equal(await refusal(broken(BLOCK_UP, 'IntervalBlock')), 'reject ERR_BILL_LINK')
    const both = feedOf(entries).replace(
      `rel="up" href="${BLOCK_UP}"`,
      `rel="up" href="${BLOCK_UP}"/><link rel="up" href="${BLOCK_UP.replace('UsagePoint/1', 'UsagePoint/2')}"`,
    )
    assert.equal(await refusal(both), 'reject ERR_BILL_LINK')
    const self = (more: string): string =>
      feedOf(entries).replace(/<link rel="self" href="LocalTimeParameters\/1"\/>/, (link) => `${link}${more}`)
    assert.equal((await factsOf(self('<link rel="self" href="LocalTimeParameters/1"/>'))).length, 2)
    assert.equal(await refusal(self('<link rel="self" href="LocalTimeParameters/7"/>')), 'reject ERR_BILL_LINK')
  })

  it('by path that name another point, meter or summary than the only one are not taken for its own', async () => {
    const file = fileOf({
      id: '1',
      series: [{ readings: hours([1, 2]) }],
      summaries: [summary({ durationS: 86_400, last: '3' })],
    })
    const point = 'Customer/5/UsagePoint'
    const moved = (from: string, to: string): string =>
      file.replaceAll(`${point}/1/${from}`, to).replaceAll(/<link rel="related" href="moved[^>]*>/g, '')
    assert.equal(await refusal(moved('MeterReading', `moved/UsagePoint/2/MeterReading`)), 'needs-review ERR_BILL_LINK')
    assert.equal(await refusal(moved('UsageSummary', `moved/UsagePoint/2/UsageSummary`)), 'needs-review ERR_BILL_LINK')
    const blocks = moved('MeterReading/0/IntervalBlock', `moved/UsagePoint/1/MeterReading/1/IntervalBlock`)
    assert.equal(await refusal(blocks), 'reject ERR_BILL_LINK')
    // The same id below another path is the same point: subscriptions and customers have paths of their own.
    const same = await billOf(moved('MeterReading', `moved/UsagePoint/1/MeterReading`))
    assert.deepEqual([same.import.value, same.flags.includes('link-fallback')], ['3', true])
  })

  it('name one thing once: an entry that is repeated as it is counts once, one that says something else is refused', async () => {
    const entries = pointEntries(POINT)
    const plain = await bytesOf(feedOf(entries))
    const isBlock = (one: string): boolean => one.includes('<IntervalBlock ')
    assert.deepEqual(await bytesOf(feedOf([...entries, ...entries.filter((one) => !isBlock(one))])), plain)
    const type = entries.find((one) => one.includes('<ReadingType ')) ?? ''
    const other = type.replace('<powerOfTenMultiplier>0', '<powerOfTenMultiplier>3')
    assert.equal(await refusal(feedOf([...entries, other])), 'reject ERR_BILL_LINK')
    const point = entries.find((one) => one.includes('<UsagePoint ')) ?? ''
    assert.equal(await refusal(feedOf([...entries, point.replace('<kind>0', '<kind>1')])), 'needs-review ERR_BILL_LINK')
  })

  it('are not needed in a file with one reading type, and blocks of one series', async () => {
    const parts = pointEntries(POINT)
    const alone = parts.filter((one) => one.includes('<ReadingType ') || one.includes('<IntervalBlock '))
    const bill = await billOf(feedOf(alone))
    assert.equal(bill.import.value, '11')
    assert.ok(bill.flags.includes('link-fallback'))
    const other = alone.map((one) => one.replaceAll('MeterReading/0', 'MeterReading/1'))
    assert.equal(
      await refusal(feedOf([...alone, ...other.filter((one) => one.includes('<IntervalBlock '))])),
      'reject ERR_BILL_LINK',
    )
    const types = pointEntries({ ...POINT, id: '2' }).filter((one) => one.includes('<ReadingType '))
    assert.equal(await refusal(feedOf([...alone, ...types])), 'reject ERR_BILL_LINK')
    assert.equal(await refusal(feedOf(alone.filter((one) => one.includes('<IntervalBlock ')))), 'reject ERR_BILL_LINK')
  })

  it('mark only the series whose link was missing, in any order of entries', async () => {
    const entries = [...pointEntries(POINT), ...pointEntries({ ...POINT, id: '2' })]
    const oneMissing = entries.map((one) => (one.includes('UsagePoint/2') ? (withoutRelated([one])[0] ?? '') : one))
    for (const file of [feedOf(oneMissing), feedOf(oneMissing.toReversed())]) {
      const marks = (await factsOf(file)).map(({ flags }) => flags.includes('link-by-path'))
      assert.deepEqual(marks, [false, true])
    }
  })
})

describe('shapes of Green Button', () => {
  const file = fileOf({ ...POINT, summaries: ['<commodity>1</commodity>'] })
  const ESPI = 'http://naesb.org/espi'

  it('may put ESPI elements into no namespace, into any prefix, or leave namespaces out altogether', async () => {
    const plain = await bytesOf(file)
    const emptied = file
      .replaceAll(
        /<(UsagePoint|ReadingType|IntervalBlock|UsageSummary) xmlns="[^"]*">/g,
        '<e:$1 xmlns:e="http://naesb.org/espi">',
      )
      .replaceAll(/<\/(UsagePoint|ReadingType|IntervalBlock|UsageSummary)>/g, '</e:$1>')
      .replaceAll(
        /<(ServiceCategory|IntervalReading|uom|commodity|flowDirection|powerOfTenMultiplier|accumulationBehaviour)>/g,
        '<$1 xmlns="">',
      )
    assert.notEqual(emptied, file)
    assert.deepEqual(await bytesOf(emptied), plain)
    assert.deepEqual(await bytesOf(file.replaceAll(/ xmlns="[^"]*"/g, '')), plain)
    const names = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/).filter((name) => !name.startsWith('xml'))
    await fc.assert(
      fc.asyncProperty(names, names, async (atom, espi) => {
        fc.pre(atom !== espi)
        const prefixed = file
          .replaceAll(` xmlns="${ESPI}"`, '')
          .replaceAll(/<(\/?)(feed|entry|link|content)(?=[ >/])/g, `<$1${atom}:$2`)
          .replaceAll(
            /<(\/?)([A-Z][A-Za-z]+|kind|uom|value|start|duration|timePeriod|tzOffset|commodity|flowDirection|powerOfTenMultiplier|accumulationBehaviour)(?=[ >/])/g,
            `<$1${espi}:$2`,
          )
          .replace(
            'xmlns="http://www.w3.org/2005/Atom"',
            `xmlns:${atom}="http://www.w3.org/2005/Atom" xmlns:${espi}="${ESPI}"`,
          )
        assert.deepEqual(await bytesOf(prefixed), plain)
      }),
      { numRuns: 30 },
    )
  })

  it('may have several blocks, and several contents, in one entry', async () => {
    const [first, second] = hours([5, 6]).map(
      ({ start, durationS, value }) =>
        `<IntervalBlock xmlns="${ESPI}"><IntervalReading><timePeriod><duration>${durationS}</duration><start>${start}</start></timePeriod><value>${value}</value></IntervalReading></IntervalBlock>`,
    )
    const head = pointEntries(POINT).filter((one) => !one.includes('<IntervalBlock '))
    const link = `<link rel="up" href="${BLOCK_UP}"/>`
    const plain = await bytesOf(fileOf(POINT))
    assert.deepEqual(
      await bytesOf(feedOf([...head, `<entry>${link}<content>${first}${second}</content></entry>`])),
      plain,
    )
    assert.deepEqual(
      await bytesOf(feedOf([...head, `<entry>${link}<content>${first}</content><content>${second}</content></entry>`])),
      plain,
    )
  })

  it('may be a single entry, or one resource without an entry', async () => {
    const summary =
      '<billingPeriod><duration>2678400</duration><start>1672549200</start></billingPeriod><overallConsumptionLastPeriod><powerOfTenMultiplier>0</powerOfTenMultiplier><uom>72</uom><value>310000</value></overallConsumptionLastPeriod><commodity>1</commodity>'
    const single = entry(
      { self: 'a/UsagePoint/7/UsageSummary/1', up: 'a/UsagePoint/7/UsageSummary' },
      `<UsageSummary>${summary}</UsageSummary>`,
    )
    const bill = await billOf(single)
    assert.deepEqual([bill.import.value, bill.point], ['310000', 'a/UsagePoint/7'])
    for (const fragment of [
      `<UsageSummary>${summary}</UsageSummary>`,
      `<e:UsageSummary xmlns:e="${ESPI}">${summary}</e:UsageSummary>`,
    ]) {
      const found = await billOf(fragment)
      assert.deepEqual([found.import.value, found.point], ['310000', undefined])
    }
    assert.equal(await refusal('<IntervalBlock/>'), 'reject ERR_BILL_NO_CONSUMPTION')
    assert.equal(
      await refusal(
        '<IntervalBlock><IntervalReading><timePeriod><duration>60</duration><start>1672549200</start></timePeriod><value>1</value></IntervalReading></IntervalBlock>',
      ),
      'reject ERR_BILL_LINK',
    )
  })

  it('are told by the first element: only ESPI and Atom are read', async () => {
    const formatOf = async (text: string): Promise<string> => {
      const { format, verdict } = await extractBill(utf8(text))
      return `${format} ${verdict}`
    }
    for (const root of [
      '<feed/>',
      '<entry xmlns="http://www.w3.org/2005/Atom"/>',
      '<UsagePoint/>',
      `<Customer xmlns="${ESPI}/customer"/>`,
      `<x:Anything xmlns:x="${ESPI}"/>`,
    ]) {
      assert.equal(await formatOf(root), 'green-button-espi reject', root)
    }
    for (const root of [
      '<Meter/>',
      '<feed xmlns="urn:other"/>',
      '<UsagePoint xmlns="urn:other"/>',
      '<html xmlns="http://www.w3.org/2005/Atom"/>',
    ]) {
      assert.equal(await formatOf(root), 'xml unsupported', root)
    }
  })

  it('may carry elements of vendors, whatever their names are inside of them', async () => {
    const plain = await bytesOf(file)
    const vendor =
      '<v:Programs xmlns:v="urn:vendor"><v:value>9</v:value><v:entry><v:IntervalReading/></v:entry></v:Programs>'
    assert.deepEqual(await bytesOf(file.replace('<content>', `<content>${vendor}`)), plain)
    assert.deepEqual(await bytesOf(file.replace('<timePeriod>', `${vendor}<timePeriod>`)), plain)
    assert.deepEqual(
      await bytesOf(file.replace('</feed>', `<ProgramIdMappings><value>1</value></ProgramIdMappings></feed>`)),
      plain,
    )
    for (const name of [
      'IntervalReading',
      'value',
      'uom',
      'start',
      'kind',
      'link',
      'content',
      'powerOfTenMultiplier',
      'UsageSummary',
    ]) {
      const trap = file.replace(new RegExp(`<${name}(?=[ >])`), `<x:${name} xmlns:x="urn:evil">0</x:${name}><${name}`)
      assert.equal(await refusal(trap), 'reject ERR_BILL_NAMESPACE', name)
    }
  })

  it('may name the account and the meter in the retail customer schema, if there is one of each', async () => {
    const customer = (account: string, meter: string): string =>
      `<entry><content><c:CustomerAccount xmlns:c="${ESPI}/customer"><c:accountId>${account}</c:accountId></c:CustomerAccount></content></entry>` +
      `<entry><content><c:Meter xmlns:c="${ESPI}/customer"><c:serialNumber>${meter}</c:serialNumber></c:Meter></content></entry>`
    const [named] = await factsOf(file.replace('</feed>', `${customer('A-1', 'M 7')}</feed>`))
    assert.deepEqual([named?.account, named?.meter], ['A-1', 'M 7'])
    assert.deepEqual(
      [named?.sources['account'], named?.sources['meter']],
      ['CustomerAccount/accountId', 'Meter/serialNumber'],
    )
    const [two] = await factsOf(file.replace('</feed>', `${customer('A-1', 'M 7')}${customer('A-2', 'M 8')}</feed>`))
    assert.deepEqual([two?.account, two?.meter], [undefined, undefined])
  })

  it('must not say one thing twice: another reader could take the other', async () => {
    for (const name of [
      'value',
      'start',
      'duration',
      'timePeriod',
      'uom',
      'powerOfTenMultiplier',
      'kind',
      'ServiceCategory',
      'tzOffset',
      'flowDirection',
    ]) {
      const twice = file.replace(new RegExp(`<${name}>.*?</${name}>`), (one) => `${one}${one}`)
      assert.notEqual(twice, file, name)
      assert.equal(await refusal(twice), 'reject ERR_BILL_FIELD', name)
    }
    const quality = '<ReadingQuality><quality>17</quality><quality>8</quality></ReadingQuality>'
    assert.equal(await refusal(file.replace('<timePeriod>', `${quality}<timePeriod>`)), 'reject ERR_BILL_FIELD')
  })
})
