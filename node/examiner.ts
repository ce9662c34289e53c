import { computeEmissions } from '#audit'
import type { EmissionsInput, FactorSource, Sandbox } from '#audit'
import {
  parseCivilDate,
  encodeDerivation,
  encodeFacts,
  errorCodeOf,
  findRegionOfCountry,
  LIMITS,
  parseRational,
  pointTagOf,
  toHex,
  toWh,
} from '#protocol'
import type { Claim, Derivation, Extraction, Facts, PointKey } from '#protocol'
import type { DeclaredPlace, Reason } from '#storage'
import type { CID } from 'multiformats/cid'
import { hashFile } from './hash-file.ts'
import type { RegionContext } from './region-context.ts'

/** One bill of a file, recomputed. */
export type Examined = {
  readonly facts: Facts
  /** SHA-256 of the canonical facts. */
  readonly factsHash: Uint8Array
  readonly derivation: Derivation
  /** SHA-256 of the canonical derivation. */
  readonly derivationHash: Uint8Array
  readonly isPlaceDeclared: boolean
}

/** Outcome of examining a file: what each bill in it comes to, or why there is nothing to claim. */
export type Examination =
  | { readonly kind: 'facts'; readonly bills: readonly Examined[] }
  | { readonly kind: 'refused'; readonly verdict: 'reject' | 'needs-review'; readonly reason: Reason }

/** What distinguishes one submission of a bill from another. */
export type ClaimParts = {
  readonly bill: CID
  readonly plainHash: Uint8Array
  readonly ordinal: number
  readonly declaredPlace?: DeclaredPlace | undefined
  readonly holder: Uint8Array
  readonly salt: Uint8Array
}

/** Examined files that are kept: a sponsor votes on its own batches, and a bill may come twice within moments. */
const KEPT_EXAMINATIONS = 2_048

/** Recomputes bills from their bytes: extraction in the sandbox, then the rules. */
export class Examiner {
  readonly #sandbox: Sandbox
  readonly #factors: FactorSource
  readonly #kept = new Map<string, Examination>()

  constructor(sandbox: Sandbox, factors: FactorSource) {
    this.#sandbox = sandbox
    this.#factors = factors
  }

  /**
   * Examines a file.
   *
   * @param declared place that the holder declared, used only where the file names none.
   * @throws {AuditError} ERR_AUDIT_TIMEOUT, ERR_AUDIT_MEMORY: the caller abstains; it is no verdict on the bill.
   */
  async examine(
    plain: Uint8Array,
    plainHash: Uint8Array,
    declared: DeclaredPlace | undefined,
    signal: AbortSignal,
  ): Promise<Examination> {
    const key = toHex(plainHash) + JSON.stringify(declared ?? null)
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    const examination = this.#judge(await this.#sandbox.extract(plain, signal), declared)
    this.#kept.set(key, examination)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_EXAMINATIONS) break
      this.#kept.delete(oldest)
    }
    return examination
  }

  #judge(extraction: Extraction, declared: DeclaredPlace | undefined): Examination {
    const { verdict, reason, bills } = extraction
    if (verdict !== 'facts') return refuse(verdict === 'reject' ? 'reject' : 'needs-review', reason, verdict)
    if (bills.length > LIMITS.billsPerFile) {
      return {
        kind: 'refused',
        verdict: 'needs-review',
        reason: {
          code: 'ERR_BILL_TOO_MANY',
          message: `file has ${bills.length} bills, at most ${LIMITS.billsPerFile}`,
        },
      }
    }
    const examined: Examined[] = []
    for (const facts of bills) {
      const place = facts.place ?? declared
      if (place === undefined) {
        return {
          kind: 'refused',
          verdict: 'reject',
          reason: {
            code: 'ERR_PLACE_UNKNOWN',
            message: 'the bill does not say where the energy was used: declare the place with the submission',
          },
        }
      }
      try {
        const derivation = computeEmissions({
          place: withoutAbsent(place),
          service: { start: facts.service.start, end: facts.service.end },
          energy: facts.import,
          source: this.#factors,
          ...whatElse(facts),
        })
        examined.push({
          facts,
          factsHash: hashFile(encodeFacts(facts)),
          derivation,
          derivationHash: hashFile(encodeDerivation(derivation)),
          isPlaceDeclared: facts.place === undefined,
        })
      } catch (thrown) {
        // The rules are pure: whatever they throw, every auditor gets the same, so that it is a verdict on the bill.
        const message = thrown instanceof Error ? thrown.message : 'the rules gave no result'
        return { kind: 'refused', verdict: 'reject', reason: { code: errorCodeOf(thrown), message } }
      }
    }
    return { kind: 'facts', bills: examined }
  }
}

