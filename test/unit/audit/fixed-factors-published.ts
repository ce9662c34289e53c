import { FixedFactors } from './fixed-factors.ts'
import type { ActivityRow, FactorRow, UnusableRow } from './fixed-factors.ts'

type Head = Pick<FactorRow, 'regionType' | 'region' | 'year' | 'value'>

const egrid = (row: Head & Partial<FactorRow>): FactorRow => {
  return { dataset: 'egrid', version: `eGRID${row.year}`, unit: 'lb/MWh', ...row }
}
const camx = (year: number, value: string): FactorRow => egrid({ regionType: 'subregion', region: 'CAMX', year, value })
const california = (year: number, value: string): FactorRow => {
  return egrid({ regionType: 'state', region: 'CA', year, value })
}
const us = (year: number, value: string): FactorRow => egrid({ regionType: 'country', region: 'US', year, value })
const owid = (region: string, year: number, value: string): FactorRow => {
  return { dataset: 'owid', regionType: 'country', region, year, value }
}
const uk = (use: FactorRow['use'], year: number, value: string): FactorRow => {
  const head = { dataset: 'uk-electricity', version: `${year} set`, regionType: 'country', region: 'GB' } as const
  return { ...head, unit: 'kg/kWh', year, value, ...(use === undefined ? {} : { use }) }
}
const cea = (year: number, value: string): FactorRow => {
  const head = { dataset: 'india-cea', regionType: 'country', region: 'IN', gas: 'CO2', trust: 'secondary' } as const
  return { ...head, unit: 'kg/kWh', year, value }
}
const nga = (region: string, year: number, value: string): FactorRow => {
  const regionType = region === 'AU' ? 'country' : 'grid'
  return { dataset: 'australia-nga', regionType, region, unit: 'kg/kWh', trust: 'secondary', year, value }
}

/** Figures of eGRID, OWID, UK, CEA and NGA as their publishers print them. */
const ROWS: readonly FactorRow[] = [
  camx(2018, '498.686'),
  camx(2019, '455.251'),
  camx(2020, '515.483'),
  camx(2021, '533.606'),
  camx(2022, '499.278'),
  camx(2023, '429.983'),
  california(2018, '422.029'),
  california(2019, '387.183'),
  california(2020, '453.118'),
  us(2018, '952.877'),
  us(2019, '889.214'),
  us(2020, '822.621'),
  us(2023, '770.884'),
  egrid({ regionType: 'subregion', region: 'NWPP', year: 2020, value: '603.786' }),
  egrid({ regionType: 'state', region: 'PR', year: 2020, value: '1608.496' }),
  egrid({ regionType: 'subregion', region: 'PRMS', year: 2020, value: '1608.496' }),
  egrid({ regionType: 'nerc', region: 'PR', year: 2020, value: '1608.496' }),
  egrid({ regionType: 'state', region: 'NV', year: 2020, value: '716.623' }),
  egrid({ regionType: 'subregion', region: 'FRCC', year: 2018, value: '936.145' }),
  egrid({ regionType: 'nerc', region: 'FRCC', year: 2018, value: '936.176' }),
  egrid({ regionType: 'nerc', region: 'WECC', year: 2019, value: '773.509' }),
  egrid({ regionType: 'nerc', region: 'WECC', year: 2020, value: '0.000322167', unit: 't/kWh', trust: 'secondary' }),
  egrid({ regionType: 'state', region: 'CA', year: 2019, value: '864.334', method: 'location-nonbaseload' }),
  egrid({ regionType: 'state', region: 'CA', year: 2019, value: '385.591', gas: 'CO2' }),
  owid('US', 2019, '439.45'),
  owid('PR', 2020, '668.59'),
  owid('FR', 2018, '59.92'),
  owid('FR', 2019, '59.79'),
  owid('FR', 2024, '40.48'),
  owid('CF', 2018, '0'),
  owid('GB', 2010, '517.2'),
  owid('GB', 2015, '397.79'),
  owid('GB', 2016, '333.45'),
  owid('IN', 2023, '713.36'),
  uk(undefined, 2016, '0.41205'),
  uk(undefined, 2019, '0.2556'),
  uk('losses', 2019, '0.0217'),
  uk('well-to-tank', 2019, '0.03565'),
  uk('well-to-tank-losses', 2019, '0.00303'),
  uk(undefined, 2020, '0.23314'),
  uk('losses', 2020, '0.02005'),
  uk('well-to-tank', 2020, '0.03217'),
  cea(2022, '0.716'),
  cea(2023, '0.727'),
  nga('AU-NSW', 2024, '0.66'),
  nga('AU', 2024, '0.63'),
  { ...nga('AU', 2024, '0.81'), method: 'market-residual' },
]

