import type { FactorSource } from '#audit'
import type { Datasets } from '#datasets'

/** Sources with one changed figure: what, the source, a vector that must fail, and one that must not. */
export function changedSources(datasets: Datasets): [string, FactorSource, string, string][] {
  const california = 'california 2019, 128 kWh by the state factor'
  const india = 'india 2022, 250.5 kWh'
  const britishGas = 'gas 2019 in the uk, 100 therm of the ec'
  const americanGas = 'gas 2025 in the us, 100 therm of the us'
  const source = (changes: Partial<FactorSource>): FactorSource => ({ ...sourceOf(datasets), ...changes })
  return [
    [
      'a digit of a factor',
      source({
        findFactor: (key) => {
          const factor = datasets.findFactor(key)
          return factor?.value === '387.183' ? { ...factor, value: '387.184' } : factor
        },
      }),
      california,
      india,
    ],
    [
      'a digit of a grid loss',
      source({
        findGridLoss: (regionType, region, year) => {
          const loss = datasets.findGridLoss(regionType, region, year)
          return regionType === 'country' && year === 2019 && loss !== undefined ? { ...loss, fraction: '0.052' } : loss
        },
      }),
      california,
      india,
    ],
    [
      'a digit of an activity',
      source({
        findActivity: (series, year) => {
          const factor = datasets.findActivity(series, year)
          return factor?.value === '0.18385' ? { ...factor, value: '0.18386' } : factor
        },
      }),
      britishGas,
      americanGas,
    ],
    [
      'a potential of methane',
      source({ findGwp: (gwpSet, gas) => (gas === 'CH4' ? '25' : datasets.findGwp(gwpSet, gas)) }),
      americanGas,
      britishGas,
    ],
    [
      'the subregion of a ZIP',
      source({
        findZip: (zip) => (zip === '94105' ? { states: ['CA'], subregions: ['NWPP'] } : datasets.findZip(zip)),
      }),
      'zip 94105 in 2019',
      'zip 10001 in 2022',
    ],
  ]
}

/** The look-ups of the data sets as plain functions, so that one can be replaced. */
function sourceOf(datasets: Datasets): FactorSource {
  return {
    findFactor: (key) => datasets.findFactor(key),
    listYears: (series) => datasets.listYears(series),
    findUnusable: (key) => datasets.findUnusable(key),
    firstMonthOf: (series) => datasets.firstMonthOf(series),
    findGridLoss: (regionType, region, year) => datasets.findGridLoss(regionType, region, year),
    listGridLossYears: (regionType, region) => datasets.listGridLossYears(regionType, region),
    findActivity: (series, year) => datasets.findActivity(series, year),
    listActivityYears: (series) => datasets.listActivityYears(series),
    listActivities: (dataset, like) => datasets.listActivities(dataset, like),
    findSubregion: (eia, state) => datasets.findSubregion(eia, state),
    findZip: (zip) => datasets.findZip(zip),
    listSubregionsOfState: (state) => datasets.listSubregionsOfState(state),
    findCountry: (alpha3) => datasets.findCountry(alpha3),
    findDataset: (text) => datasets.findDataset(text),
    findGwp: (gwpSet, gas) => datasets.findGwp(gwpSet, gas),
  }
}
