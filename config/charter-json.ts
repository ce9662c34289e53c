import { CID } from 'multiformats/cid'
import { z } from 'zod'
import { decodeCharter, encodeCharter, errorCodeOf, fromHex, toHex } from '#protocol'
import type { Charter } from '#protocol'
import { ConfigError } from './config-error.ts'

const cidText = z.string().min(1).max(128)
// Wallets print addresses in mixed case (EIP-55): both are read, lower case is written.
const hexText = z
  .string()
  .regex(/^0x[0-9a-fA-F]*$/)
  .max(130)

const charterJsonShape = z.strictObject({
  v: z.literal(1),
  name: z.string(),
  protocol: z.number(),
  rules: z.strictObject({ version: z.string(), vectors: cidText }),
  datasets: z.array(z.strictObject({ name: z.string(), cid: cidText })),
  regions: z.array(
    z.strictObject({
      name: z.string(),
      jurisdictions: z.array(z.string()),
      committee: z.array(hexText),
      archiveRecipient: z.string(),
      pointKeyHash: hexText,
    }),
  ),
  chain: z.strictObject({ chainId: z.number(), registry: hexText }),
})

/** A charter as people read it: CIDs as texts, bytes as lower-case `0x` hex. */
export type CharterJson = z.infer<typeof charterJsonShape>

/** A charter for people; `charterFromJson` of its JSON text gives the same CID. */
export function charterToJson(charter: Charter): CharterJson {
  return {
    v: charter.v,
    name: charter.name,
    protocol: charter.protocol,
    rules: { version: charter.rules.version, vectors: charter.rules.vectors.toString() },
    datasets: charter.datasets.map((set) => ({ name: set.name, cid: set.cid.toString() })),
    regions: charter.regions.map((region) => ({
      name: region.name,
      jurisdictions: [...region.jurisdictions],
      committee: region.committee.map(toHex),
      archiveRecipient: region.archiveRecipient,
      pointKeyHash: toHex(region.pointKeyHash),
    })),
    chain: { chainId: charter.chain.chainId, registry: toHex(charter.chain.registry) },
  }
}

/**
 * A charter from JSON text of unknown origin, with the checks of `decodeCharter`.
 *
 * @throws {ConfigError} ERR_CONFIG_CHARTER with the path of the first wrong field.
 */
export function charterFromJson(text: string): Charter {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ConfigError('charter: not JSON', { code: 'ERR_CONFIG_CHARTER', place: '' }, { cause })
  }
  const result = charterJsonShape.safeParse(value)
  if (!result.success) {
    const issue = result.error.issues[0]
    throw failure((issue?.path ?? []).join('.'), issue?.message ?? 'wrong shape')
  }
  try {
    return decodeCharter(encodeCharter(fromJson(result.data)))
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    const place = cause instanceof Error && 'details' in cause ? placeOf(cause.details) : ''
    throw failure(place, cause instanceof Error ? cause.message : errorCodeOf(cause), cause)
  }
}

function fromJson(json: CharterJson): Charter {
  return {
    ...json,
    rules: { version: json.rules.version, vectors: parseCid(json.rules.vectors, 'rules.vectors') },
    datasets: json.datasets.map((set, i) => ({ name: set.name, cid: parseCid(set.cid, `datasets.${i}.cid`) })),
    regions: json.regions.map((region, i) => ({
      ...region,
      committee: region.committee.map((member, k) => parseHex(member, 20, `regions.${i}.committee.${k}`)),
      pointKeyHash: parseHex(region.pointKeyHash, 32, `regions.${i}.pointKeyHash`),
    })),
    chain: { chainId: json.chain.chainId, registry: parseHex(json.chain.registry, 20, 'chain.registry') },
  }
}

function parseCid(text: string, place: string): CID {
  try {
    return CID.parse(text)
  } catch (cause) {
    throw failure(place, 'not a CID', cause)
  }
}

function parseHex(text: string, sizeBytes: number, place: string): Uint8Array {
  try {
    return fromHex(text.toLowerCase(), sizeBytes)
  } catch (cause) {
    throw failure(place, `not ${sizeBytes} bytes of 0x hex`, cause)
  }
}

function placeOf(details: unknown): string {
  const place: unknown = typeof details === 'object' && details !== null && 'place' in details ? details.place : ''
  return typeof place === 'string' ? place : ''
}

function failure(place: string, why: string, cause?: unknown): ConfigError {
  const where = place === '' ? '' : `${place}: `
  return new ConfigError(
    `charter: ${where}${why}`,
    { code: 'ERR_CONFIG_CHARTER', place },
    cause === undefined ? {} : { cause },
  )
}
