import { createInterface } from 'node:readline/promises'
import { estimate, estimateLine } from '#audit'
import type { EstimateResponse, FactorSource } from '#audit'
import { printable } from '../bill-lines.ts'
import { CliError, usageError } from '../cli-error.ts'
import { loadNamedDatasets } from '../datasets-option.ts'
import { viewLines } from '../estimate/answer-lines.ts'
import type { EstimateOptions } from '../estimate/options.ts'
import { requestOf } from '../estimate/request.ts'
import { remedyOf } from '../failure.ts'
import { readNamedFile } from '../files.ts'
import type { Terminal } from '../terminal.ts'

/** Runs the command. */
export async function runEstimate(terminal: Terminal, options: EstimateOptions): Promise<void> {
  if (options.amount === undefined) {
    if (terminal.stdin.isTTY === true) {
      throw usageError('give --amount with a place and a year, or requests on standard input')
    }
    await answerLines(terminal, await loadNamedDatasets(options), options.json === true)
    return
  }
  const request = requestOf(options, await readInstruments(options.instruments))
  const answer = estimate(JSON.stringify(request), await loadNamedDatasets(options))
  if ('error' in answer) terminal.exitCode = 1
  if (options.json === true) terminal.json(answer)
  else print(terminal, answer)
}

/** Requests on standard input, one a line; each is answered as it comes, so that a pipe can be a conversation. */
async function answerLines(terminal: Terminal, source: FactorSource, isJson: boolean): Promise<void> {
  const lines = createInterface({ input: terminal.stdin, signal: terminal.signal })
  for await (const line of lines) {
    if (line.trim() === '') continue
    if (!isJson) {
      print(terminal, estimate(line, source))
      continue
    }
    const answer = estimateLine(line, source)
    if (answer.startsWith('{"error"')) terminal.exitCode = 1
    terminal.line(answer)
  }
}

/** What the file of instruments says: a list, or a request's field `instruments`; numbers keep their digits. */
async function readInstruments(path: string | undefined): Promise<unknown> {
  if (path === undefined) return undefined
  const text = new TextDecoder().decode(await readNamedFile(path))
  let value: unknown
  try {
    value = JSON.parse(text, keepDigits)
  } catch (cause) {
    throw new CliError(`${path} is not JSON`, { code: 'ERR_CLI_FILE', path }, { cause })
  }
  return typeof value === 'object' && value !== null && 'instruments' in value ? value.instruments : value
}

/** Amounts and rates as they are written: a binary float would change 0.1. */
function keepDigits(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && (key === 'amount' || key === 'value') ? (context?.source ?? value) : value
}

function print(terminal: Terminal, answer: EstimateResponse): void {
  if ('error' in answer) {
    terminal.exitCode = 1
    const { code, message } = answer.error
    const remedy = remedyOf(code)
    const text = `error: ${printable(message)}${remedy === undefined ? '' : `; ${remedy}`} (${code})`
    terminal.note(terminal.paint('red', text, 'stderr'))
    return
  }
  const style = {
    width: terminal.width,
    bold: (text: string) => terminal.paint('bold', text),
    dim: (text: string) => terminal.paint('gray', text),
  }
  viewLines(answer, style).forEach((line) => terminal.line(line))
}
