import { encodeFacts, toHex } from '#protocol'
import type { Extraction, ExtractionReason, Facts, RefusedFile, StatedBills, StatedFigures } from '#protocol'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { NEM12_FORMAT } from '../nem12/extract-nem12.ts'
import { orderTexts } from '../order-texts.ts'
import type { FormatReader, ReadContext } from '../reader.ts'
import { rejection, review, unclaimable, unsupported } from '../refusal.ts'
import type { Refusal, RefusalCode } from '../refusal.ts'
import { quoteName, readMembers } from './read-members.ts'

/** Name of the format in refusals; facts carry the format of the file inside. */
const ZIP_FORMAT = 'zip'

/** First bytes of a local file header. */
const ZIP_HEAD = [0x50, 0x4b, 0x03, 0x04] as const

/** First bytes of archives: ZIP, gzip, bzip2, xz, 7-Zip, RAR. */
const ARCHIVE_HEADS: readonly (readonly number[])[] = [
  ZIP_HEAD,
  [0x50, 0x4b, 0x05, 0x06],
  [0x1f, 0x8b],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a],
  [0x37, 0x7a, 0xbc, 0xaf],
  [0x52, 0x61, 0x72, 0x21],
]

/** What a member gave. */
type MemberResult<T extends Extraction = Extraction> = { readonly name: string; readonly extraction: T }

/** Reader of archives with one bill inside, or with several NEM12 files. */
export const ZIP_READER: FormatReader = {
  format: ZIP_FORMAT,
  accepts: ({ bytes }) => startsWith(bytes, ZIP_HEAD),
  read: async ({ bytes }, context) => extractZip(bytes, context),
}

/**
 * Facts of the bill in an archive. Files that no reader knows (a leaflet, a picture) are left aside and flagged; with
 * several bills a person must choose, except for NEM12 files, which markets send in pieces. A member that states too little
 * for a claim is as good as a bill, and must be the only one.
 *
 * @throws {Refusal} ERR_BILL_CONTAINER, ERR_BILL_NESTED, ERR_BILL_TOO_LARGE, ERR_BILL_READINGS_CONFLICT, or the reason
 * of the only member; the path begins with the member's name.
 */
async function extractZip(bytes: Uint8Array, context: ReadContext): Promise<Extraction> {
  const members = await readMembers(bytes)
  if (members.length === 0) throw rejection('ERR_BILL_EMPTY', 'archive has no file', { path: 'central directory' })
  const nested = members.find((member) => ARCHIVE_HEADS.some((head) => startsWith(member.bytes, head)))
  if (nested !== undefined) throw refuseNested(nested.name)
  const results: MemberResult[] = []
  for (const member of members) {
    const extraction = await context.readInner(member.bytes)
    // Not left aside as a file that nobody knows: the bill may be in it.
    if (extraction.reason?.code === 'ERR_BILL_NESTED') throw refuseNested(member.name, extraction.reason)
    results.push({ name: member.name, extraction })
  }
  return chooseResult(results)
}

function chooseResult(results: readonly MemberResult[]): Extraction {
  const stated = results.filter(isStated)
  const unread = results.filter(isUnread)
  const [problem] = results.filter(isRefused)
  const [first] = stated
  if (first === undefined) throw problem === undefined ? refuseUnread(unread) : repeatRefusal(problem)
  if (problem !== undefined) {
    const { code } = problem.extraction.reason
    const message = `${quoteName(first.name)} is a bill, and this member was refused with ${code}`
    throw review('ERR_BILL_CONTAINER', message, { path: quoteName(problem.name) })
  }
  const bills = stated.filter(hasBills)
  const figures = stated.find(hasFigures)
  if (figures !== undefined && stated.length === 1) throw repeatRefusal(figures)
  const [bill, second] = bills
  if (bill === undefined || figures !== undefined) throw refuseSeveral(stated.length, figures ?? first)
  const flags = unread.length > 0 ? ['members-ignored'] : []
  if (second === undefined) return withMember(bill, flags)
  const other = bills.find(({ extraction }) => extraction.format !== NEM12_FORMAT)
  if (other !== undefined) throw refuseSeveral(bills.length, other)
  return mergeBills(bills, flags)
}

function refuseSeveral(bills: number, { name }: MemberResult): Refusal {
  const message = `archive has ${bills} bills: a person must choose`
  return review('ERR_BILL_CONTAINER', message, { path: quoteName(name) })
}

