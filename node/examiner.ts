import { computeActivity, computeEmissions } from '#audit'
import type { Activity, EmissionsInput, FactorSource, Sandbox } from '#audit'
import {
  ASSURANCES,
  parseCivilDate,
  encodeDerivation,
  encodeFacts,
  errorCodeOf,
  factsOfEntry,
  findRegionOfCountry,
  fromHex,
  isEnergy,
  LIMITS,
  parseRational,
  pointTagOf,
  toHex,
  toWh,
} from '#protocol'
import type {
  ActivityDerivation,
  Claim,
  Derivation,
  Extraction,
  Facts,
  Origin,
  PartialReading,
  PointKey,
  Quantity,
  ReviewEntry,
} from '#protocol'
import type { DeclaredPlace, Reason } from '#storage'
import type { CID } from 'multiformats/cid'
import { hashFile } from './hash-file.ts'
import { NodeError } from './node-error.ts'
import type { RegionContext } from './region-context.ts'

/** What every recomputed bill of a file has, whatever it is for. */
type ExaminedBill = {
  /** Position among the facts of the file; a claim's `ordinal`. */
  readonly ordinal: number
  readonly facts: Facts
  /** SHA-256 of the canonical facts. */
  readonly factsHash: Uint8Array
  /** SHA-256 of the canonical derivation. */
  readonly derivationHash: Uint8Array
  /** Energy delivered to the customer. */
  readonly energy: Quantity
  readonly isPlaceDeclared: boolean
  readonly assurance: Claim['assurance']
  readonly origin: Claim['origin']
  /** Claim id of the claim that this one replaces; only people can say so. */
  readonly supersedes?: Uint8Array
}

/** A bill of electricity, recomputed. */
export type ExaminedElectricity = ExaminedBill & { readonly kind: 'electricity'; readonly derivation: Derivation }
/** A bill of gas or heat, recomputed. */
type ExaminedActivity = ExaminedBill & { readonly kind: 'activity'; readonly derivation: ActivityDerivation }
/** One bill of a file, recomputed. */
export type Examined = ExaminedElectricity | ExaminedActivity

/** A bill of a file that gives no claim, and why; the other bills of the file still do. */
export type Unclaimed = { readonly ordinal: number; readonly reason: Reason }

