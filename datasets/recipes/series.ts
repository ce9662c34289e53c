/** Texts of years that follow each other from `firstYear` on; `null` where there is none. */
export type YearSeries = { readonly firstYear: number; readonly values: (string | null)[] }

/** Lays the figures of one series out by year, whatever their order. `undefined` when a year is there twice. */
export function layOutYears(
  figures: readonly { readonly year: number; readonly value: string }[],
): YearSeries | undefined {
  const years = figures.map(({ year }) => year)
  const firstYear = Math.min(...years)
  const values: (string | null)[] = Array.from({ length: Math.max(...years) - firstYear + 1 }, () => null)
  for (const { year, value } of figures) {
    if (values[year - firstYear] !== null) return undefined
    values[year - firstYear] = value
  }
  return { firstYear, values }
}
