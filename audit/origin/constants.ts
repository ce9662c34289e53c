import { EXTRACTION_LIMITS } from '../formats/limits.ts'

/**
 * Limits of checking signatures, counted in bytes, elements and steps; part of the version like those of extraction.
 * What is over one of them was not written by a utility's signing software.
 */
export const ORIGIN_LIMITS = {
  /** Bytes of one ASN.1 structure: a CMS envelope holds the bill itself. */
  asn1Bytes: EXTRACTION_LIMITS.fileBytes,
  /** ASN.1 elements inside each other; a signature with a time stamp in it has about 20. */
  asn1Depth: 48,
  /** ASN.1 elements of one structure: 20 MiB in pieces of 1000 bytes, as BER writers cut it, are 21,000. */
  asn1Nodes: 40_000,
  /** Certificates that one signature brings along. */
  certificates: 32,
  /** Signers of one CMS envelope. */
  signers: 8,
  /** Attributes of one signer. */
  attributes: 64,
  /** Certificates from a signer up to a trusted authority, both counted. */
  pathLength: 8,
  /** Signatures of authorities checked for one path: certificates may name each other in circles. */
  pathSteps: 64,
  /** Signature dictionaries of one PDF; each is checked. */
  pdfSignatures: 8,
  /** Places of one PDF that look like a signature dictionary from outside. */
  pdfCandidates: 256,
  /** Bytes from the beginning of a PDF object to its end, when it is a signature. */
  pdfObjectBytes: 4 * 1024 * 1024,
  /** Tokens of one PDF object. */
  pdfTokens: 20_000,
  /** Arrays and dictionaries inside each other. */
  pdfDepth: 32,
  /** Characters of a signed XML file: its canonical form is held several times. */
  xmlChars: 8 * 1024 * 1024,
  /** Elements of a signed XML file. */
  xmlElements: 100_000,
  /** Namespaces in scope at one element of a signed XML file: each may have to be written at each. */
  xmlNamespaces: 256,
  /** Signatures beside each other in one XML file. */
  xmlSignatures: 4,
  /** References of one XML signature: the document, the signed properties, the key. */
  xmlReferences: 8,
  /** Bytes of the header section of a mail. */
  mailHeaderBytes: 128 * 1024,
  /** Lines of the header section of a mail. */
  mailHeaderLines: 2_000,
  /** DKIM signatures of one mail; RFC 6376 section 6.1 leaves the limit to the verifier. */
  mailSignatures: 16,
  /** Parts of one mail, those that hold others counted. */
  mailParts: 64,
  /** Parts inside each other. */
  mailDepth: 8,
  /** Shortest RSA modulus, in bits, that counts (RFC 8301 for DKIM; NIST SP 800-131A for all). */
  rsaBits: 2048,
  /** Longest RSA modulus, in bits: longer ones only cost time. */
  rsaBitsMost: 8192,
  /** Characters of a signer's name in a result. */
  nameChars: 200,
} as const
