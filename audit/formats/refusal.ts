import type {
  Extraction,
  ExtractionReason,
  FilePlace,
  Origin,
  PartialReading,
  RefusedFile,
  StatedFigures,
} from '#protocol'

/** Why a file gives no facts, or facts that no claim can be made of. Codes are stable and never reused. */
export type RefusalCode =
  /** The file has no byte. */
  | 'ERR_BILL_EMPTY'
  /** The file, a text, or a count in it is over a limit; nothing of it was used. */
  | 'ERR_BILL_TOO_LARGE'
  /** No extractor of this version knows this kind of file. */
  | 'ERR_BILL_FORMAT_UNKNOWN'
  /** Bytes are not UTF-8, contain NUL, or the file declares another encoding. */
  | 'ERR_BILL_ENCODING'
  /** Not well-formed XML with namespaces. */
  | 'ERR_BILL_XML'
  /** XML with a document type: entities could make the text mean anything. */
  | 'ERR_BILL_DOCTYPE'
  /** Elements are nested deeper than any bill. */
  | 'ERR_BILL_DEPTH'
  /** An element of a foreign namespace has a name of the format: one of the two is a trap. */
  | 'ERR_BILL_NAMESPACE'
  /** The feed has neither readings nor a usage summary. */
  | 'ERR_BILL_NO_CONSUMPTION'
  /** Links between the parts of the file are missing, doubled or contradictory. */
  | 'ERR_BILL_LINK'
  /** Service category is missing or not one of a utility. */
  | 'ERR_BILL_SERVICE_KIND'
  /** Gas, water or heat: archived, not yet read. */
  | 'ERR_BILL_COMMODITY'
  /** Service category, commodity and unit contradict each other. */
  | 'ERR_BILL_COMMODITY_CONFLICT'
  /** Unit is missing, unknown or not one of energy. */
  | 'ERR_BILL_UNIT'
  /** Several series measure the same point; adding them would count twice. */
  | 'ERR_BILL_SEVERAL_SERIES'
  /** Net or total flow: consumption cannot be told from it. */
  | 'ERR_BILL_FLOW'
  /** Register or other accumulation that is not a sum of deltas. */
  | 'ERR_BILL_ACCUMULATION'
  /** A figure is not a plain number of the expected range. */
  | 'ERR_BILL_NUMBER'
  /** Energy below zero. */
  | 'ERR_BILL_NEGATIVE'
  /** Energy beyond any customer of this format. */
  | 'ERR_BILL_ABSURD'
  /** Date or instant is malformed or outside 1990 to 2100. */
  | 'ERR_BILL_DATE'
  /** Period is empty, runs backwards, or is longer than ten years. */
  | 'ERR_BILL_PERIOD'
  /** Readings contradict each other: two values for one interval, or intervals overlap. */
  | 'ERR_BILL_READINGS_CONFLICT'
  /** Time is missing between readings: the sum would be too low. */
  | 'ERR_BILL_GAP'
  /** Forecast, not consumption. */
  | 'ERR_BILL_FORECAST'
  /** Usage summary contradicts the readings or itself. */
  | 'ERR_BILL_SUMMARY_CONFLICT'
  /** Records of an MDFF (NEM12, NEM13) file are missing, out of order, of the wrong length, or contradict each other. */
  | 'ERR_BILL_RECORDS'
  /** A required field is missing or empty. */
  | 'ERR_BILL_FIELD'
  /** Rows have unequal numbers of cells, quotes are not closed, or the header differs. */
  | 'ERR_BILL_CSV'
  /** Corrections and ordinary bills are mixed in one file. */
  | 'ERR_BILL_CORRECTION'
  /** Country, state or utility is malformed. */
  | 'ERR_BILL_PLACE'
  /** A file that is packed more often than is opened, or an archive inside an archive. */
  | 'ERR_BILL_NESTED'
  /** An archive, attachment or stream is damaged, lies about its size, or unpacks beyond its limit. */
  | 'ERR_BILL_CONTAINER'
  /** Quantity, price and amount of a line contradict each other. */
  | 'ERR_BILL_ARITHMETIC'
  /** Lines with energy that no rule of this version can tell from repetitions of the same energy. */
  | 'ERR_BILL_LINES'
  /** The file does not say, or not uniquely, what was delivered, when or where. */
  | 'ERR_BILL_UNSTATED'
  /** Energy that a plant produced: neither consumption nor what was fed into the grid. */
  | 'ERR_BILL_GENERATION'
  /** A history of several bills, not a bill. */
  | 'ERR_BILL_HISTORY'
  /** No text layer, or a layout that no template of this version describes. */
  | 'ERR_BILL_TEMPLATE'
  /** A signature in the file does not hold, or covers other bytes than those that would be read. */
  | 'ERR_BILL_SIGNATURE'

/** What {@link Refusal} carries beside its message. */
export type RefusalInit = RefusalOutcome & { readonly code: RefusalCode; readonly place?: FilePlace }

/** What a refusal comes to: `facts` with everything that the file states, or another verdict with nothing. */
export type RefusalOutcome = Pick<StatedFigures, 'verdict' | 'read'> | Pick<RefusedFile, 'verdict' | 'read'>

/** Ends the reading of one file without bills; never leaves `audit/`, where it becomes a verdict. */
export class Refusal extends Error {
  readonly outcome: RefusalOutcome
  readonly code: RefusalCode
  readonly reason: ExtractionReason

  constructor(message: string, init: RefusalInit) {
    super(message)
    this.name = 'Refusal'
    this.outcome = init.verdict === 'facts' ? { verdict: 'facts', read: init.read } : { verdict: init.verdict }
    this.code = init.code
    this.reason = { code: init.code, message, ...(init.place === undefined ? {} : { place: init.place }) }
  }

  get verdict(): RefusalOutcome['verdict'] {
    return this.outcome.verdict
  }
}

/** Refusal of a file with all that is packed in it: what is around the place where it was found is refused as well. */
export class WholeFileRefusal extends Refusal {}

/** The verdict that a refusal is. */
export function extractionOf(refusal: Refusal, format: string, origin: Origin | undefined): Extraction {
  const { outcome, reason } = refusal
  return { ...outcome, reason, format, bills: [], ...(origin === undefined ? {} : { origin }) }
}

/** Refusal of a file that is wrong. */
export function rejection(code: RefusalCode, message: string, place?: FilePlace): Refusal {
  return new Refusal(message, { verdict: 'reject', code, ...(place === undefined ? {} : { place }) })
}

/**
 * End of reading a file that was read whole, and of which no claim can be made.
 *
 * @param read everything that the file states, at least one bill; nothing in it is a guess, nothing of the file was left out.
 */
export function unclaimable(
  code: RefusalCode,
  message: string,
  { read, place }: { readonly read: readonly PartialReading[]; readonly place: FilePlace },
): Refusal {
  const [first, ...others] = read
  if (first === undefined) throw new TypeError('a file that was read whole states something')
  return new Refusal(message, { verdict: 'facts', code, read: [first, ...others], place })
}

/** Refusal of a file that a person must read, since a guess would be needed. */
export function review(code: RefusalCode, message: string, place?: FilePlace): Refusal {
  return new Refusal(message, { verdict: 'needs-review', code, ...(place === undefined ? {} : { place }) })
}

/** Refusal of a file that this version has no reader for. */
export function unsupported(code: RefusalCode, message: string, place?: FilePlace): Refusal {
  return new Refusal(message, { verdict: 'unsupported', code, ...(place === undefined ? {} : { place }) })
}
