import type { TrustList } from '#audit'
import { hashOfSeal, recordOf } from './keys.ts'
import type { Seal } from './keys.ts'

/** A trust list of seals, and of the time-stamping services that `stampers` names. */
export function trusting(seals: readonly Seal[], stampers: readonly Seal[] = []): TrustList {
  return {
    certificates: new Set(seals.map(hashOfSeal)),
    timestampAuthorities: new Set(stampers.map(hashOfSeal)),
    domainKeys: new Map(),
  }
}

/** A trust list of mail keys: name of the record -> key of `keys/`. */
export function trustingMail(keys: Readonly<Record<string, 'mail' | 'mail1024' | 'mailed'>>): TrustList {
  return {
    certificates: new Set(),
    domainKeys: new Map(Object.entries(keys).map(([name, key]) => [name, recordOf(key)])),
  }
}
