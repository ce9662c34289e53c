/** Spellings of `UnitaMisura`, which is free text, and the code of UN/ECE Recommendation 20 that they mean. */
const SPELLINGS: readonly { readonly form: RegExp; readonly code: string }[] = [
  { form: /^kwh$/i, code: 'KWH' },
  { form: /^wh$/i, code: 'WHR' },
  // `mwh` is a milliwatt-hour to the letter: somebody must look.
  { form: /^M[Ww][Hh]$/, code: 'MWH' },
  { form: /^G[Ww][Hh]$/, code: 'GWH' },
  { form: /^G[Jj]$/, code: 'GV' },
  { form: /^M[Jj]$/, code: '3B' },
  { form: /^(?:smc|sm3|stdm3|standard m3|std m3)$/i, code: 'SM3' },
  { form: /^(?:mc|m3|m\u00b3|mtq|metri cubi|metro cubo)$/i, code: 'MTQ' },
  { form: /^(?:gg|g|giorni|giorno|day)$/i, code: 'DAY' },
]

/** Unit code of a printed unit; what nobody knows stays as it is, and is no code. */
export function unitCodeOf(unit: string | undefined): string {
  const text = (unit ?? '').replaceAll('.', '')
  return SPELLINGS.find(({ form }) => form.test(text))?.code ?? text.slice(0, 32)
}
