/** Keys that a network believes to be utilities'; part of what its auditors must share. */
export type TrustList = {
  /** SHA-256 (lower-case hex) of certificates (DER): of signers, or of authorities whose signatures on signers count. */
  readonly certificates: ReadonlySet<string>
  /** Public keys of mail domains, as an archived DNS answer gave them: `selector._domainkey.domain` -> TXT record. */
  readonly domainKeys: ReadonlyMap<string, string>
}

/** Nobody is trusted: signatures are checked and reported, and never make a bill `utility-signed`. */
export const TRUST_NOBODY: TrustList = { certificates: new Set(), domainKeys: new Map() }
