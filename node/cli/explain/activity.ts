import {
  addRationals,
  formatRational,
  makeRational,
  multiplyRationals,
  parseDecimal,
  rationalOfDecimal,
  toMass,
} from '#protocol'
import type { ActivityDerivation, ActivityFactor, ActivityTerm, Rational, Vintage } from '#protocol'
import { formatExact } from '#audit'
import { CONVERSION_WORDS, editionOf, ruleFlagInWords, TRUST_WORDS } from '../words.ts'
import { grouped } from '../bill-lines.ts'
import { publisherOf } from './explained.ts'
import type { Explained, SourceSet } from './explained.ts'
import { adds, computes, says } from './rows.ts'
import type { Row, Section } from './rows.ts'

type Part = ActivityDerivation['parts'][number]

/** Grams of one unit of a factor's figure: kilograms count a thousand. */
function gramsPerUnit(factor: ActivityFactor): Rational {
  return toMass({ value: parseDecimal(factor.value), unit: factor.mass }, 'g')
}

/** Grams of a part by one of its gases, exactly. */
function gramsOfTerm({ amount }: Part, { factor, gwp }: ActivityTerm): Rational {
  return multiplyRationals(multiplyRationals(amount, gramsPerUnit(factor)), rationalOfDecimal(parseDecimal(gwp)))
}

/** Sections of a bill of gas or heat (neither has CO2 of biomass): where, from the printed amount to the factor's unit, and the grams year by year. */
export function activitySections(derivation: ActivityDerivation, explained: Explained): Section[] {
  const { conversions, parts, exact, gramsCO2e, wellToTank, country, flags } = derivation
  const { facts, isPlaceDeclared } = explained.examined
  const whence = isPlaceDeclared
    ? 'declared by the holder, not in the bill'
    : `from ${facts.sources['place'] ?? 'the bill'}`
  const steps = conversions.map(({ from, by, to }) =>
    computes(
      'in unit',
      `${formatExact(from.amount)} ${from.unit} x ${bracketed(by)}`,
      { value: to.amount, unit: to.unit },
      0,
    ),
  )
  const reasons = conversions.map(({ why }) => CONVERSION_WORDS[why] ?? why)
  const rows = parts.flatMap((part) => partRows(part, derivation, explained.sets))
  return [
    { title: 'Place', rows: [says('country', country, whence)] },
    {
      title: `Footprint: ${facts.commodity}`,
      rows: [
        ...steps.map((row, i): Row => ({ ...row, note: reasons[i] ?? '' })),
        ...rows,
        ...(parts.length === 1 && parts[0]?.terms.length === 1
          ? []
          : [computes('sum', sumText(derivation), { value: exact, unit: 'g' }, 0)]),
        says('result', `${grouped(gramsCO2e)} g CO2e`, 'rounded once, half to even'),
        ...flags.map((flag, i) => says(i === 0 ? 'note' : '', ruleFlagInWords(flag))),
      ],
    },
    ...(wellToTank === undefined
      ? []
      : [besideSection('Scope 3: fuel before it is burnt (well to tank)', wellToTank.gramsCO2e)]),
  ]
}

function besideSection(title: string, grams: bigint): Section {
  return { title: `Beside the footprint, ${title}`, rows: [says('result', `${grouped(grams)} g CO2e`)] }
}

