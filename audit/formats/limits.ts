import { LIMITS } from '#protocol'

/**
 * Limits of extraction, counted in steps and bytes, never in time: a slow machine gives the same answer.
 * They are part of an extractor's version; changing one changes verdicts.
 */
export const EXTRACTION_LIMITS = {
  /** Same as the archive's: a larger file never becomes a bill. */
  fileBytes: LIMITS.billBytes,
  /** Elements inside each other; real bills stay below 12, and the parser's time grows with the square of the depth. */
  xmlDepth: 64,
  /** Attributes of one element; real bills stay below 16. */
  xmlAttributes: 64,
  /** Elements of one file; a 20 MiB Green Button file has about 600,000. */
  xmlElements: 1_500_000,
  /** Characters of one element's text or one attribute. */
  textChars: 64 * 1024,
  /** Atom entries of one file. */
  atomEntries: 100_000,
  /** Rows of one CSV file. */
  csvRows: LIMITS.billsPerFile,
  /** Characters of one CSV row. */
  csvRowChars: 16 * 1024,
  /** Usage summaries of one Green Button file: forty years of months. */
  espiSummaries: 512,
  /** Readings of one file of intervals; ten years of quarter hours of two series are 700,000. */
  readings: 1_000_000,
  /** Values of one CSV of readings: ten years of quarter hours are 350,000, and each takes 200 bytes of memory. */
  csvReadings: 400_000,
  /** Members of one ZIP archive, folders included. */
  zipMembers: 128,
  /** Bytes that all members of a ZIP archive unpack to. */
  zipBytes: 2 * LIMITS.billBytes,
  /** Times that a member over 1 MiB may be larger than packed; meter data are 10 to 60 times, deflate ends at 1032. */
  zipRatio: 250,
  /** Files that are packed in one file, at every level together; each of them is read. */
  packedFiles: 256,
  /** Bytes that all of them have together. */
  packedBytes: 3 * LIMITS.billBytes,
  /** Lines and meter readings of one e-invoice; a file of 20 MiB has as many when each has all that EN 16931 asks for. */
  invoiceLines: 20_000,
  /** Elements of one e-invoice; a line has about 40. */
  invoiceElements: 600_000,
  /** Pages of one PDF; collective bills of a hundred meters have about 200. */
  pdfPages: 256,
  /** Objects of one PDF, those in object streams included. */
  pdfObjects: 100_000,
  /** Bytes that all streams of a PDF beside its pictures unpack to. */
  pdfUnpackedBytes: 3 * LIMITS.billBytes,
  /**
   * Steps that reading the text of one PDF takes, about 1 us each: words of content and half the letters shown, as often as
   * each is read, fonts, character maps and forms. The densest real pages have about 15,000.
   */
  pdfSteps: 2_600_000,
  /** States that content saves before it restores one; ISO 32000-1 annex C asks readers for 28. pdf.js gets slower with each. */
  pdfSavedStates: 256,
  /** Forms inside forms; real ones stay below 6. */
  pdfFormDepth: 24,
  /** Pieces of text of one PDF; a dense page has about 2,000. */
  pdfTextItems: 100_000,
  /** Characters of all text of one PDF. */
  pdfTextChars: 1_000_000,
  /** Files attached to one PDF. */
  pdfAttachments: 32,
  /** Bills read from one file. */
  bills: LIMITS.billsPerFile,
} as const

/** Largest energy of one bill, in Wh (100 GWh): a figure beyond it is a wrong unit, not a customer. */
export const MAX_BILL_WH = 100_000_000_000n
/** Largest energy of one interval reading, in Wh (10 GWh). */
export const MAX_READING_WH = 10_000_000_000n
/** Largest volume of one bill, in litres (a thousand million m3): more than any country's largest customer. */
export const MAX_BILL_LITRES = 1_000_000_000_000n
/** Largest volume of one interval reading, in litres. */
export const MAX_READING_LITRES = 100_000_000_000n
