import { readdir, readFile } from 'node:fs/promises'
import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import {
  ACTIVITY_UNITS,
  cidOfBlock,
  encodeCanonical,
  equalBytes,
  FACTOR_UNITS,
  GASES,
  MARKET_SOURCES,
  REGION_TYPES,
} from '#protocol'
import { AuditError } from '../audit-error.ts'
import { estimate } from './estimate.ts'
import type { FactorSource } from './factor-source.ts'

/** Grams, whole. */
const gramsShape = z.string().regex(/^(0|[1-9]\d*)$/)
/** A fraction in lowest terms, its denominator written even where it is 1. */
const fractionShape = z.string().regex(/^(0|[1-9]\d*)\/[1-9]\d*$/)
/** Exact decimal text, or a fraction where the decimal expansion does not end. */
const amountShape = z.string().regex(/^(0|[1-9]\d*)(\.\d*[1-9]|\/[1-9]\d*)?$/)
/** Decimal text as a publisher prints it. */
const figureShape = z.string().regex(/^-?\d+(\.\d+)?$/)
const yearShape = z.int().min(1900).max(2199)
const vintageShape = z.enum(['exact', 'fallback'])
const totalShape = { gramsCO2e: gramsShape, exact: fractionShape }

const factorShape = z.strictObject({
  dataset: z.string().min(1),
  version: z.string().min(1),
  regionType: z.enum(REGION_TYPES),
  region: z.string().min(1),
  year: yearShape,
  value: figureShape,
  unit: z.enum(FACTOR_UNITS),
})

const upstreamShape = z.strictObject({
  name: z.enum(['losses', 'well-to-tank', 'well-to-tank-losses']),
  ...totalShape,
  parts: z
    .array(
      z.strictObject({
        year: yearShape,
        kWh: amountShape,
        factor: factorShape,
        gridLoss: z
          .strictObject({
            dataset: z.string().min(1),
            version: z.string().min(1),
            region: z.string().min(1),
            year: yearShape,
            fraction: figureShape,
          })
          .optional(),
        vintage: vintageShape,
      }),
    )
    .min(1),
})

const marketShape = z.strictObject({
  ...totalShape,
  parts: z.array(
    z.strictObject({
      year: yearShape,
      kWh: amountShape,
      source: z.enum(MARKET_SOURCES),
      instrument: z.string().min(1).optional(),
      gramsPerKWh: amountShape,
    }),
  ),
  statements: z.array(z.string().min(1)),
})

const electricityShape = z.strictObject({
  ...totalShape,
  parts: z
    .array(z.strictObject({ year: yearShape, factor: factorShape, kWh: amountShape, vintage: vintageShape }))
    .min(1),
  level: z.enum(REGION_TYPES),
  foundBy: z.enum(['utility', 'zip', 'subregion', 'state', 'nerc', 'country']),
  apportioned: z.enum(['one-year', 'readings', 'days']),
  flags: z.array(z.string().min(1)),
  upstream: z.array(upstreamShape),
  market: marketShape.optional(),
})

const itemShape = z.strictObject({
  category: z.string().min(1),
  group: z.string(),
  name: z.string().min(1),
  detail: z.string(),
  variant: z.string(),
})

const termShape = z.strictObject({
  dataset: z.string().min(1),
  version: z.string().min(1),
  item: itemShape,
  year: yearShape,
  gas: z.enum(GASES),
  value: figureShape,
  mass: z.enum(['kg', 'g']),
  per: z.enum(ACTIVITY_UNITS),
  gwp: figureShape,
})

const quantityShape = z.strictObject({ amount: amountShape, unit: z.string().min(1) })

