import { EXTRACTION_LIMITS } from './limits.ts'
import { rejection } from './refusal.ts'
import { MAX_QUOTED_CHARS, scanXml } from './xml-scan.ts'
import type { XmlSink, XmlTag } from './xml-scan.ts'

/** One element of a parsed file. */
export type XmlElement = {
  /** Name without prefix. */
  readonly local: string
  /** Namespace, or the empty string. */
  readonly uri: string
  /** Attributes without a prefix. */
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** Text directly inside, all pieces joined; blanks before its first other character may be missing. */
  readonly text: string
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

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map()
/** Most elements have no child: they share one list, which is replaced before the first child goes in. */
const NO_CHILDREN: XmlElement[] = []

/** An element that is being read. */
class OpenElement implements XmlElement {
  readonly local: string
  readonly uri: string
  readonly attributes: ReadonlyMap<string, string>
  readonly line: number
  readonly column: number
  readonly isTextSkipped: boolean
  children: XmlElement[] = NO_CHILDREN
  text = ''

  constructor(tag: XmlTag, line: number, column: number, skipText: XmlInit['skipText']) {
    this.local = tag.local
    this.uri = tag.uri
    this.attributes = attributesOf(tag)
    this.line = line
    this.column = column
    this.isTextSkipped = skipText?.(this) === true
  }

  append(child: XmlElement): void {
    if (this.children === NO_CHILDREN) this.children = [child]
    else this.children.push(child)
  }

  addText(piece: string): void {
    // Indentation between tags is most of the text of a file, and none of its meaning.
    if (this.isTextSkipped || (this.text === '' && isBlankText(piece))) return
    if (this.text.length + piece.length > EXTRACTION_LIMITS.textChars) {
      const message = `text of <${this.local.slice(0, MAX_QUOTED_CHARS)}> is too long`
      throw rejection('ERR_BILL_TOO_LARGE', message, placeOf(this))
    }
    this.text += piece
  }
}

/** Builds the tree of what it is told; may stand behind another sink that takes parts of the file for itself. */
export class XmlTree implements XmlSink {
  readonly #init: XmlInit
  readonly #open: OpenElement[] = []
  #top: OpenElement | undefined
  #root: XmlElement | undefined

  constructor(init: XmlInit = {}) {
    this.#init = init
  }

  /** The first element, complete when the whole file was read. */
  get root(): XmlElement | undefined {
    return this.#root
  }

  /** The innermost element that is open. */
  get current(): XmlElement | undefined {
    return this.#top
  }

  open(tag: XmlTag, line: number, column: number): void {
    const element = new OpenElement(tag, line, column, this.#init.skipText)
    if (this.#root === undefined) {
      this.#init.checkRoot?.(element)
      this.#root = element
    }
    this.#open.push(element)
    this.#top = element
  }

  text(piece: string): void {
    this.#top?.addText(piece)
  }

  close(): void {
    const element = this.#open.pop()
    const parent = this.#open.at(-1)
    this.#top = parent
    if (element !== undefined && (this.#init.keep?.(element, parent) ?? true)) parent?.append(element)
  }
}

/**
 * Tree of a well-formed XML text, namespaces resolved.
 *
 * @throws {Refusal} as {@link scanXml}, and ERR_BILL_TOO_LARGE for a text over its limit.
 */
export function parseXml(text: string, init: XmlInit = {}): XmlElement {
  const tree = new XmlTree(init)
  scanXml(text, tree)
  if (tree.root === undefined) throw rejection('ERR_BILL_XML', 'file has no element', { line: 1, column: 1 })
  return tree.root
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

function attributesOf({ attributes }: XmlTag): ReadonlyMap<string, string> {
  let found: Map<string, string> | undefined
  // The record has no prototype, so that an attribute may have any name.
  for (const name in attributes) {
    const attribute = attributes[name]
    if (attribute?.prefix === '') (found ??= new Map()).set(attribute.local, attribute.value)
  }
  return found ?? NO_ATTRIBUTES
}

/** Text without XML blanks at both ends (space, tab, line ends; nothing else). */
export function trimXml(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isBlankText(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (!isBlank(text.charCodeAt(at))) return false
  return true
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}

/** Line and column of an element, with its name. */
export function placeOf(element: XmlElement): { line: number; column: number; path: string } {
  return { line: element.line, column: element.column, path: element.local.slice(0, MAX_QUOTED_CHARS) }
}
