/** Keys that a network believes to be utilities'; part of what its auditors must share (`docs/spec/origin.md`). */
export type TrustList = {
  /** SHA-256 (lower-case hex) of certificates (DER): of signers, or of authorities whose signatures on signers count. */
  readonly certificates: ReadonlySet<string>
  /** Public keys of mail domains, as an archived DNS answer gave them: `selector._domainkey.domain` -> TXT record. */
  readonly domainKeys: ReadonlyMap<string, string>
  /**
   * SHA-256 (lower-case hex) of certificates (DER) of time-stamping services, or of authorities above them. They prove
   * when a bill was signed (RFC 3161), never who signed it. Absent: none.
   */
  readonly timestampAuthorities?: ReadonlySet<string>
}

/** Nobody is trusted: signatures are checked and reported, and never make a bill `utility-signed`. */
export const TRUST_NOBODY: TrustList = { certificates: new Set(), domainKeys: new Map() }
