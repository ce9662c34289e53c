import type { Sandbox } from '#audit'

/** A sandbox that tells how long each bill took that it read, its wait for a worker included, in seconds. */
export function meterSandbox(sandbox: Sandbox, tell: (seconds: number) => void): Sandbox {
  return {
    extract: async (...call) => {
      const startedMs = performance.now()
      const extraction = await sandbox.extract(...call)
      tell((performance.now() - startedMs) / 1_000)
      return extraction
    },
    close: async () => sandbox.close(),
  }
}
