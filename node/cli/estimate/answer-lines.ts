import { MARKET_SOURCES, REGION_TYPES } from '#protocol'
import type { UpstreamLine } from '#protocol'
import { grouped, printable } from '../bill-lines.ts'
import { roundedText } from '../exact-text.ts'
import {
  CONVERSION_WORDS,
  editionOf,
  MARKET_WORDS,
  regionInWords,
  ruleFlagInWords,
  statementInWords,
  UPSTREAM_WORDS,
} from '../words.ts'
import { wrapIndented } from '../wrap.ts'
import { parseExact } from './answer.ts'
import type { ActivityView, ElectricityView, ItemView } from './answer.ts'

/** How a line of an answer looks. */
export type AnswerStyle = {
  readonly width: number
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
}

/** Digits after the point of figures that are rounded for reading; `--json` has them exactly. */
const READING_PLACES = 6

/** A row with the figures one below the other. */
type FigureRow = { readonly name: string; readonly grams: string; readonly note?: string; readonly unit?: string }

/** An answer as lines for people. */
export function viewLines(answer: ElectricityView | ActivityView, style: AnswerStyle): string[] {
  return 'conversions' in answer ? activityLines(answer, style) : electricityLines(answer, style)
}

/** Answer for electricity: the footprint by both methods, what is beside it, how it came about, and what to know. */
function electricityLines(answer: ElectricityView, style: AnswerStyle): string[] {
  const { market, upstream, parts, flags } = answer
  const [first] = parts
  const by = first === undefined ? '' : `by ${regionOf(first.factor)}`
  const footprint = [
    { name: 'location-based', grams: answer.gramsCO2e, note: by },
    ...(market === undefined ? [] : [{ name: 'market-based', grams: market.gramsCO2e }]),
  ]
  const beside = upstream.map(({ name, gramsCO2e }) => ({ name: UPSTREAM_NAMES[name] ?? name, grams: gramsCO2e }))
  return [
    ...figureLines(footprint, beside, style),
    ...heading('location-based', style),
    ...parts.flatMap((part) => partLines(part, style)),
    ...(market === undefined
      ? []
      : [...heading('market-based', style), ...market.parts.flatMap((part) => marketLines(part, style))]),
    ...upstreamLines(upstream, style),
    ...notes([...(market?.statements ?? []).map(statementInWords), ...flags.map(ruleFlagInWords)], style),
  ]
}

/** Answer for gas, heat, fuel, flights and travel. */
function activityLines(answer: ActivityView, style: AnswerStyle): string[] {
  const { conversions, parts, wellToTank, biogenicCO2, flags } = answer
  const beside = [
    ...(wellToTank === undefined
      ? []
      : [{ name: 'fuel before it is burnt (well to tank)', grams: wellToTank.gramsCO2e }]),
    ...(biogenicCO2 === undefined
      ? []
      : [{ name: 'CO2 from biomass, outside the scopes', grams: biogenicCO2.grams, unit: 'g CO2' }]),
  ]
  return [
    ...figureLines([{ name: 'footprint', grams: answer.gramsCO2e }], beside, style),
    ...conversions.flatMap(({ why, from, by, to }) =>
      wrapIndented(
        `${reading(from.amount)} ${from.unit} x ${reading(by)} = ${reading(to.amount)} ${to.unit}, ${CONVERSION_WORDS[why] ?? why}`,
        style.width,
        2,
      ),
    ),
    ...parts.flatMap((part) => activityPartLines(part, biogenicCO2 !== undefined, style)),
    ...notes(flags.map(ruleFlagInWords), style),
  ]
}

function figureLines(
  footprint: readonly FigureRow[],
  beside: readonly FigureRow[],
  { width, bold, dim }: AnswerStyle,
): string[] {
  const rows = [...footprint, ...beside.map((it) => ({ ...it, name: `  ${it.name}` }))]
  const names = Math.max(...rows.map(({ name }) => name.length))
  const digits = Math.max(...rows.map(({ grams }) => grouped(BigInt(grams)).length))
  const lines = rows.map(({ name, grams, note = '', unit = 'g CO2e' }, i) => {
    const figure = `${grouped(BigInt(grams)).padStart(digits)} ${unit}`
    const line = `${name.padEnd(names)}  ${i < footprint.length ? bold(figure) : figure}`
    // The same stands beside each factor: on a narrow terminal it can be left out.
    const hasRoom = names + 2 + figure.length + 2 + note.length <= width
    return note === '' || !hasRoom ? line : `${line}  ${dim(note)}`
  })
  if (beside.length > 0) lines.splice(footprint.length, 0, dim('beside it, not in the footprint:'))
  return lines
}

