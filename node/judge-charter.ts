import { decodeCharter, errorCodeOf, explainDifference } from '#protocol'
import type { Charter } from '#protocol'
import type { Verdict } from './network/types.ts'

/** Judges a stranger's charter. DESIGN 3: a peer of another network is refused with what differs. */
export function judgeCharter(ours: Charter, hello: Uint8Array): Verdict {
  try {
    const differences = explainDifference(ours, decodeCharter(hello))
    if (differences.length === 0) return { ok: true }
    return { ok: false, code: 'ERR_CHARTER_DIFFERS', reason: `other network: ${differences.join('; ')}` }
  } catch (cause) {
    return { ok: false, code: errorCodeOf(cause), reason: 'its charter cannot be read' }
  }
}
