import type { Prng } from './prng.ts'

/** Texts that readers of figures, dates, names and codes have taken for something else. */
const TEXTS = [
  '',
  ' ',
  '0',
  '-0',
  '-1',
  '+5',
  '1e3',
  '1E400',
  '0x1F',
  '1.5',
  '1,5',
  '1.234,56',
  '1 234',
  '.5',
  '5.',
  '00012',
  '９',
  '٣',
  'NaN',
  'Infinity',
  'null',
  'undefined',
  'true',
  '[object Object]',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '140737488355328',
  '-140737488355329',
  '9007199254740993',
  '18446744073709551616',
  '9'.repeat(70),
  '1'.repeat(400),
  '1970-01-01',
  '2022-02-30',
  '2023-13-01',
  '9999-12-31',
  '31.02.2023',
  '00:60',
  '4102444800',
  '10',
  '=1+2',
  '="00123"',
  "'123",
  '\u00a0',
  '\u202f12',
  '\ufeff',
  '\u0000',
  '\ud800',
  '\u0085',
  '"',
  "'",
  ';',
  ',',
  '\t',
  '\n',
  '\r\n',
  '&lt;',
  '&#49;',
  '&#0;',
  '&kwh;',
  '<![CDATA[1]]>',
  'kWh',
  'mWh',
  'MWH',
  'KWH',
  '72',
  '169',
  '19',
  '4',
  '20',
] as const

export function nastyText(random: Prng): string {
  return random.pick(TEXTS)
}

/** The text with one digit changed, one added or one taken away; a nasty text where there is no digit. */
export function changeDigit(text: string, random: Prng): string {
  const digits = [...text.matchAll(/[0-9]/g)].map(({ index }) => index)
  if (digits.length === 0) return nastyText(random)
  const at = random.pick(digits)
  const digit = String(random.below(10))
  switch (random.below(4)) {
    case 0:
      return text.slice(0, at) + digit + text.slice(at)
    case 1:
      return text.slice(0, at) + text.slice(at + 1)
    default:
      return text.slice(0, at) + digit + text.slice(at + 1)
  }
}
