import { formatExact } from '#audit'
import {
  addRationals,
  decimalOfRational,
  formatDecimal,
  makeRational,
  multiplyRationals,
  toHex,
  toKWh,
} from '#protocol'
import type { Derivation, DerivationPart, Factor, Facts, MarketPart, Origin, Rational, UpstreamLine } from '#protocol'
import { grouped, printable } from '../bill-lines.ts'
import {
  billFlagInWords,
  editionOf,
  MARKET_WORDS,
  placeInWords,
  reasonOfRegion,
  regionInWords,
  ruleFlagInWords,
  statementInWords,
  TRUST_WORDS,
  UPSTREAM_WORDS,
} from '../words.ts'
import {
  daysOf,
  gramsOf,
  gramsPerKWhOf,
  gramsPerUnitOf,
  isElectricity,
  kWhPerUnit,
  lossOf,
  publisherOf,
  setsOf,
  shareOf,
  upstreamGramsOf,
} from './explained.ts'
import type { Explained, ExplainedElectricity } from './explained.ts'
import { activitySections, isActivityConsistent } from './activity.ts'
import { adds, computes, says } from './rows.ts'
import type { Row, Section } from './rows.ts'

/** The whole derivation of one bill, from the file to the grams, for a person with a pocket calculator. */
export function explain(explained: Explained): Section[] {
  if (!isElectricity(explained)) return activityExplanation(explained)
  const { derivation } = explained.examined
  const upstream = derivation.upstream.map((line) => upstreamSection(explained, line))
  return [
    billSection(explained),
    placeSection(explained),
    footprintSection(explained),
    ...(derivation.market === undefined ? [] : [marketSection(explained, derivation.market)]),
    ...upstream,
    sourcesSection(explained),
  ]
}

function activityExplanation(explained: Explained): Section[] {
  const { examined } = explained
  const middle = examined.kind === 'activity' ? activitySections(examined.derivation, explained) : []
  return [billSection(explained), ...middle, sourcesSection(explained)]
}

function billSection(explained: Explained): Section {
  const { facts, assurance, origin } = explained.examined
  const { signed } = explained
  const { sources, readings, service } = facts
  const value = formatDecimal(facts.import.value)
  const from = (fact: string): string | undefined =>
    sources[fact] === undefined ? undefined : `from ${printable(sources[fact])}`
  const energyNote = [from('import'), readings === undefined ? undefined : `sum of ${readings.count} readings`]
  const rows: Row[] = [
    says('energy', `${value} ${facts.import.unit}`, energyNote.filter((note) => note !== undefined).join(', ')),
    ...(facts.import.unit === 'kWh' || !isElectricity(explained) ? [] : [conversionRow(explained)]),
    ...(facts.export === undefined
      ? []
      : [
          says('export', `${formatDecimal(facts.export.value)} ${facts.export.unit}`, 'stated apart, never subtracted'),
        ]),
    says(
      'period',
      `${service.start} up to, not including, ${service.end}: ${daysInWords(daysOf(explained.examined))}`,
      from('service'),
    ),
    ...(facts.point === undefined ? [] : [says('point', printable(facts.point), from('point'))]),
    ...(facts.account === undefined ? [] : [says('account', printable(facts.account), from('account'))]),
    ...(facts.utility?.name === undefined ? [] : [says('utility', printable(facts.utility.name), from('utility'))]),
    says('kind', facts.kind),
    ...(facts.commodity === 'electricity' ? [] : [says('for', facts.commodity)]),
    ...(facts.invoice === undefined ? [] : [says('invoice', printable(facts.invoice), from('invoice'))]),
    ...(facts.money === undefined
      ? []
      : [says('money', `${formatDecimal(facts.money.payable)} ${facts.money.currency}`, from('money'))]),
    ...(facts.greenClaim === undefined ? [] : [greenRow(facts.greenClaim, from('greenClaim'))]),
    ...(facts.method === 'template' ? [says('read', 'from the print, by a template of its layout')] : []),
    ...(assurance === 'reviewed' ? [says('read', 'by people: auditors who each entered the same')] : []),
    ...(signed === undefined ? [] : [signatureRow(signed, origin)]),
    ...facts.flags.map((flag, i) => says(i === 0 ? 'note' : '', billFlagInWords(flag))),
  ]
  return { title: `Bill ${explained.ordinal + 1} of ${explained.count}`, rows: rows.map(withoutEmptyNote) }
}

function greenRow({ energy, evidence }: NonNullable<Facts['greenClaim']>, whence: string | undefined): Row {
  const much = energy === undefined ? '' : `: ${formatDecimal(energy.value)} ${energy.unit} of it`
  const words = evidence === undefined ? '' : `, "${printable(evidence)}"`
  return says('tariff', `the bill calls its electricity green${much}${words}`, whence)
}

