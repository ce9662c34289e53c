import { orderTexts } from '../formats/order-texts.ts'
import { SignatureError } from './signature-error.ts'
import type { XmlAttribute, XmlContent, XmlDocument, XmlNode } from './xml-tree.ts'

const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'

/** Ways of canonicalization by their names in signatures. */
const METHODS = {
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315': { kind: '1.0', hasComments: false },
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments': { kind: '1.0', hasComments: true },
  'http://www.w3.org/2006/12/xml-c14n11': { kind: '1.1', hasComments: false },
  'http://www.w3.org/2006/12/xml-c14n11#WithComments': { kind: '1.1', hasComments: true },
  'http://www.w3.org/2001/10/xml-exc-c14n#': { kind: 'exclusive', hasComments: false },
  'http://www.w3.org/2001/10/xml-exc-c14n#WithComments': { kind: 'exclusive', hasComments: true },
} as const

/** How a canonical text is made. */
export type Canonicalization = {
  /** Canonical XML 1.0 or 1.1 (inclusive), or Exclusive XML Canonicalization 1.0. */
  readonly kind: '1.0' | '1.1' | 'exclusive'
  readonly hasComments: boolean
  /** Prefixes that the exclusive form treats as the inclusive one does; the default namespace is the empty text. */
  readonly prefixes: ReadonlySet<string>
}

const NOTHING_WRITTEN: ReadonlyMap<string, string> = new Map()

/** The form that a transform without canonicalization ends in (xmldsig-core1 section 4.4.3.2). */
export const PLAIN_FORM: Canonicalization = { kind: '1.0', hasComments: false, prefixes: new Set() }

/**
 * Canonicalization of a method's name, and of the prefix list inside of the method's element.
 *
 * @throws {SignatureError} for one that is not checked.
 */
export function canonicalizationOf(uri: string | undefined, prefixList: string | undefined): Canonicalization {
  const method = Object.entries(METHODS).find(([name]) => name === uri)?.[1]
  if (method === undefined) throw new SignatureError('canonicalization is not one that is checked')
  const words = (prefixList ?? '').split(/[ \t\r\n]+/).filter((word) => word !== '')
  return { ...method, prefixes: new Set(words.map((word) => (word === '#default' ? '' : word))) }
}

/** Canonical text of a whole document without one element, which is how an enveloped signature sees it. */
export function canonicalDocument(document: XmlDocument, omitted: XmlNode, form: Canonicalization): string {
  const writer = new CanonicalWriter(form, omitted)
  for (const content of document.before) writer.writeAround(content, 'before')
  writer.writeElement(document.root, NOTHING_WRITTEN)
  for (const content of document.after) writer.writeAround(content, 'after')
  return writer.text
}

/** Canonical text of one element of a document, without another one inside of it. */
export function canonicalElement(node: XmlNode, form: Canonicalization, omitted?: XmlNode): string {
  const writer = new CanonicalWriter(form, omitted)
  writer.writeElement(node, NOTHING_WRITTEN, inheritedAttributes(node, form))
  return writer.text
}

class CanonicalWriter {
  readonly #form: Canonicalization
  readonly #omitted: XmlNode | undefined
  readonly #pieces: string[] = []

  constructor(form: Canonicalization, omitted: XmlNode | undefined) {
    this.#form = form
    this.#omitted = omitted
  }

  get text(): string {
    return this.#pieces.join('')
  }

