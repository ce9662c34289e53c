/** Columns below which tables and sentences are not squeezed any further. */
export const MIN_WIDTH = 40

/**
 * Words laid out in lines of at most `width` characters; a longer word stands alone and sticks out, since a number or a
 * CID that is cut is none.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line.trimEnd())
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** {@link wrap} with blanks in front of every line. */
export function wrapIndented(text: string, width: number, indent: number): string[] {
  return wrap(text, Math.max(width - indent, MIN_WIDTH - indent)).map((line) => ' '.repeat(indent) + line)
}
