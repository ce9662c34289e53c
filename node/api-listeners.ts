import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { ApiServer } from '#api'
import type { ApiServerComponents, ApiServerInit } from '#api'
import type { Config } from '#config'
import { IdentityError } from './identity-error.ts'

/** Folder of the data directory for large bills on their way in. */
const UPLOADS_DIR = 'uploads'

/** The two listeners of a node's API. */
export type ApiListeners = { readonly api: ApiServer; readonly operator: ApiServer }

/**
 * The listeners that a configuration asks for; not started.
 *
 * @param dir data directory: files are relative to it.
 * @throws {IdentityError} ERR_DIR_FILE when a file for TLS is missing, cannot be read, or does not fit the other.
 */
export async function createApiListeners(
  dir: string,
  { api, operator }: Pick<Config, 'api' | 'operator'>,
  components: ApiServerComponents,
): Promise<ApiListeners> {
  const tls = await readTls(dir, api)
  const { corsOrigins, trustProxies, requestsPerMinuteAddress, requestsPerMinuteKey } = api
  const common = {
    requestsPerMinuteAddress,
    requestsPerMinuteKey,
    uploadsDir: join(dir, UPLOADS_DIR),
    createId: randomUUID,
  }
  const init: ApiServerInit = { ...common, host: api.host, port: api.port, corsOrigins, trustProxies }
  return {
    api: new ApiServer({ ...init, ...(tls === undefined ? {} : { tls }) }, components),
    // No page and no proxy has business there.
    operator: new ApiServer(
      { ...common, kind: 'operator', host: operator.host, port: operator.port, corsOrigins: [], trustProxies: [] },
      components,
    ),
  }
}

async function readTls(dir: string, api: Config['api']): Promise<{ cert: string; key: string } | undefined> {
  const { tlsCertFile, tlsKeyFile } = api
  if (tlsCertFile === undefined && tlsKeyFile === undefined) return undefined
  const [cert, key] = await Promise.all([
    readPem(dir, 'api.tlsCertFile', tlsCertFile),
    readPem(dir, 'api.tlsKeyFile', tlsKeyFile),
  ])
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    const why = `${tlsCertFile} and ${tlsKeyFile} are no certificate and its key: expected PEM files that fit together`
    throw new IdentityError(why, { code: 'ERR_DIR_FILE', path: tlsCertFile ?? '' }, { cause })
  }
  return { cert, key }
}

async function readPem(dir: string, name: string, file: string | undefined): Promise<string> {
  if (file === undefined) {
    const why = `${name} is not set: TLS takes both api.tlsCertFile and api.tlsKeyFile`
    throw new IdentityError(why, { code: 'ERR_DIR_FILE', path: name })
  }
  const path = isAbsolute(file) ? file : join(dir, file)
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new IdentityError(`${name}: cannot read ${path}`, { code: 'ERR_DIR_FILE', path }, { cause })
  }
}
