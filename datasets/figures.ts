import { z } from 'zod'

const editionShape = z.strictObject({ version: z.string().min(1), gwpSet: z.string().min(1) })

/** Emission factors of one set; `figures.json` and the set's IPLD block have exactly this shape. */
export const factorFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('factors'),
  /** Name as the publisher writes it. */
  dataset: z.string().min(1),
  boundary: z.string().min(1),
  method: z.literal('location'),
  gas: z.literal('CO2e'),
  unit: z.enum(['g/kWh', 'kg/kWh', 'lb/MWh']),
  editions: z.array(editionShape).min(1),
  /** ISO 3166-1 alpha-3 -> alpha-2 of the set's countries. */
  countries: z.record(z.string().regex(/^[A-Z]{3}$/), z.string().regex(/^[A-Z]{2}$/)),
  /** Editions that exist but must not be used, with the reason. */
  refused: z.record(z.string(), z.string()),
  columns: z.tuple([
    z.literal('edition'),
    z.literal('regionType'),
    z.literal('region'),
    z.literal('year'),
    z.literal('value'),
  ]),
  rows: z.array(
    z.tuple([
      z.number().int().min(0),
      z.enum(['subregion', 'state', 'country']),
      z.string().regex(/^[A-Z]{2,4}$/),
      z.number().int().min(1990).max(2100),
      z.string().regex(/^\d+(\.\d+)?$/),
    ]),
  ),
})

/** Which eGRID subregion a utility serves in a state. */
export const crosswalkFiguresShape = z.strictObject({
  v: z.literal(1),
  kind: z.literal('crosswalk'),
  dataset: z.string().min(1),
  edition: z.string().min(1),
  columns: z.tuple([z.literal('eia'), z.literal('state'), z.literal('subregion')]),
  rows: z.array(z.tuple([z.number().int().min(1), z.string().regex(/^[A-Z]{2}$/), z.string().regex(/^[A-Z]{4}$/)])),
})

/** Manifest of a set: whence it comes, under which licence, and what its bytes must be. */
export const manifestShape = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string().min(1),
  publisher: z.string().min(1),
  editions: z.array(z.string().min(1)).min(1),
  licence: z.string().min(1),
  boundary: z.string().min(1),
  gwpSets: z.array(z.string().min(1)),
  /** Years covered, ascending; empty when the set has none. */
  years: z.array(z.number().int()),
  rows: z.number().int().min(1),
  source: z.strictObject({
    file: z.string().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    origin: z.string().min(1),
  }),
  /** What was left out of the source, and why. */
  leftOut: z.array(z.string()),
  /** SHA-256 of `figures.json`. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** CID (v1, DAG-CBOR, sha2-256) of the figures as an IPLD block. */
  cid: z.string().min(1),
})

/** Emission factors of one set. */
export type FactorFigures = z.infer<typeof factorFiguresShape>
/** Utilities' subregions. */
export type CrosswalkFigures = z.infer<typeof crosswalkFiguresShape>
/** Manifest of one set. */
export type DatasetManifest = z.infer<typeof manifestShape>
