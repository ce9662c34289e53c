import type { Extraction, Facts, RefusedFile, StatedBills, StatedFigures } from '#protocol'
import { orderTexts } from '../order-texts.ts'
import type { FormatReader, ReadContext } from '../reader.ts'
import { isMail, splitEntity, textOf, withCrlf } from './mail.ts'
import type { MailEntity } from './mail.ts'
import { delimiterOf, partsOf } from './mime.ts'
import { withOrigin } from './with-origin.ts'

/** Name of the format in refusals; facts carry the format of the file inside. */
const EML_FORMAT = 'eml'

/** Reader of mails (`.eml`, RFC 5322) with one bill attached. */
export const EML_READER: FormatReader = {
  format: EML_FORMAT,
  accepts: ({ bytes, root }) => root === undefined && isMail(bytes),
  read: async ({ bytes }, context) => extractEml(bytes, context),
}

/** What an attachment gave. */
type PartResult<T extends Extraction = Extraction> = { readonly path: string; readonly extraction: T }

/**
 * Facts of the one bill in a mail, with the origin that its DKIM signatures show. Other attachments are left aside when
 * they give no facts; two bills are for a person. Figures of which no claim can be made stand for the mail only where nothing
 * else is attached: the bill may be in another file.
 *
 * @throws {Refusal} ERR_BILL_SIGNATURE, or ERR_BILL_CONTAINER for a mail that cannot be divided into its parts.
 */
async function extractEml(bytes: Uint8Array, context: ReadContext): Promise<Extraction> {
  const message = splitEntity(withCrlf(bytes), 'header')
  const origin = await findOrigin(message, context)
  const files = partsOf(message).filter(({ isFile }) => isFile)
  const results: PartResult[] = []
  for (const { path, bytes: file } of files) results.push({ path, extraction: await context.readInner(file) })
  const bill = chooseBill(results)
  return origin === undefined ? bill : withOrigin(bill, origin)
}

async function findOrigin(message: MailEntity, { trust }: ReadContext): Promise<Extraction['origin']> {
  if (trust.domainKeys.size === 0 || !message.fields.some(({ name }) => name === 'dkim-signature')) return undefined
  // Loaded when it is needed: few bills come in mails.
  const { verifyMailSignatures } = await import('../../origin/dkim.ts')
  return verifyMailSignatures({ ...message, isDivisionInBody: isDivisionInBody(message) }, trust)
}

/** A body that begins with its own delimiter can be divided by no other, and one that is not divided needs none. */
function isDivisionInBody(message: MailEntity): boolean {
  const delimiter = delimiterOf(message)
  if (delimiter === undefined) return true
  const start = textOf(message.body.subarray(0, 256)).replace(/^(?:\r\n)*/, '')
  return start.startsWith(`${delimiter}\r\n`)
}

function chooseBill(results: readonly PartResult[]): Extraction {
  const [bill, second] = results.filter(hasBills)
  if (second !== undefined) {
    return forPerson('mail has several bills: a person must choose', second.path)
  }
  if (bill !== undefined) return tag(bill, results.length > 1 ? ['attachments-ignored'] : [])
  const [only, other] = results
  if (only === undefined) return forPerson('mail has no attachment', 'body')
  const { path, extraction } = only
  if (other === undefined && extraction.reason !== undefined) return withPath({ path, extraction })
  return forPerson(`none of ${results.length} attachments is a bill that is read`, path)
}

function hasBills(result: PartResult): result is PartResult<StatedBills> {
  return result.extraction.bills.length > 0
}

/** A refusal that keeps the origin of the mail. */
function forPerson(message: string, path: string): Extraction {
  return {
    verdict: 'needs-review',
    reason: { code: 'ERR_BILL_CONTAINER', message, place: { path } },
    format: EML_FORMAT,
    bills: [],
  }
}

/** What the only attachment gave, with its place in the mail; what no reader knows is for a person here. */
function withPath({ path, extraction }: PartResult<StatedFigures | RefusedFile>): Extraction {
  const inner = extraction.reason.place?.path
  const place = { ...extraction.reason.place, path: inner === undefined ? path : `${path}: ${inner}` }
  const reason = { ...extraction.reason, place }
  if (extraction.verdict === 'facts') return { ...extraction, reason }
  return { ...extraction, verdict: extraction.verdict === 'reject' ? 'reject' : 'needs-review', reason }
}

function tag({ path, extraction }: PartResult<StatedBills>, flags: readonly string[]): Extraction {
  const tagOne = (facts: Facts): Facts => ({
    ...facts,
    flags: [...new Set([...facts.flags, ...flags])].toSorted(orderTexts),
    sources: { ...facts.sources, attachment: path },
  })
  return { ...extraction, bills: extraction.bills.map(tagOne) }
}
