import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { pino } from 'pino'
import { createStaticKeyRing } from '#api'
import { parseConfig } from '#config'
import type { Config } from '#config'
import { createApiListeners } from '../../node/api-listeners.ts'
import type { ApiListeners } from '../../node/api-listeners.ts'
import { TlsFiles } from '../../node/tls-files.ts'
import { FakeNode } from '../support/fake-node.ts'
import { until } from '../support/until.ts'

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
  const logged: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) })
  const open = async (api: object, checkMs?: number): Promise<TlsFiles | undefined> =>
    TlsFiles.open({ dir, api: configOf(api).api, log, ...(checkMs === undefined ? {} : { checkMs }) })
  const listeners = async (api: object, tls?: TlsFiles): Promise<ApiListeners> =>
    createApiListeners(dir, configOf(api), {
      node: new FakeNode(),
      keys: createStaticKeyRing([]),
      log: { error: () => {}, debug: () => {} },
      tls: tls ?? (await open(api)),
    })
  /** The certificate that a new connection is shown, by its file's name. */
  const shownAt = async (url: string): Promise<string | undefined> => {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const { raw } = socket.getPeerCertificate()
    socket.destroy()
    for (const name of ['server', 'utility']) {
      const { raw: known } = new X509Certificate(await readFile(new URL(`${name}.cert.pem`, KEYS)))
      if (known.equals(raw)) return name
    }
    return undefined
  }
  /** As a renewal does: another certificate and its key in the place of the ones before. */
  const renew = async (name: string): Promise<void> => {
    await copyFile(new URL(`${name}.cert.pem`, KEYS), join(dir, 'cert.pem'))
    await copyFile(new URL(`${name}.key.pem`, KEYS), join(dir, 'key.pem'))
  }

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

  it('shows a renewed certificate to whoever connects next, with no restart and no signal', async () => {
    const files = { tlsCertFile: 'cert.pem', tlsKeyFile: 'key.pem' }
    const tls = await open(files, 20)
    assert.ok(tls !== undefined)
    const { api } = await listeners(files, tls)
    await api.start()
    const renewed = Promise.withResolvers<void>()
    tls.start((pair) => {
      api.renewTls(pair)
      renewed.resolve()
    })
    try {
      assert.equal(await shownAt(api.url), 'server')
      await renew('utility')
      await renewed.promise
      assert.equal(await shownAt(api.url), 'utility')
      await until('that nothing is wrong', () => tls.problem === undefined)
    } finally {
      await tls.stop()
      await api.stop()
    }
  })

  it('keeps the certificate that it has while its files are broken, says so once, and mends itself', async () => {
    const files = { tlsCertFile: 'cert.pem', tlsKeyFile: 'key.pem' }
    const tls = await open(files)
    assert.ok(tls !== undefined)
    const { api } = await listeners(files, tls)
    await api.start()
    tls.start((pair) => api.renewTls(pair))
    logged.length = 0
    const told = (): string[] => logged.map((line) => (JSON.parse(line) as { msg: string }).msg)
    const kept = 'certificate not renewed: the one before is shown'
    try {
      await copyFile(new URL('utility.cert.pem', KEYS), join(dir, 'cert.pem'))
      await tls.check()
      await tls.check()
      assert.match(tls.problem ?? '', /cert\.pem and key\.pem are no certificate and its key/)
      assert.equal(await shownAt(api.url), 'server')
      assert.deepEqual(told(), [kept])
      await writeFile(join(dir, 'cert.pem'), '')
      await rm(join(dir, 'key.pem'))
      await tls.check()
      assert.match(tls.problem ?? '', /api\.tlsKeyFile: cannot read/)
      assert.deepEqual(told(), [kept, kept])
      await renew('server')
      await tls.check()
      assert.deepEqual([tls.problem, await shownAt(api.url)], [undefined, 'server'])
      await renew('utility')
      await tls.check()
      assert.deepEqual([tls.problem, await shownAt(api.url)], [undefined, 'utility'])
      assert.deepEqual(told().slice(2), ['certificate is that of its files again', 'certificate renewed'])
      assert.ok(!logged.join('').includes('PRIVATE KEY'))
    } finally {
      await tls.stop()
      await api.stop()
    }
  })

  it('keeps the certificate while one of its files is half of a renewal: the other has another kind of key, or is empty', async () => {
    const files = { tlsCertFile: 'cert.pem', tlsKeyFile: 'key.pem' }
    const tls = await open(files)
    assert.ok(tls !== undefined)
    const { api } = await listeners(files, tls)
    await api.start()
    tls.start((pair) => api.renewTls(pair))
    const shown = new X509Certificate(await readFile(new URL('server.cert.pem', KEYS)))
    const isRsa = shown.publicKey.asymmetricKeyType === 'rsa'
    const pkcs8 = { type: 'pkcs8', format: 'pem' } as const
    const other = isRsa
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pkcs8)
      : generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export(pkcs8)
    try {
      for (const [name, text] of [
        ['key.pem', other],
        ['key.pem', ''],
        ['cert.pem', ''],
      ] as const) {
        await writeFile(join(dir, name), text)
        await tls.check()
        assert.match(tls.problem ?? '', /no certificate and its key/, `${name}: ${text.length} characters`)
        assert.equal(await shownAt(api.url), 'server')
        await assert.rejects(open(files), /no certificate and its key/)
        await renew('server')
      }
    } finally {
      await tls.stop()
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
