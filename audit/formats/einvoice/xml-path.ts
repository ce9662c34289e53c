import type { FilePlace } from '#protocol'
import { rejection, review } from '../refusal.ts'
import { placeOf, trimXml } from '../xml-reader.ts'
import type { XmlElement } from '../xml-reader.ts'
import type { Printed, PrintedQuantity } from './model.ts'

/** Namespaces whose elements a document may have; the empty text is "no namespace". */
export type Namespaces = ReadonlySet<string>

/**
 * Reads elements by name inside one document: an element that has a name of the format and a foreign namespace is a
 * trap for one of its two readers, and a single element that stands twice leaves a choice that nobody may make.
 */
export class XmlPath {
  readonly #namespaces: Namespaces

  constructor(namespaces: Namespaces) {
    this.#namespaces = namespaces
  }

  /** All children of a name. @throws {Refusal} ERR_BILL_NAMESPACE. */
  all(parent: XmlElement | undefined, local: string): readonly XmlElement[] {
    if (parent === undefined) return []
    const found = parent.children.filter((child) => child.local === local)
    const foreign = found.find(({ uri }) => !this.#namespaces.has(uri))
    if (foreign !== undefined) {
      const message = `<${local}> has the namespace ${JSON.stringify(foreign.uri.slice(0, 80))}, which is not the format's`
      throw rejection('ERR_BILL_NAMESPACE', message, placeOf(foreign))
    }
    return found
  }

  /** The child of a name. @throws {Refusal} ERR_BILL_NAMESPACE, ERR_BILL_UNSTATED when there are several. */
  one(parent: XmlElement | undefined, local: string): XmlElement | undefined {
    const [first, second] = this.all(parent, local)
    if (second === undefined) return first
    throw review('ERR_BILL_UNSTATED', `<${local}> stands twice in <${parent?.local ?? ''}>`, placeOf(second))
  }

  /** The element at the end of a path of single elements. @throws {Refusal} as {@link one}. */
  at(parent: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
    return path.reduce<XmlElement | undefined>((element, local) => this.one(element, local), parent)
  }

  /** Text at the end of a path; `undefined` when it is missing or empty. @throws {Refusal} as {@link one}. */
  text(parent: XmlElement | undefined, ...path: readonly string[]): string | undefined {
    return textOf(this.at(parent, ...path))
  }

  /** Texts of all children of a name, empty ones left out. @throws {Refusal} ERR_BILL_NAMESPACE. */
  texts(parent: XmlElement | undefined, local: string): readonly string[] {
    return this.all(parent, local)
      .map(textOf)
      .filter((text) => text !== undefined)
  }

  /** Text with its place at the end of a path. @throws {Refusal} as {@link one}. */
  printed(parent: XmlElement | undefined, ...path: readonly string[]): Printed | undefined {
    return printedOf(this.at(parent, ...path))
  }

  /** Quantity with its `unitCode` at the end of a path. @throws {Refusal} as {@link one}. */
  quantity(parent: XmlElement | undefined, ...path: readonly string[]): PrintedQuantity | undefined {
    return quantityOf(this.at(parent, ...path))
  }
}

/** Trimmed text of an element; `undefined` when it is missing or empty. */
export function textOf(element: XmlElement | undefined): string | undefined {
  const text = element === undefined ? '' : trimXml(element.text)
  return text === '' ? undefined : text
}

/** Text of an element with its place. */
export function printedOf(element: XmlElement | undefined): Printed | undefined {
  const text = textOf(element)
  return element === undefined || text === undefined ? undefined : { text, place: placeOf(element) }
}

/** Quantity of an element with its attribute `unitCode`. */
function quantityOf(element: XmlElement | undefined): PrintedQuantity | undefined {
  const printed = printedOf(element)
  return printed === undefined ? undefined : { ...printed, unitCode: element?.attributes.get('unitCode') ?? '' }
}

/** Place of an element, named with the number of the line it belongs to. */
export function placeInLine(element: XmlElement, lineId: string | undefined): FilePlace {
  const place = placeOf(element)
  return lineId === undefined ? place : { ...place, path: `${place.path} ${lineId.slice(0, 40)}` }
}
