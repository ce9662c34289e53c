import type { FactorsQuery, FiguresView } from '#api'
import { FigureError } from './figure-error.ts'
import { FiguresPool } from './figures-pool.ts'
import { explainBill } from './explanation.ts'
import type { ExplanationComponents } from './explanation.ts'

/** Estimates and factors from a worker of its own; explanations from extraction's. */
export class Figures implements FiguresView {
  readonly #components: ExplanationComponents
  readonly #pool = new FiguresPool()

  constructor(components: ExplanationComponents) {
    this.#components = components
  }

  async estimate(request: string, signal: AbortSignal): Promise<string> {
    return this.#pool.ask({ kind: 'estimate', request }, signal)
  }

  async factors(query: FactorsQuery, signal: AbortSignal): Promise<string> {
    const { place, year, dataset, activity, limit } = query
    const common = { ...(year === undefined ? {} : { year }), ...(dataset === undefined ? {} : { dataset }) }
    if (activity !== undefined) {
      const country = place === undefined ? {} : { country: place.country }
      return this.#pool.ask({ kind: 'activities', text: activity, limit, ...country, ...common }, signal)
    }
    if (place === undefined) throw new FigureError('give a place or an activity', { code: 'ERR_PLACE_UNKNOWN' })
    return this.#pool.ask({ kind: 'factors', place, ...common }, signal)
  }

  async explain(cid: string, claim: number | undefined, signal: AbortSignal): Promise<string | undefined> {
    const explained = await explainBill(this.#components, cid, claim, signal)
    return explained === undefined ? undefined : JSON.stringify(explained)
  }

  async stop(): Promise<void> {
    await this.#pool.stop()
  }
}
