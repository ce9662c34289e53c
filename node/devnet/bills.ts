import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { extractBill } from '#audit'
import type { Visibility } from '#api'
import { placeShape } from '#protocol'
import type { Place } from '#protocol'
import { CliError, usageError } from '../cli/cli-error.ts'
import { DEVNET_REGIONS } from './regions.ts'

/** The samples that come with kWitness. */
export const SAMPLES_DIR = fileURLToPath(new URL('../../samples', import.meta.url))

const MANIFEST = 'manifest.json'

const manifestShape = z.array(
  z.strictObject({
    file: z.string().min(1),
    region: z.string().optional(),
    visibility: z.enum(['public', 'sealed']).default('sealed'),
    declaredPlace: placeShape.optional(),
    /** What the bills of the file come to, in their order, when somebody computed it by hand. */
    expect: z.array(z.looseObject({ gramsCO2e: z.string().optional() })).optional(),
  }),
)

/** A bill to submit. */
export type DevnetBill = {
  /** Path below the folder, for people. */
  readonly file: string
  readonly bytes: Uint8Array
  readonly region: string
  readonly visibility: Visibility
  readonly place?: Place
  /** Grams of each claim, if known. */
  readonly expectedGrams?: readonly (string | undefined)[]
}

/** How files without a manifest are submitted. */
export type BillDefaults = { readonly place?: Place; readonly visibility: Visibility }

/**
 * Bills of a folder: those of its `manifest.json`, else all files with the same place and visibility.
 *
 * @throws {CliError} ERR_CLI_FILE when the folder or its manifest cannot be read, ERR_CLI_USAGE when there is no bill.
 */
export async function readBills(
  dir: string,
  defaults: BillDefaults,
  regions: readonly string[],
): Promise<DevnetBill[]> {
  const text = await readFile(join(dir, MANIFEST), 'utf8').catch(() => undefined)
  const listed = text === undefined ? await listFolder(dir, defaults) : parseManifest(dir, text)
  const bills = await Promise.all(listed.map(async (entry) => readBill(dir, entry, regions)))
  // A network of one region is given the bills of that region only.
  const ours = bills.filter((bill) => regions.includes(bill.region))
  if (ours.length === 0) throw usageError(`${dir} has no bills for ${regions.join(', ')}`)
  return ours
}

type Listed = z.infer<typeof manifestShape>[number]

function parseManifest(dir: string, text: string): Listed[] {
  const path = join(dir, MANIFEST)
  try {
    return manifestShape.parse(JSON.parse(text))
  } catch (cause) {
    throw new CliError(`${path} is not a manifest of bills`, { code: 'ERR_CLI_FILE', path }, { cause })
  }
}

async function listFolder(dir: string, { place, visibility }: BillDefaults): Promise<Listed[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => ({ file: entry.name, visibility, ...(place === undefined ? {} : { declaredPlace: place }) }))
      .toSorted((a, b) => (a.file < b.file ? -1 : 1))
  } catch (cause) {
    throw new CliError(`cannot read the folder ${dir}`, { code: 'ERR_CLI_FILE', path: dir }, { cause })
  }
}

async function readBill(dir: string, listed: Listed, regions: readonly string[]): Promise<DevnetBill> {
  const { file, visibility, expect } = listed
  const path = join(dir, file)
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (cause) {
    throw new CliError(`cannot read ${path}`, { code: 'ERR_CLI_FILE', path }, { cause })
  }
  const place = listed.declaredPlace === undefined ? undefined : withoutAbsent(listed.declaredPlace)
  return {
    file,
    bytes,
    visibility,
    region: listed.region ?? (await findRegion(bytes, place)) ?? regions[0] ?? '',
    ...(place === undefined ? {} : { place }),
    ...(expect === undefined ? {} : { expectedGrams: expect.map((bill) => bill.gramsCO2e) }),
  }
}

/** The region of the place that the file itself names, else of the one that was declared for it. */
async function findRegion(bytes: Uint8Array, declared: Place | undefined): Promise<string | undefined> {
  const country = (await extractBill(bytes)).bills[0]?.place?.country ?? declared?.country
  return Object.entries(DEVNET_REGIONS).find(([, countries]) => countries.some((code) => code === country))?.[0]
}

function withoutAbsent({ country, state, utility, zip, subregion }: z.infer<typeof placeShape>): Place {
  return {
    country,
    ...(state === undefined ? {} : { state }),
    ...(utility === undefined ? {} : { utility }),
    ...(zip === undefined ? {} : { zip }),
    ...(subregion === undefined ? {} : { subregion }),
  }
}
