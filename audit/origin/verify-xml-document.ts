import { equalBytes, utf8 } from '#protocol'
import { canonicalDocument, canonicalElement } from './canonical-xml.ts'
import type { Certificate } from './certificate.ts'
import { ORIGIN_LIMITS } from './constants.ts'
import { judgeSigner } from './judge-signer.ts'
import { SignatureError } from './signature-error.ts'
import type { Strength } from './strength.ts'
import type { TrustList } from './trust-list.ts'
import { digestOf } from './verify-key.ts'
import { verifyXmlMethod } from './xml-methods.ts'
import { isDsig, readXmlSignature } from './xml-signature-parts.ts'
import type { XmlReference, XmlSignatureParts } from './xml-signature-parts.ts'
import type { CoveredXml } from './xml-signature.ts'
import { findOutermost, parseXmlDocument } from './xml-tree.ts'
import type { XmlDocument } from './xml-tree.ts'

/**
 * The document of a text as the first of its signatures that holds covers it; `undefined` when it has none.
 *
 * @throws {SignatureError} when none of them holds.
 */
export async function verifyXmlDocument(text: string, trust: TrustList): Promise<CoveredXml | undefined> {
  const document = parseXmlDocument(text)
  // Signatures inside of signatures countersign these, and say nothing of the document.
  const signatures = findOutermost(document.root, (node) => isDsig(node, 'Signature'))
  if (signatures.length > ORIGIN_LIMITS.xmlSignatures) throw new SignatureError('file has too many signatures')
  let problem: SignatureError | undefined
  for (const node of signatures) {
    try {
      if (node === document.root) throw new SignatureError('a signature around a document is not opened')
      return await verifyOne(document, readXmlSignature(node, document.root), trust)
    } catch (thrown) {
      if (!(thrown instanceof SignatureError)) throw thrown
      problem = thrown
    }
  }
  if (problem !== undefined) throw problem
  return undefined
}

/** First the signature over the references, then what they refer to (xmldsig-core1 section 3.2, the other way round). */
async function verifyOne(document: XmlDocument, parts: XmlSignatureParts, trust: TrustList): Promise<CoveredXml> {
  const { certificate, strength } = await findSigner(parts)
  let covered: string | undefined
  for (const reference of parts.references) {
    const text = textOf(document, parts, reference)
    if (!equalBytes(await digestOf(reference.digest.name, utf8(text)), reference.value)) {
      throw new SignatureError('digest of the signed text is another one')
    }
    if (reference.part === undefined) covered = text
  }
  if (covered === undefined) throw new SignatureError('the document is not signed')
  await checkSignerDigest(parts, certificate)
  const isStrong = strength === 'strong' && parts.references.every(({ digest }) => digest.strength === 'strong')
  const origin = await judgeSigner(
    {
      certificate,
      strength: isStrong ? 'strong' : 'weak',
      pool: [...parts.certificates, ...parts.pool],
      at: undefined,
    },
    trust,
  )
  return { origin: { kind: 'xml-signature', covers: 'all', ...origin }, covered: utf8(covered), text: covered }
}

/** The certificate in KeyInfo whose key the signature holds with; the order there is free. */
async function findSigner(parts: XmlSignatureParts): Promise<{ certificate: Certificate; strength: Strength }> {
  if (parts.certificates.length === 0) throw new SignatureError('certificate of the signer is not in the file')
  const signed = utf8(canonicalElement(parts.signedInfo, parts.form))
  for (const certificate of parts.certificates) {
    const { method, value } = parts
    const strength = await verifyXmlMethod({ method, signed, value, keyInfo: certificate.keyInfo })
    if (strength !== undefined) return { certificate, strength }
  }
  throw new SignatureError('signature does not hold')
}

function textOf(document: XmlDocument, { node }: XmlSignatureParts, reference: XmlReference): string {
  const { part, form, hasSurroundings } = reference
  if (part !== undefined) return canonicalElement(part, form)
  return hasSurroundings ? canonicalDocument(document, node, form) : canonicalElement(document.root, form, node)
}

async function checkSignerDigest({ signerDigest }: XmlSignatureParts, certificate: Certificate): Promise<void> {
  if (signerDigest === undefined) return
  if (!equalBytes(signerDigest.value, await digestOf(signerDigest.digest.name, certificate.der))) {
    throw new SignatureError('signer signed that another certificate is its own')
  }
}
