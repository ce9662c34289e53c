import { EXTRACTION_LIMITS } from '../formats/limits.ts'
import { ORIGIN_LIMITS } from './constants.ts'
import { isPdfRegular, isPdfSpace, parsePdfObject, PdfSyntaxError } from './pdf-objects.ts'
import type { PdfBudget, PdfValue } from './pdf-objects.ts'
import { SignatureError } from './signature-error.ts'

/** A signature dictionary (ISO 32000-1 table 252) as it stands in a file; nothing has been checked. */
export type PdfSignature = {
  /** Offset of its `<<`. */
  readonly start: number
  /** Values by key; several where a key stands twice. */
  readonly values: ReadonlyMap<string, readonly PdfValue[]>
}

type Dictionary = PdfValue & { readonly kind: 'dictionary' }

/** Keys that signature dictionaries have and few others: each occurrence is looked at from outside. */
const MARKERS = ['/ByteRange', '/SubFilter'].map((text) => new TextEncoder().encode(text))
const OBJ = new TextEncoder().encode('obj')

/** Objects before a marker that are tried as the one around it: `obj` may stand in a text string, too. */
const MAX_TRIES = 4
/** Objects of one file; 20 MiB have room for some more, but no bill has them. */
const MAX_OBJECTS = 1_000_000
/** Bytes looked at for all objects of one file: each byte once, since objects do not overlap. */
const MAX_LOOKED_BYTES = EXTRACTION_LIMITS.fileBytes

/**
 * Signature dictionaries of a file, in the order in which they stand in it, those of time stamps left out.
 *
 * Objects are found by the key that they must have and are then parsed exactly from their `n g obj`; the file's
 * cross-reference tables are not asked, since they belong to the revisions that are in doubt. What is found may not be
 * the signature that a viewer shows. That is no danger: a signature counts only if it covers every byte of the revision
 * that is read, beside its own hex digits.
 *
 * @throws {SignatureError} when the file has more of them than any bill.
 */
export function findPdfSignatures(bytes: Uint8Array): readonly PdfSignature[] {
  const budget: PdfBudget = { bytes: MAX_LOOKED_BYTES }
  const parsed = new Map<number, PdfValue | undefined>()
  const found = new Map<number, PdfSignature>()
  const offsets = MARKERS.flatMap((marker) => findAll(bytes, marker, ORIGIN_LIMITS.pdfCandidates + 1))
  if (offsets.length === 0) return []
  if (offsets.length > ORIGIN_LIMITS.pdfCandidates) throw new SignatureError('file has too many signatures')
  const objects = findAll(bytes, OBJ, MAX_OBJECTS).filter((at) => isObjectHead(bytes, at))
  for (const offset of offsets) {
    for (const dictionary of dictionariesAround(bytes, offset, { objects, budget, parsed })) {
      const signature = signatureOf(dictionary)
      if (signature !== undefined) found.set(signature.start, signature)
    }
  }
  if (budget.bytes <= 0) throw new SignatureError('objects of the file are too large')
  if (found.size > ORIGIN_LIMITS.pdfSignatures) throw new SignatureError('file has too many signatures')
  return [...found.values()].toSorted((a, b) => a.start - b.start)
}

/** Text of a name, when a key has one value and it is a name. */
export function nameValue(signature: PdfSignature, key: string): string | undefined {
  const value = onlyValue(signature, key)
  return value?.kind === 'name' ? value.name : undefined
}

/** The value of a key; `undefined` when it is absent or stands twice. */
export function onlyValue(signature: PdfSignature, key: string): PdfValue | undefined {
  const values = signature.values.get(key) ?? []
  return values.length === 1 ? values[0] : undefined
}

/** What {@link dictionariesAround} knows of a file. */
type ObjectIndex = {
  /** Offsets of the word `obj` of each `n g obj`, ascending. */
  readonly objects: readonly number[]
  readonly budget: PdfBudget
  /** Objects that were parsed before, by the offset behind their head. */
  readonly parsed: Map<number, PdfValue | undefined>
}

