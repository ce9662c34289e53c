import { review } from '../refusal.ts'
import type { Refusal } from '../refusal.ts'
import type { TextLine } from './page-lines.ts'
import type { LinePattern } from './template.ts'

/** Where a pattern was found. */
export type Found = {
  readonly line: TextLine
  readonly groups: Readonly<Record<string, string>>
}

/** All places where a pattern stands, line by line. */
export function findAll(lines: readonly TextLine[], pattern: LinePattern): readonly Found[] {
  const everywhere = new RegExp(pattern.source, `g${pattern.flags.replace('g', '')}`)
  return lines.flatMap((line) =>
    [...line.text.matchAll(everywhere)].map(({ groups = {} }) => ({ line, groups: definedOf(groups) })),
  )
}

/**
 * The one thing that a pattern finds; it may stand in several places, if all say the same.
 *
 * @param what name of the fact, for people.
 * @throws {Refusal} ERR_BILL_TEMPLATE (review).
 */
export function findOne(lines: readonly TextLine[], pattern: LinePattern, what: string): Found {
  const [first, ...more] = findAll(lines, pattern)
  if (first === undefined) throw refuseFact(what, 'is not where this print has it')
  const other = more.find(({ groups }) => JSON.stringify(groups) !== JSON.stringify(first.groups))
  if (other === undefined) return first
  throw refuseFact(what, 'stands there twice, and differently', other.line)
}

/** Text of a group; a pattern of a template without it is a mistake of the template. */
export function groupOf({ groups }: Found, name: string): string {
  const text = groups[name]
  if (text === undefined) throw new TypeError(`pattern has no group ${name}`)
  return text
}

/** Where a line stands, for reasons and sources. */
export function placeOfLine({ page, y }: TextLine): string {
  return `page ${page}, y ${y}`
}

/** Refusal of a fact that the template cannot read. */
export function refuseFact(what: string, why: string, line?: TextLine): Refusal {
  return review('ERR_BILL_TEMPLATE', `${what} ${why}`, { path: line === undefined ? what : placeOfLine(line) })
}

function definedOf(groups: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])),
  )
}
