import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { readBills, SAMPLES_DIR } from '../../devnet/bills.ts'
import type { DevnetBill } from '../../devnet/bills.ts'
import { MAX_AUDITORS } from '../../devnet/constants.ts'
import { Devnet } from '../../devnet/devnet.ts'
import { DEVNET_REGIONS, isDevnetRegion } from '../../devnet/regions.ts'
import type { DevnetRegionName } from '../../devnet/regions.ts'
import { createReport } from '../../devnet/report.ts'
import type { DevnetReport } from '../../devnet/report.ts'
import { MIN_COMMITTEE } from '#protocol'
import { grouped } from '../bill-lines.ts'
import { usageError } from '../cli-error.ts'
import { DevnetBoard } from '../devnet-board.ts'
import { placeOf } from '../place-option.ts'
import type { PlaceOptions } from '../place-option.ts'
import type { Terminal } from '../terminal.ts'

/** Options of `kwitness devnet`. */
export type DevnetOptions = PlaceOptions & {
  readonly once?: boolean
  readonly auditors: number
  readonly regions: string
  readonly bills?: string
  readonly public?: boolean
  readonly keep?: string
  readonly json?: boolean
}

/** Runs the command. */
export async function runDevnet(terminal: Terminal, options: DevnetOptions): Promise<void> {
  const regions = parseRegions(options.regions)
  const { auditors } = options
  if (auditors < MIN_COMMITTEE || auditors > MAX_AUDITORS) {
    throw usageError(`--auditors ${auditors}: a region has ${MIN_COMMITTEE} to ${MAX_AUDITORS}`)
  }
  const place = placeOf(options)
  const defaults = {
    ...(place === undefined ? {} : { place }),
    visibility: options.public === true ? 'public' : 'sealed',
  } as const
  const billsDir = options.bills ?? SAMPLES_DIR
  const bills = await readBills(billsDir, defaults, regions)
  const root = await createRoot(options.keep)
  const board = new DevnetBoard(terminal, () => performance.now())
  const view = {
    phase: (text: string) => board.phase(text),
    bill: (progress: Parameters<DevnetBoard['bill']>[0]) => board.bill(progress),
    died: (failure: Error) => board.message(terminal.paint('red', failure.message, 'stderr')),
  }
  const network = new Devnet({ root, regions, auditors }, view, terminal.signal)
  try {
    await network.start()
    const report = createReport(await network.run(bills), network.size)
    board.finish()
    if (!report.passed) terminal.exitCode = 1
    if (options.json === true) terminal.json(report)
    else printReport(terminal, report)
    if (options.once === true) return
    printHints({ terminal, network, root, report, bill: bills[0], billsDir, isJson: options.json === true })
    await untilAborted(terminal.signal)
  } catch (thrown) {
    // Ctrl-C is how a devnet ends.
    if (!terminal.signal.aborted) throw thrown
    if (options.once === true) terminal.exitCode = 1
  } finally {
    board.phase('stopping')
    await network.stop()
    if (options.keep === undefined) await rm(root, { recursive: true, force: true })
    board.finish()
  }
}

function parseRegions(text: string): DevnetRegionName[] {
  const names = text.split(',').map((name) => name.trim())
  const known = names.filter(isDevnetRegion)
  if (known.length !== names.length || new Set(names).size !== names.length) {
    throw usageError(`--regions ${text}: known are ${Object.keys(DEVNET_REGIONS).join(', ')}`)
  }
  return known
}

async function createRoot(keep: string | undefined): Promise<string> {
  if (keep === undefined) return mkdtemp(join(tmpdir(), 'kwitness-devnet-'))
  await mkdir(keep, { recursive: true, mode: 0o700 })
  if ((await readdir(keep)).length > 0) throw usageError(`--keep ${keep}: the folder is not empty`)
  return resolve(keep)
}

function printReport(terminal: Terminal, report: DevnetReport): void {
  terminal.line()
  for (const { region, seq, claims, gas, tx } of report.anchors) {
    const each = grouped(Math.ceil(gas / Math.max(claims, 1)))
    terminal.line(`anchor ${region} ${seq}: ${claims} claims, ${grouped(gas)} gas (${each} each), ${tx}`)
  }
  const verified = report.bills.filter((bill) => bill.verified).length
  const summary = `${verified} of ${report.bills.length} bills certified, anchored, final and verified by ${report.auditors} auditors`
  terminal.line(terminal.paint(report.passed ? 'green' : 'red', summary))
}

type Hints = {
  readonly terminal: Terminal
  readonly network: Devnet
  readonly root: string
  readonly report: DevnetReport
  readonly bill: DevnetBill | undefined
  readonly billsDir: string
  readonly isJson: boolean
}

function printHints({ terminal, network, root, report, bill, billsDir, isJson }: Hints): void {
  const auditor = network.firstAuditor
  const first = report.bills.find((it) => it.file === bill?.file)
  if (auditor === undefined || bill === undefined || first === undefined) return
  const say = (line: string): void => (isJson ? terminal.note(line) : terminal.line(line))
  const file = relative(process.cwd(), join(billsDir, bill.file))
  say('')
  say('Verify one yourself, trusting the charter alone:')
  say(
    `  npx kwitness verify ${first.cid} --via ${auditor.api} --charter ${join(root, 'charter.json')} --bill ${file} --rpc ${network.rpcUrl}`,
  )
  say('Submit your own:')
  say(`  npx kwitness submit FILE --place US-CA --wait final --dir ${auditor.dir}`)
  say(`Auditors keep their files and logs in ${root}. Ctrl-C stops everything.`)
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((done) => {
    if (signal.aborted) done()
    signal.addEventListener('abort', () => done(), { once: true })
    // An open timer keeps the process while nothing else does.
    const keeper = setInterval(() => undefined, 60_000)
    signal.addEventListener('abort', () => clearInterval(keeper), { once: true })
  })
}
