/** Green Button XML of about `sizeBytes`: one point, hourly readings, distinct for each `number`. */
export function makeBill(number: number, sizeBytes: number): Uint8Array {
  const point = `urn:kwitness:bench:UsagePoint:${number}`
  const head = `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:espi="http://naesb.org/espi">
<entry><link rel="self" href="/UsagePoint/${number}"/><link rel="related" href="/UsagePoint/${number}/MeterReading"/><title>${point}</title>
<content><espi:UsagePoint><espi:ServiceCategory><espi:kind>0</espi:kind></espi:ServiceCategory></espi:UsagePoint></content></entry>
<entry><link rel="self" href="/UsagePoint/${number}/MeterReading/1"/><link rel="up" href="/UsagePoint/${number}/MeterReading"/>
<link rel="related" href="/UsagePoint/${number}/MeterReading/1/IntervalBlock"/><link rel="related" href="/ReadingType/1"/>
<content><espi:MeterReading/></content></entry>
<entry><link rel="self" href="/ReadingType/1"/><content><espi:ReadingType><espi:accumulationBehaviour>4</espi:accumulationBehaviour>
<espi:commodity>1</espi:commodity><espi:flowDirection>1</espi:flowDirection><espi:intervalLength>3600</espi:intervalLength>
<espi:powerOfTenMultiplier>0</espi:powerOfTenMultiplier><espi:uom>72</espi:uom></espi:ReadingType></content></entry>
<entry><link rel="self" href="/UsagePoint/${number}/MeterReading/1/IntervalBlock/1"/><link rel="up" href="/UsagePoint/${number}/MeterReading/1/IntervalBlock"/>
<content><espi:IntervalBlock>`
  const tail = '</espi:IntervalBlock></content></entry></feed>\n'
  const readings: string[] = []
  let size = head.length + tail.length
  // 1 January 2022, 00:00 in California.
  for (let start = 1_641_024_000; size < sizeBytes; start += 3_600) {
    const value = 400 + ((start / 3_600 + number * 7) % 900)
    const reading = `<espi:IntervalReading><espi:timePeriod><espi:duration>3600</espi:duration><espi:start>${start}</espi:start></espi:timePeriod><espi:value>${value}</espi:value></espi:IntervalReading>\n`
    readings.push(reading)
    size += reading.length
  }
  return new TextEncoder().encode(head + readings.join('') + tail)
}
