import { CodedError, errorCodeOf } from '#protocol'
import { answerElectricity } from './estimate-electricity.ts'
import type { ElectricityAnswer } from './estimate-electricity.ts'
import { electricityShape, parseRequest, parseRequestJson } from './estimate-request.ts'
import type { FactorSource } from './factor-source.ts'

/** Answer to one estimate; field by field what `kwitness estimate --json` prints. */
export type EstimateResponse =
  ElectricityAnswer | { readonly error: { readonly code: string; readonly message: string } }

/**
 * Answer to one request, given as JSON text; never throws.
 *
 * Amounts may be strings or JSON numbers. A number is taken by its text, not by its binary value, so that `250.5` and
 * `"250.5"` are the same; exponents are refused in both.
 */
export function estimate(requestJson: string, source: FactorSource): EstimateResponse {
  try {
    return answerElectricity(parseRequest(electricityShape, parseRequestJson(requestJson)), source)
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown
    return { error: { code: errorCodeOf(thrown), message: thrown.message } }
  }
}

/** {@link estimate} as one line of JSON, without the line end. */
export function estimateLine(requestJson: string, source: FactorSource): string {
  return JSON.stringify(estimate(requestJson, source))
}
