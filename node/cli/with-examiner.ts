import { createSandbox } from '#audit'
import { loadDatasets } from '#datasets'
import type { Datasets } from '#datasets'
import { Examiner } from '../examiner.ts'

/** A bill of a stranger gets one worker, a bounded heap and ten seconds, as in a node. */
export const CLI_SANDBOX = { workers: 1, memoryMb: 256, timeoutMs: 10_000 } as const

/** Runs something that recomputes bills, with the sandbox open only meanwhile. */
export async function withExaminer<T>(
  run: (examine: Examiner['examine'], datasets: Datasets) => Promise<T>,
): Promise<T> {
  const sandbox = createSandbox(CLI_SANDBOX)
  try {
    // Claims rest on the shipped sets alone: optional ones would give figures that no network certifies.
    const datasets = await loadDatasets()
    const examiner = new Examiner(sandbox, datasets)
    return await run(async (...args) => examiner.examine(...args), datasets)
  } finally {
    await sandbox.close()
  }
}
