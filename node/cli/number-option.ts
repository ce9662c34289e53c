import { InvalidArgumentError } from 'commander'
import { LIMITS } from '#protocol'

/** Position of a claim among those of its bill, from 0. */
export function parseOrdinal(text: string): number {
  return parseBetween(text, 0, LIMITS.billsPerFile - 1)
}

/** A count of at least one. */
export function parseCount(text: string): number {
  return parseBetween(text, 1, 1_000_000)
}

function parseBetween(text: string, min: number, max: number): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}`)
}
