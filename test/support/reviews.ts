import type { BillStatus } from '#api'
import { parseReviewEntry } from '#protocol'
import type { ReviewEntry } from '#protocol'
import type { LiveRegion } from './live-region.ts'
import { until } from './until.ts'

/** A picture, which no extractor reads; other bytes for each label. */
export function scan(label: string): Uint8Array {
  return new Uint8Array([0x89, 0x50, 0x4e, 0x47, ...new TextEncoder().encode(label)])
}

/** What a person read in a bill of electricity of March 2022. */
export function readEntry(point: string, value = '128', unit = 'kWh'): ReviewEntry {
  return parseReviewEntry({
    commodity: 'electricity',
    point,
    service: { start: '2022-03-01', end: '2022-04-01' },
    import: { value, unit },
    kind: 'actual',
    place: { country: 'US', state: 'CA' },
  })
}

/** Waits for the people of others, and then for the committee. */
export async function untilCertified(region: LiveRegion, position: number, cid: string): Promise<BillStatus> {
  return until(`bill ${cid} is certified at auditor ${position}`, async () => {
    const status = await region.node(position).findStatus(cid)
    return status !== undefined && ['certified', 'anchored', 'final'].includes(status.state) ? status : undefined
  })
}
