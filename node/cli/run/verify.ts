import { CID } from 'multiformats/cid'
import { decodeProof, makeCheck, failCheck, parseReviewEntry } from '#protocol'
import type { Check, ReviewEntry } from '#protocol'
import { isAgeFile } from '#storage'
import { computeBillCid } from '../../bill-cid.ts'
import { parseRegionKeys } from '../../region-keys.ts'
import type { RegionSecrets } from '../../region-keys.ts'
import { verifyProof } from '../../verify.ts'
import { dearmour, openAgeFile, readIdentities } from '../age-files.ts'
import { CliError, usageError } from '../cli-error.ts'
import { readCharter } from '../charter-option.ts'
import { createClient } from '../client.ts'
import type { ApiClient, ClientOptions } from '../client.ts'
import { parseEntryFile } from '../entry-file.ts'
import { findNamedFile, readNamedFile } from '../files.ts'
import { withExaminer } from '../with-examiner.ts'
import type { Terminal } from '../terminal.ts'
import { readTrustList } from '../trust-option.ts'
import type { TrustOption } from '../trust-option.ts'

/** Options of `kwitness verify`. */
export type VerifyOptions = ClientOptions &
  TrustOption & {
    readonly bill?: string
    readonly facts?: string
    readonly rpc?: string
    readonly charter?: string
    readonly via?: string
    readonly regionKeys?: string
    readonly identity?: string
    readonly claim: number
    readonly json?: boolean
  }

type Evidence = {
  readonly proof: Uint8Array
  readonly bill: Uint8Array | undefined
  readonly entry: ReviewEntry | undefined
  readonly checks: Check[]
}

/** Runs the command. */
export async function runVerify(terminal: Terminal, target: string, options: VerifyOptions): Promise<void> {
  const checks = await verify(terminal, target, options)
  const ok = checks.every((check) => check.ok)
  if (!ok) terminal.exitCode = 1
  if (options.json === true) terminal.json({ ok, checks })
  else printChecks(terminal, checks, ok)
}

async function verify(terminal: Terminal, target: string, options: VerifyOptions): Promise<readonly Check[]> {
  const charter = await readCharter(terminal, options)
  const regionKeys =
    options.regionKeys === undefined
      ? undefined
      : await parseRegionKeys(new TextDecoder().decode(await readNamedFile(options.regionKeys)))
  const own = await readIdentities(options.identity)
  const { proof, bill: found, entry, checks } = await collect(terminal, target, options)
  const bill = found === undefined ? undefined : await openDisclosed(found, proof, own, options)
  const rpcUrl = options.rpc ?? terminal.environment['KWITNESS_RPC']
  const trust = await readTrustList(options, charter)
  return withExaminer(async (examiner) => {
    const sealedIdentities = [...own, ...(regionKeys?.archiveKeys ?? []).map((key) => key.identity)]
    const given = { ...secretOf(regionKeys), ...(sealedIdentities.length === 0 ? {} : { sealedIdentities }) }
    const verification = await verifyProof({
      proof,
      charter,
      signal: terminal.signal,
      ...(bill === undefined ? {} : { bill: { bytes: bill, examiner, ...given } }),
      ...(entry === undefined ? {} : { reviewed: { entry, examiner, ...secretOf(regionKeys) } }),
      ...(rpcUrl === undefined ? {} : { rpcUrl }),
    })
    return [...checks, ...verification.checks]
  }, trust)
}

async function collect(terminal: Terminal, target: string, options: VerifyOptions): Promise<Evidence> {
  const given = options.bill === undefined ? undefined : await readNamedFile(options.bill)
  const facts = options.facts === undefined ? undefined : parseEntryFile(await readNamedFile(options.facts))
  const file = await findNamedFile(target)
  if (file !== undefined) return { proof: file, bill: given, entry: facts, checks: [] }
  const cid = parseCid(target)
  const client = await createClient(terminal, options.via === undefined ? options : { ...options, api: options.via })
  terminal.progress(`fetching proof and bill from ${client.url}`)
  const proof = await client.readProof(cid, options.claim)
  const bill = given ?? (await findBill(client, cid))
  return { proof, bill, entry: facts ?? (await findFacts(client, cid, proof)), checks: [checkAsked(proof, cid)] }
}

/**
 * A bill that was disclosed is another age file than the archived one, and its own CID says nothing: it is opened first. The
 * archived one stays sealed, so that its CID is checked too.
 */
async function openDisclosed(
  bytes: Uint8Array,
  proof: Uint8Array,
  identities: readonly string[],
  { bill: name = 'the bill' }: VerifyOptions,
): Promise<Uint8Array> {
  const file = dearmour(bytes, name)
  if (identities.length === 0 || !isAgeFile(file)) return file
  const cid = await computeBillCid(file)
  return isOf(proof, cid) ? file : openAgeFile(file, name, identities)
}

/** True if a proof is of the file with this CID, and if it cannot be read: then its own check says so. */
function isOf(proof: Uint8Array, cid: CID): boolean {
  try {
    return decodeProof(proof).bill.cid.equals(cid)
  } catch {
    return true
  }
}

/** A node may answer with the good proof of another bill. */
function checkAsked(proof: Uint8Array, cid: string): Check {
  return makeCheck('cid', () => {
    const found = decodeProof(proof).bill.cid.toString()
    return found === cid ? `the proof is for ${cid}` : failCheck(`the proof is for ${found}, not for ${cid}`)
  })
}

/** A sealed bill without a key, or one that the node does not have, leaves its check to be skipped. */
async function findBill(client: ApiClient, cid: string): Promise<Uint8Array | undefined> {
  try {
    return (await client.readBill(cid)).bytes
  } catch (thrown) {
    if (thrown instanceof CliError && thrown.code === 'ERR_CLI_REFUSED') return undefined
    throw thrown
  }
}

/** What people read, where a node shows it; without a key, or of another's sealed bill, it does not. */
async function findFacts(client: ApiClient, cid: string, proof: Uint8Array): Promise<ReviewEntry | undefined> {
  const { claim } = decodeProof(proof)
  if (!client.hasKey || claim.kind === 'leaf' || claim.content.assurance !== 'reviewed') return undefined
  try {
    return parseReviewEntry(await client.getBillFacts(cid))
  } catch (thrown) {
    if (thrown instanceof CliError && thrown.code === 'ERR_CLI_REFUSED') return undefined
    throw thrown
  }
}

function secretOf(keys: RegionSecrets | undefined): { regionSecret?: Uint8Array } {
  return keys === undefined ? {} : { regionSecret: keys.pointSecret }
}

function parseCid(text: string): string {
  try {
    return CID.parse(text).toV1().toString()
  } catch {
    throw usageError(`${text} is neither a file nor a CID`)
  }
}

function printChecks(terminal: Terminal, checks: readonly Check[], ok: boolean): void {
  const width = Math.max(...checks.map((check) => check.name.length))
  for (const { name, ok: isGood, detail, skipped } of checks) {
    const mark = skipped === true ? terminal.paint('gray', '-') : markOf(terminal, isGood)
    terminal.line(`${mark} ${name.padEnd(width)}  ${detail}`)
  }
  const failed = checks.filter((check) => !check.ok).length
  const skipped = checks.filter((check) => check.skipped === true).length
  const summary = ok ? terminal.paint('green', 'verified') : terminal.paint('red', `${failed} checks failed`)
  terminal.line(skipped === 0 ? summary : `${summary}, ${skipped} not checked`)
}

function markOf(terminal: Terminal, isGood: boolean): string {
  return isGood ? terminal.paint('green', 'ok') : terminal.paint('red', 'FAILED')
}
