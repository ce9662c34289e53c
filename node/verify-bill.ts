import { RULES_VERSION } from '#audit'
import { equalBytes, failCheck, findRegion, formatCivilDate, makeCheck, sha256, skipCheck, toHex } from '#protocol'
import type { Charter, Check, Claim, Proof, ReviewEntry } from '#protocol'
import { isAgeFile, SealingError, unseal } from '#storage'
import { computeBillCid } from './bill-cid.ts'
import { buildClaim, findExamined } from './examiner.ts'
import type { Examination, Examined, Examiner } from './examiner.ts'
import { hashFile } from './hash-file.ts'

/** What a bill is checked with. */
export type BillCheckInput = {
  readonly charter: Charter
  readonly proof: Proof
  /** The bill's own bytes, or its age file. */
  readonly bytes: Uint8Array
  /** age identities that may open a sealed bill: the holder's, a verifier's that it was disclosed to, or the region's. */
  readonly sealedIdentities?: readonly string[]
  /** Secret of the region's point tags; only auditors have it. */
  readonly regionSecret?: Uint8Array
  /** Extraction and rules; a bill is untrusted input, so that this should run in the sandbox. */
  readonly examiner: Pick<Examiner, 'examine'>
  readonly signal: AbortSignal
}

/** Names of the lines that compare figures without the region's secret, in order. */
const FIGURE_CHECKS = ['facts', 'derivation', 'period', 'energy', 'grams', 'place', 'origin'] as const

/** Point tags made without the region's secret are never compared; any value does. */
const NO_SECRET = new Uint8Array(32)

/**
 * Checks a bill against a proof: its CID, its hash, and every figure, by extraction and rules run again.
 *
 * Lines, in this order: `bill-cid`, `bill-hash`, `rules`, `recomputation`, `facts`, `derivation`, `period`, `energy`,
 * `grams`, `place`, `origin`, `point-tag`. What depends on a line that failed or was skipped is absent.
 *
 * @throws {AuditError} ERR_AUDIT_TIMEOUT, ERR_AUDIT_MEMORY: no verdict on the bill.
 */
export async function verifyBill(input: BillCheckInput): Promise<Check[]> {
  const { proof, bytes: bill, sealedIdentities } = input
  const isSealed = isAgeFile(bill)
  const checks = [await checkCid(proof, bill, isSealed)]
  if (proof.claim.kind === 'leaf') return [...checks, skipCheck('recomputation', 'the claim is not disclosed')]
  if (isSealed && sealedIdentities === undefined) {
    return [...checks, skipCheck('recomputation', 'the bill is sealed and no key was given')]
  }
  const plain = isSealed && sealedIdentities !== undefined ? await open(bill, sealedIdentities) : bill
  if (!(plain instanceof Uint8Array)) return [...checks, plain]
  const plainHash = hashFile(plain)
  const claim = proof.claim.content
  checks.push(
    makeCheck('bill-hash', () => same('hash of the bill', toHex(claim.plainHash), toHex(plainHash))),
    makeCheck('rules', () => checkRules(input.charter, claim)),
  )
  // Nothing to compute from these bytes: people read them. `verifyReviewed` says so, and checks what they read.
  if (claim.assurance === 'reviewed' || checks.some((check) => !check.ok)) return checks
  const examination = await input.examiner.examine(plain, plainHash, claim.declaredPlace, input.signal)
  return [...checks, ...compareFigures(input, claim, examination)]
}

async function open(sealed: Uint8Array, identities: readonly string[]): Promise<Uint8Array | Check> {
  try {
    return await unseal(sealed, identities)
  } catch (thrown) {
    if (thrown instanceof SealingError) return { name: 'bill-hash', ok: false, detail: thrown.message }
    throw thrown
  }
}

async function checkCid(proof: Proof, bill: Uint8Array, isSealed: boolean): Promise<Check> {
  if (proof.bill.visibility === 'sealed' && !isSealed) {
    return skipCheck('bill-cid', 'the CID is that of the sealed file, and the opened bill was given')
  }
  const cid = await computeBillCid(bill)
  return makeCheck('bill-cid', () => same('CID of the bill', proof.bill.cid.toString(), cid.toString()))
}

function checkRules(charter: Charter, claim: Claim): string {
  same('rules of the claim', charter.rules.version, claim.rules)
  return same('rules of this program', claim.rules, RULES_VERSION)
}

function compareFigures(input: BillCheckInput, claim: Claim, examination: Examination): Check[] {
  if (examination.kind === 'refused') {
    const { code, message } = examination.reason
    return [makeCheck('recomputation', () => failCheck(`the bill gives no figures: ${code}, ${message}`))]
  }
  const examined = findExamined(examination, claim.ordinal)
  if (examined === undefined) {
    return [
      makeCheck('recomputation', () =>
        failCheck(`the file has no bill ${claim.ordinal} that can be claimed (bills count from 0)`),
      ),
    ]
  }
  const ours = recomputeClaim(claim, examined, input.regionSecret)
  return [
    {
      name: 'recomputation',
      ok: true,
      detail: `extraction and ${RULES_VERSION} gave figures for bill ${claim.ordinal} of the file`,
    },
    ...compareClaims(claim, ours),
    checkPointTag(input, claim, ours),
  ]
}

