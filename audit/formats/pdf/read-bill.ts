import type { Decimal, Facts } from '#protocol'
import { review } from '../refusal.ts'
import { isSame, parseCommaFigure, sumOf } from './figures.ts'
import { findAll, findOne, groupOf, placeOfLine, refuseFact } from './find-pattern.ts'
import type { TextLine, TextPage } from './page-lines.ts'
import { readPeriod } from './read-period.ts'
import { readRegister } from './read-register.ts'
import type { Register } from './read-register.ts'
import type { BillTemplate, LinePattern } from './template.ts'

/** What {@link readBill} needs beside the text. */
export type BillInit = {
  readonly format: string
  readonly extractor: Facts['extractor']
  readonly flags: readonly string[]
}

type Registers = { readonly imported: Register; readonly exported: Register | undefined }

/**
 * Facts of a bill whose print a template describes. Every figure is checked against another one of the print.
 *
 * @throws {Refusal} ERR_BILL_TEMPLATE, ERR_BILL_ARITHMETIC, ERR_BILL_PERIOD (review).
 */
export function readBill(pages: readonly TextPage[], template: BillTemplate, init: BillInit): Facts {
  const lines = pages.flatMap((page) => page.lines)
  checkDoubts(lines, template)
  const { service, line: periodLine } = readPeriod(lines, template)
  const { unit } = template
  const { imported, exported } = readRegisters(lines, template)
  checkEnergyLines(lines, template.energyLines, imported.energy)
  const payable = readTotal(lines, template)
  const point = findOne(lines, template.point, 'point')
  const ids = {
    ...readId(lines, 'account', template.account),
    ...readId(lines, 'invoice', template.invoice),
  }
  const at = (line: TextLine): string => `template ${template.id} ${template.version}, ${placeOfLine(line)}`
  return {
    v: 1,
    extractor: init.extractor,
    format: init.format,
    commodity: template.commodity,
    utility: template.utility,
    point: groupOf(point, 'id'),
    ...ids,
    meter: imported.meter,
    service,
    import: { value: imported.energy, unit },
    ...(exported === undefined ? {} : { export: { value: exported.energy, unit } }),
    kind: 'actual',
    place: template.place,
    method: 'template',
    money: { currency: template.currency, payable: payable.amount },
    flags: [...init.flags, 'template'].toSorted((a, b) => (a < b ? -1 : 1)),
    sources: {
      import: at(imported.line),
      ...(exported === undefined ? {} : { export: at(exported.line) }),
      service: at(periodLine),
      point: at(point.line),
      money: at(payable.line),
      ...Object.fromEntries(pages.map(({ textHash }, index) => [`text of page ${index + 1}`, `sha256:${textHash}`])),
    },
  }
}

function readRegisters(lines: readonly TextLine[], template: BillTemplate): Registers {
  const { unit, exportSigns } = template
  const imported = readRegister(lines, template.import, unit)
  if (imported === undefined) throw refuseFact('register', 'is not where this print has it')
  const exported = template.export === undefined ? undefined : readRegister(lines, template.export, unit)
  const rows = findAll(lines, template.registers)
  if (rows.length !== (exported === undefined ? 1 : 2)) {
    throw refuseFact('meter', 'has registers that this print does not have', rows.at(-1)?.line)
  }
  const sign = exportSigns === undefined ? undefined : findAll(lines, exportSigns)[0]
  if (sign !== undefined && exported === undefined) {
    throw refuseFact('energy fed in', 'is credited, and no register has it', sign.line)
  }
  return { imported, exported }
}

function checkDoubts(lines: readonly TextLine[], { doubts }: BillTemplate): void {
  for (const doubt of doubts) {
    const line = lines.find(({ text }) => doubt.test(text))
    if (line !== undefined) throw refuseFact('bill', 'says that it was not made from a reading', line)
  }
}

/** The same energy is charged several times (network, supply); each kind of line must have all of it. */
function checkEnergyLines(lines: readonly TextLine[], patterns: readonly LinePattern[], energy: Decimal): void {
  for (const pattern of patterns) {
    const found = findAll(lines, pattern)
    const sum = sumOf(found.map((one) => parseCommaFigure(groupOf(one, 'quantity'), 'quantity', one.line)))
    const [first] = found
    if (first === undefined) throw refuseFact('charge for energy', 'is not where this print has it')
    if (!isSame(sum, energy)) {
      const place = { path: placeOfLine(first.line) }
      throw review('ERR_BILL_ARITHMETIC', 'charged energy is not that of the register', place)
    }
  }
}

function readTotal(lines: readonly TextLine[], template: BillTemplate): { amount: Decimal; line: TextLine } {
  const found = findOne(lines, template.total, 'total')
  const amount = parseCommaFigure(groupOf(found, 'total'), 'total', found.line)
  const charges = template.amountLines.flatMap((pattern) => findAll(lines, pattern))
  const sum = sumOf(charges.map((one) => parseCommaFigure(groupOf(one, 'amount'), 'amount', one.line)))
  if (isSame(sum, amount)) return { amount, line: found.line }
  throw review('ERR_BILL_ARITHMETIC', 'amounts of the lines are not the total', { path: placeOfLine(found.line) })
}

function readId(
  lines: readonly TextLine[],
  name: 'account' | 'invoice',
  pattern: LinePattern | undefined,
): Partial<Record<'account' | 'invoice', string>> {
  return pattern === undefined ? {} : { [name]: groupOf(findOne(lines, pattern, name), 'id') }
}