/** Rows that must not be used; the one of Luxembourg is made up: an error that no other edition corrects. */
const UNUSABLE: readonly UnusableRow[] = [
  { ...owid('FR', 2025, '41.44'), status: 'preliminary' },
  {
    dataset: 'eea',
    version: 'eea-5',
    regionType: 'country',
    region: 'BE',
    year: 2004,
    value: '-17',
    status: 'invalid',
  },
  {
    dataset: 'eea',
    version: 'eea-5',
    regionType: 'country',
    region: 'BE',
    year: 2003,
    value: '178',
    status: 'superseded',
  },
  {
    dataset: 'eea',
    version: 'eea-6',
    regionType: 'country',
    region: 'BE',
    year: 2004,
    value: '271',
    status: 'superseded',
  },
  { dataset: 'eea', version: 'eea-5', regionType: 'country', region: 'LU', year: 2004, value: '-1', status: 'invalid' },
]

const GAS = { scope: '1', category: 'Fuels', group: 'Gaseous fuels', name: 'Natural gas' } as const
const GAS_TO_TANK = { scope: '3', category: 'WTT- fuels', group: 'WTT- gaseous fuels', name: 'Natural Gas' } as const
const FLIGHT = {
  scope: '3',
  category: 'Business travel- air',
  group: 'Flights',
  name: 'Short-haul, to/from UK',
} as const
const STEAM = {
  scope: '2',
  category: 'Heat and steam',
  group: 'Heat and steam',
  name: 'District heat and steam',
} as const
const CAR = {
  category: 'Business travel- land',
  group: 'Cars (by size)',
  name: 'Average car',
  variant: 'Petrol',
} as const
const EPA_GAS = { category: 'Stationary combustion: Natural Gas', name: 'Natural Gas' } as const
const GASOLINE = { category: 'Stationary combustion: Petroleum Products', name: 'Motor Gasoline' } as const
const ETHANOL = { category: 'Stationary combustion: Biomass Fuels - Liquid', name: 'Ethanol (100%)' } as const
const EPA_AIR = 'Business travel and commuting'

const defra = (year: number, row: Pick<ActivityRow, 'item' | 'per' | 'value'>): ActivityRow => {
  return { dataset: 'uk-activities', version: `${year} set`, gwpSet: 'AR4', year, ...row }
}
const hub = (
  item: ActivityRow['item'],
  per: ActivityRow['per'],
  gases: Partial<Record<string, string>>,
): ActivityRow[] =>
  (['CO2', 'CH4', 'N2O'] as const).flatMap((gas): ActivityRow[] => {
    const value = gases[gas]
    const mass = gas === 'CO2' ? 'kg' : 'g'
    return value === undefined ? [] : [{ dataset: 'epa-hub', year: 2025, item, per, gas, mass, value }]
  })

