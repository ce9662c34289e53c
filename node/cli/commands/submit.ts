import { basename } from 'node:path'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { BillState } from '#api'
import { LIMITS } from '#protocol'
import { billLines, isStuck } from '../bill-lines.ts'
import { CliError, usageError } from '../cli-error.ts'
import { addClientOptions, createClient } from '../client.ts'
import type { ClientOptions } from '../client.ts'
import { examples } from '../examples.ts'
import { readNamedFile } from '../files.ts'
import { followBill } from '../follow-bill.ts'
import { parseCount } from '../number-option.ts'
import { addPlaceOptions, placeOf } from '../place-option.ts'
import type { PlaceOptions } from '../place-option.ts'
import type { Terminal } from '../terminal.ts'

type SubmitOptions = ClientOptions &
  PlaceOptions & {
    readonly public?: boolean
    readonly sealed?: boolean
    readonly wait?: BillState
    readonly timeout: number
    readonly json?: boolean
  }

/** `kwitness submit FILE`: hands a bill to an auditor. */
export function registerSubmit(program: Command, terminal: Terminal): void {
  const command = program
    .command('submit')
    .description('hand a bill to an auditor; prints its CID and state once the auditor has it safely')
    .argument('<file>', 'the bill')
    .option('--sealed', "only you and the region's auditors can read it (default)")
    .option('--public', 'anybody can read it')
  addPlaceOptions(command)
    .addOption(
      new Option('--wait <state>', 'stay until the bill is so far').choices(['certified', 'anchored', 'final']),
    )
    .option('--timeout <seconds>', 'longest wait', parseCount, 900)
  addClientOptions(command)
    .option('--json', 'one line of JSON with the last state')
    .addHelpText(
      'after',
      examples([
        'kwitness submit june.xml --utility 14328:CA --wait certified',
        'kwitness submit june.csv --public --country DE --api http://127.0.0.1:4480 --key-file my.key',
      ]),
    )
    .action(async (file: string, options: SubmitOptions) => submit(terminal, file, options))
}

async function submit(terminal: Terminal, file: string, options: SubmitOptions): Promise<void> {
  if (options.public === true && options.sealed === true) throw usageError('give --public or --sealed, not both')
  const place = placeOf(options)
  const bytes = await readNamedFile(file)
  // The node would refuse it too; here nothing is sent for it.
  if (bytes.byteLength > LIMITS.billBytes) {
    const message = `${file} has ${bytes.byteLength} bytes, a bill has at most ${LIMITS.billBytes}`
    throw new CliError(message, { code: 'ERR_CLI_REFUSED', remote: 'ERR_BILL_TOO_LARGE', status: 413 })
  }
  const client = await createClient(terminal, options)
  terminal.progress(`submitting ${file} to ${client.url}`)
  const received = await client.submitBill({
    bytes,
    visibility: options.public === true ? 'public' : 'sealed',
    file: basename(file),
    place,
  })
  const last =
    options.wait === undefined
      ? received
      : await followBill(
          { client, terminal, cid: received.cid, until: options.wait, timeoutMs: options.timeout * 1_000 },
          () => undefined,
        )
  if (isStuck(last)) terminal.exitCode = 1
  if (options.json === true) terminal.json(last)
  else billLines(terminal, last).forEach((line) => terminal.line(line))
}
