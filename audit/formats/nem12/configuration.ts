import type { FilePlace } from '#protocol'
import { review } from '../refusal.ts'
import { splitConfiguration } from './suffix.ts'

/** What a record says of its own stream and of all streams of its point. */
export type StreamOfPoint = {
  readonly suffix: string
  readonly configuration: string
  readonly place: FilePlace
}

/**
 * Compares the streams of a point with its configuration: all data streams of a point stand in one block (MDFF, file
 * rules), so that a sum without one of them is too low.
 *
 * @returns flags: `export-not-stated` when a stream into the grid is configured and absent, `configuration-unread`.
 * @throws {Refusal} ERR_BILL_UNSTATED when a stream that may be consumption is configured and absent; ERR_BILL_RECORDS when
 * one is present that is not configured.
 */
export function checkConfiguration(nmi: string, streams: readonly StreamOfPoint[]): string[] {
  const present = new Set(streams.map(({ suffix }) => suffix))
  const flags = new Set<string>()
  for (const { suffix, configuration, place } of streams) {
    if (configuration === '') continue
    const configured = splitConfiguration(configuration)
    if (configured === undefined) {
      flags.add('configuration-unread')
      continue
    }
    if (!configured.includes(suffix)) {
      throw review('ERR_BILL_RECORDS', `stream ${suffix} is not in the NMI's configuration ${configuration}`, place)
    }
    const absent = configured.filter((one) => !present.has(one))
    const missing = absent.find((one) => /^[E\d]/.test(one))
    if (missing !== undefined) {
      throw review('ERR_BILL_UNSTATED', `stream ${missing} of NMI ${nmi} is configured and not in the file`, place)
    }
    if (absent.some((one) => one.startsWith('B'))) flags.add('export-not-stated')
  }
  return [...flags]
}

/**
 * A point without a stream of consumption consumed nothing only if its configuration says that it has none: else the
 * stream was left out, and 0 would be a guess.
 *
 * @throws {Refusal} ERR_BILL_UNSTATED.
 */
export function checkExportOnly(nmi: string, streams: readonly StreamOfPoint[]): void {
  const silent = streams.find(({ configuration }) => splitConfiguration(configuration) === undefined)
  if (silent === undefined) return
  const message = `only streams into the grid are in the file, and no configuration of NMI ${nmi} says that it has no others`
  throw review('ERR_BILL_UNSTATED', message, silent.place)
}