  /** Comments and processing instructions outside of the document element are lines of their own. */
  writeAround(content: XmlContent, where: 'before' | 'after'): void {
    const isWritten = content.kind === 'instruction' || (content.kind === 'comment' && this.#form.hasComments)
    if (!isWritten) return
    if (where === 'after') this.#pieces.push('\n')
    this.#writeContent(content, NOTHING_WRITTEN)
    if (where === 'before') this.#pieces.push('\n')
  }

  /** @param rendered namespaces that the elements around it have written, by prefix. */
  writeElement(node: XmlNode, rendered: ReadonlyMap<string, string>, inherited: readonly XmlAttribute[] = []): void {
    if (node === this.#omitted) return
    const declarations = this.#declarationsOf(node, rendered)
    const attributes = [...node.attributes, ...inherited].toSorted(orderAttributes)
    this.#pieces.push('<', node.name)
    for (const [prefix, uri] of declarations) {
      this.#pieces.push(prefix === '' ? ' xmlns="' : ` xmlns:${prefix}="`, escapeAttribute(uri), '"')
    }
    for (const { name, value } of attributes) this.#pieces.push(' ', name, '="', escapeAttribute(value), '"')
    this.#pieces.push('>')
    const isKept = declarations.length === 0 && rendered !== NOTHING_WRITTEN
    const inside = isKept ? rendered : new Map([...rendered, ...declarations])
    for (const child of node.children) this.#writeContent(child, inside)
    this.#pieces.push('</', node.name, '>')
  }

  #writeContent(content: XmlContent, rendered: ReadonlyMap<string, string>): void {
    switch (content.kind) {
      case 'element':
        return this.writeElement(content, rendered)
      case 'text':
        this.#pieces.push(escapeText(content.text))
        return
      case 'comment':
        if (this.#form.hasComments) this.#pieces.push('<!--', escapeReturns(content.text), '-->')
        return
      case 'instruction':
        this.#pieces.push('<?', content.target, content.text === '' ? '' : ` ${escapeReturns(content.text)}`, '?>')
        return
      default:
        content satisfies never
    }
  }

  /** Namespaces that are written on an element: those that matter to it and that nothing around it has written already. */
  #declarationsOf(node: XmlNode, rendered: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
    const { kind, prefixes } = this.#form
    // What is around an element in an inclusive form has written all that was in scope there.
    if (kind !== 'exclusive' && rendered !== NOTHING_WRITTEN && node.namespaces === node.parent?.namespaces) return []
    const found = new Map<string, string>()
    for (const prefix of kind === 'exclusive' ? usedPrefixes(node, prefixes) : [...node.namespaces.keys(), '']) {
      const uri = node.namespaces.get(prefix)
      // Where there is no default namespace, one that is written around has to be taken back.
      const isDeclared = uri !== undefined || prefix === ''
      if (isDeclared && (rendered.get(prefix) ?? '') !== (uri ?? '')) found.set(prefix, uri ?? '')
    }
    return found.size < 2 ? [...found] : [...found].toSorted(([a], [b]) => orderTexts(a, b))
  }
}

/** Prefixes that an element visibly uses (xml-exc-c14n section 1.1), and those of the list. */
function usedPrefixes(node: XmlNode, listed: ReadonlySet<string>): readonly string[] {
  const used = [node.prefix, ...listed]
  // Attributes without a prefix have no namespace, not even the default one.
  for (const { prefix } of node.attributes) if (prefix !== '') used.push(prefix)
  return used
}

/**
 * Attributes of the namespace `xml` that an element taken out of its document keeps from those around it, in the
 * inclusive forms: all in 1.0, in 1.1 no `xml:id`, and `xml:base` joined, which is refused here.
 */
function inheritedAttributes(node: XmlNode, form: Canonicalization): readonly XmlAttribute[] {
  if (form.kind === 'exclusive') return []
  const found = new Map<string, XmlAttribute>()
  for (let around = node.parent; around !== undefined; around = around.parent) {
    for (const attribute of around.attributes) {
      if (attribute.uri !== XML_NAMESPACE || (form.kind === '1.1' && attribute.local === 'id')) continue
      if (form.kind === '1.1' && attribute.local === 'base') throw new SignatureError('xml:base is not joined')
      const isOwn = node.attributes.some(({ uri, local }) => uri === XML_NAMESPACE && local === attribute.local)
      if (!isOwn && !found.has(attribute.local)) found.set(attribute.local, attribute)
    }
  }
  return [...found.values()]
}

/** By namespace, those without one first, then by name (xml-c14n section 2.2). */
function orderAttributes(a: XmlAttribute, b: XmlAttribute): number {
  return orderTexts(a.uri, b.uri) || orderTexts(a.local, b.local)
}

function escapeText(text: string): string {
  return escapeReturns(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'))
}

function escapeReturns(text: string): string {
  return text.replaceAll('\r', '&#xD;')
}

function escapeAttribute(text: string): string {
  return escapeReturns(
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('"', '&quot;')
      .replaceAll('\t', '&#x9;')
      .replaceAll('\n', '&#xA;'),
  )
}