function isStated(result: MemberResult): result is MemberResult<StatedBills | StatedFigures> {
  return result.extraction.verdict === 'facts' || result.extraction.verdict === 'correction'
}

function hasBills(result: MemberResult): result is MemberResult<StatedBills> {
  return result.extraction.bills.length > 0
}

function hasFigures(result: MemberResult): result is MemberResult<StatedFigures> {
  return result.extraction.read !== undefined
}

function isUnread(result: MemberResult): result is MemberResult<RefusedFile> {
  return result.extraction.verdict === 'unsupported'
}

function isRefused(result: MemberResult): result is MemberResult<RefusedFile> {
  return !isStated(result) && !isUnread(result)
}

/** All bills of NEM12 files; the same bill twice counts once, and two that overlap are for a person. */
function mergeBills(results: readonly MemberResult<StatedBills>[], flags: readonly string[]): Extraction {
  const distinct = new Map<string, { facts: Facts; name: string }>()
  const repeated = new Set<string>()
  for (const { name, extraction } of results) {
    for (const facts of extraction.bills) {
      const key = toHex(encodeFacts(facts))
      if (distinct.has(key)) repeated.add(key)
      else distinct.set(key, { facts, name })
    }
  }
  const ordered = [...distinct].toSorted(([, a], [, b]) => orderTexts(keyOf(a.facts), keyOf(b.facts)))
  ordered.forEach(([, { facts, name }], index) => {
    const previous = ordered[index - 1]?.[1]
    if (previous?.facts.point !== facts.point || previous === undefined) return
    if (facts.service.start < previous.facts.service.end) {
      const message = `bill of ${facts.point ?? ''} overlaps with one in ${quoteName(previous.name)}`
      throw review('ERR_BILL_READINGS_CONFLICT', message, { path: quoteName(name) })
    }
  })
  if (ordered.length > EXTRACTION_LIMITS.bills) {
    const message = `more than ${EXTRACTION_LIMITS.bills} bills in one archive`
    throw rejection('ERR_BILL_TOO_LARGE', message, { path: 'central directory' })
  }
  const bills = ordered.map(([key, { facts, name }]) =>
    tag(facts, name, repeated.has(key) ? [...flags, 'duplicates-dropped'] : flags),
  )
  return { verdict: 'facts', format: NEM12_FORMAT, bills }
}

function withMember({ name, extraction }: MemberResult<StatedBills>, flags: readonly string[]): Extraction {
  return { ...extraction, bills: extraction.bills.map((facts) => tag(facts, name, flags)) }
}

function tag(facts: Facts, name: string, flags: readonly string[]): Facts {
  return {
    ...facts,
    flags: [...new Set([...facts.flags, ...flags])].toSorted(orderTexts),
    sources: { ...facts.sources, member: quoteName(name) },
  }
}

function repeatRefusal({ name, extraction }: MemberResult<RefusedFile | StatedFigures>): Refusal {
  const { verdict, reason } = extraction
  const path = reason.place?.path === undefined ? quoteName(name) : `${quoteName(name)}: ${reason.place.path}`
  const place = { ...reason.place, path }
  const code = reason.code as RefusalCode
  if (verdict === 'facts') return unclaimable(code, reason.message, { read: extraction.read, place })
  return verdict === 'reject' ? rejection(code, reason.message, place) : review(code, reason.message, place)
}

function refuseUnread(unread: readonly MemberResult<RefusedFile>[]): Refusal {
  const [first] = unread
  const only = unread.length === 1 ? first?.extraction.reason.code : undefined
  const code = (only ?? 'ERR_BILL_FORMAT_UNKNOWN') as RefusalCode
  return unsupported(code, 'archive has no file that this version reads', { path: quoteName(first?.name ?? '') })
}

/** An archive in an archive is what bombs are made of; others are packed once too often. */
function refuseNested(name: string, reason?: ExtractionReason): Refusal {
  const path = reason?.place?.path === undefined ? quoteName(name) : `${quoteName(name)}: ${reason.place.path}`
  return unsupported('ERR_BILL_NESTED', reason?.message ?? 'an archive inside an archive is not opened', { path })
}

function startsWith(bytes: Uint8Array, head: readonly number[]): boolean {
  return head.every((byte, index) => bytes[index] === byte)
}

function keyOf({ point, service }: Facts): string {
  return `${point ?? ''} ${service.start} ${service.end}`
}
