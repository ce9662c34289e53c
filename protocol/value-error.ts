import { CodedError } from './errors.ts'

/** Failures of exact numbers, units and civil dates. */
export type ValueFailure =
  /** Text is not a plain decimal number (exponent, plus sign, blank, separator, letters) or is too long. */
  | { readonly code: 'ERR_VALUE_DECIMAL'; readonly found: string }
  /** Text is not a plain integer of at most 15 digits, or a number is none or is beyond 2^53 - 1. */
  | { readonly code: 'ERR_VALUE_INTEGER'; readonly found: string }
  /** Division by zero, or a fraction with denominator zero. */
  | { readonly code: 'ERR_VALUE_DIVISION' }
  /** Text is not a real `YYYY-MM-DD` date of the years 0001 to 9999, or a day number is outside them. */
  | { readonly code: 'ERR_VALUE_DATE'; readonly found: string }
  /** A period is empty or ends before it starts. */
  | { readonly code: 'ERR_VALUE_PERIOD'; readonly start: number; readonly end: number }
  /** Unit has more than one meaning (`mt`, `mWh` against `MWh`, `therm`); it must be spelled out. */
  | { readonly code: 'ERR_VALUE_UNIT_AMBIGUOUS'; readonly found: string }
  /** Unit is not one of its dimension (energy, mass, volume, distance) that the rules know. */
  | { readonly code: 'ERR_VALUE_UNIT'; readonly found: string }

/** Error of exact values. */
export class ValueError extends CodedError<ValueFailure> {}
