import { placeShape } from '#protocol'
import type { Place } from '#protocol'
import { ApiError } from './api-error.ts'
import { parseShape } from './shapes.ts'

/**
 * The place that a submission declares, from its JSON text.
 *
 * @throws {ApiError} ERR_API_REQUEST
 */
export function parsePlace(text: string): Place {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const shape = { code: 'ERR_API_REQUEST', place: 'place' } as const
    throw new ApiError('place: expected JSON such as {"country":"US","state":"CA"}', shape, { cause })
  }
  const place = parseShape(placeShape, value, 'place')
  // Optional fields as absent: a place is compared and encoded as it is.
  return Object.fromEntries(Object.entries(place).filter(([, field]) => field !== undefined)) as Place
}
