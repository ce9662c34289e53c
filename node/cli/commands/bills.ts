import type { Command } from 'commander'
import { Option } from 'commander'
import type { BillState } from '#api'
import type { BillListQuery } from '#client'
import { billLines, PROGRESS } from '../bill-lines.ts'
import { usageError } from '../cli-error.ts'
import { addClientOptions, createClient } from '../client.ts'
import type { ClientOptions } from '../client.ts'
import { examples } from '../examples.ts'
import { parseCount } from '../number-option.ts'
import type { Terminal } from '../terminal.ts'

type BillsOptions = ClientOptions & {
  readonly state?: BillState
  readonly from?: string
  readonly to?: string
  readonly limit: number
  readonly cursor?: string
  readonly all?: boolean
  readonly json?: boolean
}

/** Bills of a page if nothing is said: a screen or two. */
const DEFAULT_LIMIT = 20
/** Bills of a page that a node gives at most. */
const MAX_LIMIT = 1_000

/** `kwitness bills`: the bills of the key's account, newest first. */
export function registerBills(program: Command, terminal: Terminal): void {
  const command = program
    .command('bills')
    .description("list the bills that the key's account handed in, newest first")
    .addOption(
      new Option('--state <state>', 'only bills in this state').choices([...PROGRESS, 'rejected', 'needs-review']),
    )
    .option('--from <time>', 'handed in at this day or time (UTC) or later: 2026-01-31, 2026-01-31T12:00:00Z')
    .option('--to <time>', 'handed in before this day or time (UTC)')
    .option('--limit <count>', `bills of a page, at most ${MAX_LIMIT}`, parseCount, DEFAULT_LIMIT)
    .option('--cursor <text>', 'go on after a page: what it said was next')
    .option('--all', 'all pages')
  addClientOptions(command)
    .option('--json', 'one line of JSON for each page: {items, next?}')
    .addHelpText(
      'after',
      examples(['kwitness bills --state certified', 'kwitness bills --from 2026-01-01 --all --json']),
    )
    .action(async (options: BillsOptions) => {
      await listBills(terminal, options)
    })
}

async function listBills(terminal: Terminal, options: BillsOptions): Promise<void> {
  const { limit, state, json } = options
  if (limit < 1 || limit > MAX_LIMIT) throw usageError(`--limit ${limit}: expected 1 to ${MAX_LIMIT}`)
  const client = await createClient(terminal, options)
  const common = { limit, state, from: timeOf('--from', options.from), to: timeOf('--to', options.to) }
  // A filter may leave a page empty while there is more to look at: then the next one is asked for.
  const wanted = options.all === true ? Infinity : json === true ? 0 : 1
  let { cursor } = options
  let shown = 0
  do {
    const query: BillListQuery = { ...common, cursor }
    const { items, next } = await client.listBills(query)
    if (json === true) terminal.json({ items, ...(next === undefined ? {} : { next }) })
    else for (const bill of items) billLines(terminal, bill).forEach((line) => terminal.line(line))
    shown += items.length
    cursor = next
  } while (cursor !== undefined && shown < wanted)
  if (json === true) return
  if (shown === 0) terminal.note('no such bills')
  if (cursor !== undefined) terminal.note(`there are more: --cursor ${cursor}, or --all`)
}

/** A day or a time as the API takes it. */
function timeOf(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text
  if (!/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(time) || Number.isNaN(Date.parse(time))) {
    throw usageError(`${name} ${text}: expected a day or a time in UTC such as 2026-01-31 or 2026-01-31T12:00:00Z`)
  }
  return time
}
