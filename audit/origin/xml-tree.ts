import { SaxesParser } from 'saxes'
import type { SaxesTagNS } from 'saxes'
import { EXTRACTION_LIMITS } from '../formats/limits.ts'
import { rejection } from '../formats/refusal.ts'
import { ORIGIN_LIMITS } from './constants.ts'
import { SignatureError } from './signature-error.ts'

/** An attribute that declares no namespace. */
export type XmlAttribute = {
  /** As written, with its prefix. */
  readonly name: string
  readonly prefix: string
  readonly local: string
  readonly uri: string
  /** Normalised as XML 1.0 section 3.3.3 says. */
  readonly value: string
}

/** An element with everything that its canonical form needs (W3C xml-c14n section 2.1). */
export type XmlNode = {
  readonly kind: 'element'
  readonly name: string
  readonly prefix: string
  readonly local: string
  readonly uri: string
  readonly attributes: readonly XmlAttribute[]
  /** Namespaces in scope by prefix, the default one under the empty prefix; `xml` left out. */
  readonly namespaces: ReadonlyMap<string, string>
  readonly parent: XmlNode | undefined
  readonly children: readonly XmlContent[]
}

/** What stands inside of an element. */
export type XmlContent =
  | XmlNode
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'instruction'; readonly target: string; readonly text: string }

/** A document: its element, and the comments and processing instructions around it. */
export type XmlDocument = {
  readonly before: readonly XmlContent[]
  readonly root: XmlNode
  readonly after: readonly XmlContent[]
}

type OpenNode = XmlNode & { readonly children: XmlContent[] }

const NO_NAMESPACES: ReadonlyMap<string, string> = new Map()

/**
 * The document of an XML text, nothing lost but what canonical forms lose as well: line ends, CDATA marks, order of
 * attributes, the XML declaration.
 *
 * @throws {Refusal} ERR_BILL_XML when it is not well-formed.
 * @throws {SignatureError} when it has a document type, or is over a limit.
 */
export function parseXmlDocument(text: string): XmlDocument {
  if (text.length > ORIGIN_LIMITS.xmlChars) throw new SignatureError('signed file is too long')
  const parser = new SaxesParser({ xmlns: true, position: true })
  const before: XmlContent[] = []
  const after: XmlContent[] = []
  let root: OpenNode | undefined
  let open: OpenNode | undefined
  let [elements, depth] = [0, 0]
  const add = (content: XmlContent): void => {
    const list = open?.children ?? (root === undefined ? before : after)
    list.push(content)
  }
  const addText = (piece: string): void => {
    if (open !== undefined) add({ kind: 'text', text: piece })
  }

  // Named in code and not by `on`: see scanXml, where the parser would else take five times as long.
  parser['errorHandler'] = (error: Error) => {
    const message = `not well-formed: ${error.message.replace(/^\d+:\d+: /, '').slice(0, 120)}`
    throw rejection('ERR_BILL_XML', message, { line: parser.line, column: parser.column + 1 })
  }
  parser['doctypeHandler'] = () => {
    throw new SignatureError('signed file has a document type')
  }
  parser['openTagStartHandler'] = () => {
    elements += 1
    depth += 1
    if (elements > ORIGIN_LIMITS.xmlElements || depth > EXTRACTION_LIMITS.xmlDepth) {
      throw new SignatureError('signed file has too many elements, or too many inside each other')
    }
  }
  parser['openTagHandler'] = (tag: SaxesTagNS) => {
    const node = nodeOf(tag, open)
    if (open === undefined) root = node
    else add(node)
    open = node
  }
  parser['closeTagHandler'] = () => {
    depth -= 1
    open = open?.parent as OpenNode | undefined
  }
  parser['textHandler'] = addText
  parser['cdataHandler'] = addText
  parser['commentHandler'] = (comment: string) => add({ kind: 'comment', text: comment })
  parser['piHandler'] = ({ target, body }: { target: string; body: string }) =>
    add({ kind: 'instruction', target, text: body })

  parser.write(text).close()
  if (root === undefined) throw new SignatureError('signed file has no element')
  return { before, root, after }
}

function nodeOf(tag: SaxesTagNS, parent: XmlNode | undefined): OpenNode {
  const all = Object.values(tag.attributes)
  if (all.length > EXTRACTION_LIMITS.xmlAttributes) throw new SignatureError('an element has too many attributes')
  const declared = Object.entries(tag.ns ?? {}).filter(([prefix]) => prefix !== 'xml' && prefix !== 'xmlns')
  const inherited = parent?.namespaces ?? NO_NAMESPACES
  const namespaces = declared.length === 0 ? inherited : new Map([...inherited, ...declared])
  if (namespaces.size > ORIGIN_LIMITS.xmlNamespaces) throw new SignatureError('too many namespaces')
  return {
    kind: 'element',
    name: tag.name,
    prefix: tag.prefix,
    local: tag.local,
    uri: tag.uri,
    attributes: all
      .filter(({ name }) => name !== 'xmlns' && !name.startsWith('xmlns:'))
      .map(({ name, prefix, local, uri, value }) => ({ name, prefix, local, uri, value })),
    namespaces,
    parent,
    children: [],
  }
}

/** Elements directly inside. */
export function elementsOf(node: XmlNode): readonly XmlNode[] {
  return node.children.filter((child) => child.kind === 'element')
}

/** Text directly inside, all pieces joined. */
export function textOf(node: XmlNode): string {
  return node.children.map((child) => (child.kind === 'text' ? child.text : '')).join('')
}

/** Value of an attribute without prefix. */
export function attributeOf(node: XmlNode, name: string): string | undefined {
  return node.attributes.find((attribute) => attribute.name === name)?.value
}

/** The element and all inside of it that a predicate takes, in the order of the file; not those inside of taken ones. */
export function findOutermost(node: XmlNode, isWanted: (node: XmlNode) => boolean): readonly XmlNode[] {
  if (isWanted(node)) return [node]
  return elementsOf(node).flatMap((child) => findOutermost(child, isWanted))
}

/** The element and all inside of it that a predicate takes, in the order of the file. */
export function findEvery(node: XmlNode, isWanted: (node: XmlNode) => boolean): readonly XmlNode[] {
  return [...(isWanted(node) ? [node] : []), ...elementsOf(node).flatMap((child) => findEvery(child, isWanted))]
}
