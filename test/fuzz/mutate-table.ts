import { changeDigit, nastyText } from './nasty.ts'
import type { Prng } from './prng.ts'

/** The text with one change to its cells, rows, quotes, delimiters or line ends. */
export function mutateTable(text: string, other: string, random: Prng): string {
  const lines = text.split('\n')
  const at = random.below(lines.length)
  const line = lines[at] ?? ''
  const delimiter = [';', '\t', ','].find((one) => line.includes(one)) ?? ','
  const put = (...replaced: readonly string[]): string =>
    [...lines.slice(0, at), ...replaced, ...lines.slice(at + 1)].join('\n')
  switch (random.below(15)) {
    case 0:
      return put()
    case 1:
      return put(line, line)
    case 2:
      return put(...Array.from({ length: 2 + random.below(60) }, () => line))
    case 3: {
      const target = random.below(lines.length)
      return lines
        .map((one, index) => (index === at ? (lines[target] ?? '') : index === target ? line : one))
        .join('\n')
    }
    case 4:
    case 5:
    case 6:
      return put(changeCell(line, delimiter, random, (cell) => changeDigit(cell, random)))
    case 7:
    case 8:
      return put(changeCell(line, delimiter, random, () => nastyText(random)))
    case 9:
      return put(
        changeCell(line, delimiter, random, (cell) =>
          random.pick([`"${cell}"`, `"${cell}`, `${cell}"`, `${cell}${delimiter}${cell}`]),
        ),
      )
    case 10:
      return put(dropCell(line, delimiter, random))
    case 11:
      return text.replaceAll(delimiter, random.pick([',', ';', '\t', '|']))
    case 12:
      return random.once(2) ? text.replaceAll('\n', '\r\n') : `\uFEFF${text}`
    case 13:
      return put(line, random.pick(other.split('\n')))
    default:
      return [...lines.slice(0, at), ...lines.slice(at).toReversed()].join('\n')
  }
}

function changeCell(line: string, delimiter: string, random: Prng, change: (cell: string) => string): string {
  const cells = line.split(delimiter)
  const at = random.below(cells.length)
  return cells.map((cell, index) => (index === at ? change(cell) : cell)).join(delimiter)
}

function dropCell(line: string, delimiter: string, random: Prng): string {
  const cells = line.split(delimiter)
  const at = random.below(cells.length)
  return cells.filter((_, index) => index !== at).join(delimiter)
}
