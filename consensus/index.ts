/**
 * The agreement, without I/O and without a clock: locks that stop double counting, ballots and tallies that make
 * certificates, equivocation, the content of anchors and who sends them. `node/` brings bytes, time and disk.
 */
export * from './anchor-plan.ts'
export * from './ballot.ts'
export * from './equivocation.ts'
export * from './locks.ts'
export * from './tally.ts'
export * from './transmitter.ts'
