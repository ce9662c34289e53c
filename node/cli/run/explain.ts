import { CID } from 'multiformats/cid'
import { vectorsCid } from '#audit'
import type { Charter } from '#protocol'
import { computeBillCid } from '../../bill-cid.ts'
import type { Examination, Examiner, Unclaimed } from '../../examiner.ts'
import { hashFile } from '../../hash-file.ts'
import { parseRegionKeys } from '../../region-keys.ts'
import type { RegionSecrets } from '../../region-keys.ts'
import { parseReviewEntry, toHex } from '#protocol'
import { openAgeFile, readIdentities } from '../age-files.ts'
import { printable } from '../bill-lines.ts'
import { readCharter } from '../charter-option.ts'
import { CliError, usageError } from '../cli-error.ts'
import { createClient } from '../client.ts'
import type { ApiClient, ClientOptions } from '../client.ts'
import { compareCertified, fetchClaim } from '../explain/certified.ts'
import type { Certified, ShownClaim } from '../explain/certified.ts'
import { explanationToJson } from '../explain/explain-json.ts'
import type { Explained, SourceSet } from '../explain/explained.ts'
import { rowLines } from '../explain/rows.ts'
import { explain, isConsistent } from '../explain/sections.ts'
import { findNamedFile, readNamedFile } from '../files.ts'
import { placeOf } from '../place-option.ts'
import type { PlaceOptions } from '../place-option.ts'
import type { Terminal } from '../terminal.ts'
import { readTrustList } from '../trust-option.ts'
import type { TrustOption } from '../trust-option.ts'
import { withExaminer } from '../with-examiner.ts'

/** Options of `kwitness explain`. */
export type ExplainOptions = ClientOptions &
  PlaceOptions &
  TrustOption & {
    readonly claim?: number
    readonly charter?: string
    readonly regionKeys?: string
    readonly identity?: string
    readonly json?: boolean
  }

/** A bill's own bytes, and whom to ask for its claims if it was named by CID. */
type Source = {
  readonly name: string
  readonly plain: Uint8Array
  readonly node?: {
    readonly client: ApiClient
    readonly cid: string
    readonly servedCid: string
    readonly charter: Charter | undefined
  }
}

type Result = { readonly explained: Explained; readonly certified?: Certified }

/** Runs the command. */
export async function runExplain(terminal: Terminal, target: string, options: ExplainOptions): Promise<void> {
  const source = await readSource(terminal, target, options)
  const results = await withExaminer(
    async (examiner, datasets) => explainSource(terminal, source, options, { examiner, sets: datasets.manifests }),
    await readTrustList(options, source.node?.charter),
  )
  const ok = results.every(({ certified }) => certified?.equal !== false)
  if (!ok) terminal.exitCode = 1
  if (options.json === true) {
    const bills = results.map(({ explained, certified }) => ({
      ...explanationToJson(explained),
      ...(certified === undefined ? {} : { certified }),
    }))
    terminal.json({ ok, ...(source.node === undefined ? { file: target } : { cid: source.node.cid }), bills })
    return
  }
  results.forEach((result, i) => {
    if (i > 0) terminal.line()
    print(terminal, source, result)
  })
}

async function readSource(terminal: Terminal, target: string, options: ExplainOptions): Promise<Source> {
  const file = await findNamedFile(target)
  if (file !== undefined) return { name: target, plain: await open(file, target, options) }
  const cid = parseCid(target)
  const charter = await findCharter(terminal, options)
  const client = await createClient(terminal, options)
  terminal.progress(`fetching bill and proof from ${client.url}`)
  const { bytes } = await client.readBill(cid)
  const servedCid = (await computeBillCid(bytes)).toString()
  // Only votes that a charter lets us check can tie an opened file to the CID of the sealed one.
  if (servedCid !== cid && charter === undefined) {
    const message = `${client.url} answered with another file, its CID is ${servedCid}; for an opened sealed bill give --charter`
    throw new CliError(message, { code: 'ERR_CLI_ANSWER', url: client.url })
  }
  return { name: cid, plain: await open(bytes, cid, options), node: { client, cid, servedCid, charter } }
}

function parseCid(text: string): string {
  try {
    return CID.parse(text).toV1().toString()
  } catch {
    throw usageError(`${text} is neither a file nor a CID`)
  }
}

async function findCharter(terminal: Terminal, options: ExplainOptions): Promise<Charter | undefined> {
  const isNamed = [options.charter, options.dir, terminal.environment['KWITNESS_DIR']].some((it) => it !== undefined)
  return isNamed ? readCharter(terminal, options) : undefined
}

/** Opens a sealed bill with the keys that were named; others are taken as they are. */
async function open(bytes: Uint8Array, name: string, options: ExplainOptions): Promise<Uint8Array> {
  const { regionKeys, identity } = options
  const keys = regionKeys === undefined ? [] : (await readKeysFile(regionKeys)).archiveKeys
  return openAgeFile(bytes, name, [...(await readIdentities(identity)), ...keys.map((key) => key.identity)])
}

