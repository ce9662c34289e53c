import { makeDecimal, parseInteger } from '#protocol'
import type { Money } from '#protocol'
import type { UsageSummary } from './document.ts'
import { parseInt48 } from './numbers.ts'

/** ESPI money is in hundred-thousandths of the currency, whatever the multiplier of the energy beside it. */
const MONEY_POWER = -5

/** ISO 4217:2015, numeric to letters: the currencies of ESPI's own list, and of countries that have Green Button or may. */
const LETTERS: ReadonlyMap<number, string> = new Map([
  [32, 'ARS'],
  [36, 'AUD'],
  [44, 'BSD'],
  [52, 'BBD'],
  [60, 'BMD'],
  [84, 'BZD'],
  [124, 'CAD'],
  [136, 'KYD'],
  [152, 'CLP'],
  [156, 'CNY'],
  [170, 'COP'],
  [188, 'CRC'],
  [203, 'CZK'],
  [208, 'DKK'],
  [214, 'DOP'],
  [320, 'GTQ'],
  [340, 'HNL'],
  [344, 'HKD'],
  [348, 'HUF'],
  [352, 'ISK'],
  [356, 'INR'],
  [360, 'IDR'],
  [376, 'ILS'],
  [388, 'JMD'],
  [392, 'JPY'],
  [410, 'KRW'],
  [458, 'MYR'],
  [484, 'MXN'],
  [532, 'ANG'],
  [533, 'AWG'],
  [554, 'NZD'],
  [558, 'NIO'],
  [578, 'NOK'],
  [590, 'PAB'],
  [600, 'PYG'],
  [604, 'PEN'],
  [608, 'PHP'],
  [643, 'RUB'],
  [682, 'SAR'],
  [702, 'SGD'],
  [704, 'VND'],
  [710, 'ZAR'],
  [752, 'SEK'],
  [756, 'CHF'],
  [764, 'THB'],
  [780, 'TTD'],
  [784, 'AED'],
  [826, 'GBP'],
  [840, 'USD'],
  [858, 'UYU'],
  [901, 'TWD'],
  [946, 'RON'],
  [949, 'TRY'],
  [951, 'XCD'],
  [978, 'EUR'],
  [980, 'UAH'],
  [985, 'PLN'],
  [986, 'BRL'],
])

/** Letters of a numeric currency code; `undefined` for codes that are unknown, 0 (other), or no number. */
function findCurrency(code: string | undefined): string | undefined {
  return code !== undefined && /^\d{1,3}$/.test(code) ? LETTERS.get(parseInteger(code)) : undefined
}

/** Money of a bill, and a flag when an amount could not be read as money. */
export type MoneyFinding = { readonly money?: Money; readonly flags: readonly string[] }

/**
 * Amount of the bill that a usage summary stands for (ESPI 4.0, billLastPeriod).
 *
 * @param seriesCurrency currency code of the reading types of the point, for summaries that name none.
 * @throws {Refusal} ERR_BILL_NUMBER when the amount is no integer.
 */
export function readMoney(summary: UsageSummary, seriesCurrency: string | undefined): MoneyFinding {
  if (summary.billLastPeriod === undefined) return { flags: [] }
  const amount = parseInt48(summary.billLastPeriod, 'billLastPeriod', summary.place)
  const currency = findCurrency(summary.currency ?? seriesCurrency)
  if (currency === undefined) return { flags: ['currency-unstated'] }
  return { money: { currency, payable: makeDecimal(BigInt(amount), MONEY_POWER) }, flags: [] }
}
