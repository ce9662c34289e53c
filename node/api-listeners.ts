import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { ApiServer } from '#api'
import type { ApiServerComponents, ApiServerInit } from '#api'
import type { Config } from '#config'
import type { TlsFiles } from './tls-files.ts'

/** Folder of the data directory for large bills on their way in. */
const UPLOADS_DIR = 'uploads'

/** The two listeners of a node's API. */
export type ApiListeners = { readonly api: ApiServer; readonly operator: ApiServer }

/**
 * The listeners that a configuration asks for; not started.
 *
 * @param dir data directory: files are relative to it.
 * @param components `tls`: the certificate of the public listener, which speaks plain HTTP without one.
 */
export function createApiListeners(
  dir: string,
  { api, operator }: Pick<Config, 'api' | 'operator'>,
  { tls, ...components }: ApiServerComponents & { readonly tls?: TlsFiles | undefined },
): ApiListeners {
  const { corsOrigins, trustProxies, requestsPerMinuteAddress, requestsPerMinuteKey } = api
  const common = {
    requestsPerMinuteAddress,
    requestsPerMinuteKey,
    uploadsDir: join(dir, UPLOADS_DIR),
    createId: randomUUID,
  }
  const init: ApiServerInit = { ...common, host: api.host, port: api.port, corsOrigins, trustProxies }
  return {
    api: new ApiServer({ ...init, ...(tls === undefined ? {} : { tls: tls.pair }) }, components),
    // No page and no proxy has business there.
    operator: new ApiServer(
      { ...common, kind: 'operator', host: operator.host, port: operator.port, corsOrigins: [], trustProxies: [] },
      components,
    ),
  }
}
