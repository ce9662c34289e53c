import { review } from '../refusal.ts'
import { wholePoints } from './page-lines.ts'
import type { TextLine, TextPage } from './page-lines.ts'
import type { Label, Template } from './template.ts'

/**
 * The one template whose fingerprint a file has.
 *
 * @throws {Refusal} ERR_BILL_TEMPLATE (review) when there is none, or more than one.
 */
export function findTemplate(templates: readonly Template[], pages: readonly TextPage[]): Template {
  const lines = pages.flatMap((page) => page.lines)
  const [template, second] = templates.filter(({ fingerprint }) => fingerprint.every((label) => hasLabel(label, lines)))
  if (template === undefined) {
    throw review('ERR_BILL_TEMPLATE', 'no template of this version describes this print', { path: 'page 1' })
  }
  if (second === undefined) return template
  throw review('ERR_BILL_TEMPLATE', `two templates fit: ${template.id} and ${second.id}`, { path: 'page 1' })
}

function hasLabel({ text, at }: Label, lines: readonly TextLine[]): boolean {
  if (at === undefined) return lines.some((line) => line.text.includes(text))
  return lines.some(
    (line) => line.page === at.page && line.items.some((_, index) => standsAt({ text, at }, line, index)),
  )
}

/** True if the label begins with a piece of the line, at its place; it may go on in the next pieces. */
function standsAt({ text, at }: Required<Label>, line: TextLine, index: number): boolean {
  const item = line.items[index]
  if (item === undefined || wholePoints(item.left) !== at.x || wholePoints(item.baseline) !== at.y) return false
  const rest = line.items.slice(index, index + text.length).map((one) => one.text)
  return rest.join('').startsWith(text)
}