/** What people read in a bill, and what its figures are computed with. */
export type ReviewedCheckInput = {
  readonly charter: Charter
  readonly proof: Proof
  readonly entry: ReviewEntry
  readonly examiner: Pick<Examiner, 'examineReviewed'>
  readonly regionSecret?: Uint8Array
}

/**
 * Checks the figures of a reviewed claim by the facts that people read, where they are disclosed. That these facts are in
 * the bill is what its auditors signed; only a person who reads it can check that.
 *
 * Lines: `facts`, `derivation`, `period`, `energy`, `grams`, `place`, `origin`, `supersedes` where a claim is replaced, `point-tag`.
 */
export function verifyReviewed(input: ReviewedCheckInput): Check[] {
  const { proof, entry, examiner } = input
  if (proof.claim.kind === 'leaf') return [skipCheck('facts', 'the claim is not disclosed')]
  const { content: claim } = proof.claim
  const examination = examiner.examineReviewed(entry)
  const examined = examination.kind === 'facts' ? findExamined(examination, claim.ordinal) : undefined
  if (examined === undefined) return [makeCheck('facts', () => failCheck('the given facts have no such claim'))]
  const ours = recomputeClaim(claim, examined, input.regionSecret)
  const replaced = [claim, ours].map(({ supersedes }) => (supersedes === undefined ? 'no claim' : toHex(supersedes)))
  return [
    ...compareClaims(claim, ours),
    ...(replaced.every((claimId) => claimId === 'no claim')
      ? []
      : [makeCheck('supersedes', () => same('claim that this one replaces', replaced[0] ?? '', replaced[1] ?? ''))]),
    checkPointTag(input, claim, ours),
  ]
}

function recomputeClaim(claim: Claim, examined: Examined, regionSecret: Uint8Array = NO_SECRET): Claim {
  const { bill, plainHash, ordinal, declaredPlace, holder, salt } = claim
  const parts = { bill, plainHash, ordinal, holder, salt, ...(declaredPlace === undefined ? {} : { declaredPlace }) }
  return buildClaim({ regionSecret }, parts, examined)
}

function compareClaims(claim: Claim, ours: Claim): Check[] {
  const texts = { claimed: describeFigures(claim), found: describeFigures(ours) }
  return FIGURE_CHECKS.map((name) => makeCheck(name, () => same(name, texts.claimed[name], texts.found[name])))
}

/**
 * Compares a certified claim with a bill that was examined here: rules, the file's hash, and every figure.
 *
 * Lines: `bill-hash`, `rules`, `facts`, `derivation`, `period`, `energy`, `grams`, `place`, `origin`.
 */
export function compareWithClaim(claim: Claim, plainHash: Uint8Array, examined: Examined): Check[] {
  return [
    makeCheck('bill-hash', () => same('hash of the bill', toHex(claim.plainHash), toHex(plainHash))),
    makeCheck('rules', () => same('rules of this program', claim.rules, RULES_VERSION)),
    ...compareClaims(claim, recomputeClaim(claim, examined)),
  ]
}

function describeFigures(claim: Claim): Record<(typeof FIGURE_CHECKS)[number], string> {
  const { energyWh, gramsLocation, gramsMarket, declaredPlace, assurance } = claim
  return {
    facts: toHex(claim.factsHash),
    derivation: toHex(claim.derivationHash),
    period: `${formatCivilDate(claim.startDay)} up to ${formatCivilDate(claim.endDay)}`,
    energy: energyWh.d === '1' ? `${energyWh.n} Wh` : `${energyWh.n}/${energyWh.d} Wh`,
    grams: `${gramsLocation} g CO2e${gramsMarket === undefined ? '' : `, market-based ${gramsMarket} g`}`,
    place: [assurance, ...(declaredPlace === undefined ? [] : [JSON.stringify(declaredPlace)])].join(' '),
    origin: claim.origin,
  }
}

function checkPointTag(
  { charter, proof, regionSecret }: Pick<BillCheckInput, 'charter' | 'proof' | 'regionSecret'>,
  claim: Claim,
  ours: Claim,
): Check {
  if (regionSecret === undefined) return skipCheck('point-tag', "only holders of the region's secret can compute it")
  return makeCheck('point-tag', () => {
    const keyHash = findRegion(charter, proof.region)?.pointKeyHash
    if (keyHash === undefined || !equalBytes(keyHash, sha256(regionSecret)))
      failCheck('this is not the secret of the region')
    same('basis of the point tag', claim.tagBasis, ours.tagBasis)
    return same('point tag', toHex(claim.pointTag), toHex(ours.pointTag))
  })
}

function same(what: string, claimed: string, found: string): string {
  return claimed === found ? found : failCheck(`${what}: the proof says ${claimed}, found ${found}`)
}
