import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiServer } from '#api'
import type { ApiServerComponents, ApiServerInit } from '#api'

/** A listener of the API on loopback. */
export type RunningApi = {
  readonly url: string
  /** Folder of large bodies on their way in. */
  readonly uploadsDir: string
  stop(): Promise<void>
}

/** Serves a node on a free port, with limits that no test meets unless it sets them. */
export async function startApi(
  components: Pick<ApiServerComponents, 'node' | 'keys'> & Partial<ApiServerComponents>,
  init: Partial<ApiServerInit> = {},
): Promise<RunningApi> {
  const uploadsDir = await mkdtemp(join(tmpdir(), 'kwitness-uploads-'))
  const server = new ApiServer(
    {
      host: '127.0.0.1',
      port: 0,
      corsOrigins: [],
      trustProxies: [],
      requestsPerMinuteAddress: 1_000_000,
      requestsPerMinuteKey: 1_000_000,
      uploadsDir,
      createId: randomUUID,
      ...init,
    },
    { log: { error: () => {}, debug: () => {} }, ...components },
  )
  await server.start()
  return {
    url: server.url,
    uploadsDir,
    async stop() {
      await server.stop()
      await rm(uploadsDir, { recursive: true, force: true })
    },
  }
}