/** Figures of the UK's conversion factors and the EPA's hub; the UK reworded its items in 2022. */
const ACTIVITIES: readonly ActivityRow[] = [
  defra(2019, { item: { ...GAS, variant: 'Energy - Gross CV' }, per: 'kWh-gross', value: '0.18385' }),
  defra(2019, { item: { ...GAS, variant: 'Energy - Net CV' }, per: 'kWh-net', value: '0.20428' }),
  defra(2019, { item: { ...GAS, variant: 'Volume' }, per: 'm3', value: '2.03053' }),
  defra(2019, { item: { ...GAS_TO_TANK, variant: 'Energy - Gross CV' }, per: 'kWh-gross', value: '0.02391' }),
  defra(2022, { item: GAS, per: 'kWh-gross', value: '0.18254' }),
  defra(2022, {
    item: { ...GAS_TO_TANK, group: 'Gaseous fuels', name: 'Natural gas' },
    per: 'kWh-gross',
    value: '0.0311',
  }),
  defra(2022, { item: { ...GAS, name: 'Propane' }, per: 'litre', value: '1.54354' }),
  defra(2022, { item: { ...GAS, name: 'Propane' }, per: 'tonne', value: '2997.55' }),
  defra(2018, { item: STEAM, per: 'kWh', value: '0.18746' }),
  defra(2018, {
    item: { ...STEAM, scope: '3', category: 'WTT- heat and steam', group: 'WTT- heat and steam' },
    per: 'kWh',
    value: '0.02709',
  }),
  defra(2018, {
    item: { ...FLIGHT, detail: 'Economy class', variant: 'With RF' },
    per: 'passenger-km',
    value: '0.1597',
  }),
  defra(2018, {
    item: { ...FLIGHT, detail: 'Economy class', variant: 'Without RF' },
    per: 'passenger-km',
    value: '0.08443',
  }),
  defra(2018, {
    item: { ...FLIGHT, detail: 'Business class', variant: 'Without RF' },
    per: 'passenger-km',
    value: '0.12665',
  }),
  defra(2018, {
    item: {
      ...FLIGHT,
      category: 'WTT- business travel- air',
      group: 'WTT- flights',
      detail: 'Economy class',
      variant: 'With RF',
    },
    per: 'passenger-km',
    value: '0.0175',
  }),
  defra(2019, { item: { scope: '3', ...CAR }, per: 'km', value: '0.18084' }),
  defra(2019, { item: { scope: '3', ...CAR }, per: 'mile', value: '0.29103' }),
  defra(2019, { item: { scope: '1', ...CAR, category: 'Passenger vehicles' }, per: 'km', value: '0.18084' }),
  defra(2019, { item: { scope: '3', ...CAR, category: 'WTT- pass vehs & travel- land' }, per: 'km', value: '0.04911' }),
  ...hub(EPA_GAS, 'mmBtu', { CO2: '53.06', CH4: '1', N2O: '0.1' }),
  ...hub(EPA_GAS, 'scf', { CO2: '0.05444', CH4: '0.00103', N2O: '0.0001' }),
  ...hub(GASOLINE, 'gallon-us', { CO2: '8.78', CH4: '0.38', N2O: '0.08' }),
  ...hub({ category: 'Mobile combustion CO2', name: 'Motor Gasoline' }, 'gallon-us', { CO2: '8.78' }),
  ...hub(ETHANOL, 'gallon-us', { CO2: '5.75', CH4: '0.09', N2O: '0.01' }),
  ...hub({ category: 'Mobile combustion CO2', name: 'Ethanol (100%)' }, 'gallon-us', { CO2: '5.75' }),
  ...hub({ scope: '2', category: 'Steam and heat', name: 'Steam and Heat' }, 'mmBtu', {
    CO2: '66.33',
    CH4: '1.25',
    N2O: '0.125',
  }),
  ...hub({ scope: '3', category: EPA_AIR, name: 'Air Travel - Short Haul (< 300 miles)' }, 'passenger-mile', {
    CO2: '0.207',
    CH4: '0.0064',
    N2O: '0.0066',
  }),
  ...hub({ scope: '3', category: EPA_AIR, name: 'Passenger Car' }, 'vehicle-mile', {
    CO2: '0.297',
    CH4: '0.0059',
    N2O: '0.0053',
  }),
]

/** Figures that publishers printed, where a test is about a real place. */
export const published = new FixedFactors({
  rows: ROWS,
  unusable: UNUSABLE,
  losses: [
    { regionType: 'subregion', region: 'CAMX', year: 2018, fraction: '0.048' },
    { regionType: 'subregion', region: 'CAMX', year: 2019, fraction: '0.051' },
    { regionType: 'subregion', region: 'CAMX', year: 2020, fraction: '0.053' },
    { regionType: 'country', region: 'US', year: 2018, fraction: '0.0487' },
    { regionType: 'country', region: 'US', year: 2019, fraction: '0.051' },
  ],
  activities: ACTIVITIES,
  utilities: { '14328|CA': 'CAMX', '57483|CA': 'CAMX' },
  zips: {
    '90001': { states: ['CA'], subregions: ['CAMX'] },
    '00601': { states: ['PR'], subregions: ['PRMS'] },
    '89439': { states: ['CA', 'NV'], subregions: ['NWPP', 'CAMX'] },
    '89501': { states: ['CA', 'NV'], subregions: ['NWPP'] },
  },
  firstMonths: { 'india-cea': 4, 'australia-nga': 7 },
  refused: { 'eGRID2023 v1': 'CO2e below CO2' },
})
