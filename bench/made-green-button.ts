import { utf8 } from '#protocol'

/** 2015-01-01T05:00:00Z: midnight in New York. */
const START_S = 1_420_088_400
const READINGS_PER_BLOCK = 96
const INTERVAL_S = 900

/**
 * A Green Button file of about a size (at most that, and at least one reading), as utilities write them: quarter hours in
 * daily blocks with quality, cost and indentation, about 390 bytes a reading.
 */
export function madeGreenButton(sizeBytes: number): Uint8Array {
  const blocks: string[] = []
  let length = HEAD.length + TAIL.length
  for (let from = 0; ; from += READINGS_PER_BLOCK) {
    const whole = block(from, READINGS_PER_BLOCK)
    if (length + whole.length <= sizeBytes) {
      blocks.push(whole)
      length += whole.length
      continue
    }
    let count = 1
    while (count < READINGS_PER_BLOCK && length + block(from, count + 1).length <= sizeBytes) count += 1
    return utf8(`${HEAD}${blocks.join('')}${block(from, count)}${TAIL}`)
  }
}

const TAIL = '</feed>\n'
const BASE = 'https://green-button.example/espi/1_1/resource'
const POINT = `${BASE}/RetailCustomer/1/UsagePoint/1`
const METER = `${POINT}/MeterReading/1`

function entry(links: readonly (readonly [rel: string, href: string])[], payload: string): string {
  const tags = links.map(([rel, href]) => `    <link rel="${rel}" href="${href}"/>\n`).join('')
  return `  <entry>\n${tags}    <content>\n${payload}    </content>\n  </entry>\n`
}

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:espi="http://naesb.org/espi">
${entry(
  [
    ['self', POINT],
    ['related', `${POINT}/MeterReading`],
    ['related', `${BASE}/LocalTimeParameters/1`],
  ],
  '      <espi:UsagePoint><espi:ServiceCategory><espi:kind>0</espi:kind></espi:ServiceCategory></espi:UsagePoint>\n',
)}${entry(
  [['self', `${BASE}/LocalTimeParameters/1`]],
  '      <espi:LocalTimeParameters><espi:tzOffset>-18000</espi:tzOffset></espi:LocalTimeParameters>\n',
)}${entry(
  [
    ['self', METER],
    ['up', `${POINT}/MeterReading`],
    ['related', `${METER}/IntervalBlock`],
    ['related', `${BASE}/ReadingType/1`],
  ],
  '      <espi:MeterReading/>\n',
)}${entry(
  [['self', `${BASE}/ReadingType/1`]],
  `      <espi:ReadingType>
        <espi:accumulationBehaviour>4</espi:accumulationBehaviour>
        <espi:commodity>1</espi:commodity>
        <espi:currency>840</espi:currency>
        <espi:flowDirection>1</espi:flowDirection>
        <espi:intervalLength>900</espi:intervalLength>
        <espi:powerOfTenMultiplier>0</espi:powerOfTenMultiplier>
        <espi:uom>72</espi:uom>
      </espi:ReadingType>
`,
)}`

function block(from: number, count: number): string {
  const readings = Array.from({ length: count }, (_, index) => reading(from + index))
  const start = START_S + from * INTERVAL_S
  const period = `<espi:duration>${count * INTERVAL_S}</espi:duration><espi:start>${start}</espi:start>`
  return entry(
    [
      ['self', `${METER}/IntervalBlock/${from}`],
      ['up', `${METER}/IntervalBlock`],
    ],
    `      <espi:IntervalBlock>\n        <espi:interval>${period}</espi:interval>\n${readings.join('')}      </espi:IntervalBlock>\n`,
  )
}

/** Values that go up and down over a day, without randomness. */
function reading(index: number): string {
  const value = 120 + ((index * 7_919) % 613)
  return `        <espi:IntervalReading>
          <espi:cost>${value * 13}</espi:cost>
          <espi:ReadingQuality><espi:quality>17</espi:quality></espi:ReadingQuality>
          <espi:timePeriod>
            <espi:duration>${INTERVAL_S}</espi:duration>
            <espi:start>${START_S + index * INTERVAL_S}</espi:start>
          </espi:timePeriod>
          <espi:value>${value}</espi:value>
        </espi:IntervalReading>
`
}
