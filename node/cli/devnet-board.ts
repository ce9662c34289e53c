import type { BillState } from '#api'
import type { BillProgress } from '../devnet/bill-run.ts'
import { gramsOf } from '../devnet/bill-run.ts'
import { gasPerClaim, grouped, printable, PROGRESS } from './bill-lines.ts'
import type { Terminal } from './terminal.ts'

/** A row must stay one line, or the table could not be redrawn. */
const WRAP_OFF = '\u{1B}[?7l'
const WRAP_ON = '\u{1B}[?7h'
/** Columns that the whole path of a bill needs; narrower terminals show dots. */
const WIDE_COLUMNS = 140
const STATE_WIDTH = 9

/** Shows the bills of a devnet: a table that is redrawn where a person looks, else one line for each change. */
export class DevnetBoard {
  readonly #terminal: Terminal
  readonly #nowMs: () => number
  readonly #startedMs: number
  readonly #rows = new Map<string, BillProgress>()
  #phase = ''
  #drawnLines = 0

  constructor(terminal: Terminal, nowMs: () => number) {
    this.#terminal = terminal
    this.#nowMs = nowMs
    this.#startedMs = nowMs()
  }

  /** What is being waited for. */
  phase(text: string): void {
    if (text === this.#phase) return
    this.#phase = text
    if (this.#terminal.isLive) this.#draw()
    else this.#event(text)
  }

  /** A bill has come further. */
  bill(progress: BillProgress): void {
    this.#rows.set(`${progress.bill.region}/${progress.bill.file}`, progress)
    if (this.#terminal.isLive) this.#draw()
    else this.#event(this.#row(progress))
  }

  /** A line that stays above the table. */
  message(text: string): void {
    if (!this.#terminal.isLive) {
      this.#event(text)
      return
    }
    this.#erase()
    this.#terminal.note(text)
    this.#draw()
  }

  /** Leaves the table where it is; what is told afterwards comes below. */
  finish(): void {
    this.#phase = ''
    if (this.#terminal.isLive) this.#draw()
    this.#rows.clear()
    this.#drawnLines = 0
  }

  #event(text: string): void {
    const seconds = ((this.#nowMs() - this.#startedMs) / 1_000).toFixed(1).padStart(6)
    this.#terminal.note(`${seconds}s  ${text}`)
  }

  #draw(): void {
    this.#erase()
    // The cursor cannot be moved above the screen: of more bills than fit, the latest are shown.
    const fitting = Math.max(this.#terminal.rows - 3, 1)
    const lines = [...this.#rows.values()].slice(-fitting).map((progress) => this.#row(progress))
    if (this.#phase !== '') lines.push(this.#terminal.paint('gray', `… ${this.#phase}`, 'stderr'))
    this.#terminal.control(WRAP_OFF)
    lines.forEach((line) => this.#terminal.note(line))
    this.#terminal.control(WRAP_ON)
    this.#drawnLines = lines.length
  }

  #erase(): void {
    if (this.#drawnLines > 0) this.#terminal.control(`\u{1B}[${this.#drawnLines}A\u{1B}[J`)
    this.#drawnLines = 0
  }

  #row(progress: BillProgress): string {
    const { bill, status, isVerified, failure } = progress
    const cells = [printable(bill.file).padEnd(34), bill.visibility.padEnd(6), this.#path(status?.state)]
    const grams = gramsOf(progress)
    if (grams !== undefined) cells.push(`${grouped(BigInt(grams))} g CO2e`.padStart(18))
    const gas = status?.claims.map(gasPerClaim).find((value) => value !== undefined)
    if (gas !== undefined) cells.push(`${grouped(gas)} gas`.padStart(11))
    if (isVerified === true) cells.push(this.#terminal.paint('green', 'verified', 'stderr'))
    if (failure !== undefined) cells.push(this.#terminal.paint('red', `FAILED: ${printable(failure)}`, 'stderr'))
    return cells.join('  ').trimEnd()
  }

  /** The states passed so far, the present one in its colour. */
  #path(state: BillState | undefined): string {
    if (state === undefined) return 'submitting'
    const at = PROGRESS.indexOf(state)
    const present = this.#terminal.paintState(state, 'stderr')
    if (this.#terminal.isLive && this.#terminal.columns < WIDE_COLUMNS) {
      const dots = at < 0 ? '' : `${'●'.repeat(at + 1)}${'○'.repeat(PROGRESS.length - at - 1)} `
      return `${dots}${present}${' '.repeat(Math.max(STATE_WIDTH - state.length, 0))}`
    }
    const passed = PROGRESS.slice(0, Math.max(at, 0)).map((name) => `${name} -> `)
    return `${passed.join('')}${present}`
  }
}
