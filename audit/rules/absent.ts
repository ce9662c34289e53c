/** A type whose optional fields are absent or have a value. */
export type WithoutAbsent<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** The object without the fields that are `undefined`; the checks of zod leave such fields behind. */
export function withoutAbsent<T extends object>(value: T): WithoutAbsent<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as WithoutAbsent<T>
}
