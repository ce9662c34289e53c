import { CodedError } from '#protocol'

/** One line of `kwitness doctor`. */
export type Diagnosis = {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** How to mend it. */
  readonly fix?: string
  /** True if it works and should be looked at all the same. */
  readonly warning?: true
  /** True if it could not be looked at; no failure of its own. */
  readonly skipped?: true
}

/** What a check found: in order, or worth a look. */
export type Found = string | { readonly warning: string }

/** A check: what was found, or a throw. */
export async function examine(name: string, fix: string, find: () => Promise<Found> | Found): Promise<Diagnosis> {
  try {
    const found = await find()
    if (typeof found === 'string') return { name, ok: true, detail: found }
    return { name, ok: true, detail: found.warning, fix, warning: true }
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    // A code is for what has one: it can be looked up.
    const code = thrown instanceof CodedError ? ` (${thrown.code})` : ''
    return { name, ok: false, detail: `${message}${code}`, fix }
  }
}

/** A check that needs something that is missing. */
export function skip(name: string, why: string): Diagnosis {
  return { name, ok: true, detail: `not checked: ${why}`, skipped: true }
}
