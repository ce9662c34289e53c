import { decodeBase64 } from './base64.ts'
import { canonicalizationOf, PLAIN_FORM } from './canonical-xml.ts'
import type { Canonicalization } from './canonical-xml.ts'
import { parseCertificates } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { ORIGIN_LIMITS } from './constants.ts'
import { SignatureError } from './signature-error.ts'
import { xmlDigestOf } from './xml-methods.ts'
import type { XmlDigest } from './xml-methods.ts'
import { attributeOf, elementsOf, findEvery, textOf } from './xml-tree.ts'
import type { XmlNode } from './xml-tree.ts'

/** Namespace of XML signatures (W3C xmldsig-core1 section 1.3). */
const XMLDSIG = 'http://www.w3.org/2000/09/xmldsig#'
/** Removes the signature itself from what is signed (section 6.6.4). */
const ENVELOPED = `${XMLDSIG}enveloped-signature`
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'

/** Parts of a signature that XAdES and its national profiles sign beside the document. */
const OWN_PARTS: ReadonlySet<string> = new Set(['SignedProperties', 'KeyInfo', 'Object', 'SignatureProperties'])

/** One reference of a signature: what is digested, how, and what the digest must be. */
export type XmlReference = {
  /** The part of the signature that is meant; `undefined` for the whole document without the signature. */
  readonly part: XmlNode | undefined
  /** Of the document: processing instructions around its element count, as they do with an empty URI only. */
  readonly hasSurroundings: boolean
  readonly form: Canonicalization
  readonly digest: XmlDigest
  readonly value: Uint8Array
}

/** What a `Signature` element says, when it is of the one shape that is checked. */
export type XmlSignatureParts = {
  readonly node: XmlNode
  readonly signedInfo: XmlNode
  readonly form: Canonicalization
  readonly method: string | undefined
  readonly value: Uint8Array
  /** Exactly one of them is of the document. */
  readonly references: readonly XmlReference[]
  /** Certificates in KeyInfo, the signer's among them. */
  readonly certificates: readonly Certificate[]
  /** Further certificates that came along. */
  readonly pool: readonly Certificate[]
  /** Signed digest of the signer's certificate (XAdES SigningCertificate), when there is one. */
  readonly signerDigest: { readonly digest: XmlDigest; readonly value: Uint8Array } | undefined
}

/**
 * Reads a `Signature` element, strictly: one reference to the whole document with no other transforms than removing the
 * signature and canonicalization, and otherwise references to parts of the signature itself.
 *
 * XSLT, XPath and its filters, and references out of the file are refused: what they cover is a program's output.
 *
 * @throws {SignatureError}
 */
export function readXmlSignature(node: XmlNode, root: XmlNode): XmlSignatureParts {
  const signedInfo = onlyChild(node, 'SignedInfo')
  const [c14nMethod, method, ...references] = elementsOf(signedInfo)
  if (!isDsig(c14nMethod, 'CanonicalizationMethod') || !isDsig(method, 'SignatureMethod')) {
    throw new SignatureError('signed info does not begin with its two methods')
  }
  if (references.length > ORIGIN_LIMITS.xmlReferences || !references.every((child) => isDsig(child, 'Reference'))) {
    throw new SignatureError('signed info has something beside methods and some references')
  }
  const read = references.map((reference) => readReference(reference, node, root))
  if (read.filter(({ part }) => part === undefined).length !== 1) {
    throw new SignatureError('not exactly one reference is of the whole document')
  }
  const keyInfo = elementsOf(node).filter((child) => isDsig(child, 'KeyInfo'))
  return {
    node,
    signedInfo,
    form: formOf(c14nMethod),
    method: attributeOf(method, 'Algorithm'),
    value: bytesOfBase64(textOf(onlyChild(node, 'SignatureValue'))),
    references: read,
    certificates: certificatesOf(keyInfo, 'X509Certificate'),
    pool: certificatesOf([node], 'EncapsulatedX509Certificate'),
    signerDigest: signerDigestOf(node, read),
  }
}

/** True if an element is the named one of XML signatures. */
export function isDsig(node: XmlNode | undefined, local: string): node is XmlNode {
  return node?.uri === XMLDSIG && node.local === local
}

