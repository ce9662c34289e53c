import { review } from '../formats/refusal.ts'
import { checkSigner, ID_DATA, readCms } from './cms.ts'
import type { Cms } from './cms.ts'
import type { Covered } from './covered.ts'
import { judgeSigner } from './judge-signer.ts'
import type { SignerOrigin } from './judge-signer.ts'
import { SignatureError } from './signature-error.ts'
import { findSigningTime } from './time-stamp.ts'
import type { TrustList } from './trust-list.ts'

/** What may follow an envelope in a file: mailers and editors end files with a line, block devices with zeros. */
const FILLERS = [0x00, 0x0a, 0x0d, 0x20]

/**
 * The file inside a CMS envelope (CAdES, `.p7m`) whose signatures all hold; with several signers the origin is that of
 * the first one who is trusted, else of the first.
 *
 * @param bytes DER or BER.
 * @throws {Refusal} ERR_BILL_SIGNATURE (review) when a signature does not hold, or the file is not inside.
 */
export async function verifyCmsEnvelope(bytes: Uint8Array, trust: TrustList): Promise<Covered> {
  try {
    return await openEnvelope(readCms(bytes, FILLERS), trust)
  } catch (thrown) {
    if (!(thrown instanceof SignatureError)) throw thrown
    throw review('ERR_BILL_SIGNATURE', `signature of the envelope: ${thrown.message}`, { path: 'SignedData' })
  }
}

async function openEnvelope(cms: Cms, trust: TrustList): Promise<Covered> {
  const { content, contentType, certificates } = cms
  if (content === undefined) throw new SignatureError('the signed file is not inside of it')
  if (contentType !== ID_DATA) throw new SignatureError(`content of type ${contentType} is not a file`)
  const authorities = trust.timestampAuthorities ?? new Set<string>()
  const origins: SignerOrigin[] = []
  for (const signer of cms.signers) {
    const checked = await checkSigner(cms, signer, content)
    const at = await findSigningTime(checked, certificates, authorities)
    origins.push(await judgeSigner({ ...checked, pool: certificates, at }, trust))
  }
  const origin = origins.find(({ isTrusted }) => isTrusted) ?? origins[0]
  if (origin === undefined) throw new SignatureError('nobody signed')
  return { origin: { kind: 'cms', covers: 'all', ...origin }, covered: content }
}