/** Outcome of examining a file: what each bill in it comes to, or why there is nothing to claim. */
export type Examination =
  | {
      readonly kind: 'facts'
      /** Those that can be claimed, at least one, by ascending ordinal. */
      readonly bills: readonly Examined[]
      readonly unclaimed: readonly Unclaimed[]
      /** What a signature in the file shows; absent without one that holds. */
      readonly signed?: Origin
    }
  | {
      readonly kind: 'refused'
      readonly verdict: 'reject' | 'needs-review'
      readonly reason: Reason
      /** What the file states all the same, for the people who read the rest. */
      readonly read?: readonly PartialReading[]
    }

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
   * @param lane whose bill it is; bills of one wait for each other, and not for those of others. @default one for all
   * @throws {AuditError} ERR_AUDIT_TIMEOUT, ERR_AUDIT_MEMORY: the caller abstains; it is no verdict on the bill.
   */
  async examine(
    plain: Uint8Array,
    plainHash: Uint8Array,
    declared: DeclaredPlace | undefined,
    signal: AbortSignal,
    lane?: string,
  ): Promise<Examination> {
    const key = toHex(plainHash) + JSON.stringify(declared ?? null)
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    const examination = this.#judge(await this.#sandbox.extract(plain, signal, lane), declared)
    this.#kept.set(key, examination)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_EXAMINATIONS) break
      this.#kept.delete(oldest)
    }
    return examination
  }

  /**
   * What an entry of people comes to: the place is among the facts, the assurance is `reviewed`, and each bill replaces the
   * claim that they named.
   */
  examineReviewed(entry: ReviewEntry): Examination {
    const how = { assurance: 'reviewed', origin: 'unsigned', declared: undefined } as const
    const examination = this.#judgeBills(factsOfEntry(entry), how)
    if (examination.kind === 'refused') return examination
    const bills = examination.bills.map((bill) => {
      const supersedes = entry[bill.ordinal]?.supersedes
      return supersedes === undefined ? bill : { ...bill, supersedes: fromHex(supersedes) }
    })
    return { ...examination, bills }
  }

  #judge(extraction: Extraction, declared: DeclaredPlace | undefined): Examination {
    const { verdict, reason, bills, read, origin: signed } = extraction
    // A correction needs the claim that it replaces named (DESIGN 8), and facts without a bill what the file does not state:
    // people who read it do both. Nothing that has no bill is ever claimed, whatever its verdict is called.
    if (verdict !== 'facts' || bills.length === 0) {
      const refused = refuse(verdict === 'reject' ? 'reject' : 'needs-review', reason, verdict)
      return read === undefined ? refused : { ...refused, read }
    }
    const origin = signed?.isTrusted === true && signed.covers === 'all' ? 'utility-signed' : 'unsigned'
    const examination = this.#judgeBills(bills, { assurance: 'extracted', origin, declared })
    return examination.kind === 'facts' && signed !== undefined ? { ...examination, signed } : examination
  }

  #judgeBills(bills: readonly Facts[], how: Judged): Examination {
    if (bills.length > LIMITS.billsPerFile) {
      const message = `file has ${bills.length} bills, at most ${LIMITS.billsPerFile}`
      return { kind: 'refused', verdict: 'needs-review', reason: { code: 'ERR_BILL_TOO_MANY', message } }
    }
    const examined: Examined[] = []
    const unclaimed: Unclaimed[] = []
    for (const [ordinal, facts] of bills.entries()) {
      try {
        examined.push(this.#compute(ordinal, facts, how))
      } catch (thrown) {
        // The rules are pure: whatever they throw, every auditor gets the same, so that it is a verdict on the bill.
        const reason = {
          code: errorCodeOf(thrown),
          message: thrown instanceof Error ? thrown.message : 'the rules gave no result',
        }
        // What the submitter can mend (a place) refuses the file: bills that were left out could not be handed in again.
        if (!UNCLAIMABLE.has(reason.code)) return { kind: 'refused', verdict: 'reject', reason }
        unclaimed.push({ ordinal, reason })
      }
    }
    const [first] = unclaimed
    if (examined.length === 0 && first !== undefined)
      return { kind: 'refused', verdict: 'reject', reason: first.reason }
    return { kind: 'facts', bills: examined, unclaimed }
  }

  #compute(ordinal: number, facts: Facts, { assurance, origin, declared }: Judged): Examined {
    const energy = claimableEnergy(facts)
    const place = facts.place ?? declared
    if (place === undefined) {
      const message = 'the bill does not say where the energy was used: declare the place with the submission'
      throw new NodeError(message, { code: 'ERR_PLACE_UNKNOWN' })
    }
    const isPlaceDeclared = facts.place === undefined
    const common = {
      ordinal,
      facts,
      factsHash: hashFile(encodeFacts(facts)),
      energy,
      isPlaceDeclared,
      assurance: weakest([
        assurance,
        isPlaceDeclared ? 'place-declared' : 'extracted',
        facts.method === 'template' ? 'template' : 'extracted',
      ]),
      origin,
    } as const
    const when = { place: withoutAbsent(place), service: { start: facts.service.start, end: facts.service.end } }
    const source = this.#factors
    if (facts.commodity === 'gas' || facts.commodity === 'heat') {
      const activity: Activity =
        facts.commodity === 'gas' ? { commodity: 'gas', energy } : { commodity: 'heat', energy }
      const derivation = computeActivity({ ...when, activity, source })
      return { ...common, kind: 'activity', derivation, derivationHash: hashFile(encodeDerivation(derivation)) }
    }
    const derivation = computeEmissions({ ...when, energy, source, ...whatElse(facts) })
    return { ...common, kind: 'electricity', derivation, derivationHash: hashFile(encodeDerivation(derivation)) }
  }
}

