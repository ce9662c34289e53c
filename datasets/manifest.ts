import { z } from 'zod'
import { textShape } from './text-shape.ts'

const hashShape = z.string().regex(/^[0-9a-f]{64}$/)
const countedShape = z.strictObject({ rows: z.number().int().min(0), reason: textShape })

/** Manifest of a set: whence it comes, under which licence, and what its bytes must be. */
export const manifestShape = z.strictObject({
  /** Short name, also the folder's. */
  name: z.string().regex(/^[a-z0-9-]{1,32}$/),
  title: textShape,
  publisher: textShape,
  /** Editions as the publisher names them, in the order of the set; superseded ones too where the set explains them. */
  editions: z.array(textShape).min(1),
  /** SPDX identifier, or `LicenseRef-…`. */
  licence: textShape,
  /** What the figures count, one text for each boundary in the set; empty when it has no emissions. */
  boundaries: z.array(textShape),
  /** Global warming potentials inside the figures, as the publisher names them. */
  gwpSets: z.array(textShape),
  /** Years covered by usable figures, ascending; empty when the set has none. */
  years: z.array(z.number().int()),
  /** Figures (or places, utilities, postal codes) in the set. */
  rows: z.number().int().min(1),
  source: z.strictObject({
    file: textShape,
    sha256: hashShape,
    /** Rows of the file; all of them are in `used` or in `leftOut`. */
    rows: z.number().int().min(1),
    used: z.number().int().min(1),
    /** Where the collector found them, with the number of rows. */
    origins: z.array(z.strictObject({ rows: z.number().int().min(1), origin: textShape })).min(1),
  }),
  /** What was left out of the source, and why. */
  leftOut: z.array(countedShape),
  /** Decisions about figures that a reader might ask about. */
  notes: z.array(textShape),
  /** SHA-256 of the bytes of `figures.json`. */
  sha256: hashShape,
  /** CID (v1, raw, sha2-256) of those bytes as an IPLD block. */
  figuresCid: textShape,
  /** CID (v1, DAG-CBOR, sha2-256) of the set's block, which links to the figures; a charter names it. */
  cid: textShape,
})

/** Manifest of one set. */
export type DatasetManifest = z.infer<typeof manifestShape>