function refuse(
  verdict: 'reject' | 'needs-review',
  reason: Extraction['reason'],
  why: string,
): Extract<Examination, { kind: 'refused' }> {
  const { line, column, path } = reason?.place ?? {}
  const at = [
    path,
    line === undefined ? undefined : `line ${line}`,
    column === undefined ? undefined : `column ${column}`,
  ]
  const place = at.filter((part) => part !== undefined).join(', ')
  return {
    kind: 'refused',
    verdict,
    reason: {
      code: reason?.code ?? 'ERR_BILL_NEEDS_REVIEW',
      message: reason?.message ?? `a person must read this bill (${why})`,
      ...(place === '' ? {} : { place }),
    },
  }
}

/** What the bill says beside energy and period: energy by calendar year, and a claim to be green. */
function whatElse({ readings, isGreenTariff }: Facts): Pick<EmissionsInput, 'readings' | 'isGreenTariff'> {
  const byYear = readings?.whByYear
  return {
    ...(byYear === undefined ? {} : { readings: byYear.map(({ year, wh }) => ({ year, weight: parseRational(wh) })) }),
    ...(isGreenTariff === undefined ? {} : { isGreenTariff }),
  }
}

/** Optional fields as absent instead of `undefined`, which encodings tell apart. */
function withoutAbsent(place: DeclaredPlace | NonNullable<Facts['place']>): NonNullable<Facts['place']> {
  const { country, state, utility, zip, subregion, nerc } = place
  return {
    country,
    ...(state === undefined ? {} : { state }),
    ...(utility === undefined ? {} : { utility }),
    ...(zip === undefined ? {} : { zip }),
    ...(subregion === undefined ? {} : { subregion }),
    ...(nerc === undefined ? {} : { nerc }),
  }
}

/** Name of the region that answers for a bill's place; undefined if the network has none. */
export function regionOf(context: RegionContext, examined: Examined): string | undefined {
  return findRegionOfCountry(context.charter, examined.derivation.place.country)?.name
}

/** The claim that an examined bill comes to; equal parts give equal bytes on every node. */
export function buildClaim(context: Pick<RegionContext, 'regionSecret'>, parts: ClaimParts, examined: Examined): Claim {
  const { facts, derivation, isPlaceDeclared } = examined
  const key = pointKeyOf(facts, parts)
  const energyWh = toWh(facts.import)
  return {
    bill: parts.bill,
    plainHash: parts.plainHash,
    ordinal: parts.ordinal,
    factsHash: examined.factsHash,
    derivationHash: examined.derivationHash,
    rules: derivation.rules,
    pointTag: pointTagOf(context.regionSecret, key, facts.commodity, 'import'),
    tagBasis: key.basis,
    startDay: parseCivilDate(facts.service.start),
    endDay: parseCivilDate(facts.service.end),
    energyWh: { n: energyWh.n.toString(), d: energyWh.d.toString() },
    gramsLocation: derivation.gramsCO2e.toString(),
    ...(derivation.market === undefined ? {} : { gramsMarket: derivation.market.gramsCO2e.toString() }),
    assurance: isPlaceDeclared ? 'place-declared' : 'extracted',
    origin: 'unsigned',
    ...(isPlaceDeclared && parts.declaredPlace !== undefined ? { declaredPlace: parts.declaredPlace } : {}),
    holder: parts.holder,
    salt: parts.salt,
  }
}

// DESIGN 8: the metering point without the utility; else the account; else only the document itself can be recognised.
function pointKeyOf(facts: Facts, parts: ClaimParts): PointKey {
  if (facts.point !== undefined) return { basis: 'point', id: facts.point }
  if (facts.account !== undefined) {
    return { basis: 'account', id: [facts.utility?.id ?? facts.utility?.name ?? '', facts.account].join('\0') }
  }
  return { basis: 'bill', id: `${toHex(parts.plainHash)}\0${parts.ordinal}` }
}
