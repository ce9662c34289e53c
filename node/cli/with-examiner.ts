import { createSandbox } from '#audit'
import { loadDatasets } from '#datasets'
import { Examiner } from '../examiner.ts'

/** A bill of a stranger gets one worker, a bounded heap and ten seconds, as in a node. */
export const CLI_SANDBOX = { workers: 1, memoryMb: 256, timeoutMs: 10_000 } as const

/** Runs something that recomputes bills, with the sandbox open only meanwhile. */
export async function withExaminer<T>(run: (examine: Examiner['examine']) => Promise<T>): Promise<T> {
  const sandbox = createSandbox(CLI_SANDBOX)
  try {
    const examiner = new Examiner(sandbox, await loadDatasets())
    return await run(async (...args) => examiner.examine(...args))
  } finally {
    await sandbox.close()
  }
}