/** All dictionaries that begin before an offset and end after it, inside the nearest object that does. */
function dictionariesAround(bytes: Uint8Array, offset: number, index: ObjectIndex): readonly Dictionary[] {
  const nearest = countBelow(index.objects, offset) - 1
  for (let at = nearest; at >= 0 && at > nearest - MAX_TRIES; at -= 1) {
    const start = (index.objects[at] ?? 0) + OBJ.byteLength
    if (!index.parsed.has(start)) index.parsed.set(start, tryParse(bytes, start, index.budget))
    const value = index.parsed.get(start)
    if (value !== undefined && value.start < offset && offset < value.end) return dictionariesAt(value, offset)
  }
  return []
}

/** How many of ascending numbers are below a limit; found by halving. */
function countBelow(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] ?? limit) < limit) low = middle + 1
    else high = middle
  }
  return low
}

function dictionariesAt(value: PdfValue, offset: number): readonly Dictionary[] {
  if (offset < value.start || offset >= value.end) return []
  switch (value.kind) {
    case 'array':
      return value.items.flatMap((item) => dictionariesAt(item, offset))
    case 'dictionary':
      return [value, ...value.entries.flatMap(([, entry]) => dictionariesAt(entry, offset))]
    case 'integer':
    case 'name':
    case 'hex':
    case 'other':
      return []
    default:
      return value satisfies never
  }
}

function tryParse(bytes: Uint8Array, start: number, budget: PdfBudget): PdfValue | undefined {
  try {
    return parsePdfObject(bytes, start, budget)
  } catch (thrown) {
    if (thrown instanceof PdfSyntaxError) return undefined
    throw thrown
  }
}

/** True if the word `obj` at an offset has an object number and a generation before it. */
function isObjectHead(bytes: Uint8Array, at: number): boolean {
  const generation = skipNumberBack(bytes, at)
  const number = generation === undefined ? undefined : skipNumberBack(bytes, generation)
  return number !== undefined && !isPdfRegular(bytes[number - 1])
}

/** Offset of the first digit of a number that stands before white space before `end`. */
function skipNumberBack(bytes: Uint8Array, end: number): number | undefined {
  let at = end
  while (isPdfSpace(bytes[at - 1]) && end - at < 16) at -= 1
  if (at === end) return undefined
  const last = at
  while (isDigit(bytes[at - 1]) && last - at < 10) at -= 1
  return at === last ? undefined : at
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

/**
 * The dictionary as a signature; `undefined` for others, for the time stamps of archives, which have no signer, and for
 * usage rights, with which a maker of software allows a form to be filled in.
 */
function signatureOf(dictionary: Dictionary): PdfSignature | undefined {
  const values = new Map<string, PdfValue[]>()
  for (const [key, value] of dictionary.entries) values.set(key, [...(values.get(key) ?? []), value])
  const signature = { start: dictionary.start, values }
  const type = nameValue(signature, 'Type')
  const subFilter = nameValue(signature, 'SubFilter')
  if (type === 'DocTimeStamp' || subFilter === 'ETSI.RFC3161' || isUsageRights(signature)) return undefined
  const isSignature = type === 'Sig' || values.has('ByteRange') || (values.has('Contents') && subFilter !== undefined)
  return isSignature ? signature : undefined
}

/** True if a signature is of the kind of ISO 32000-1 section 12.8.2.3; it says nothing of who wrote the file. */
function isUsageRights(signature: PdfSignature): boolean {
  const references = onlyValue(signature, 'Reference')
  const items = references?.kind === 'array' ? references.items : []
  return items.some(
    (item) =>
      item.kind === 'dictionary' &&
      item.entries.some(
        ([key, value]) => key === 'TransformMethod' && value.kind === 'name' && /^UR3?$/.test(value.name),
      ),
  )
}

/** Offsets at which a word stands, the first `most` of them. */
function findAll(bytes: Uint8Array, word: Uint8Array, most: number): readonly number[] {
  const found: number[] = []
  // The second byte is rarer in files than the slash that a name begins with.
  const [, second = 0] = word
  for (let at = bytes.indexOf(second, 1); at >= 0 && found.length < most; at = bytes.indexOf(second, at + 1)) {
    if (matchesAt(bytes, at - 1, word) && !isPdfRegular(bytes[at - 1 + word.byteLength])) found.push(at - 1)
  }
  return found
}

function matchesAt(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let index = 0; index < word.byteLength; index += 1) if (bytes[at + index] !== word[index]) return false
  return true
}
