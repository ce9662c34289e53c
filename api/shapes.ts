import type { z } from 'zod'
import { ApiError } from './api-error.ts'

/**
 * A value of a shape.
 *
 * @param parent name before the place of what is wrong.
 * @throws {ApiError} ERR_API_REQUEST that names the first part that is wrong.
 */
export function parseShape<T>(shape: z.ZodType<T>, value: unknown, parent?: string): T {
  const result = shape.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const names = issue?.code === 'unrecognized_keys' ? issue.keys : (issue?.path ?? []).map(String)
  const place = [...(parent === undefined ? [] : [parent]), ...names].join('.')
  throw new ApiError(`${place}: ${issue?.message ?? 'wrong'}`, { code: 'ERR_API_REQUEST', place })
}