async function readKeysFile(path: string): Promise<RegionSecrets> {
  return parseRegionKeys(new TextDecoder().decode(await readNamedFile(path)))
}

type Means = { readonly examiner: Examiner; readonly sets: readonly SourceSet[] }

async function explainSource(
  terminal: Terminal,
  { plain, node }: Source,
  options: ExplainOptions,
  { examiner, sets }: Means,
): Promise<Result[]> {
  const given = placeOf(options)
  const plainHash = hashFile(plain)
  const shown = new Map<number, ShownClaim>()
  const fetchShown = async (ordinal: number): Promise<ShownClaim | undefined> => {
    if (node === undefined) return undefined
    const known = shown.get(ordinal) ?? (await fetchClaim(node.client, node, ordinal, node.charter))
    shown.set(ordinal, known)
    return known
  }
  const first = await fetchShown(options.claim ?? 0)
  if (first?.kind === 'claim' && given !== undefined) {
    throw usageError('a certified bill has its place in its claim: leave out the place, or explain the file')
  }
  const declared = first?.kind === 'claim' ? first.claim.declaredPlace : given
  const { bills, unclaimed, signed, format } = requireFigures(
    first?.kind === 'claim' && first.claim.assurance === 'reviewed' && node !== undefined
      ? examiner.examineReviewed(parseReviewEntry(await node.client.getBillFacts(node.cid)))
      : await examiner.examine(plain, plainHash, declared, terminal.signal),
  )
  const ordinals = options.claim === undefined ? bills.map(({ ordinal }) => ordinal) : [options.claim]
  const vectors = (await vectorsCid()).toString()
  const results: Result[] = []
  for (const ordinal of ordinals) {
    const examined = bills.find((bill) => bill.ordinal === ordinal)
    if (examined === undefined) throw notThere(ordinal, bills.length + unclaimed.length, unclaimed)
    const explained: Explained = {
      format,
      plainHash: toHex(plainHash),
      sizeBytes: plain.byteLength,
      ordinal,
      count: bills.length + unclaimed.length,
      examined,
      ...(signed === undefined ? {} : { signed }),
      vectors,
      sets,
    }
    if (!isConsistent(explained)) throw new Error(`the steps of bill ${ordinal} do not add up to its figure`)
    const claim = await fetchShown(ordinal)
    results.push({
      explained,
      ...(claim === undefined ? {} : { certified: compareCertified(claim, plainHash, examined) }),
    })
  }
  return results
}

function notThere(ordinal: number, count: number, unclaimed: readonly Unclaimed[]): CliError {
  const why = unclaimed.find((bill) => bill.ordinal === ordinal)?.reason
  if (why === undefined) return usageError(`--claim ${ordinal}: the file has ${count} bills, counted from 0`)
  return new CliError(printable(why.message), { code: 'ERR_CLI_NO_FIGURES', remote: why.code })
}

function requireFigures(examination: Examination): Extract<Examination, { kind: 'facts' }> & { format: string } {
  if (examination.kind === 'facts') return { ...examination, format: examination.bills[0]?.facts.format ?? '' }
  const { code, message, place } = examination.reason
  const where = place === undefined ? '' : ` at ${printable(place)}`
  throw new CliError(`${printable(message)}${where}`, { code: 'ERR_CLI_NO_FIGURES', remote: code })
}

function print(terminal: Terminal, source: Source, { explained, certified }: Result): void {
  const dim = (text: string): string => terminal.paint('gray', text)
  terminal.line(terminal.paint('bold', printable(source.name)))
  for (const { title, rows } of explain(explained)) {
    terminal.line()
    terminal.line(terminal.paint('bold', title))
    for (const row of rows) rowLines(row, terminal.width, dim).forEach((line) => terminal.line(line))
  }
  if (certified !== undefined) printCertified(terminal, certified, source)
}

function printCertified(terminal: Terminal, { equal, checks }: Certified, { node }: Source): void {
  terminal.line()
  terminal.line(terminal.paint('bold', 'Certified'))
  for (const { name, detail } of checks.filter(({ ok }) => !ok)) {
    terminal.line(`  ${terminal.paint('red', 'FAILED')} ${name}: ${printable(detail)}`)
  }
  const names = checks.map(({ name }) => name)
  if (equal) {
    const whose = node?.charter === undefined ? ', as the node shows it' : ', with its signatures checked'
    terminal.line(`  ${terminal.paint('green', 'equal')}: the certified claim has this figure${whose}`)
    terminal.line(`  compared: ${names.join(', ')}`)
    return
  }
  terminal.line(`  ${terminal.paint('red', 'not equal')}: this is not shown to be the certified figure`)
}
