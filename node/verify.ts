import { areChecksOk, skipCheck, verifyProofOffline } from '#protocol'
import type { Charter, Check, Proof } from '#protocol'
import type { Examiner } from './examiner.ts'
import { verifyBill, verifyReviewed } from './verify-bill.ts'
import type { ReviewedCheckInput } from './verify-bill.ts'
import { verifyChain } from './verify-chain.ts'

/** What to verify, and what to verify it with; the more is given, the more is checked. */
export type VerifyRequest = {
  /** Bytes of the proof file. */
  readonly proof: Uint8Array
  /** Charter of the network that the verifier trusts. */
  readonly charter: Charter
  readonly signal: AbortSignal
  /** Batch block that the proof names. */
  readonly batch?: Uint8Array
  /** The bill, as its own bytes or as its age file, with what recomputes it. */
  readonly bill?: {
    readonly bytes: Uint8Array
    readonly examiner: Pick<Examiner, 'examine'>
    /** age identities that may open a sealed bill. */
    readonly sealedIdentities?: readonly string[]
    /** Secret of the region's point tags; only auditors have it. */
    readonly regionSecret?: Uint8Array
  }
  /** What people read in a bill that extraction does not read. */
  readonly reviewed?: Pick<ReviewedCheckInput, 'entry' | 'examiner' | 'regionSecret'>
  /** JSON-RPC endpoint of the charter's chain. */
  readonly rpcUrl?: string
}

/** `ok` if no check failed; a check that was skipped says so in its line. */
export type Verification = { readonly ok: boolean; readonly checks: readonly Check[] }

/**
 * Verifies a proof: what the file and the charter show, then the bill's figures, then the chain (DESIGN 12).
 *
 * @throws {AuditError} ERR_AUDIT_TIMEOUT, ERR_AUDIT_MEMORY: recomputation gave no verdict.
 */
export async function verifyProof(request: VerifyRequest): Promise<Verification> {
  const { charter, bill, rpcUrl, signal, batch } = request
  const offline = verifyProofOffline({ proof: request.proof, charter, ...(batch === undefined ? {} : { batch }) })
  const { proof } = offline
  if (proof === undefined) return { ok: false, checks: offline.checks }
  const billChecks =
    bill === undefined
      ? [skipCheck('bill', 'the bill was not given')]
      : await verifyBill({ ...bill, charter, proof, signal })
  const chainChecks =
    rpcUrl === undefined
      ? [skipCheck('chain', 'quorum checked, chain not asked')]
      : await verifyChain({ charter, proof, rpcUrl, signal })
  const checks = [...offline.checks, ...billChecks, ...checkReviewed(request, proof), ...chainChecks]
  return { ok: areChecksOk(checks), checks }
}

/** Says of a reviewed claim what a certificate means for it; nothing for others. */
function checkReviewed({ charter, reviewed }: VerifyRequest, proof: Proof): Check[] {
  if (proof.claim.kind === 'leaf' || proof.claim.content.assurance !== 'reviewed') return []
  const count = proof.certificate.signatures.length
  const why = `reviewed by ${count} auditors, whose people each entered the same; recomputation from bytes not possible`
  return [
    skipCheck('recomputation', why),
    ...(reviewed === undefined
      ? [skipCheck('facts', 'what people read was not given')]
      : verifyReviewed({ ...reviewed, charter, proof })),
  ]
}
