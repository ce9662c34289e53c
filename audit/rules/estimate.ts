import { CodedError, errorCodeOf } from '#protocol'
import { answerActivity } from './estimate-activity.ts'
import type { ActivityAnswer } from './estimate-activity.ts'
import { flightShape, fuelShape, gasShape, heatShape, travelShape } from './estimate-activity-request.ts'
import { answerElectricity } from './estimate-electricity.ts'
import type { ElectricityAnswer } from './estimate-electricity.ts'
import { badRequest, electricityShape, parseRequest, parseRequestJson } from './estimate-request.ts'
import type { FactorSource } from './factor-source.ts'

/** Answer to one estimate; field by field what `kwitness estimate --json` prints. */
export type EstimateResponse =
  ElectricityAnswer | ActivityAnswer | { readonly error: { readonly code: string; readonly message: string } }

/** Requests for anything but electricity. */
const ACTIVITY_SHAPES = {
  gas: gasShape,
  heat: heatShape,
  fuel: fuelShape,
  flight: flightShape,
  travel: travelShape,
} as const

/**
 * Answer to one request, given as JSON text; never throws.
 *
 * Amounts may be strings or JSON numbers. A number is taken by its text, not by its binary value, so that `250.5` and
 * `"250.5"` are the same; exponents are refused in both.
 */
export function estimate(requestJson: string, source: FactorSource): EstimateResponse {
  try {
    return answer(parseRequestJson(requestJson), source)
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown
    return { error: { code: errorCodeOf(thrown), message: thrown.message } }
  }
}

/** {@link estimate} as one line of JSON, without the line end. */
export function estimateLine(requestJson: string, source: FactorSource): string {
  return JSON.stringify(estimate(requestJson, source))
}

function answer(request: unknown, source: FactorSource): ElectricityAnswer | ActivityAnswer {
  const commodity = commodityOf(request)
  if (commodity === 'electricity') return answerElectricity(parseRequest(electricityShape, request), source)
  if (!isActivity(commodity)) {
    const known = ['electricity', ...Object.keys(ACTIVITY_SHAPES)].join(', ')
    throw badRequest('commodity', `give one of ${known}`)
  }
  return answerActivity(parseRequest(ACTIVITY_SHAPES[commodity], request), source)
}

function commodityOf(request: unknown): unknown {
  const isObject = typeof request === 'object' && request !== null && Object.hasOwn(request, 'commodity')
  return isObject && 'commodity' in request ? request.commodity : 'electricity'
}

function isActivity(commodity: unknown): commodity is keyof typeof ACTIVITY_SHAPES {
  return typeof commodity === 'string' && Object.hasOwn(ACTIVITY_SHAPES, commodity)
}
