import type { Command } from 'commander'
import type { ReviewView } from '#api'
import { printable } from '../bill-lines.ts'
import { addClientOptions, createClient } from '../client.ts'
import type { ClientOptions } from '../client.ts'
import { describeReading } from '../describe-reading.ts'
import { parseEntryFile } from '../entry-file.ts'
import { examples } from '../examples.ts'
import { readNamedFile, writeResult } from '../files.ts'
import type { Terminal } from '../terminal.ts'

type ReviewOptions = ClientOptions & { readonly json?: boolean }
type ShowOptions = ReviewOptions & { readonly output?: string }
type EnterOptions = ReviewOptions & { readonly facts: string }

/** `kwitness review`: bills that people must read, at one's own auditor. */
export function registerReview(program: Command, terminal: Terminal): void {
  const review = program
    .command('review')
    .description('read bills that extraction does not read, as one of the people of an auditor')
    .addHelpText(
      'after',
      examples([
        'kwitness review list --dir auditor-1',
        'kwitness review show bafkrei… -o bill.pdf --dir auditor-1',
        'kwitness review enter bafkrei… --facts facts.json --dir auditor-1',
      ]),
    )
  registerList(review, terminal)
  registerShow(review, terminal)
  registerEnter(review, terminal)
  registerWithdraw(review, terminal)
}

function registerList(review: Command, terminal: Terminal): void {
  const command = review
    .command('list')
    .description('list the bills that wait for people, of all auditors of the region')
  addClientOptions(command)
    .option('--json', 'one line of JSON: {reviews}')
    .action(async (options: ReviewOptions) => {
      const reviews = await (await createClient(terminal, options)).listReviews()
      if (options.json === true) terminal.json({ reviews })
      else if (reviews.length === 0) terminal.line('no bill waits for people')
      else reviews.forEach((one) => terminal.line(lineOf(one)))
    })
}

function registerShow(review: Command, terminal: Terminal): void {
  const command = review
    .command('show')
    .description('show what extraction said of a bill and, with -o, write the bill itself to read it')
    .argument('<cid>', 'CID of the bill')
    .option('-o, --output <file>', 'where to write the bill, opened if it is sealed; - is standard output')
  addClientOptions(command)
    .option('--json', 'one line of JSON')
    .action(async (cid: string, options: ShowOptions) => {
      const client = await createClient(terminal, options)
      const shown = await client.getReview(cid)
      if (options.output !== undefined) await writeResult(terminal, options.output, await client.getReviewFile(cid))
      if (options.output === '-') return
      if (options.json === true)
        terminal.json({ ...shown, ...(options.output === undefined ? {} : { output: options.output }) })
      else print(terminal, shown)
    })
}

function registerEnter(review: Command, terminal: Terminal): void {
  const command = review
    .command('enter')
    .description('enter what you read in a bill yourself; entered again, it replaces what you entered before')
    .argument('<cid>', 'CID of the bill')
    .requiredOption('--facts <file>', 'JSON with what you read; docs/spec/review.md has its fields')
  addClientOptions(command)
    .option('--json', 'one line of JSON')
    .action(async (cid: string, options: EnterOptions) => {
      const entry = parseEntryFile(await readNamedFile(options.facts))
      const client = await createClient(terminal, options)
      const shown = await client.enterReview(cid, entry)
      if (options.json === true) terminal.json(shown)
      else print(terminal, shown)
    })
}

function registerWithdraw(review: Command, terminal: Terminal): void {
  const command = review
    .command('withdraw')
    .description('take back what you entered of a bill')
    .argument('<cid>', 'CID of the bill')
  addClientOptions(command)
    .option('--json', 'one line of JSON')
    .action(async (cid: string, options: ReviewOptions) => {
      const shown = await (await createClient(terminal, options)).withdrawReview(cid)
      if (options.json === true) terminal.json(shown)
      else print(terminal, shown)
    })
}

function lineOf({ cid, visibility, entries, quorum, own, equal, here }: ReviewView): string {
  const count = `${entries} of ${quorum} entries${equal === undefined ? '' : `, ${equal} like yours`}`
  const yours = { none: 'not entered by you', entered: 'entered by you', withdrawn: 'withdrawn by you' }[own]
  return [cid, visibility, count, yours, ...(here ? [] : ['not fetched yet'])].join('  ')
}

function print(terminal: Terminal, review: ReviewView): void {
  terminal.line(lineOf(review))
  const { reason, read, declaredPlace, entry, sponsor } = review
  terminal.line(`  handed in at ${sponsor}`)
  if (reason !== undefined) {
    const where = reason.place === undefined ? '' : ` at ${printable(reason.place)}`
    terminal.line(`  extraction: ${printable(reason.message)}${where} (${reason.code})`)
  }
  for (const one of read ?? []) terminal.line(`  extraction read: ${describeReading(one)}`)
  if (declaredPlace !== undefined)
    terminal.line(`  its holder says: used in ${printable(JSON.stringify(declaredPlace))}`)
  for (const bill of entry ?? []) {
    const { commodity, service, point, supersedes } = bill
    const figures = `${bill.import.value} ${bill.import.unit}`
    terminal.line(
      `  you read: ${commodity}  ${service.start}..${service.end}  ${figures}  ${printable(point ?? '')}`.trimEnd(),
    )
    if (supersedes !== undefined) terminal.line(`    replaces claim ${supersedes}`)
  }
}
