import { formatCivilDate, parseCivilDate } from '#protocol'

/** Header of the quarter hours of Linz Netz, the plainest layout. */
export const LINZ = 'Datum von;Datum bis;Energiemenge in kWh;Ersatzwert'
/** Header of Smart Meter Texas. */
export const TEXAS =
  'ESIID,USAGE_DATE,REVISION_DATE,USAGE_START_TIME,USAGE_END_TIME,USAGE_KWH,ESTIMATED_ACTUAL,CONSUMPTION_SURPLUSGENERATION'
/** Header of Fluvius. */
export const FLUVIUS =
  'Van datum;Van tijdstip;Tot datum;Tot tijdstip;EAN-code;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus;Calorische Bovenwaarde'

const DAY_MINUTES = 1_440

/** Minutes since midnight as `HH:mm`. */
export function clock(minutes: number): string {
  const rest = minutes % DAY_MINUTES
  return `${String(Math.floor(rest / 60)).padStart(2, '0')}:${String(rest % 60).padStart(2, '0')}`
}

/** Beginnings of the intervals of an ordinary day, in minutes. */
export function minutesOfDay(step: number): number[] {
  return Array.from({ length: DAY_MINUTES / step }, (_, index) => index * step)
}

/** `DD.MM.YYYY` some days later. */
export function germanDate(date: string, later = 0): string {
  const [year = '', month = '', day = ''] = formatCivilDate(parseCivilDate(date) + later).split('-')
  return `${day}.${month}.${year}`
}

/** Rows of Linz Netz for a day; `values` are repeated. */
export function linzRows(date: string, values: readonly string[] = ['0,250'], minutes = minutesOfDay(15)): string[] {
  return minutes.map((start, index) => {
    const end = start + 15
    const endDate = germanDate(date, end >= DAY_MINUTES ? 1 : 0)
    return `${germanDate(date)} ${clock(start)};${endDate} ${clock(end)};${values[index % values.length] ?? ''};`
  })
}

/** A table of lines. */
export function tableOf(header: string, ...rows: readonly string[]): string {
  return [header, ...rows, ''].join('\n')
}

/** Rows of Smart Meter Texas for a day. */
export function texasRows(
  date: string,
  made: {
    readonly esiid?: string
    readonly value?: string
    readonly revision?: string
    readonly quality?: string
    readonly role?: string
    readonly minutes?: readonly number[]
  } = {},
): string[] {
  const [year = '', month = '', day = ''] = date.split('-')
  return (made.minutes ?? minutesOfDay(15)).map((start) =>
    [
      made.esiid ?? "'10099990000000017",
      `${month}/${day}/${year}`,
      made.revision ?? '06/03/2024 05:01:02',
      ` ${clock(start)}`,
      ` ${clock(start + 15)}`,
      made.value ?? '0.25',
      made.quality ?? 'A',
      made.role ?? 'Consumption',
    ].join(','),
  )
}

/** Both rows of hours of Fluvius, from an hour of a day of ten. */
export function fluviusRows(
  hours: readonly number[],
  made: {
    readonly kWh?: string
    readonly m3?: string
    readonly ean?: string
    readonly status?: string
    readonly calorific?: string
    readonly register?: string
    readonly meter?: string
  } = {},
): string[] {
  const { ean = '="541999000000000017"', status = 'Gevalideerd', register = 'Afname', meter = '7INV00000017' } = made
  return hours.flatMap((hour) => {
    const end = hour + 1
    const time = `03-02-2023;${clock(hour * 60)}:00;0${end < 24 ? 3 : 4}-02-2023;${clock(end * 60)}:00`
    const head = `${time};${ean};${meter};Digitale Meter;${register}`
    return [
      `${head};${made.kWh ?? '1,125'};kWh;${status};${made.calorific ?? 'Definitief'}`,
      `${head};${made.m3 ?? '0,100'};m³;${status};`,
    ]
  })
}

/** Preamble of the Opower tables, with a state. */
export function opowerTable(
  columns: string,
  rows: readonly string[],
  address = '"1 NOWHERE ST, BRISBANE CA 94005"',
): string {
  const preamble = ['Name,JANE EXAMPLE', `Address,${address}`, 'Account Number,9990001112', 'Service,Service 1', '']
  return [...preamble, `TYPE,DATE,START TIME,END TIME,${columns}`, ...rows, ''].join('\n')
}

/** Rows of Opower for a day. */
export function opowerRows(date: string, step: number, tail = '0.50,$0.10,', minutes = minutesOfDay(step)): string[] {
  return minutes.map((start) => `Electric usage,${date},${clock(start)},${clock(start + step - 1)},${tail}`)
}
