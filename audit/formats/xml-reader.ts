import { SaxesParser } from 'saxes'
import type { SaxesTagNS } from 'saxes'
import { EXTRACTION_LIMITS } from './limits.ts'
import { rejection } from './refusal.ts'

/** Characters of a file that a reason repeats: a name may be as long as the file. */
const MAX_QUOTED_CHARS = 120

/** One element of a parsed file. */
export type XmlElement = {
  /** Name without prefix. */
  readonly local: string
  /** Namespace, or the empty string. */
  readonly uri: string
  /** Attributes without a prefix. */
  readonly attributes: ReadonlyMap<string, string>
  readonly children: XmlElement[]
  /** Text directly inside, all pieces joined. */
  text: string
  /** Where the start tag begins, from 1. */
  readonly line: number
  readonly column: number
}

/** Choices of {@link parseXml}. */
export type XmlInit = {
  /** Called at the first start tag; throws when the document is not one that the caller reads. */
  readonly checkRoot?: (root: XmlElement) => void
  /**
   * Called at each end tag; `false` leaves the element out of its parent, so that a long list is consumed while it is
   * read and the tree stays small.
   */
  readonly keep?: (element: XmlElement, parent: XmlElement | undefined) => boolean
  /** Called at each start tag; `true` drops the text directly inside: an attached file is longer than any text of a bill. */
  readonly skipText?: (element: XmlElement) => boolean
}

/**
 * Tree of a well-formed XML text, namespaces resolved.
 *
 * Refuses document types before any entity could be used, and stops at the first element over a limit.
 *
 * @throws {Refusal} ERR_BILL_XML, ERR_BILL_DOCTYPE, ERR_BILL_DEPTH, ERR_BILL_TOO_LARGE, ERR_BILL_ENCODING.
 */
export function parseXml(text: string, init: XmlInit = {}): XmlElement {
  const parser = new SaxesParser({ xmlns: true, position: true })
  const here = (): { line: number; column: number } => ({ line: parser.line, column: parser.column + 1 })
  const open: XmlElement[] = []
  let root: XmlElement | undefined
  let skipped: XmlElement | undefined
  let elements = 0
  let attributes = 0
  let tagPlace = here()

  parser.on('error', (error) => {
    throw rejection(
      'ERR_BILL_XML',
      `not well-formed: ${error.message.replace(/^\d+:\d+: /, '').slice(0, MAX_QUOTED_CHARS)}`,
      here(),
    )
  })
  parser.on('doctype', () => {
    throw rejection('ERR_BILL_DOCTYPE', 'document types and entities are not read', here())
  })
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') {
      throw rejection(
        'ERR_BILL_ENCODING',
        `file declares encoding ${JSON.stringify(encoding)}; only UTF-8 is read`,
        here(),
      )
    }
  })
  parser.on('opentagstart', (tag) => {
    tagPlace = { line: parser.line, column: Math.max(1, parser.column - tag.name.length - 1) }
    attributes = 0
    elements += 1
    if (open.length >= EXTRACTION_LIMITS.xmlDepth) {
      throw rejection('ERR_BILL_DEPTH', `more than ${EXTRACTION_LIMITS.xmlDepth} elements inside each other`, tagPlace)
    }
    if (elements > EXTRACTION_LIMITS.xmlElements) {
      throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.xmlElements} elements`, tagPlace)
    }
  })
  parser.on('attribute', (attribute) => {
    attributes += 1
    if (attributes > EXTRACTION_LIMITS.xmlAttributes || attribute.value.length > EXTRACTION_LIMITS.textChars) {
      throw rejection('ERR_BILL_TOO_LARGE', 'too many or too long attributes', tagPlace)
    }
  })
  parser.on('opentag', (tag) => {
    const element = elementOf(tag, tagPlace)
    if (root === undefined) init.checkRoot?.(element)
    root ??= element
    if (init.skipText?.(element) === true) skipped = element
    open.push(element)
  })
  const take = (piece: string): void => {
    if (skipped === undefined || open.at(-1) !== skipped) addText(open.at(-1), piece)
  }
  parser.on('text', take)
  parser.on('cdata', take)
  parser.on('closetag', () => {
    const element = open.pop()
    const parent = open.at(-1)
    if (element !== undefined && (init.keep?.(element, parent) ?? true)) parent?.children.push(element)
  })

  parser.write(text).close()
  if (root === undefined) throw rejection('ERR_BILL_XML', 'file has no element', { line: 1, column: 1 })
  return root
}

/** Ends the reading at the first start tag. */
class RootFound extends Error {
  readonly root: XmlElement

  constructor(root: XmlElement) {
    super('root found')
    this.root = root
  }
}

/**
 * Name of the first element of an XML text; nothing after its start tag is read.
 *
 * @throws {Refusal} as {@link parseXml}.
 */
export function findRoot(text: string): { readonly uri: string; readonly local: string } {
  try {
    const { uri, local } = parseXml(text, {
      checkRoot: (root) => {
        throw new RootFound(root)
      },
    })
    return { uri, local }
  } catch (thrown) {
    if (thrown instanceof RootFound) return { uri: thrown.root.uri, local: thrown.root.local }
    throw thrown
  }
}

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map()

function elementOf(tag: SaxesTagNS, place: { line: number; column: number }): XmlElement {
  const all = Object.values(tag.attributes)
  const attributes =
    all.length === 0 ? NO_ATTRIBUTES : new Map(all.filter((a) => a.prefix === '').map((a) => [a.local, a.value]))
  return { local: tag.local, uri: tag.uri, attributes, children: [], text: '', ...place }
}

function addText(element: XmlElement | undefined, piece: string): void {
  if (element === undefined) return
  if (element.text.length + piece.length > EXTRACTION_LIMITS.textChars) {
    throw rejection(
      'ERR_BILL_TOO_LARGE',
      `text of <${element.local.slice(0, MAX_QUOTED_CHARS)}> is too long`,
      placeOf(element),
    )
  }
  element.text += piece
}

/** Text without XML blanks at both ends (space, tab, line ends; nothing else). */
export function trimXml(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}

/** First child of a name. */
export function findChild(element: XmlElement, local: string): XmlElement | undefined {
  return element.children.find((child) => child.local === local)
}

/** Trimmed text of the first child of a name; `undefined` when there is none or it is empty. */
export function findChildText(element: XmlElement, local: string): string | undefined {
  const child = findChild(element, local)
  const text = child === undefined ? '' : trimXml(child.text)
  return text === '' ? undefined : text
}

/** Line and column of an element, with its name. */
export function placeOf(element: XmlElement): { line: number; column: number; path: string } {
  return { line: element.line, column: element.column, path: element.local.slice(0, MAX_QUOTED_CHARS) }
}
