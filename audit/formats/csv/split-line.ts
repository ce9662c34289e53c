/**
 * Cells of one line as RFC 4180 has them: a cell is plain, or stands in double quotes with each quote in it doubled.
 * Cells never span lines. `undefined` when the line is neither.
 */
export function splitQuoted(line: string, delimiter: string): string[] | undefined {
  if (!line.includes('"')) return line.split(delimiter)
  const cells: string[] = []
  for (let at = 0; ;) {
    const cell = line[at] === '"' ? endOfQuoted(line, at) : endOfPlain(line, at, delimiter)
    if (cell === undefined) return undefined
    cells.push(cell.text)
    if (cell.end === line.length) return cells
    if (!line.startsWith(delimiter, cell.end)) return undefined
    at = cell.end + delimiter.length
  }
}

type Cell = { readonly text: string; readonly end: number }

function endOfPlain(line: string, start: number, delimiter: string): Cell | undefined {
  const found = line.indexOf(delimiter, start)
  const end = found < 0 ? line.length : found
  const text = line.slice(start, end)
  return text.includes('"') ? undefined : { text, end }
}

function endOfQuoted(line: string, start: number): Cell | undefined {
  for (let at = start + 1; ; at += 2) {
    at = line.indexOf('"', at)
    if (at < 0) return undefined
    if (line[at + 1] === '"') continue
    return { text: line.slice(start + 1, at).replaceAll('""', '"'), end: at + 1 }
  }
}
