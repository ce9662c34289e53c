/**
 * The specification in code: words, exact numbers, facts, claims, hashes, signed types, messages, limits, errors.
 *
 * Imports nothing of ours; everybody may import it. Start with `charter.ts` (what a network is), `claim.ts` (what is
 * certified), `batch.ts` and `vote.ts` (how), `anchor.ts` and `manifest.ts` (where it ends).
 */
export * from './abi-words.ts'
export * from './anchor.ts'
export * from './batch.ts'
export * from './bytes.ts'
export * from './certificate.ts'
export * from './charter.ts'
export * from './claim.ts'
export * from './codec.ts'
export * from './domain.ts'
export * from './errors.ts'
export * from './hash.ts'
export * from './limits.ts'
export * from './manifest.ts'
export * from './merkle.ts'
export * from './messages.ts'
export * from './protocol-error.ts'
export * from './quorum.ts'
export * from './shapes.ts'
export * from './signature.ts'
export * from './vote.ts'
export * from './civil-date.ts'
export * from './decimal.ts'
export * from './derivation.ts'
export * from './factor.ts'
export * from './facts.ts'
export * from './rational.ts'
export * from './units.ts'
export * from './value-error.ts'
