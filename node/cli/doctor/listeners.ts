import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { isAbsolute, join } from 'node:path'
import type { Config } from '#config'
import { examine, skip } from './diagnosis.ts'
import type { Diagnosis, Found } from './diagnosis.ts'

/** Time to renew a certificate; those of public authorities live ninety days or less. */
const EXPIRY_WARNING_DAYS = 14
const DAY_MS = 24 * 3_600_000

/** Who can reach the listeners, and whether what they say can be overheard. */
export async function checkExposure({ api, operator }: Pick<Config, 'api' | 'operator'>): Promise<Diagnosis> {
  const fix =
    'set operator.host to 127.0.0.1, and reach it by ssh -L; put the API behind TLS: api.tlsCertFile and api.tlsKeyFile, or a proxy'
  return examine('exposure', fix, (): Found => {
    if (!isLoopback(operator.host)) {
      throw new Error(`the operator listener is open at ${operator.host}: who reaches it sees metrics and tries keys`)
    }
    const isPlain = api.tlsCertFile === undefined && api.trustProxies.length === 0
    if (!isLoopback(api.host) && isPlain) {
      return { warning: `the API is open at ${api.host} without TLS: keys can be read on the way` }
    }
    return `API at ${api.host}, operator at ${operator.host}`
  })
}

/** Whether the API's certificate is there, fits its key, and lasts. */
export async function checkTls(dir: string, { api }: Pick<Config, 'api'>, nowMs: number): Promise<Diagnosis> {
  const { tlsCertFile, tlsKeyFile } = api
  if (tlsCertFile === undefined && tlsKeyFile === undefined) return skip('TLS', 'the API speaks plain HTTP')
  return examine(
    'TLS',
    'renew the certificate, and name both files in config.json; a node that runs with them reads them each minute',
    async () => {
      if (tlsCertFile === undefined || tlsKeyFile === undefined) {
        throw new Error('TLS takes both api.tlsCertFile and api.tlsKeyFile')
      }
      const certificate = new X509Certificate(await readFile(pathOf(dir, tlsCertFile)))
      const key = createPrivateKey(await readFile(pathOf(dir, tlsKeyFile)))
      if (!certificate.checkPrivateKey(key)) throw new Error(`${tlsKeyFile} is not the key of ${tlsCertFile}`)
      return judgeValidity(certificate, nowMs)
    },
  )
}

function judgeValidity({ validFromDate, validToDate }: X509Certificate, nowMs: number): Found {
  const until = validToDate.toISOString().slice(0, 10)
  if (nowMs < validFromDate.getTime()) throw new Error(`the certificate is valid from ${validFromDate.toISOString()}`)
  const days = Math.floor((validToDate.getTime() - nowMs) / DAY_MS)
  if (days < 0) throw new Error(`the certificate expired on ${until}`)
  if (days < EXPIRY_WARNING_DAYS) return { warning: `the certificate expires in ${days} days, on ${until}` }
  return `certificate until ${until}`
}

function pathOf(dir: string, file: string): string {
  return isAbsolute(file) ? file : join(dir, file)
}

/** True for addresses that only this machine reaches. */
function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.')
  return host === '::1' || host === 'localhost'
}