function partRows(part: Part, derivation: ActivityDerivation, sets: readonly SourceSet[]): Row[] {
  const days = derivation.parts.reduce((sum, one) => sum + one.days, 0)
  const head =
    derivation.parts.length === 1
      ? [
          says(String(part.year), `all of it, ${part.days} days${vintageOf(part.vintage)}`),
          adds('amount', `${formatExact(part.amount)} ${derivation.unit}`),
        ]
      : [
          says(String(part.year), `${part.days} of ${days} days${vintageOf(part.vintage)}`),
          computes('amount', `${bracketed(derivation.amount)} ${derivation.unit} x ${part.days} / ${days}`, {
            value: part.amount,
            unit: derivation.unit,
          }),
        ]
  return [
    ...head,
    ...part.terms.flatMap((term): Row[] => {
      const { dataset, version, value, mass, per, gas, item, trust, cid } = term.factor
      const name = [item.category, item.group, item.name, item.detail, item.variant].filter((text) => text !== '')
      const note = [editionOf(dataset, version), publisherOf(cid, sets), TRUST_WORDS[trust]].filter((it) => it !== '')
      const left = `${bracketed(part.amount)} ${per} x ${value} ${mass} ${gas}/${per}${mass === 'kg' ? ' x 1000 g/kg' : ''}`
      return [
        adds('factor', `${value} ${mass} ${gas} per ${per}: ${name.join(', ')}`, note.join(', ')),
        computes('grams', term.gwp === '1' ? left : `${left} x ${term.gwp}`, {
          value: gramsOfTerm(part, term),
          unit: 'g',
        }),
      ]
    }),
  ]
}

function vintageOf(vintage: Vintage): string {
  return vintage === 'exact' ? '' : '; none is published for the year yet, the latest before it was taken'
}

function sumText(derivation: ActivityDerivation): string {
  const terms = derivation.parts.flatMap((part) => part.terms.map((term) => gramsOfTerm(part, term)))
  return `${terms.map(formatExact).join(' g + ')} g`
}

function bracketed(value: Rational): string {
  const text = formatExact(value)
  return text.includes('/') ? `(${text})` : text
}

/** True if the terms that are shown add up to the figure. */
export function isActivityConsistent(derivation: ActivityDerivation): boolean {
  const sum = derivation.parts
    .flatMap((part) => part.terms.map((term) => gramsOfTerm(part, term)))
    .reduce(addRationals, makeRational(0n))
  return sum.n === derivation.exact.n && sum.d === derivation.exact.d
}

/** A bill of gas or heat in the JSON of `kwitness explain`, beside what all bills have. */
export type ActivityJson = {
  readonly country: string
  readonly conversions: readonly {
    readonly why: string
    readonly from: { readonly amount: string; readonly unit: string }
    readonly by: string
    readonly to: { readonly amount: string; readonly unit: string }
  }[]
  readonly parts: readonly {
    readonly year: number
    readonly days: number
    readonly amount: string
    readonly unit: string
    readonly vintage: Vintage
    readonly terms: readonly (ActivityFactor & {
      readonly gwp: string
      readonly publisher: string
      readonly grams: string
    })[]
  }[]
  readonly flags: readonly string[]
  readonly exact: string
  readonly gramsCO2e: string
  readonly wellToTank?: { readonly gramsCO2e: string; readonly exact: string }
}

/** The stable JSON of the derivation of gas or heat. */
export function activityToJson(derivation: ActivityDerivation, sets: readonly SourceSet[]): ActivityJson {
  const { wellToTank } = derivation
  const amount = (of: { readonly amount: Rational; readonly unit: string }): { amount: string; unit: string } => ({
    amount: formatExact(of.amount),
    unit: of.unit,
  })
  return {
    country: derivation.country,
    conversions: derivation.conversions.map(({ why, from, by, to }) => ({
      why,
      from: amount(from),
      by: formatExact(by),
      to: amount(to),
    })),
    parts: derivation.parts.map((part) => ({
      year: part.year,
      days: part.days,
      ...amount({ amount: part.amount, unit: derivation.unit }),
      vintage: part.vintage,
      terms: part.terms.map((term) => ({
        ...term.factor,
        gwp: term.gwp,
        publisher: publisherOf(term.factor.cid, sets),
        grams: formatExact(gramsOfTerm(part, term)),
      })),
    })),
    flags: derivation.flags,
    exact: formatRational(derivation.exact),
    gramsCO2e: derivation.gramsCO2e.toString(),
    ...(wellToTank === undefined
      ? {}
      : { wellToTank: { gramsCO2e: wellToTank.gramsCO2e.toString(), exact: formatRational(wellToTank.exact) } }),
  }
}
