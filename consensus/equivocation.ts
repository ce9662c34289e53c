import { verifyAnnouncement } from '#protocol'
import type { Announcement, Domain, Equivocation } from '#protocol'

/** Proof that a sponsor signed two batches for one place in its chain, if these two announcements are one. */
export function findEquivocation(known: Announcement, seen: Announcement): Equivocation | undefined {
  return isSamePlace(known, seen) && !known.batch.equals(seen.batch) ? { first: known, second: seen } : undefined
}

function isSamePlace(a: Announcement, b: Announcement): boolean {
  return (
    a.region === b.region &&
    a.epoch === b.epoch &&
    a.seq === b.seq &&
    a.sponsor.every((byte, i) => byte === b.sponsor[i])
  )
}

/** True if a proof of equivocation from anybody stands: two signed announcements for one place, two batches. */
export function isEquivocation(domain: Domain, proof: Equivocation): boolean {
  if (findEquivocation(proof.first, proof.second) === undefined) return false
  try {
    verifyAnnouncement(domain, proof.first)
    verifyAnnouncement(domain, proof.second)
    return true
  } catch {
    // A signature that does not verify makes it no proof; that it was sent is the sender's fault, judged by the caller.
    return false
  }
}
