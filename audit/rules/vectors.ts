import { readdir, readFile } from 'node:fs/promises'
import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { cidOfBlock, encodeCanonical } from '#protocol'
import { AuditError } from '../audit-error.ts'
import { estimate } from './estimate.ts'
import type { FactorSource } from './factor-source.ts'

const vectorShape = z.strictObject({
  name: z.string().min(1).max(120),
  /** Request as `kwitness estimate` reads it. */
  request: z.record(z.string(), z.unknown()),
  /** Whole answer, or of an error only its code: messages may be reworded. */
  expect: z.union([
    z.strictObject({ error: z.strictObject({ code: z.string().startsWith('ERR_') }) }),
    z.strictObject({
      gramsCO2e: z.string(),
      exact: z.string(),
      parts: z.array(z.record(z.string(), z.unknown())).min(1),
      level: z.string(),
    }),
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
  const [left, right] = [encodeCanonical(a), encodeCanonical(b)]
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
