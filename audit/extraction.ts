/**
 * Extraction in the calling thread, for tests, tools and benchmarks: importing it loads every reader. A node reads bills in
 * the workers of the sandbox, which `#audit` has, and needs none of this in its own thread.
 */
export { extractCsv } from './formats/csv/extract-csv.ts'
export { CSV_PROFILES } from './formats/csv/profiles.ts'
export { Zone, ZONE_NAMES } from './formats/csv/zones.ts'
export { extractPdf, readPdfPages } from './formats/pdf/extract-pdf.ts'
export { verifyPdfSignatures } from './origin/pdf-signature.ts'
export { verifyXmlSignature } from './origin/xml-signature.ts'
