import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import type { BillState } from '#api'

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }

/** What a command sees of the world around it. */
export type TerminalInit = {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
}

const SCREEN_ON = '\u{1B}[?1049h'
const SCREEN_OFF = '\u{1B}[?1049l'
const CURSOR_ON = '\u{1B}[?25h'
const CURSOR_OFF = '\u{1B}[?25l'
const WRAP_ON = '\u{1B}[?7h'
const WRAP_OFF = '\u{1B}[?7l'
const HOME = '\u{1B}[H'
const CLEAR_LINE = '\u{1B}[K'
const CLEAR_BELOW = '\u{1B}[J'

type Style = Parameters<typeof styleText>[0]

/** Results on standard output, everything else on standard error. */
export class Terminal {
  readonly stdin: TerminalInit['stdin']
  readonly environment: TerminalInit['environment']
  readonly signal: AbortSignal
  /** 0 ok, 1 failed check or refused; wrong use is thrown. */
  exitCode: 0 | 1 = 0
  readonly #stdout: Output
  readonly #stderr: Output
  #progress = ''

  constructor(init: TerminalInit) {
    this.stdin = init.stdin
    this.environment = init.environment
    this.signal = init.signal
    this.#stdout = init.stdout
    this.#stderr = init.stderr
  }

  /** True if a person reads standard error as it is written. */
  get isLive(): boolean {
    return this.#stderr.isTTY === true
  }

  /** Width of the terminal in columns. */
  get columns(): number {
    return this.#stderr.columns ?? 100
  }

  /** Width of the result in columns: that of the terminal, else COLUMNS, else what most windows have. */
  get width(): number {
    return this.#stdout.columns ?? (Number.parseInt(this.environment['COLUMNS'] ?? '', 10) || 100)
  }

  /** Height of the terminal in lines. */
  get rows(): number {
    return this.#stderr.rows ?? 24
  }

  /** A line of the result. */
  line(text = ''): void {
    this.#write(this.#stdout, `${text}\n`)
  }

  /** A result for scripts, on one line. */
  json(value: unknown): void {
    this.line(JSON.stringify(value))
  }

  /** Bytes of the result as they are. */
  bytes(bytes: Uint8Array): void {
    this.#stdout.write(bytes)
  }

  /** A line beside the result. */
  note(text: string): void {
    this.#write(this.#stderr, `${text}\n`)
  }

  /** Shows what long work does, in place; nothing where nobody looks. Empty text removes it. */
  progress(text: string): void {
    if (!this.isLive) return
    this.#progress = text
    this.#stderr.write(`\r\u{1B}[K${text.slice(0, this.columns - 1)}`)
  }

  /** Moves the cursor or clears, where a person looks. */
  control(sequence: string): void {
    if (this.isLive) this.#stderr.write(sequence)
  }

  /** True if a person reads the result as it is written. */
  get isResultLive(): boolean {
    return this.#stdout.isTTY === true
  }

  /** A screen of its own for the result, drawn over and over; what stood there before comes back when it is closed. */
  openScreen(): { draw(lines: readonly string[]): void; close(): void } {
    const write = (text: string): void => void this.#stdout.write(text)
    write(`${SCREEN_ON}${CURSOR_OFF}${WRAP_OFF}`)
    return {
      draw: (lines) => {
        const rows = this.#stdout.rows ?? 24
        const shown = lines.length < rows ? lines : [...lines.slice(0, rows - 2), '…']
        // In one write, so that nothing flickers. Cleared before the text: behind it, the cursor of a full line still stands
        // on its last character.
        write(`${HOME}${shown.map((line) => `${CLEAR_LINE}${line}`).join('\r\n')}\r\n${CLEAR_BELOW}`)
      },
      close: () => write(`${WRAP_ON}${CURSOR_ON}${SCREEN_OFF}`),
    }
  }

  /** Text in a style on terminals, plain elsewhere and under NO_COLOR. */
  paint(style: Style, text: string, stream: 'stdout' | 'stderr' = 'stdout'): string {
    const output = stream === 'stdout' ? this.#stdout : this.#stderr
    const isPlain = output.isTTY !== true || (this.environment['NO_COLOR'] ?? '') !== ''
    return isPlain ? text : styleText(style, text, { validateStream: false })
  }

  /** A state in its colour. */
  paintState(state: BillState, stream: 'stdout' | 'stderr' = 'stdout'): string {
    return this.paint(STYLES[state], state, stream)
  }

  #write(output: Output, text: string): void {
    if (this.#progress !== '') {
      this.#stderr.write('\r\u{1B}[K')
      this.#progress = ''
    }
    output.write(text)
  }
}

const STYLES: Readonly<Record<BillState, Style>> = {
  received: 'gray',
  proposed: 'cyan',
  certified: 'yellow',
  anchored: 'blue',
  final: 'green',
  rejected: 'red',
  'needs-review': 'magenta',
}
