import { decodeProof, makeCheck, failCheck, verifyProofOffline } from '#protocol'
import type { Charter, Check, Claim, Proof } from '#protocol'
import type { Examined } from '../../examiner.ts'
import { compareWithClaim } from '../../verify-bill.ts'
import { CliError } from '../cli-error.ts'
import type { ApiClient } from '../client.ts'

/** What a node shows of a bill's claim: its proof, or why there is none to compare with. */
export type ShownClaim =
  | { readonly kind: 'claim'; readonly claim: Claim; readonly checks: readonly Check[] }
  | { readonly kind: 'none'; readonly why: string }

/** Whether the figure that the committee certified is the one that is explained. */
export type Certified = { readonly equal: boolean; readonly checks: readonly Check[] }

/**
 * Fetches the claim of a bill.
 *
 * @param servedCid CID of the file that the node served under `cid`.
 * @param charter if given, votes and signatures are checked; else the node is believed.
 * @throws {CliError} ERR_CLI_REFUSED, ERR_CLI_UNREACHABLE
 */
export async function fetchClaim(
  client: ApiClient,
  { cid, servedCid }: { readonly cid: string; readonly servedCid: string },
  ordinal: number,
  charter: Charter | undefined,
): Promise<ShownClaim> {
  let bytes: Uint8Array
  try {
    bytes = await client.readProof(cid, ordinal)
  } catch (thrown) {
    if (!(thrown instanceof CliError) || !('remote' in thrown.details)) throw thrown
    if (thrown.details.remote !== 'ERR_API_PROOF_PENDING') throw thrown
    return { kind: 'none', why: thrown.message }
  }
  const proof = decodeProof(bytes)
  if (proof.claim.kind === 'leaf') return { kind: 'none', why: 'the node shows its claim to its holder only' }
  const checks = [checkAsked(proof, cid, ordinal), checkServed(proof, servedCid)]
  if (charter !== undefined) checks.push(...verifyProofOffline({ proof: bytes, charter }).checks)
  return { kind: 'claim', claim: proof.claim.content, checks }
}

/** A node may answer with the good proof of another bill. */
function checkAsked(proof: Proof, cid: string, ordinal: number): Check {
  return makeCheck('cid', () => {
    const found = proof.bill.cid.toString()
    const position = proof.claim.kind === 'full' ? proof.claim.content.ordinal : ordinal
    if (found !== cid) return failCheck(`the proof is for ${found}, not for ${cid}`)
    if (position !== ordinal) return failCheck(`the proof is for bill ${position} of the file, not for ${ordinal}`)
    return `the proof is for ${cid}`
  })
}

/** Only a sealed bill may be served as another file: opened, for one whose key may read it. Its hash is in the claim. */
function checkServed(proof: Proof, servedCid: string): Check {
  return makeCheck('file', () => {
    if (servedCid === proof.bill.cid.toString()) return 'the file has the CID of the proof'
    if (proof.bill.visibility !== 'sealed') return failCheck(`the file has the CID ${servedCid}`)
    return 'the file is the opened one of a sealed bill; its hash is compared with the claim'
  })
}

/** Compares what a node shows with a bill that was examined here. */
export function compareCertified(shown: ShownClaim, plainHash: Uint8Array, examined: Examined): Certified {
  if (shown.kind === 'none') return { equal: false, checks: [{ name: 'certified', ok: false, detail: shown.why }] }
  const checks = [...shown.checks, ...compareWithClaim(shown.claim, plainHash, examined)]
  return { equal: checks.every(({ ok }) => ok), checks }
}
