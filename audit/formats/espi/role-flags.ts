import type { UsagePoint } from './document.ts'

/** Roles of a usage point that matter for counting. */
export type Roles = {
  /** Bit 2: the point adds up what is behind it. */
  readonly isPremises: boolean
  /** Bits 3 and 4 without bit 2: the point of a vehicle or of a distributed generator alone. */
  readonly isSubmeter: boolean
}

/** Roles by the bits of `roleFlags` (ESPI 4.0: bit 1 is the least, isMirror); none when the text is no hexadecimal number. */
export function rolesOf(point: UsagePoint | undefined): Roles {
  const last = /^[0-9a-f]{0,3}([0-9a-f])$/i.exec(point?.roleFlags ?? '')?.[1] ?? '0'
  return { isPremises: /[2367abef]/i.test(last), isSubmeter: /[4589cd]/i.test(last) }
}
