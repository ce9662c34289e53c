import { z } from 'zod'
import { abiEncode, encodeRegion, wordOfBytes32, wordOfUint } from './abi-words.ts'
import { equalBytes, orderBytes } from './bytes.ts'
import { encodeCanonical } from './codec.ts'
import { digestInDomain, typeHash } from './domain.ts'
import type { Domain } from './domain.ts'
import { keccak256 } from './hash.ts'
import { LIMITS } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'
import { addressShape, billCidShape, regionNameShape, signatureShape } from './shapes.ts'
import { recoverAddress, signDigest } from './signature.ts'

/**
 * Schema of a withdrawal: "the account that these sealed bills were handed in for is closed; delete their age files", signed by
 * the auditor that sponsored them. Their claims stay on record.
 */
export const withdrawalShape = z
  .strictObject({
    region: regionNameShape,
    sponsor: addressShape,
    /** 1 for a sponsor's first withdrawal, then one more for each. */
    seq: z.number().int().min(1).max(1_000_000_000),
    /** CIDs of sealed bills, ascending by their bytes. */
    bills: z.array(billCidShape).min(1).max(LIMITS.withdrawnBills),
    signature: signatureShape,
  })
  .refine(
    ({ bills }) => bills.every((cid, i) => i === 0 || orderBytes(bills[i - 1]?.bytes ?? cid.bytes, cid.bytes) < 0),
    { message: 'bills must be ascending, each once', path: ['bills'] },
  )

/** Withdrawal of sealed bills. */
export type Withdrawal = z.infer<typeof withdrawalShape>

const TYPE = typeHash('Withdrawal(bytes32 region,uint64 seq,bytes32 bills)')

function hashWithdrawal(
  domain: Domain,
  { region, seq, bills }: Pick<Withdrawal, 'region' | 'seq' | 'bills'>,
): Uint8Array {
  const words = [TYPE, encodeRegion(region), wordOfUint(seq, 64), wordOfBytes32(keccak256(encodeCanonical(bills)))]
  return digestInDomain(domain, keccak256(abiEncode(words)))
}

/** Signs a withdrawal. @param withdrawal its bills in any order. */
export function signWithdrawal(
  domain: Domain,
  withdrawal: Omit<Withdrawal, 'signature'>,
  privateKey: Uint8Array,
): Withdrawal {
  const bills = withdrawal.bills.toSorted((a, b) => orderBytes(a.bytes, b.bytes))
  const content = { ...withdrawal, bills }
  return { ...content, signature: signDigest(hashWithdrawal(domain, content), privateKey) }
}

/** @throws {ProtocolError} ERR_PROTOCOL_SIGNATURE when the named sponsor did not sign. */
export function verifyWithdrawal(domain: Domain, withdrawal: Withdrawal): void {
  if (equalBytes(recoverAddress(hashWithdrawal(domain, withdrawal), withdrawal.signature), withdrawal.sponsor)) return
  throw new ProtocolError('withdrawal is not signed by its sponsor', { code: 'ERR_PROTOCOL_SIGNATURE' })
}
