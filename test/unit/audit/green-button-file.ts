/** One reading of a made-up series. */
export type MadeReading = {
  readonly start: number
  readonly durationS: number
  readonly value: string
  readonly extra?: string
}

/** Choices of {@link greenButtonFile}; what is left out is an ordinary delivered-electricity series. */
export type MadeFile = {
  readonly kind?: string | undefined
  readonly readingType?: Readonly<Record<string, string | undefined>>
  readonly readings?: readonly MadeReading[]
  readonly tzOffset?: string
  /** Entries added as they are. */
  readonly entries?: readonly string[]
  /** Host of the links; relative links when absent. */
  readonly host?: string
}

/** 2023-01-01T00:00:00Z in epoch seconds. */
export const NEW_YEAR_S = 1_672_531_200

/** Hourly readings from new year 2023. */
export function hourly(values: readonly (number | bigint)[]): MadeReading[] {
  return values.map((value, index) => ({ start: NEW_YEAR_S + index * 3_600, durationS: 3_600, value: String(value) }))
}

/** The entries of a Green Button file with one usage point and one series. */
export function greenButtonEntries(made: MadeFile = {}): string[] {
  const base = made.host === undefined ? '' : `${made.host}/`
  const point = `${base}User/7/UsagePoint/01`
  const type = {
    accumulationBehaviour: '4',
    commodity: '1',
    flowDirection: '1',
    powerOfTenMultiplier: '0',
    uom: '72',
    ...made.readingType,
  }
  const fields = Object.entries(type).filter(([, value]) => value !== undefined)
  const kind = 'kind' in made ? made.kind : '0'
  const category = kind === undefined ? '' : `<ServiceCategory><kind>${kind}</kind></ServiceCategory>`
  return [
    entry({ self: point, related: [`${point}/MeterReading`] }, `<UsagePoint>${category}</UsagePoint>`),
    entry(
      { self: 'Local/1' },
      `<LocalTimeParameters><tzOffset>${made.tzOffset ?? '0'}</tzOffset></LocalTimeParameters>`,
    ),
    entry(
      {
        self: `${point}/MeterReading/1`,
        up: `${point}/MeterReading`,
        related: [`${point}/MeterReading/1/IntervalBlock`, 'ReadingType/1'],
      },
      '<MeterReading/>',
    ),
    entry(
      { self: 'ReadingType/1' },
      `<ReadingType>${fields.map(([name, value]) => `<${name}>${value}</${name}>`).join('')}</ReadingType>`,
    ),
    blockEntry(`${point}/MeterReading/1/IntervalBlock`, made.readings ?? hourly([100, 250, 50])),
    ...(made.entries ?? []),
  ]
}

/** A feed of entries, in Atom's and ESPI's namespaces. */
export function feedOf(entries: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n${entries.join('\n')}\n</feed>\n`
}

/** A whole Green Button file. */
export function greenButtonFile(made: MadeFile = {}): string {
  return feedOf(greenButtonEntries(made))
}

/** Entry with an interval block under a collection link. */
export function blockEntry(up: string, readings: readonly MadeReading[]): string {
  const items = readings.map(
    ({ start, durationS, value, extra = '' }) =>
      `<IntervalReading>${extra}\n<timePeriod><duration>${durationS}</duration><start>${start}</start></timePeriod><value>${value}</value></IntervalReading>`,
  )
  return entry(
    { self: `${up}/${readings[0]?.start ?? 0}`, up },
    `<IntervalBlock>\n${items.join('\n')}\n</IntervalBlock>`,
  )
}

/** Entry with a usage summary of the usage point. */
export function summaryEntry(fields: {
  start: number
  durationS: number
  last?: string
  current?: string
  extra?: string
}): string {
  const measure = (name: string, value: string | undefined): string =>
    value === undefined
      ? ''
      : `<${name}><powerOfTenMultiplier>0</powerOfTenMultiplier><uom>72</uom><value>${value}</value></${name}>`
  const up = 'User/7/UsagePoint/01/UsageSummary'
  return entry(
    { self: `${up}/${fields.start}`, up },
    `<UsageSummary><billingPeriod><duration>${fields.durationS}</duration><start>${fields.start}</start></billingPeriod>` +
      measure('overallConsumptionLastPeriod', fields.last) +
      measure('currentBillingPeriodOverAllConsumption', fields.current) +
      `${fields.extra ?? ''}<commodity>1</commodity></UsageSummary>`,
  )
}

/** Atom entry around an ESPI payload. */
export function entry(
  links: { self?: string; up?: string; ups?: readonly string[]; related?: readonly string[] },
  payload: string,
): string {
  const all = [
    ...(links.self === undefined ? [] : [['self', links.self]]),
    ...(links.up === undefined ? [] : [['up', links.up]]),
    ...(links.ups ?? []).map((href) => ['up', href]),
    ...(links.related ?? []).map((href) => ['related', href]),
  ]
  const tags = all.map(([rel, href]) => `<link rel="${rel}" href="${href}"/>`).join('')
  const named = payload.replace(/^<([A-Za-z]+)/, '<$1 xmlns="http://naesb.org/espi"')
  return `<entry>${tags}<content>${named}</content></entry>`
}
