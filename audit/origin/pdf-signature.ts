import { review } from '../formats/refusal.ts'
import type { Covered } from './covered.ts'
import { findPdfSignatures } from './pdf-signature-dictionaries.ts'
import type { PdfSignature } from './pdf-signature-dictionaries.ts'
import { SignatureError } from './signature-error.ts'
import type { TrustList } from './trust-list.ts'

/**
 * Signatures of a PDF: the origin and the covered bytes of the one that covers the whole file, else of the one that
 * covers most of it. Facts must be read from `covered` and from nothing else.
 *
 * @returns the signed revision, from the first byte of the file to the end of what is signed; `undefined` when the file
 * has no signature.
 * @throws {Refusal} ERR_BILL_SIGNATURE (review) when it has some and none holds.
 */
export async function verifyPdfSignatures(bytes: Uint8Array, trust: TrustList): Promise<Covered | undefined> {
  const signatures = findOrRefuse(bytes)
  if (signatures.length === 0) return undefined
  // Most bills are not signed, and the libraries for those that are take a while to load.
  const { verifyPdfSignature } = await import('./verify-pdf-signature.ts')
  const problems: { readonly message: string; readonly start: number }[] = []
  let best: Covered | undefined
  for (const signature of signatures) {
    try {
      const covered = await verifyPdfSignature(bytes, signature, trust)
      if (best === undefined || covered.covered.byteLength > best.covered.byteLength) best = covered
    } catch (thrown) {
      if (!(thrown instanceof SignatureError)) throw thrown
      problems.push({ message: thrown.message, start: signature.start })
    }
  }
  if (best !== undefined) return best
  const last = problems.at(-1)
  throw review('ERR_BILL_SIGNATURE', `signature of the PDF: ${last?.message ?? 'none holds'}`, {
    path: `signature dictionary at byte ${last?.start ?? 0}`,
  })
}

function findOrRefuse(bytes: Uint8Array): readonly PdfSignature[] {
  try {
    return findPdfSignatures(bytes)
  } catch (thrown) {
    if (!(thrown instanceof SignatureError)) throw thrown
    throw review('ERR_BILL_SIGNATURE', thrown.message, { path: 'signature dictionaries' })
  }
}