function signatureRow({ signer, covers, isTrusted }: Origin, origin: string): Row {
  const whom = isTrusted ? 'in the trust list' : 'not in the trust list'
  const what = covers === 'all' ? 'the whole file' : 'an earlier revision, which was read'
  return says('signed', `by ${printable(signer)} (${whom}), over ${what}`, origin)
}

function daysInWords(days: number): string {
  return days === 1 ? '1 day' : `${days} days`
}

function withoutEmptyNote(row: Row): Row {
  const { note, ...rest } = row
  return note === undefined || note === '' ? rest : { ...rest, note }
}

function conversionRow({ examined: { facts, energy } }: Explained): Row {
  const per = kWhPerUnit(energy.unit)
  const by = decimalOfRational(per) === undefined ? `${per.n} / ${per.d}` : formatExact(per)
  const left = `${formatDecimal(facts.import.value)} ${facts.import.unit} x ${by}`
  return computes('in kWh', left, { value: toKWh(energy), unit: 'kWh' }, 0)
}

function placeSection({ examined }: ExplainedElectricity): Section {
  const { derivation, facts, isPlaceDeclared } = examined
  const { place, parts, level, foundBy, flags } = derivation
  const region = parts[0]?.factor.region ?? ''
  const whence = isPlaceDeclared
    ? 'declared by the holder, not in the bill'
    : `from ${facts.sources['place'] ?? 'the bill'}`
  return {
    title: 'Place',
    rows: [
      says('place', placeInWords(place), printable(whence)),
      says('region', regionInWords(level, region), reasonOfRegion(foundBy, place, region)),
      ...flags.map((flag, i) => says(i === 0 ? 'note' : '', ruleFlagInWords(flag))),
    ],
  }
}

function footprintSection(explained: ExplainedElectricity): Section {
  const { derivation } = explained.examined
  const { parts, exact, gramsCO2e } = derivation
  const rows = parts.flatMap((part, index) => [
    ...yearRows(explained, part, index),
    ...factorRows(explained, part.factor),
    gramsRow(part),
  ])
  return {
    title: 'Footprint: location-based, Scope 2',
    rows: [...rows, ...totalRows(parts.map(gramsOf), exact, gramsCO2e)],
  }
}

function yearRows({ examined }: ExplainedElectricity, part: DerivationPart, index: number): Row[] {
  const { derivation } = examined
  const { over, under, why } = shareOf(examined, index)
  const vintage =
    part.vintage === 'exact'
      ? ''
      : `; for ${part.year} none is published yet, ${part.factor.year} is the latest before it`
  if (why === 'all') {
    return [
      says(String(part.year), `all of it, ${daysInWords(part.days)}${vintage}`),
      adds('energy', `${formatExact(part.kWh)} kWh`),
    ]
  }
  const unit = why === 'days' ? 'days' : 'Wh of the readings'
  const reason = `${formatExact(over)} of ${formatExact(under)} ${unit}`
  const left = `${formatExact(derivation.kWh)} kWh x ${bracketed(over)} / ${bracketed(under)}`
  return [says(String(part.year), `${reason}${vintage}`), energyRow(left, part.kWh)]
}

/** A fraction that can be divided by. */
function bracketed(value: Rational): string {
  const text = formatExact(value)
  return text.includes('/') ? `(${text})` : text
}

function energyRow(left: string, kWh: Rational): Row {
  return computes('energy', left, { value: kWh, unit: 'kWh' })
}

function factorRows({ sets }: Pick<Explained, 'sets'>, factor: Factor): Row[] {
  const { value, unit, regionType, region, year, version, dataset, trust, cid } = factor
  const whence = [editionOf(dataset, version), publisherOf(cid, sets), TRUST_WORDS[trust]]
    .filter((text) => text !== '')
    .join(', ')
  const rows = [adds('factor', `${value} ${unit} for ${regionInWords(regionType, region)} in ${year}`, whence)]
  if (unit === 'g/kWh') return rows
  const grams = { value: gramsPerKWhOf(factor), unit: 'g/kWh' }
  return [...rows, computes('in g/kWh', `${value} ${unit} x ${formatExact(gramsPerUnitOf(factor))}`, grams)]
}

function gramsRow(part: Pick<DerivationPart, 'kWh' | 'factor'>): Row {
  const left = `${formatExact(part.kWh)} kWh x ${formatExact(gramsPerKWhOf(part.factor))} g/kWh`
  return computes('grams', left, { value: gramsOf(part), unit: 'g' })
}

