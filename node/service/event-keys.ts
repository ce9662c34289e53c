import { concatBytes, utf8 } from '#protocol'
import { keyOfNumber } from '#storage'

/** Key of a thing of an account: UTF-8 account id | 0x00 | rest. No account id has a zero byte, so ranges never touch. */
export function accountKey(account: string, rest: Uint8Array = new Uint8Array(0)): Uint8Array {
  return concatBytes([utf8(account), new Uint8Array([0]), rest])
}

/** Key of the event of an account with a number. */
export function eventKey(account: string, seq: number): Uint8Array {
  return accountKey(account, keyOfNumber(seq))
}

/** Half-open range of all things of an account. */
export function accountRange(account: string): { readonly from: Uint8Array; readonly below: Uint8Array } {
  return { from: accountKey(account), below: concatBytes([utf8(account), new Uint8Array([1])]) }
}

/** Number that an event's key ends with. */
export function seqOfKey(key: Uint8Array): number {
  return Number(new DataView(key.buffer, key.byteOffset + key.byteLength - 8, 8).getBigUint64(0))
}
