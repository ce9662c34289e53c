import assert from 'node:assert/strict'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStaticKeyRing } from '#api'
import { parseConfig } from '#config'
import type { Config } from '#config'
import { createApiListeners } from '../../node/api-listeners.ts'
import type { ApiListeners } from '../../node/api-listeners.ts'
import { FakeNode } from '../support/fake-node.ts'

const KEYS = new URL('../support/signing/keys/', import.meta.url)

describe('HTTPS by file', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kwitness-tls-'))
    await copyFile(new URL('server.cert.pem', KEYS), join(dir, 'cert.pem'))
    await copyFile(new URL('server.key.pem', KEYS), join(dir, 'key.pem'))
    await copyFile(new URL('utility.key.pem', KEYS), join(dir, 'other.pem'))
  })
  afterEach(async () => {
    await rm(dir, { recursive: true })
  })

  const configOf = (api: object): Config =>
    parseConfig({
      file: JSON.stringify({
        region: 'north-america',
        chain: { rpcUrl: 'http://127.0.0.1:1' },
        api: { port: 0, ...api },
        operator: { port: 0 },
      }),
    })
  const listeners = async (api: object): Promise<ApiListeners> =>
    createApiListeners(dir, configOf(api), {
      node: new FakeNode(),
      keys: createStaticKeyRing([]),
      log: { error: () => {}, debug: () => {} },
    })

  it('is spoken on the public listener, and the operator keeps plain HTTP on loopback', async () => {
    const { api, operator } = await listeners({ tlsCertFile: 'cert.pem', tlsKeyFile: join(dir, 'key.pem') })
    await api.start()
    await operator.start()
    try {
      assert.match(api.url, /^https:\/\/127\.0\.0\.1:/)
      const status = await new Promise<number | undefined>((resolve, reject) => {
        // The certificate of the tests is for signatures, not for this name.
        request(`${api.url}/healthz`, { rejectUnauthorized: false, agent: false }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
          .on('error', reject)
          .end()
      })
      assert.equal(status, 200)
      assert.equal((await fetch(`${operator.url}/healthz`)).status, 200)
    } finally {
      await operator.stop()
      await api.stop()
    }
  })

  it('is refused with the name of what is missing', async () => {
    await assert.rejects(listeners({ tlsCertFile: 'cert.pem' }), /api\.tlsKeyFile is not set/)
    await assert.rejects(listeners({ tlsKeyFile: 'key.pem' }), /api\.tlsCertFile is not set/)
    await assert.rejects(listeners({ tlsCertFile: 'cert.pem', tlsKeyFile: 'none.pem' }), /cannot read .*none\.pem/)
    await assert.rejects(listeners({ tlsCertFile: 'cert.pem', tlsKeyFile: 'other.pem' }), /no certificate and its key/)
    await assert.rejects(listeners({ tlsCertFile: 'key.pem', tlsKeyFile: 'key.pem' }), /no certificate and its key/)
  })

  it('that cannot have its port says which, by its name in the configuration', async () => {
    const { api } = await listeners({})
    await api.start()
    try {
      const port = Number(new URL(api.url).port)
      const taken = await listeners({ port })
      await assert.rejects(taken.api.start(), (thrown: Error & { code?: string }) => {
        assert.equal(thrown.code, 'ERR_API_LISTEN')
        assert.match(thrown.message, new RegExp(`127\\.0\\.0\\.1 port ${port} \\(api\\.host, api\\.port\\): another`))
        return true
      })
      await taken.api.stop()
    } finally {
      await api.stop()
    }
  })

  it('leaves operator routes off the public listener, and public ones off the operator', async () => {
    const { api, operator } = await listeners({})
    await api.start()
    await operator.start()
    try {
      const statusAt = async (url: string): Promise<number> => (await fetch(url)).status
      for (const path of ['/v1/accounts', '/v1/keys', '/v1/audit-log', '/metrics']) {
        assert.equal(await statusAt(`${api.url}${path}`), 404, path)
        assert.notEqual(await statusAt(`${operator.url}${path}`), 404, path)
      }
      for (const path of ['/v1/bills', '/v1/regions']) {
        assert.equal(await statusAt(`${operator.url}${path}`), 404, path)
        assert.notEqual(await statusAt(`${api.url}${path}`), 404, path)
      }
    } finally {
      await operator.stop()
      await api.stop()
    }
  })
})
