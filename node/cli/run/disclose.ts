import { checkRecipient, seal, SealingError, toArmor } from '#storage'
import { openAgeFile, readIdentities } from '../age-files.ts'
import { usageError } from '../cli-error.ts'
import { createClient } from '../client.ts'
import type { ClientOptions } from '../client.ts'
import { readNamedFile, writeResult } from '../files.ts'
import type { Terminal } from '../terminal.ts'

/** Options of `kwitness disclose`. */
export type DiscloseOptions = ClientOptions & {
  readonly to: string
  readonly output: string
  readonly armor?: boolean
  readonly bill?: string
  readonly identity?: string
  readonly json?: boolean
}

/** Runs the command. */
export async function runDisclose(
  terminal: Terminal,
  cid: string | undefined,
  options: DiscloseOptions,
): Promise<void> {
  const { to, output, bill } = options
  if ((cid === undefined) === (bill === undefined)) throw usageError('name the CID of a bill, or its file with --bill')
  await checkTo(to)
  const sealed = await (bill === undefined ? fromNode(terminal, cid ?? '', options) : fromFile(bill, options))
  const bytes = options.armor === true ? new TextEncoder().encode(toArmor(sealed)) : sealed
  await writeResult(terminal, output, bytes)
  if (output === '-') return
  const told = { ...(cid === undefined ? {} : { cid }), to, output, sizeBytes: bytes.byteLength }
  if (options.json === true) terminal.json(told)
  else terminal.line(`${output}: ${bytes.byteLength} bytes; hand it on with the proof file (kwitness proof)`)
}

/** Before anything is asked for: a secret key that was pasted must not leave this machine. */
async function checkTo(to: string): Promise<void> {
  try {
    await checkRecipient(to)
  } catch (thrown) {
    if (!(thrown instanceof SealingError)) throw thrown
    throw usageError(`--to: ${thrown.message}`, { cause: thrown })
  }
}

async function fromNode(terminal: Terminal, cid: string, options: DiscloseOptions): Promise<Uint8Array> {
  const client = await createClient(terminal, options)
  return client.discloseBill(cid, options.to)
}

async function fromFile(path: string, { to, identity }: DiscloseOptions): Promise<Uint8Array> {
  const plain = await openAgeFile(await readNamedFile(path), path, await readIdentities(identity))
  return seal(plain, [to])
}
