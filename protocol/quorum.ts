/** How many of `members` may lie, stop or collude without harm (DESIGN 2). */
export function faultsTolerated(members: number): number {
  return Math.floor((members - 1) / 3)
}

/** Votes that make a certificate: two quorums always share an honest auditor. 4 -> 3, 7 -> 5, 10 -> 7. */
export function quorumOf(members: number): number {
  return Math.floor((members + faultsTolerated(members)) / 2) + 1
}

/** Fewest auditors of a region: with fewer, none may fail. */
export const MIN_COMMITTEE = 4
