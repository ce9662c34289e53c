import { SaxesParser } from 'saxes'
import type { SaxesAttributeNS, SaxesAttributeNSIncomplete, SaxesStartTagNS, XMLDecl } from 'saxes'
import { EXTRACTION_LIMITS } from './limits.ts'
import { rejection } from './refusal.ts'

/** Characters of a file that a reason repeats: a name may be as long as the file. */
export const MAX_QUOTED_CHARS = 120

/** Start tag of an element, namespaces resolved. */
export type XmlTag = {
  /** Name without prefix. */
  readonly local: string
  /** Namespace, or the empty string. */
  readonly uri: string
  /** Attributes by their written names. */
  readonly attributes: Readonly<Record<string, SaxesAttributeNS>>
}

/** What happens while a file is read, in its order. Self-closing elements open and close. */
export interface XmlSink {
  /** A start tag, with the place of its `<` from 1. */
  open(tag: XmlTag, line: number, column: number): void
  /** Characters between tags: references replaced, line ends as line feeds; CDATA is a piece of its own. */
  text(piece: string): void
  /** The end of the element that was opened last. */
  close(): void
  /** A processing instruction anywhere, as `<?target body?>`; most readers need none. */
  instruction?(target: string, body: string): void
}

/**
 * Reads a well-formed XML text with namespaces, and tells a sink what is in it.
 *
 * Refuses document types before any entity could be used, and stops at the first element over a limit.
 *
 * @throws {Refusal} ERR_BILL_XML, ERR_BILL_DOCTYPE, ERR_BILL_DEPTH, ERR_BILL_TOO_LARGE, ERR_BILL_ENCODING, and what the
 * sink throws.
 */
export function scanXml(text: string, sink: XmlSink): void {
  const parser = new SaxesParser({ xmlns: true, position: true })
  const here = (): { line: number; column: number } => ({ line: parser.line, column: parser.column + 1 })
  let line = 1
  let column = 1
  let depth = 0
  let elements = 0
  let attributes = 0

  // `on` adds each handler under a computed name, and V8 gives up fast access to an object's properties after six of those: the
  // parser then takes five times as long (measured). Properties that are named in code, as here, stay fast.
  parser['errorHandler'] = (error: Error) => {
    throw rejection(
      'ERR_BILL_XML',
      `not well-formed: ${error.message.replace(/^\d+:\d+: /, '').slice(0, MAX_QUOTED_CHARS)}`,
      here(),
    )
  }
  parser['doctypeHandler'] = () => {
    throw rejection('ERR_BILL_DOCTYPE', 'document types and entities are not read', here())
  }
  parser['xmldeclHandler'] = ({ encoding }: XMLDecl) => {
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') {
      throw rejection(
        'ERR_BILL_ENCODING',
        `file declares encoding ${JSON.stringify(encoding.slice(0, MAX_QUOTED_CHARS))}; only UTF-8 is read`,
        here(),
      )
    }
  }
  parser['openTagStartHandler'] = (tag: SaxesStartTagNS) => {
    line = parser.line
    column = Math.max(1, parser.column - tag.name.length - 1)
    attributes = 0
    elements += 1
    // Limits come before the tag is complete: the parser's own work on it grows with depth and attributes.
    if (depth >= EXTRACTION_LIMITS.xmlDepth) {
      const message = `more than ${EXTRACTION_LIMITS.xmlDepth} elements inside each other`
      throw rejection('ERR_BILL_DEPTH', message, { line, column })
    }
    if (elements > EXTRACTION_LIMITS.xmlElements) {
      throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.xmlElements} elements`, { line, column })
    }
  }
  parser['attributeHandler'] = (attribute: SaxesAttributeNSIncomplete) => {
    attributes += 1
    if (attributes > EXTRACTION_LIMITS.xmlAttributes || attribute.value.length > EXTRACTION_LIMITS.textChars) {
      throw rejection('ERR_BILL_TOO_LARGE', 'too many or too long attributes', { line, column })
    }
  }
  parser['openTagHandler'] = (tag: XmlTag) => {
    depth += 1
    sink.open(tag, line, column)
  }
  const take = (piece: string): void => {
    if (depth > 0) sink.text(piece)
  }
  parser['textHandler'] = take
  parser['cdataHandler'] = take
  parser['closeTagHandler'] = () => {
    depth -= 1
    sink.close()
  }
  if (sink.instruction !== undefined) {
    parser['piHandler'] = ({ target, body }: { target: string; body: string }) => sink.instruction?.(target, body)
  }

  parser.write(text).close()
  if (elements === 0) throw rejection('ERR_BILL_XML', 'file has no element', { line: 1, column: 1 })
}