const activityShape = z.strictObject({
  ...totalShape,
  parts: z
    .array(
      z.strictObject({
        year: yearShape,
        amount: amountShape,
        unit: z.enum(ACTIVITY_UNITS),
        terms: z.array(termShape).min(1),
        vintage: vintageShape,
      }),
    )
    .min(1),
  conversions: z.array(
    z.strictObject({
      why: z.enum(['definition', 'heat-content', 'volume-correction', 'passengers']),
      from: quantityShape,
      by: amountShape,
      to: quantityShape,
    }),
  ),
  flags: z.array(z.string().min(1)),
  biogenicCO2: z.strictObject({ grams: gramsShape, exact: fractionShape }).optional(),
  wellToTank: z.strictObject(totalShape).optional(),
})

const vectorShape = z.strictObject({
  name: z.string().min(1).max(120),
  /** Request as `kwitness estimate` reads it. */
  request: z.record(z.string(), z.unknown()),
  /** Whole answer, or of an error only its code: messages may be reworded. */
  expect: z.union([
    z.strictObject({ error: z.strictObject({ code: z.string().startsWith('ERR_') }) }),
    electricityShape,
    activityShape,
  ]),
  /** How a person gets the figure with a pocket calculator. */
  derivation: z.string().min(1),
})

/** One golden vector: a request, its answer, and how to find it by hand. */
export type Vector = z.infer<typeof vectorShape>

/** Outcome of {@link runVectors}. */
export type VectorReport = {
  readonly passed: number
  readonly failed: readonly { readonly name: string; readonly expected: unknown; readonly actual: unknown }[]
}

const FOLDER = new URL('../../test/vectors/rules-1/', import.meta.url)

/**
 * The golden vectors of `rules-1` (or those of another folder), by ascending name.
 *
 * @throws {AuditError} ERR_AUDIT_VECTORS when a file is missing or malformed, or two vectors have one name.
 */
export async function loadVectors(folder: URL = FOLDER): Promise<readonly Vector[]> {
  const vectors: Vector[] = []
  for (const file of await listFiles(folder)) {
    try {
      vectors.push(...z.array(vectorShape).parse(JSON.parse(await readFile(new URL(file, folder), 'utf8'))))
    } catch (cause) {
      throw new AuditError(`golden vectors ${file} cannot be read`, { code: 'ERR_AUDIT_VECTORS', file }, { cause })
    }
  }
  const sorted = vectors.sort((a, b) => (a.name < b.name ? -1 : 1))
  const twice = sorted.find((vector, index) => vector.name === sorted[index + 1]?.name)
  if (sorted.length === 0 || twice !== undefined) {
    const message = twice === undefined ? 'no golden vectors' : `two golden vectors are called ${twice.name}`
    throw new AuditError(message, { code: 'ERR_AUDIT_VECTORS', file: '' })
  }
  return sorted
}

/**
 * Runs the golden vectors (or the given ones) against a factor source; a node with any failure must not join (DESIGN 3).
 *
 * @throws {AuditError} ERR_AUDIT_VECTORS.
 */
export async function runVectors(source: FactorSource, given?: readonly Vector[]): Promise<VectorReport> {
  const vectors = given ?? (await loadVectors())
  const failed: VectorReport['failed'][number][] = []
  for (const { name, request, expect } of vectors) {
    const actual = estimate(JSON.stringify(request), source)
    const compared = 'error' in actual ? { error: { code: actual.error.code } } : actual
    if (!isSame(compared, expect)) failed.push({ name, expected: expect, actual })
  }
  return { passed: vectors.length - failed.length, failed }
}

/**
 * CID of the canonical DAG-CBOR of the golden vectors (or the given ones): what a charter names the rules by.
 *
 * @throws {AuditError} ERR_AUDIT_VECTORS.
 */
export async function vectorsCid(given?: readonly Vector[]): Promise<CID> {
  return cidOfBlock(encodeCanonical(given ?? (await loadVectors())))
}

async function listFiles(folder: URL): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  } catch (cause) {
    throw new AuditError('folder of golden vectors is missing', { code: 'ERR_AUDIT_VECTORS', file: '' }, { cause })
  }
}

/** Equal as canonical bytes, so that the order of fields does not matter. */
function isSame(a: unknown, b: unknown): boolean {
  return equalBytes(encodeCanonical(a), encodeCanonical(b))
}
