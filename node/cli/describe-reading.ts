import type { PartialReadingJson, QuantityJson } from '#protocol'
import { printable } from './bill-lines.ts'

/** An amount in kWh where it has one, and as the bill has it. */
export function describeAmount({ kWh, value, unit }: QuantityJson): string {
  return kWh === undefined || unit === 'kWh' ? `${value} ${unit}` : `${kWh} kWh (${value} ${unit})`
}

/** What a file states of a bill that no claim can be made of, in one line. */
export function describeReading(reading: PartialReadingJson): string {
  const { commodity, point, account, service, produced, money, lines, rows, missing, flags } = reading
  const amounts = [
    ...(reading.import === undefined ? [] : [`import ${describeAmount(reading.import)}`]),
    ...(reading.export === undefined ? [] : [`export ${describeAmount(reading.export)}`]),
    ...(produced === undefined ? [] : [`produced ${describeAmount(produced)}`]),
  ]
  const parts = [
    commodity,
    ...(service === undefined ? [] : [`${service.start}..${service.end}`]),
    ...amounts,
    ...(point === undefined ? [] : [`point ${point}`]),
    ...(account === undefined ? [] : [`account ${account}`]),
    ...(money === undefined ? [] : [`payable ${money.payable} ${money.currency}`]),
    ...(lines === undefined ? [] : [`lines ${lines.join(', ')}`]),
    ...(rows === undefined ? [] : [`${rows} rows`]),
    `missing: ${missing.map((name) => MISSING[name] ?? name).join(', ')}`,
    ...(flags === undefined ? [] : [`flags ${flags.join(', ')}`]),
  ]
  return printable(parts.join('  '))
}

const MISSING: Readonly<Record<string, string>> = { import: 'consumption', service: 'service period' }
