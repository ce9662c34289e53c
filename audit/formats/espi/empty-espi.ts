import { EXTRACTION_LIMITS } from '../limits.ts'
import type { FormatReader } from '../reader.ts'
import { Refusal, rejection } from '../refusal.ts'
import { scanXml } from '../xml-scan.ts'
import type { XmlSink, XmlTag } from '../xml-scan.ts'
import { isEspiNamespace, isOwnNamespace } from './roots.ts'

/** What a person could read a bill from; a file with one of them is not empty, whatever is around it. */
const CONTENTS: ReadonlySet<string> = new Set([
  'UsagePoint',
  'IntervalBlock',
  'UsageSummary',
  'ElectricPowerUsageSummary',
])
/** Pseudo-attributes of a style sheet's instruction (W3C, Associating Style Sheets with XML documents, 4). */
const PSEUDO_ATTRIBUTES = /([A-Za-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g
/** Name of the style sheet that Green Button exports are shown with, in its spellings. */
const GREEN_BUTTON_SHEET = /^green-?button/i

/**
 * Refuses XML that says to be Green Button, by its style sheet or by elements of ESPI, and has nothing of a meter under a
 * first element that is of no format: templates and cut exports. XML with any element of another namespace is left alone.
 */
export function emptyEspiReader(format: string): FormatReader {
  return {
    format,
    accepts: ({ text, root }) => text !== undefined && root !== undefined && findEmpty(text) !== undefined,
    read: ({ text = '' }) => {
      const { line, column, local } = findEmpty(text) ?? { line: 1, column: 1, local: '' }
      const message = `Green Button file has neither usage point, readings nor usage summary, and begins with <${local}>`
      throw rejection('ERR_BILL_NO_CONSUMPTION', message, { line, column })
    },
  }
}

/** First element of the file. */
type Root = { readonly local: string; readonly line: number; readonly column: number }

/** Ends the scan: the file is of another kind. */
class OtherKind extends Error {}

function findEmpty(text: string): Root | undefined {
  const sink = new EmptySink()
  try {
    scanXml(text, sink)
  } catch (thrown) {
    if (thrown instanceof OtherKind || thrown instanceof Refusal) return undefined
    throw thrown
  }
  return sink.isGreenButton ? sink.root : undefined
}

class EmptySink implements XmlSink {
  isGreenButton = false
  root: Root | undefined

  instruction(target: string, body: string): void {
    // A style sheet is named before the first element.
    if (target === 'xml-stylesheet' && this.root === undefined && isGreenButtonSheet(body)) this.isGreenButton = true
  }

  open({ uri, local }: XmlTag, line: number, column: number): void {
    if (!isOwnNamespace(uri) || CONTENTS.has(local)) throw new OtherKind()
    if (isEspiNamespace(uri)) this.isGreenButton = true
    this.root ??= { local: local.slice(0, QUOTED_CHARS), line, column }
  }

  text(): void {
    // Only names count.
  }

  close(): void {
    // Only names count.
  }
}

/** Characters of a name that a reason repeats. */
const QUOTED_CHARS = 80

function isGreenButtonSheet(body: string): boolean {
  if (body.length > EXTRACTION_LIMITS.textChars) return false
  for (const [, name, double, single] of body.matchAll(PSEUDO_ATTRIBUTES)) {
    if (name !== 'href') continue
    const file = (double ?? single ?? '').split(/[?#]/)[0]?.split('/').at(-1) ?? ''
    return GREEN_BUTTON_SHEET.test(file)
  }
  return false
}
