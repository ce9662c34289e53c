import type { NodeInit } from '../../node/node.ts'

/** How one auditor of the mesh is started; sent over IPC with structured clone, so that bytes stay bytes. */
type AuditorOrder = Omit<NodeInit, 'log' | 'charter'> & { readonly charter: Uint8Array }

/** What the bench tells an auditor. */
export type Order =
  | { readonly kind: 'start'; readonly init: AuditorOrder; readonly servesApi: boolean }
  | {
      readonly kind: 'submit'
      readonly id: number
      readonly bytes: Uint8Array
      readonly visibility: 'public' | 'sealed'
    }
  | { readonly kind: 'report' }
  | { readonly kind: 'stop' }

/** What an auditor tells the bench. Times are the machine's monotonic clock in ms, the same for all processes. */
export type Report =
  | { readonly kind: 'started'; readonly listen: readonly string[]; readonly url?: string }
  | { readonly kind: 'peers'; readonly alive: number; readonly rssBytes: number; readonly cpuMs: number }
  | { readonly kind: 'submitted'; readonly id: number; readonly cid: string; readonly atMs: number }
  | { readonly kind: 'certified'; readonly cids: readonly string[]; readonly atMs: number }
  | { readonly kind: 'failed'; readonly id: number; readonly code: string; readonly message: string }
