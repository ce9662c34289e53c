import { review } from '../formats/refusal.ts'
import type { Covered } from './covered.ts'
import { SignatureError } from './signature-error.ts'
import type { TrustList } from './trust-list.ts'

/** A signed XML document as it was signed. */
export type CoveredXml = Covered & {
  /** Canonical text of the document without the signature; `covered` is its UTF-8. */
  readonly text: string
}

/** Every signed file has this in it, since it is the name that a signature is known by. */
const MARK = 'http://www.w3.org/2000/09/xmldsig#'

/**
 * Enveloped signatures of an XML document (XML-DSig, XAdES). With several, the first that holds counts: each covers the
 * document with all others, so that only the one that was made last can.
 *
 * Facts must be read from what is returned: the very text that the signer's digest was computed of, whatever the file
 * around it looks like.
 *
 * @param text strict UTF-8 text without byte order mark.
 * @returns `undefined` when the document has no signature.
 * @throws {Refusal} ERR_BILL_SIGNATURE (review) when it has some and none holds.
 */
export async function verifyXmlSignature(text: string, trust: TrustList): Promise<CoveredXml | undefined> {
  if (!text.includes(MARK)) return undefined
  // Most bills are not signed, and the libraries for those that are take a while to load.
  const { verifyXmlDocument } = await import('./verify-xml-document.ts')
  try {
    return await verifyXmlDocument(text, trust)
  } catch (thrown) {
    if (!(thrown instanceof SignatureError)) throw thrown
    throw review('ERR_BILL_SIGNATURE', `signature of the document: ${thrown.message}`, { path: 'Signature' })
  }
}