function heading(text: string, { dim }: AnswerStyle): string[] {
  return [dim(`${text}:`)]
}

function partLines({ year, kWh, factor, vintage }: ElectricityView['parts'][number], style: AnswerStyle): string[] {
  const late = vintage === 'exact' ? '' : `; for ${year} none is published yet`
  const text = `${year}: ${reading(kWh)} kWh x ${factor.value} ${factor.unit}`
  return withNote(text, `${sourceOf(factor)}${late}`, style)
}

function marketLines(part: NonNullable<ElectricityView['market']>['parts'][number], style: AnswerStyle): string[] {
  const source = MARKET_SOURCES.find((it) => it === part.source)
  const name = source === undefined ? part.source : MARKET_WORDS[source]
  const which = part.instrument === undefined ? name : `${name} ${printable(part.instrument)}`
  return withNote(`${part.year}: ${reading(part.kWh)} kWh x ${reading(part.gramsPerKWh)} g/kWh`, which, style)
}

function upstreamLines(lines: ElectricityView['upstream'], style: AnswerStyle): string[] {
  return lines.flatMap(({ name, parts }) => [
    ...heading(UPSTREAM_NAMES[name] ?? name, style),
    ...parts.flatMap(({ year, kWh, factor, gridLoss }) => {
      const head = `${year}: ${reading(kWh)} kWh x ${factor.value} ${factor.unit}`
      if (gridLoss === undefined) return withNote(head, sourceOf(factor), style)
      const { fraction, region, version } = gridLoss
      return withNote(
        `${head} x ${fraction} / (1 - ${fraction})`,
        `grid loss of ${region} ${gridLoss.year}, ${version}`,
        style,
      )
    }),
  ])
}

function activityPartLines(part: ActivityView['parts'][number], isBiomass: boolean, style: AnswerStyle): string[] {
  const { year, amount, unit, terms, vintage } = part
  const late = vintage === 'exact' ? '' : `; for ${year} none is published yet`
  let shown = ''
  return terms.flatMap(({ value, mass, gas, per, gwp, item, dataset, version, year: ofYear }) => {
    const potential = gwp === '1' ? '' : ` x ${gwp}`
    const whose = isBiomass && gas === 'CO2' ? ' of biomass, outside the footprint' : ''
    const text = `${year}: ${reading(amount)} ${unit} x ${value} ${mass} ${gas}/${per}${potential}${whose}`
    const edition = editionOf(dataset, version)
    const of = edition.includes(String(ofYear)) ? edition : `${edition} ${ofYear}`
    const note = `${itemInWords(item)}, ${of}${late}`
    // Gases of one item stand below each other; its name is said once.
    if (note === shown) return [`  ${text}`]
    shown = note
    return withNote(text, note, style)
  })
}

/** An item of a set of activities in its publisher's words. */
export function itemInWords({ category, group, name, detail, variant }: ItemView): string {
  return printable([category, group, name, detail, variant].filter((part) => part !== '').join(' / '))
}

function withNote(text: string, note: string, { width, dim }: AnswerStyle): string[] {
  if (text.length + note.length + 4 <= width) return [`  ${text}  ${dim(note)}`]
  return [`  ${text}`, ...wrapIndented(note, width, 4).map(dim)]
}

function notes(texts: readonly string[], { width }: AnswerStyle): string[] {
  return texts.flatMap((text) => {
    const [first = '', ...rest] = wrapIndented(printable(text), width, 6)
    return [`note: ${first.trimStart()}`, ...rest]
  })
}

function sourceOf(factor: ElectricityView['parts'][number]['factor']): string {
  return `${regionOf(factor)} ${factor.year}, ${editionOf(factor.dataset, factor.version)}`
}

function regionOf({ regionType, region }: { readonly regionType: string; readonly region: string }): string {
  const type = REGION_TYPES.find((it) => it === regionType)
  return type === undefined ? region : regionInWords(type, region)
}

/** Short text of an exact number: as it is if it is short, else rounded with a mark. */
function reading(text: string): string {
  const isLong = text.includes('/') || (text.split('.')[1]?.length ?? 0) > READING_PLACES * 2
  return isLong ? `~${roundedText(parseExact(text), READING_PLACES)}` : text
}

const UPSTREAM_NAMES: Readonly<Record<string, string>> = UPSTREAM_WORDS satisfies Record<UpstreamLine['name'], string>