/** What all bills of a file have in common when they are judged. */
type Judged = {
  readonly assurance: Claim['assurance']
  readonly origin: Claim['origin']
  readonly declared: DeclaredPlace | undefined
}

/** Codes of one bill that leave the other bills of its file as they are. */
const UNCLAIMABLE: ReadonlySet<string> = new Set([
  'ERR_BILL_NO_ENERGY',
  'ERR_BILL_FORECAST',
  'ERR_BILL_CORRECTION',
  'ERR_FACTOR_NOT_AVAILABLE',
  'ERR_FACTOR_SUPERSEDED',
  'ERR_FACTOR_INVALID',
  'ERR_ACTIVITY_UNKNOWN',
  'ERR_ACTIVITY_AMBIGUOUS',
])

function claimableEnergy({ import: imported, commodity, kind }: Facts): Quantity {
  if (kind === 'forecast') throw notClaimed('ERR_BILL_FORECAST', 'a forecast is no consumption')
  if (kind === 'correction') throw notClaimed('ERR_BILL_CORRECTION', 'a correction needs a person')
  if (commodity === 'water') throw notClaimed('ERR_BILL_NO_ENERGY', 'water is no energy')
  if (isEnergy(imported)) return imported
  throw notClaimed('ERR_BILL_NO_ENERGY', `${commodity} in ${imported.unit} without its heat content is no energy`)
}

function notClaimed(
  code: 'ERR_BILL_NO_ENERGY' | 'ERR_BILL_FORECAST' | 'ERR_BILL_CORRECTION',
  message: string,
): NodeError {
  return new NodeError(message, { code })
}

/** The weakest of some assurances: `extracted`, `place-declared`, `template`, `reviewed`, from strong to weak. */
function weakest(assurances: readonly Claim['assurance'][]): Claim['assurance'] {
  return ASSURANCES[Math.max(...assurances.map((assurance) => ASSURANCES.indexOf(assurance)))] ?? 'reviewed'
}

/** The bill at a place of a file, if it can be claimed. */
export function findExamined(
  examination: Extract<Examination, { kind: 'facts' }>,
  ordinal: number,
): Examined | undefined {
  return examination.bills.find((bill) => bill.ordinal === ordinal)
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
function whatElse({ readings, greenClaim }: Facts): Pick<EmissionsInput, 'readings' | 'isGreenTariff'> {
  const byYear = readings?.whByYear
  return {
    ...(byYear === undefined ? {} : { readings: byYear.map(({ year, wh }) => ({ year, weight: parseRational(wh) })) }),
    ...(greenClaim === undefined ? {} : { isGreenTariff: true }),
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

/** Country where a bill's energy was used, ISO 3166-1 alpha-2. */
export function countryOf(examined: Examined): string {
  return examined.kind === 'activity' ? examined.derivation.country : examined.derivation.place.country
}

/** Market-based result, which electricity alone can have. */
function marketOf(examined: Examined): Derivation['market'] {
  return examined.kind === 'electricity' ? examined.derivation.market : undefined
}

/** Name of the region that answers for a bill's place; undefined if the network has none. */
export function regionOf(context: RegionContext, examined: Examined): string | undefined {
  return findRegionOfCountry(context.charter, countryOf(examined))?.name
}

/** The claim that an examined bill comes to; equal parts give equal bytes on every node. */
export function buildClaim(context: Pick<RegionContext, 'regionSecret'>, parts: ClaimParts, examined: Examined): Claim {
  const { facts, derivation, isPlaceDeclared, assurance, origin } = examined
  const market = marketOf(examined)
  const key = pointKeyOf(facts, parts)
  const energyWh = toWh(examined.energy)
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
    ...(market === undefined ? {} : { gramsMarket: market.gramsCO2e.toString() }),
    assurance,
    origin,
    ...(isPlaceDeclared && parts.declaredPlace !== undefined ? { declaredPlace: parts.declaredPlace } : {}),
    holder: parts.holder,
    ...(examined.supersedes === undefined ? {} : { supersedes: examined.supersedes }),
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
