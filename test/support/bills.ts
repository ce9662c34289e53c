import type { Submission } from '#api'

/** What a made bill says; everything else is the same in each. */
export type BillInit = {
  /** Metering point: bills of different points never collide. */
  readonly point: string
  /** First day, `YYYY-MM-DD`. @default 2022-03-01 */
  readonly start?: string
  /** First day after the period. @default 2022-04-01 */
  readonly end?: string
  /** Energy as it is printed. @default 128 */
  readonly kWh?: string
  /** @default US */
  readonly country?: string
  /** @default CA, for the US */
  readonly state?: string
  /** @default kWh */
  readonly unit?: string
}

const HEADER = 'country,state,zip,eia_id,utility,point,account,meter,start,end_exclusive,import,export,unit,kind'

/** A `kwitness-csv-1` file with one bill for each row asked for. */
export function csvBill(...rows: readonly BillInit[]): Uint8Array {
  const lines = rows.map((row) => {
    const { point, start = '2022-03-01', end = '2022-04-01', kWh = '128', country = 'US', unit = 'kWh' } = row
    const state = row.state ?? (country === 'US' ? 'CA' : '')
    return [country, state, '', '', 'Sample Power', point, '', '', start, end, kWh, '', unit, 'actual'].join(',')
  })
  return new TextEncoder().encode(`${[HEADER, ...lines].join('\n')}\n`)
}

const DAY_S = 86_400

/** What differs between Green Button files. */
export type EspiInit = Pick<BillInit, 'point' | 'start' | 'end' | 'kWh'> & {
  /** Two capital letters; undefined: the file names no place. */
  readonly country?: string | undefined
  readonly state?: string
  /** ESPI unit code. @default 72, Wh */
  readonly uom?: string
}

/** A Green Button file with one reading a day, which add up to `kWh` (whole kWh only). */
export function espiBill(init: EspiInit): Uint8Array {
  const { point, start = '2022-03-01', end = '2022-04-01', kWh = '128', state = 'CA', uom = '72' } = init
  const firstS = Date.parse(`${start}T00:00:00Z`) / 1_000
  const days = (Date.parse(`${end}T00:00:00Z`) / 1_000 - firstS) / DAY_S
  const totalWh = Number(kWh) * 1_000
  const dailyWh = Math.floor(totalWh / days)
  const readings = Array.from({ length: days }, (_, day) => {
    const valueWh = day === 0 ? totalWh - dailyWh * (days - 1) : dailyWh
    return `<IntervalReading><timePeriod><duration>${DAY_S}</duration><start>${firstS + day * DAY_S}</start></timePeriod><value>${valueWh}</value></IntervalReading>`
  })
  const base = `/espi/1_1/resource/RetailCustomer/1/UsagePoint/${point}`
  const country = 'country' in init ? init.country : 'US'
  const entries = [
    entry(base, [`${base}/MeterReading`], '<UsagePoint><ServiceCategory><kind>0</kind></ServiceCategory></UsagePoint>'),
    entry(
      `${base}/MeterReading/1`,
      ['/espi/1_1/resource/ReadingType/1', `${base}/MeterReading/1/IntervalBlock`],
      '<MeterReading/>',
      `${base}/MeterReading`,
    ),
    entry(
      '/espi/1_1/resource/ReadingType/1',
      [],
      `<ReadingType><accumulationBehaviour>4</accumulationBehaviour><commodity>1</commodity><flowDirection>1</flowDirection><powerOfTenMultiplier>0</powerOfTenMultiplier><uom>${uom}</uom></ReadingType>`,
    ),
    entry(
      `${base}/MeterReading/1/IntervalBlock/1`,
      [],
      `<IntervalBlock>${readings.join('\n')}</IntervalBlock>`,
      `${base}/MeterReading/1/IntervalBlock`,
    ),
    entry(
      '/espi/1_1/resource/LocalTimeParameters/1',
      [],
      '<LocalTimeParameters><tzOffset>0</tzOffset></LocalTimeParameters>',
    ),
    ...(country === undefined
      ? []
      : [
          entry(
            '/espi/1_1/resource/ServiceLocation/1',
            [],
            `<ServiceLocation><mainAddress><townDetail><country>${country}</country><stateOrProvince>${state}</stateOrProvince></townDetail></mainAddress></ServiceLocation>`,
          ),
        ]),
  ]
  return new TextEncoder().encode(
    `<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n${entries.join('\n')}\n</feed>\n`,
  )
}

function entry(self: string, related: readonly string[], payload: string, up?: string): string {
  const links = [
    `<link rel="self" href="${self}"/>`,
    ...(up === undefined ? [] : [`<link rel="up" href="${up}"/>`]),
    ...related.map((href) => `<link rel="related" href="${href}"/>`),
  ]
  const content = payload.replace(/^<(\w+)/, '<$1 xmlns="http://naesb.org/espi"')
  return `<entry>${links.join('')}<content>${content}</content></entry>`
}

/** A submission of bytes by one account. */
export function submissionOf(bytes: Uint8Array, visibility: Submission['visibility'] = 'public'): Submission {
  return { bytes, visibility, accountId: 'test account' }
}