function readReference(reference: XmlNode, signature: XmlNode, root: XmlNode): XmlReference {
  const uri = attributeOf(reference, 'URI')
  // Without one it means what both sides have agreed on, which is nothing here.
  if (uri === undefined) throw new SignatureError('a reference says not of what it is')
  const target = uri === '' ? root : targetOf(uri, root)
  const isDocument = target === root
  if (!isDocument && !(OWN_PARTS.has(target.local) && isInside(target, signature))) {
    throw new SignatureError('a reference is of something else than the document and the signature')
  }
  return {
    part: isDocument ? undefined : target,
    hasSurroundings: uri === '',
    form: isDocument ? documentForm(reference) : partForm(reference),
    digest: xmlDigestOf(attributeOf(onlyChild(reference, 'DigestMethod'), 'Algorithm')),
    value: bytesOfBase64(textOf(onlyChild(reference, 'DigestValue'))),
  }
}

/** The only element with an identifier; a second one is the beginning of every wrapping attack. */
function targetOf(uri: string, root: XmlNode): XmlNode {
  const id = uri.slice(1)
  if (!uri.startsWith('#') || id === '') throw new SignatureError('a reference leads out of the file')
  const [target, second] = findEvery(root, ({ attributes }) =>
    attributes.some(({ local, value }) => /^(?:id|Id|ID)$/.test(local) && value === id),
  )
  if (target === undefined) throw new SignatureError('a reference leads nowhere')
  if (second !== undefined) throw new SignatureError('two elements have the identifier of a reference')
  return target
}

function isInside(node: XmlNode, outer: XmlNode): boolean {
  for (let around = node.parent; around !== undefined; around = around.parent) if (around === outer) return true
  return false
}

function documentForm(reference: XmlNode): Canonicalization {
  const [first, second, third] = transformsOf(reference)
  if (first === undefined || attributeOf(first, 'Algorithm') !== ENVELOPED || third !== undefined) {
    throw new SignatureError('transforms of the document are not the plain ones of an enveloped signature')
  }
  // Both kinds of references mean the document without comments (xmldsig-core1 section 4.4.3.3).
  const form = second === undefined ? PLAIN_FORM : formOf(second)
  return { ...form, hasComments: false }
}

function partForm(reference: XmlNode): Canonicalization {
  const [transform, second] = transformsOf(reference)
  if (second !== undefined) throw new SignatureError('transforms of a reference are not plain canonicalization')
  return { ...(transform === undefined ? PLAIN_FORM : formOf(transform)), hasComments: false }
}

function transformsOf(reference: XmlNode): readonly XmlNode[] {
  const [list, second] = elementsOf(reference).filter((child) => isDsig(child, 'Transforms'))
  if (second !== undefined) throw new SignatureError('a reference has two lists of transforms')
  return list === undefined ? [] : elementsOf(list)
}

function formOf(method: XmlNode): Canonicalization {
  const list = elementsOf(method).find(({ uri, local }) => uri === EXCLUSIVE && local === 'InclusiveNamespaces')
  return canonicalizationOf(
    attributeOf(method, 'Algorithm'),
    list === undefined ? undefined : attributeOf(list, 'PrefixList'),
  )
}

function certificatesOf(within: readonly XmlNode[], local: string): readonly Certificate[] {
  const found = within.flatMap((node) => findEvery(node, (element) => element.local === local))
  return parseCertificates(found.map((element) => bytesOfBase64(textOf(element))))
}

/** First certificate of SigningCertificate or SigningCertificateV2 (ETSI EN 319 132-1 section 5.2.2): the signer's. */
function signerDigestOf(signature: XmlNode, references: readonly XmlReference[]): XmlSignatureParts['signerDigest'] {
  const [stated] = references.flatMap(({ part }) =>
    part === undefined ? [] : findEvery(part, ({ local }) => /^SigningCertificate(?:V2)?$/.test(local)),
  )
  if (stated === undefined) return undefined
  const [certificate] = elementsOf(stated)
  const digest =
    certificate === undefined ? undefined : elementsOf(certificate).find(({ local }) => local === 'CertDigest')
  if (digest === undefined || !isInside(stated, signature)) throw new SignatureError('signing certificate is malformed')
  return {
    digest: xmlDigestOf(attributeOf(onlyChild(digest, 'DigestMethod'), 'Algorithm')),
    value: bytesOfBase64(textOf(onlyChild(digest, 'DigestValue'))),
  }
}

function onlyChild(node: XmlNode, local: string): XmlNode {
  const [child, second] = elementsOf(node).filter((element) => isDsig(element, local))
  if (child === undefined || second !== undefined) throw new SignatureError(`not exactly one ${local}`)
  return child
}

function bytesOfBase64(text: string): Uint8Array {
  const bytes = decodeBase64(text.replaceAll(/[ \t\r\n]/g, ''))
  if (bytes === undefined) throw new SignatureError('a value of the signature is not base64')
  return bytes
}
