import type { Command } from 'commander'
import type { NamedTrustList } from '#audit'
import { extractionToJson } from '#protocol'
import type { Extraction, ExtractionJson, FactsJson } from '#protocol'
import { printable } from '../bill-lines.ts'
import { describeAmount, describeReading } from '../describe-reading.ts'
import { examples } from '../examples.ts'
import { readNamedFile } from '../files.ts'
import type { Terminal } from '../terminal.ts'
import { addTrustOption, readTrustList } from '../trust-option.ts'
import type { TrustOption } from '../trust-option.ts'

/** `kwitness extract FILE`: what the auditors would read from a bill; nothing leaves this machine. */
export function registerExtract(program: Command, terminal: Terminal): void {
  const command = program
    .command('extract')
    .description('read the facts of a bill as every auditor would; nothing leaves this machine')
    .argument('<file>', 'the bill')
  addTrustOption(command)
    .option('--json', 'one line of JSON')
    .addHelpText('after', examples(['kwitness extract june.xml', 'kwitness extract june.csv --json']))
    .action(async (file: string, options: TrustOption & { readonly json?: boolean }) => {
      const extraction = await extract(terminal, await readNamedFile(file), await readTrustList(options))
      // Bills can become claims, also of a correction; facts without a bill cannot, and every other verdict refuses the file.
      if (extraction.bills.length === 0) terminal.exitCode = 1
      const json = extractionToJson(extraction)
      if (options.json === true) terminal.json(json)
      else printExtraction(terminal, file, extraction, json)
    })
}

async function extract(terminal: Terminal, bytes: Uint8Array, trust: NamedTrustList): Promise<Extraction> {
  // What reads bills is loaded when a bill is read: the help of a command is quick.
  const [{ createSandbox }, { CLI_SANDBOX }] = await Promise.all([import('#audit'), import('../with-examiner.ts')])
  const sandbox = createSandbox({ ...CLI_SANDBOX, trust: trust.list })
  try {
    return await sandbox.extract(bytes, terminal.signal)
  } finally {
    await sandbox.close()
  }
}

function printExtraction(terminal: Terminal, file: string, extraction: Extraction, json: ExtractionJson): void {
  const { verdict, format, reason, bills } = json
  const style = bills.length > 0 ? 'green' : json.read === undefined ? 'red' : 'yellow'
  terminal.line(`${file}: ${terminal.paint(style, verdict)} (${format})`)
  if (reason !== undefined) {
    const { line, column, path } = reason.place ?? {}
    const place = [line === undefined ? '' : `line ${line}:${column ?? 1}`, path ?? ''].filter((part) => part !== '')
    const where = place.length === 0 ? '' : ` at ${printable(place.join(' '))}`
    const what = json.read === undefined ? '' : 'no claim can be made: '
    terminal.line(`  ${what}${printable(reason.message)}${where} (${reason.code})`)
  }
  if (json.origin !== undefined) {
    const { signer, isTrusted, covers } = json.origin
    const whom = isTrusted ? 'trusted' : 'not in the trust list'
    terminal.line(`  signed by ${printable(signer)} (${whom}), covers ${covers}`)
  }
  for (const one of json.read ?? []) terminal.line(`  read: ${describeReading(one)}`)
  bills.forEach((bill, index) => printBill(terminal, bill, extraction.bills[index]?.utility?.name))
}

function printBill(terminal: Terminal, bill: FactsJson, utility: string | undefined): void {
  const { service, point, kind, flags } = bill
  const who = [utility ?? '', point === undefined ? '' : `point ${point}`].filter((part) => part !== '')
  terminal.line(
    `  ${bill.commodity}  ${service.start}..${service.end}  ${kind}  ${printable(who.join(', '))}`.trimEnd(),
  )
  terminal.line(`    import ${describeAmount(bill.import)}`)
  if (bill.export !== undefined) terminal.line(`    export ${describeAmount(bill.export)}`)
  if (bill.invoice !== undefined) terminal.line(`    invoice ${printable(bill.invoice)}`)
  if (bill.corrects !== undefined) terminal.line(`    corrects ${printable(bill.corrects)}`)
  if (bill.money !== undefined) terminal.line(`    payable ${bill.money.payable} ${bill.money.currency}`)
  if (bill.greenClaim !== undefined) terminal.line(`    calls itself green (${bill.greenClaim.source})`)
  if (bill.method !== undefined) terminal.line(`    read by a ${bill.method} of the print`)
  if (flags.length > 0) terminal.line(`    flags ${flags.join(', ')}`)
}
