import { createSandbox } from '#audit'
import type { NamedTrustList } from '#audit'
import { loadDatasets } from '#datasets'
import type { Datasets } from '#datasets'
import { Examiner } from '../examiner.ts'

/** A bill of a stranger gets one worker, a bounded heap and ten seconds, as in a node. */
export const CLI_SANDBOX = { workers: 1, memoryMb: 256, timeoutMs: 10_000 } as const

/** Runs something that recomputes bills, with the sandbox open only meanwhile. */
export async function withExaminer<T>(
  run: (examiner: Examiner, datasets: Datasets) => Promise<T>,
  trust?: NamedTrustList,
): Promise<T> {
  const sandbox = createSandbox({ ...CLI_SANDBOX, ...(trust === undefined ? {} : { trust: trust.list }) })
  try {
    // Claims rest on the shipped sets alone: optional ones would give figures that no network certifies.
    const datasets = await loadDatasets()
    return await run(new Examiner(sandbox, datasets), datasets)
  } finally {
    await sandbox.close()
  }
}
