import { parseDecimal, parseRational, rationalOfDecimal } from '#protocol'
import type { Rational } from '#protocol'

/** A factor as an answer names it. */
type AnswerFactor = {
  readonly dataset: string
  readonly version: string
  readonly regionType: string
  readonly region: string
  readonly year: number
  readonly value: string
  readonly unit: string
}

/** A figure: whole grams, and the fraction `p/q` before rounding. */
type AnswerFigure = { readonly gramsCO2e: string; readonly exact: string }

/** What the command line shows of an answer for electricity; the answers of `#audit` fit. */
export type ElectricityView = AnswerFigure & {
  readonly parts: readonly {
    readonly year: number
    readonly factor: AnswerFactor
    readonly kWh: string
    readonly vintage: string
  }[]
  readonly level: string
  readonly foundBy: string
  readonly apportioned: string
  readonly flags: readonly string[]
  readonly upstream: readonly (AnswerFigure & {
    readonly name: string
    readonly parts: readonly {
      readonly year: number
      readonly kWh: string
      readonly factor: AnswerFactor
      readonly gridLoss?: {
        readonly region: string
        readonly year: number
        readonly fraction: string
        readonly version: string
      }
    }[]
  })[]
  readonly market?: AnswerFigure & {
    readonly parts: readonly {
      readonly year: number
      readonly kWh: string
      readonly source: string
      readonly instrument?: string
      readonly gramsPerKWh: string
    }[]
    readonly statements: readonly string[]
  }
}

/** Names of an item of a set of activities, in its publisher's words. */
export type ItemView = {
  readonly category: string
  readonly group: string
  readonly name: string
  readonly detail: string
  readonly variant: string
}

/** What the command line shows of an answer for another commodity. */
export type ActivityView = AnswerFigure & {
  readonly parts: readonly {
    readonly year: number
    readonly amount: string
    readonly unit: string
    readonly terms: readonly {
      readonly dataset: string
      readonly version: string
      readonly item: ItemView
      readonly year: number
      readonly gas: string
      readonly value: string
      readonly mass: string
      readonly per: string
      readonly gwp: string
    }[]
    readonly vintage: string
  }[]
  readonly conversions: readonly {
    readonly why: string
    readonly from: { readonly amount: string; readonly unit: string }
    readonly by: string
    readonly to: { readonly amount: string; readonly unit: string }
  }[]
  readonly flags: readonly string[]
  readonly biogenicCO2?: { readonly grams: string; readonly exact: string }
  readonly wellToTank?: AnswerFigure
}

/** Fraction of an exact text of an answer: decimal, or `p/q`. */
export function parseExact(text: string): Rational {
  return text.includes('/') ? parseRational(text) : rationalOfDecimal(parseDecimal(text))
}
