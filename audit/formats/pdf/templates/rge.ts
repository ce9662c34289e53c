import type { BillTemplate } from '../template.ts'

/** What all prints of RGE Sul (Rio Grande do Sul, Brazil) have in common; a print is one of the files beside this one. */
export const RGE = {
  kind: 'bill',
  commodity: 'electricity',
  unit: 'kWh',
  currency: 'BRL',
  utility: { id: 'cnpj:02016440000162', name: 'RGE Sul Distribuidora de Energia S.A.', role: 'both' },
  place: { country: 'BR' },
  doubts: [/estimad[ao]|faturad[ao]pelamédia|porMédia|impediment|autoleitura/i],
  exportSigns: /EnergiaAtivaInjetada|Energ\.?AtvInj/,
} as const satisfies Partial<BillTemplate>
