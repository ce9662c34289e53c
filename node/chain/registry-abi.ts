import { Interface, getBytes } from 'ethers'
import type { LogDescription } from 'ethers'
import { readAuditRegistryArtifact } from '#contracts'
import { concatBytes, encodeRegion, equalBytes, hashAnchorStruct, orderBytes, recoverAddress } from '#protocol'
import type { Anchor } from '#protocol'
import { ChainError } from './chain-error.ts'

let parsedInterface: Interface | undefined

/** ABI of AuditRegistry, parsed once and only when first used: it takes 20 ms and a file. */
export function registryInterface(): Interface {
  parsedInterface ??= Interface.from(readAuditRegistryArtifact().abi)
  return parsedInterface
}

/** Anchor in the field order and types that ethers encodes. */
export function anchorToAbi(anchor: Anchor): readonly unknown[] {
  return [
    encodeRegion(anchor.region),
    anchor.epoch,
    anchor.seq,
    anchor.prev,
    anchor.root,
    anchor.manifest,
    anchor.claims,
    anchor.gramsLocation,
    anchor.gramsMarket,
  ]
}

/**
 * Signatures in the form that the contract takes: one byte string, ascending by signer.
 *
 * @param digest - What was signed: the EIP-712 digest of the anchor.
 * @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE when one is malformed.
 */
export function packSignatures(digest: Uint8Array, signatures: readonly Uint8Array[]): Uint8Array {
  const bySigner = signatures.map((signature) => ({ signature, signer: recoverAddress(digest, signature) }))
  bySigner.sort((a, b) => orderBytes(a.signer, b.signer))
  return concatBytes(bySigner.map(({ signature }) => signature))
}

/** Bytes of one signature in the contract's byte string. */
const SIGNATURE_BYTES = 65
/** Places of a transaction's input that are looked at for a call; chance makes one in 4 GB. */
const CALLS_LOOKED_AT = 64

/**
 * Signatures of the `anchor(...)` call for an anchor in a transaction's input: the input itself, or a call that another
 * contract was told to pass on as it is.
 *
 * @param input `0x` hex.
 * @param anchorHash struct hash of the anchor.
 * @returns as the call has them, unverified; none if the input has no such call.
 */
export function findAnchorSignatures(input: string, anchorHash: Uint8Array): Uint8Array[] {
  const hex = input.toLowerCase()
  const selector = requireFunction('anchor').selector.slice(2)
  let at = hex.indexOf(selector, 2)
  for (let looked = 0; at !== -1 && looked < CALLS_LOOKED_AT; looked += 1) {
    const packed = at % 2 === 0 ? findCall(`0x${hex.slice(at)}`, anchorHash) : undefined
    if (packed !== undefined) {
      const count = Math.floor(packed.byteLength / SIGNATURE_BYTES)
      return Array.from({ length: count }, (_, i) => packed.slice(i * SIGNATURE_BYTES, (i + 1) * SIGNATURE_BYTES))
    }
    at = hex.indexOf(selector, at + 1)
  }
  return []
}

/** Packed signatures of a call whose anchor has the hash. */
function findCall(input: string, anchorHash: Uint8Array): Uint8Array | undefined {
  try {
    const [anchor, signatures] = registryInterface().decodeFunctionData('anchor', input)
    const { region, epoch, seq, prev, root, manifest, claims, gramsLocation, gramsMarket } = anchor
    const decoded: Anchor = {
      region: decodeRegion(getBytes(region as string)),
      epoch: Number(epoch),
      seq: Number(seq),
      prev: getBytes(prev as string),
      root: getBytes(root as string),
      manifest: getBytes(manifest as string),
      claims: Number(claims),
      gramsLocation: gramsLocation as bigint,
      gramsMarket: gramsMarket as bigint,
    }
    return equalBytes(hashAnchorStruct(decoded), anchorHash) ? getBytes(signatures as string) : undefined
  } catch {
    // Bytes that only look like a call.
    return undefined
  }
}

/** An `Anchored` event's content. */
export type AnchoredEvent = {
  readonly region: string
  readonly epoch: number
  readonly seq: number
  readonly root: Uint8Array
  /** Struct hash of the anchor: `prev` of the next one. */
  readonly anchorHash: Uint8Array
  readonly manifest: Uint8Array
  readonly claims: number
  readonly gramsLocation: bigint
  readonly gramsMarket: bigint
}

/** A log entry as far as it matters here. */
export type LogLike = {
  readonly address: Uint8Array
  readonly topics: readonly string[]
  readonly data: string
}

/** First topic of `Anchored` events, `0x` hex. */
export function anchoredTopic(): string {
  return requireEvent('Anchored').topicHash
}

/** The event in a log entry; `undefined` if it is of another contract or another event. */
export function findAnchoredEvent(registry: Uint8Array, log: LogLike): AnchoredEvent | undefined {
  // The endpoint filters as well, but it is not trusted with the question whose event this is.
  if (!equalBytes(log.address, registry)) return undefined
  const event = parseLog(log)
  if (event?.name !== 'Anchored') return undefined
  const { region, seq, root, epoch, anchorHash, manifest, claims, gramsLocation, gramsMarket } = event.args
  return {
    region: decodeRegion(getBytes(region as string)),
    epoch: Number(epoch),
    seq: Number(seq),
    root: getBytes(root as string),
    anchorHash: getBytes(anchorHash as string),
    manifest: getBytes(manifest as string),
    claims: Number(claims),
    gramsLocation: gramsLocation as bigint,
    gramsMarket: gramsMarket as bigint,
  }
}

/** Name in a `bytes32` short string: the inverse of `encodeRegion`. */
function decodeRegion(word: Uint8Array): string {
  const end = word.indexOf(0)
  return new TextDecoder().decode(end === -1 ? word : word.subarray(0, end))
}

/** The failure that a reverted call means; `data` is what the endpoint gave as the revert's bytes. */
export function decodeRevert(data: unknown): ChainError {
  const parsed =
    typeof data === 'string' && /^0x(?:[0-9a-f]{2}){4,}$/i.test(data) ? registryInterface().parseError(data) : null
  const errorName = parsed?.name ?? ''
  const errorArgs = (parsed?.args.toArray() ?? []).map(String)
  return new ChainError(
    `the contract refused: ${errorName || 'no reason given'}${errorArgs.length ? ` (${errorArgs.join(', ')})` : ''}`,
    {
      code: 'ERR_CHAIN_REVERTED',
      errorName,
      errorArgs,
    },
  )
}

function parseLog(log: LogLike): LogDescription | null {
  try {
    return registryInterface().parseLog({ topics: [...log.topics], data: log.data })
  } catch {
    // Bytes that do not fit the event's ABI: not an event of this contract, whoever says so.
    return null
  }
}

function requireEvent(name: string): { readonly topicHash: string } {
  const event = registryInterface().getEvent(name)
  if (event === null) throw new TypeError(`AuditRegistry has no event ${name}`)
  return event
}

function requireFunction(name: string): { readonly selector: string } {
  const found = registryInterface().getFunction(name)
  if (found === null) throw new TypeError(`AuditRegistry has no function ${name}`)
  return found
}
