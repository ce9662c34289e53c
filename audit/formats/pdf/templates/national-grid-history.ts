import type { HistoryTemplate } from '../template.ts'

/**
 * National Grid (New York), "Monthly Electric History": one row a bill, with rows that cancel others and rows that catch
 * up what was cancelled. Which rows stand for which days is for a person to say.
 */
export const NATIONAL_GRID_HISTORY: HistoryTemplate = {
  kind: 'history',
  id: 'national-grid-history',
  version: '1.0.0',
  fingerprint: [
    { text: 'MonthlyElectricHistory', at: { page: 1, x: 239, y: 68 } },
    { text: 'BillAccount:', at: { page: 1, x: 15, y: 85 } },
    { text: 'Read', at: { page: 1, x: 285, y: 157 } },
    { text: 'Days', at: { page: 1, x: 329, y: 157 } },
    { text: 'Used', at: { page: 1, x: 329, y: 169 } },
    { text: 'Kwh', at: { page: 1, x: 367, y: 169 } },
    { text: 'Demand', at: { page: 1, x: 402, y: 169 } },
    { text: 'Retracte', at: { page: 1, x: 687, y: 157 } },
  ],
  row: /^\d{9}\D.*?\d{1,2}\/\d{1,2}\/\d{4}\d{1,2}\/\d{1,2}\/\d{2}/,
  columns: { days: 357, energy: 395 },
}
