import { parseCivilDate, parseInteger, ValueError } from '#protocol'
import { rejection } from '../refusal.ts'
import type { StampShape } from './profile.ts'
import type { CsvRow, CsvTable } from './read-table.ts'

/** Days outside these are placeholders or mistakes. */
const FIRST_DAY = parseCivilDate('1990-01-01')
const LAST_DAY = parseCivilDate('2100-01-01')
const DAY_S = 86_400

/** What stands in the cells of a stamp; a part that the form lacks is absent. */
export type Stamp = {
  /** Days since 1970-01-01. */
  readonly day?: number
  /** Seconds since midnight; 0 when the form has no time. */
  readonly secondOfDay: number
  /** Seconds ahead of UTC, when the form has an offset. */
  readonly offsetS?: number
}

const TOKENS: ReadonlyMap<string, string> = new Map([
  ['YYYY', '(?<YYYY>\\d{4})'],
  ['MM', '(?<MM>\\d\\d)'],
  ['DD', '(?<DD>\\d\\d)'],
  ['HH', '(?<HH>\\d\\d)'],
  ['mm', '(?<mm>\\d\\d)'],
  ['ss', '(?<ss>\\d\\d)'],
  ['Z', '(?<Z>Z|[+-]\\d\\d:\\d\\d)'],
])

/** Reads the stamps of one table; remembers days, since a table has few of them and many rows. */
export class StampReader {
  readonly #table: CsvTable
  readonly #shape: StampShape
  readonly #pattern: RegExp
  readonly #days = new Map<string, number>()

  constructor(table: CsvTable, shape: StampShape) {
    this.#table = table
    this.#shape = shape
    this.#pattern = patternOf(shape.form)
  }

  /** @throws {Refusal} ERR_BILL_DATE. */
  read(row: CsvRow): Stamp {
    const text = this.#shape.columns.map((column) => this.#table.textOf(row, column)).join(' ')
    const parts = this.#pattern.exec(text)?.groups
    const stamp = parts === undefined ? undefined : this.#stampOf(parts)
    if (stamp !== undefined) return stamp
    const [column = ''] = this.#shape.columns
    const message = `not a time ${this.#shape.form} of 1990 to 2099: ${JSON.stringify(text.slice(0, 40))}`
    throw rejection('ERR_BILL_DATE', message, this.#table.placeOf(row, column))
  }

  #stampOf(parts: Readonly<Record<string, string>>): Stamp | undefined {
    const { YYYY, MM = '', DD = '', HH = '00', mm = '00', ss = '00', Z } = parts
    if (HH > '23' || mm > '59' || ss > '59') return undefined
    const secondOfDay = parseInteger(HH) * 3_600 + parseInteger(mm) * 60 + parseInteger(ss)
    const day = YYYY === undefined ? undefined : this.#dayOf(`${YYYY}-${MM}-${DD}`)
    if (YYYY !== undefined && day === undefined) return undefined
    const offsetS = Z === undefined ? undefined : offsetOf(Z)
    return { secondOfDay, ...(day === undefined ? {} : { day }), ...(offsetS === undefined ? {} : { offsetS }) }
  }

  #dayOf(text: string): number | undefined {
    const known = this.#days.get(text)
    if (known !== undefined) return known
    try {
      const day = parseCivilDate(text)
      if (day < FIRST_DAY || day >= LAST_DAY) return undefined
      this.#days.set(text, day)
      return day
    } catch (thrown) {
      if (thrown instanceof ValueError) return undefined
      throw thrown
    }
  }
}

/** Seconds since 1970-01-01 on the clock of a stamp with a date. */
export function wallOf({ day = 0, secondOfDay }: Stamp): number {
  return day * DAY_S + secondOfDay
}

function patternOf(form: string): RegExp {
  const source = form.replaceAll(/YYYY|MM|DD|HH|mm|ss|Z|[^A-Za-z\d ]/g, (part) => TOKENS.get(part) ?? `\\${part}`)
  return new RegExp(`^${source}$`)
}

function offsetOf(text: string): number {
  if (text === 'Z') return 0
  const seconds = parseInteger(text.slice(1, 3)) * 3_600 + parseInteger(text.slice(4)) * 60
  return text.startsWith('-') ? -seconds : seconds
}
