import { InvalidArgumentError } from 'commander'

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
const BYTES: Readonly<Record<string, number>> = { '': 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }

/** A duration in ms: `30m`, `24h`, `90d`. */
export function parseDuration(text: string): number {
  const [, count, unit] = /^([0-9]{1,6})([mhd])$/.exec(text) ?? []
  const unitMs = UNITS_MS[unit ?? '']
  if (count === undefined || unitMs === undefined) throw new InvalidArgumentError('expected such as 30m, 24h, 90d')
  return Number(count) * unitMs
}

/** When something ends: a day or time (ISO 8601), or a duration from now. @returns ISO 8601, UTC. */
export function parseEnd(text: string, nowMs = Date.now()): string {
  if (/^[0-9]{1,6}[mhd]$/.test(text)) return new Date(nowMs + parseDuration(text)).toISOString()
  const ms = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw new InvalidArgumentError('expected such as 90d, 2027-01-31 or 2027-01-31T12:00:00Z')
  return new Date(ms).toISOString()
}

/** A number of bytes: `500000000`, `500MB`, `2GB` (powers of ten). */
export function parseBytes(text: string): number {
  const [, count, unit = ''] = /^([0-9]{1,15})(kB|MB|GB|TB)?$/.exec(text) ?? []
  const bytes = Number(count) * (BYTES[unit] ?? Number.NaN)
  if (!Number.isSafeInteger(bytes) || bytes < 1) throw new InvalidArgumentError('expected such as 500MB, 2GB')
  return bytes
}
