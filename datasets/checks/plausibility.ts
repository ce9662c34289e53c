import { compareRationals, multiplyRationals, parseDecimal, rationalOfDecimal, toGramsPerKWh } from '#protocol'
import type { ActivityUnit, FactorUse, Gas, Rational } from '#protocol'
import type { ActivityFigures } from '../activity-figures.ts'
import type { ElectricityFigures } from '../electricity-figures.ts'
import type { Figures } from '../figures.ts'
import type { CheckName, Finding } from './finding.ts'

/**
 * Highest g per kWh of electricity. 2500 g CO2e is coal (100 g/MJ) burnt at 14 %, worse than any plant that feeds a grid; the
 * highest region of any set has 1307. What passes on its way to the plant or is lost on the grid is a part of that. CH4 and
 * N2O of combustion are three and four orders of magnitude below CO2 (grams of gas; eGRID's highest are 0.45 and 0.06).
 */
const ELECTRICITY_CEILINGS: Readonly<Record<FactorUse, string>> = {
  generation: '2500',
  losses: '500',
  'well-to-tank': '500',
  'well-to-tank-losses': '100',
}
const GAS_SHARES: Readonly<Record<Gas, string>> = { CO2e: '1', CO2: '1', CH4: '0.001', N2O: '0.0001' }

/**
 * Highest kg CO2e per unit of an activity: solid fuels and their gases have at most 0.28 kg/MJ (blast furnace gas), liquids
 * 3.2 kg/litre, natural gas 2.1 kg/m3; a tonne of carbon gives 3.7 t. People and goods: the highest figure printed, doubled.
 */
const ACTIVITY_CEILINGS: Readonly<Record<ActivityUnit, string>> = {
  kWh: '1.1',
  'kWh-gross': '1.1',
  'kWh-net': '1.1',
  GJ: '280',
  mmBtu: '300',
  litre: '5',
  megalitre: '2000',
  'gallon-us': '19',
  m3: '5',
  scf: '0.2',
  tonne: '4500',
  kg: '4.5',
  'short-ton': '4100',
  km: '1',
  mile: '1.6',
  'passenger-km': '1.6',
  'passenger-mile': '2.6',
  'vehicle-mile': '1.6',
  'tonne-km': '2',
  'room-night': '400',
  'fte-hour': '1',
}

/** CH4 and N2O of an activity, in kg of gas: at most a hundredth of the ceiling of CO2. */
const ACTIVITY_GAS_SHARES: Readonly<Record<Gas, string>> = { CO2e: '1', CO2: '1', CH4: '0.01', N2O: '0.001' }

/** Half of the figures of a set lie in this band of g/kWh: a whole set in a wrong unit does not. */
const MEDIAN_BAND = ['20', '1500'] as const
/** A series that leaps by this factor between two years has a slipped digit, unless its grid is nearly clean. */
const LEAP = '8'
/** Below this many g/kWh, a leap is a dry year or a new dam; beside zero, below three times as many. */
const LEAP_FLOORS = { ofAny: '50', besideZero: '150' } as const
/** Activities have no dry years, and a printed zero is a car without an exhaust. */
const ACTIVITY_LEAP_FLOORS = { ofAny: '0', besideZero: undefined } as const
type LeapFloors = { readonly ofAny: string; readonly besideZero: string | undefined }

type Report = (check: CheckName, place: string, message: string) => void

/** Figures that cannot be right by themselves: units, CO2e below CO2, bands, leaps. */
export function findImplausible(set: string, figures: Figures): Finding[] {
  const findings: Finding[] = []
  const report: Report = (check, place, message) => findings.push({ set, check, place, message })
  switch (figures.kind) {
    case 'electricity':
      checkElectricity(figures, report)
      break
    case 'activities':
      checkActivities(figures, report)
      break
    case 'grid-loss':
      for (const [row, [, region, , values]] of figures.rows.entries()) {
        if (values.some((value) => value !== null && isAbove(exact(value), '0.3'))) {
          report('plausibility', `rows.${row}`, `${region} loses more than 30 %`)
        }
      }
      break
    case 'gwp':
      for (const [row, [name, gas, value]] of figures.rows.entries()) {
        const [low, high] = GWP_BANDS[gas]
        if (isAbove(exact(low), value) || isAbove(exact(value), high)) {
          report('plausibility', `rows.${row}`, `${name} ${gas} is ${value}, outside ${low} to ${high}`)
        }
      }
      break
    case 'utilities':
    case 'utility-subregion':
    case 'zip-subregion':
      break
    default:
      figures satisfies never
  }
  return findings
}

/** Potentials over 100 years that any assessment of the IPCC printed. */
const GWP_BANDS: Readonly<Record<Gas, readonly [string, string]>> = {
  CO2: ['1', '1'],
  CO2e: ['1', '1'],
  CH4: ['21', '36'],
  N2O: ['265', '310'],
}

type Entry = { readonly row: number; readonly year: number; readonly grams: Rational }