function totalRows(grams: readonly Rational[], exact: Rational, rounded: bigint): Row[] {
  const sum = grams.map(formatExact).join(' g + ')
  return [
    ...(grams.length === 1 ? [] : [computes('sum', `${sum} g`, { value: exact, unit: 'g' }, 0)]),
    says('result', `${grouped(rounded)} g CO2e`, 'rounded once, half to even'),
  ]
}

function upstreamSection(explained: ExplainedElectricity, line: UpstreamLine): Section {
  const rows = line.parts.flatMap((part): Row[] => {
    const { year, kWh, factor, gridLoss, vintage } = part
    const note = vintage === 'exact' ? '' : `, the latest published for ${year}`
    if (gridLoss === undefined) {
      return [says(String(year), `${formatExact(kWh)} kWh${note}`), ...factorRows(explained, factor), gramsRow(part)]
    }
    const { dataset, version, fraction, regionType, region } = gridLoss
    const loss = formatExact(lossOf(gridLoss))
    const left = `${formatExact(kWh)} kWh x ${formatExact(gramsPerKWhOf(factor))} g/kWh x ${loss} / (1 - ${loss})`
    return [
      says(String(year), `a share of ${fraction} of what is generated is lost on the way${note}`),
      adds(
        'loss',
        `${fraction} for ${regionInWords(regionType, region)} in ${gridLoss.year}`,
        editionOf(dataset, version),
      ),
      computes('grams', left, { value: upstreamGramsOf(part), unit: 'g' }),
    ]
  })
  return {
    title: `Beside the footprint, Scope 3: ${UPSTREAM_WORDS[line.name]}`,
    rows: [...rows, ...totalRows(line.parts.map(upstreamGramsOf), line.exact, line.gramsCO2e)],
  }
}

function marketSection(explained: ExplainedElectricity, market: NonNullable<Derivation['market']>): Section {
  const grams = (part: MarketPart): Rational => multiplyRationals(part.kWh, part.gramsPerKWh)
  const rows = market.parts.flatMap((part): Row[] => {
    const instrument = part.instrument === undefined ? '' : ` ${printable(part.instrument)}`
    const left = `${formatExact(part.kWh)} kWh x ${formatExact(part.gramsPerKWh)} g/kWh`
    return [
      says(String(part.year), MARKET_WORDS[part.source] + instrument),
      ...(part.factor === undefined ? [] : factorRows(explained, part.factor)),
      computes('grams', left, { value: grams(part), unit: 'g' }),
    ]
  })
  return {
    title: 'Footprint: market-based, Scope 2',
    rows: [
      ...rows,
      ...totalRows(market.parts.map(grams), market.exact, market.gramsCO2e),
      ...market.statements.map((statement, i) => says(i === 0 ? 'note' : '', printable(statementInWords(statement)))),
    ],
  }
}

function sourcesSection({ examined, sets, vectors, plainHash, sizeBytes, format }: Explained): Section {
  const { derivation, factsHash, derivationHash } = examined
  return {
    title: 'What this rests on',
    rows: [
      says('file', `${format}, ${grouped(sizeBytes)} bytes, SHA-256 ${plainHash}`),
      says('rules', `${derivation.rules}, golden vectors ${vectors}`),
      ...setsOf(examined, sets).map(({ name, title, publisher, licence, cid }, i) =>
        says(
          i === 0 ? 'data sets' : '',
          `${name} ${cid}`,
          [title, publisher, licence].filter((text) => text !== '').join(', '),
        ),
      ),
      says('facts', `SHA-256 ${toHex(factsHash)}`),
      says('derivation', `SHA-256 ${toHex(derivationHash)}`),
    ],
  }
}

/** True if the sums that are shown are those of the derivation; another answer is a bug of this program. */
export function isConsistent({ examined }: Explained): boolean {
  if (examined.kind === 'activity') return isActivityConsistent(examined.derivation)
  const { derivation } = examined
  const sum = (grams: readonly Rational[]): Rational => grams.reduce(addRationals, makeRational(0n))
  const { parts, exact, upstream, market } = derivation
  const pairs = [
    [sum(parts.map(gramsOf)), exact],
    ...upstream.map((line) => [sum(line.parts.map(upstreamGramsOf)), line.exact]),
    ...(market === undefined
      ? []
      : [[sum(market.parts.map((part) => multiplyRationals(part.kWh, part.gramsPerKWh))), market.exact]]),
  ]
  return pairs.every(([a, b]) => a !== undefined && b !== undefined && a.n === b.n && a.d === b.d)
}