function checkElectricity(figures: ElectricityFigures, report: Report): void {
  const series = new Map<string, Entry[]>()
  const ofSet: Rational[] = []
  figures.rows.forEach(([index, regionType, region, firstYear, values], row) => {
    const group = figures.groups[index]
    if (group?.status !== 'usable') return
    const ceiling = scaled(ELECTRICITY_CEILINGS[group.use], GAS_SHARES[group.gas])
    const key = `${regionType}|${region}|${group.method}|${group.use}|${group.gas}`
    const entries = series.get(key) ?? []
    series.set(key, entries)
    values.forEach((value, i) => {
      if (value === null) return
      if (!isPlain(value)) {
        report('units', `rows.${row}`, `${region} ${firstYear + i} is ${JSON.stringify(value)}, no plain decimal`)
        return
      }
      const grams = toGramsPerKWh(parseDecimal(value), group.unit)
      if (compareRationals(grams, ceiling) > 0) {
        report('plausibility', `rows.${row}`, `${key} ${firstYear + i}: ${value} ${group.unit} is above any grid`)
      }
      entries.push({ row, year: firstYear + i, grams })
      if (isFootprint(key)) ofSet.push(grams)
    })
  })
  checkMedian(ofSet, report)
  for (const [key, entries] of series) {
    if (isFootprint(key)) checkLeaps(key, entries, LEAP_FLOORS, report)
    if (key.endsWith('|CO2e')) checkBelow(key, entries, series.get(key.slice(0, -1)) ?? [], report)
  }
}

/** Only sums and CO2 of average generation have a median and a course that can be judged. */
function isFootprint(key: string): boolean {
  return key.endsWith('|location|generation|CO2e') || key.endsWith('|location|generation|CO2')
}

function checkMedian(grams: readonly Rational[], report: Report): void {
  const median = [...grams].sort(compareRationals)[grams.length >> 1]
  if (median === undefined) return
  const [low, high] = MEDIAN_BAND
  if (isAbove(exact(low), median) || isAbove(median, high)) {
    report('plausibility', 'rows', `half of the figures lie outside ${low} to ${high} g/kWh: a wrong unit?`)
  }
}

function checkLeaps(key: string, entries: readonly Entry[], floors: LeapFloors, report: Report): void {
  const byYear = [...entries].sort((a, b) => a.year - b.year)
  byYear.forEach((entry, i) => {
    const before = byYear[i - 1]
    if (before === undefined) return
    const [low, high] =
      compareRationals(before.grams, entry.grams) < 0 ? [before.grams, entry.grams] : [entry.grams, before.grams]
    const floor = low.n === 0n ? floors.besideZero : floors.ofAny
    if (floor === undefined) return
    if (isAbove(high, floor) && compareRationals(high, multiplyRationals(low, exact(LEAP))) > 0) {
      report(
        'plausibility',
        `rows.${entry.row}`,
        `${key} leaps by more than ${LEAP} times from ${before.year} to ${entry.year}`,
      )
    }
  })
}

function checkBelow(key: string, sums: readonly Entry[], parts: readonly Entry[], report: Report): void {
  for (const sum of sums) {
    const part = parts.find(({ year }) => year === sum.year)
    if (part !== undefined && compareRationals(sum.grams, part.grams) < 0) {
      report(
        'co2e-below-co2',
        `rows.${sum.row}`,
        `${key} ${sum.year}: CO2e is less than the CO2 in it (row ${part.row})`,
      )
    }
  }
}

function checkActivities(figures: ActivityFigures, report: Report): void {
  const series = new Map<string, Entry[]>()
  figures.rows.forEach(([scope, category, group, name, detail, variant, per, gas, mass, firstYear, values], row) => {
    const item = [scope, category, group, name, detail, variant, per]
    const ceiling = scaled(ACTIVITY_CEILINGS[per], ACTIVITY_GAS_SHARES[gas], '1000')
    const entries: Entry[] = values.flatMap((value, i) =>
      value === null ? [] : [{ row, year: firstYear + i, grams: scaled(value, mass === 'kg' ? '1000' : '1') }],
    )
    series.set(`${item.join('|')}|${gas}`, entries)
    const above = entries.find(({ grams }) => compareRationals(grams, ceiling) > 0)
    if (above !== undefined) {
      report(
        'plausibility',
        `rows.${row}`,
        `${item.join('|')} ${gas} ${above.year} is above ${ACTIVITY_CEILINGS[per]} kg CO2e/${per}`,
      )
    }
  })
  for (const [key, entries] of series) {
    checkLeaps(key, entries, ACTIVITY_LEAP_FLOORS, report)
    if (key.endsWith('|CO2e')) checkBelow(key, entries, series.get(key.slice(0, -1)) ?? [], report)
  }
}

function isPlain(value: string): boolean {
  return /^\d+(\.\d+)?$/.test(value)
}

function exact(value: string | Rational): Rational {
  return typeof value === 'string' ? rationalOfDecimal(parseDecimal(value)) : value
}

function scaled(...factors: readonly string[]): Rational {
  return factors.map((factor) => exact(factor)).reduce(multiplyRationals)
}

function isAbove(a: Rational, b: string | Rational): boolean {
  return compareRationals(a, exact(b)) > 0
}
