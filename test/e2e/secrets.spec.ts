import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import type { BillStatus } from '#api'
import { toHex } from '#protocol'
import { csvBill } from '../support/bills.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { StartedAuditor } from '../support/started-auditor.ts'
import { until } from '../support/until.ts'

/** Files that hold secrets because that is what they are for: of their owner alone, by their mode. */
const SECRET_FILES =
  /^(?:auditor\.keystore\.json|payer\.keystore\.json|region-keys\.json|client\.key|member\.age-key|holder-.+\.age|passphrase)$/

/** A secret and the texts under which it could be written. */
type Secret = { readonly name: string; readonly forms: readonly Buffer[]; readonly isKeptInStore: boolean }

function secretOf(name: string, value: string | Uint8Array, isKeptInStore = false): Secret {
  const bytes = Buffer.from(value)
  const texts = [bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')]
  // Without padding: that is how it begins inside a longer text.
  const forms = [bytes, ...texts.map((text) => Buffer.from(text.replaceAll('=', '')))]
  return { name, forms, isKeptInStore }
}

function findSecrets(where: string, bytes: Buffer, secrets: readonly Secret[]): string[] {
  return secrets
    .filter(({ forms }) => forms.some((form) => bytes.includes(form)))
    .map(({ name }) => `${where}: ${name}`)
}

async function filesOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/*
 * One run of a real process with all that hands out, takes and refuses secrets, at the most talkative level. What was handed out
 * once must be nowhere: not in a log, not in a metric, not in a refusal, not in a file that is not made for it.
 */
describe('secrets of a node', function () {
  this.timeout(120_000)
  const secrets: Secret[] = []
  /** Everything that it said, where no secret belongs. */
  const said: { readonly where: string; readonly bytes: Buffer }[] = []
  let root: string
  let region: LiveRegion
  let auditor: StartedAuditor

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'kwitness-secrets-'))
    region = await startLiveRegion({ started: [0, 1, 2] })
    auditor = await StartedAuditor.create(region, 3, root, {
      log: { level: 'trace' },
      webhooks: { allowPrivate: true },
    })
    await auditor.start()
    const { privateKey, payerKey, regionSecret } = region.nodeInit(3)
    secrets.push(
      secretOf('auditor key', privateKey),
      secretOf('payer key', payerKey ?? ''),
      secretOf('point secret', regionSecret),
      secretOf('archive identity', region.archiveIdentity),
    )
    addKey('first key', auditor.adminKey)
  })
  after(async () => {
    await auditor?.end('SIGKILL')
    await region?.stop()
    await rm(root, { recursive: true, force: true })
  })

  // The id of a key is no secret: it is what logs say instead.
  const addKey = (name: string, text: string): void => {
    const secret = text.split('_')[2] ?? ''
    assert.equal(secret.length, 64)
    secrets.push(secretOf(name, secret), secretOf(`${name}, its bytes`, Buffer.from(secret, 'hex')))
    // The whole in base64, as `Basic` has it, is other letters than the part in base64.
    secrets.push({ name: `${name}, whole`, forms: [Buffer.from(btoa(text).slice(24, -4))], isKeptInStore: false })
  }

  async function ask(path: string, init: RequestInit & { readonly operator?: boolean } = {}): Promise<Response> {
    const { operator, ...request } = init
    const response = await fetch(`${operator === true ? auditor.operatorUrl : auditor.url}${path}`, request)
    const bytes = Buffer.from(await response.clone().arrayBuffer())
    const where = `${init.method ?? 'GET'} ${path.slice(0, 40)} ${response.status}`
    said.push({ where, bytes: Buffer.concat([bytes, Buffer.from(JSON.stringify([...response.headers]))]) })
    return response
  }

  it('are handed out once, and taken in requests of every kind', async () => {
    const { identity } = await auditor.post<{ identity: string }>('/v1/accounts', { id: 'bakery' })
    secrets.push(secretOf('account identity', identity))
    const scopes = ['bills:write', 'bills:read', 'proofs:read']
    const { apiKey, key } = await auditor.post<{ apiKey: string; key: { id: string } }>('/v1/keys', {
      account: 'bakery',
      scopes,
    })
    addKey('account key', apiKey)
    const rotated = await auditor.post<{ apiKey: string; key: { id: string } }>(`/v1/keys/${key.id}/rotate`, {
      graceMs: 60_000,
    })
    addKey('rotated key', rotated.apiKey)
    const headers = { authorization: `Bearer ${rotated.apiKey}` }
    const hook = await fetch(`${auditor.url}/v1/webhooks`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ url: 'http://127.0.0.1:9/hook' }),
    })
    const { secret, id } = (await hook.json()) as { secret: string; id: string }
    const webhook = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
    assert.ok(webhook.byteLength >= 24)
    secrets.push(secretOf('webhook secret', webhook, true))
    await ask(`/v1/webhooks/${id}/ping`, { method: 'POST', headers })
    for (const visibility of ['sealed', 'public']) {
      const body = Uint8Array.from(csvBill({ point: `secrets-${visibility}` }))
      const { cid } = (await (
        await ask(`/v1/bills?visibility=${visibility}`, { method: 'POST', headers, body })
      ).json()) as BillStatus
      await until(`the ${visibility} bill is certified`, async () => {
        const status = (await (await fetch(`${auditor.url}/v1/bills/${cid}`, { headers })).json()) as BillStatus
        return status.state !== 'received' && status.state !== 'proposed'
      })
      for (const path of ['', '/file', '/proof', '/explain']) await ask(`/v1/bills/${cid}${path}`, { headers })
    }
    await ask('/v1/account', { headers })
    await ask('/v1/webhooks', { headers })
    await ask('/v1/events?after=0', { headers: { ...headers, accept: 'application/json' } })
  })

  it('are in no answer to requests that have them where they do not belong', async () => {
    const revoked = await auditor.post<{ apiKey: string; key: { id: string } }>('/v1/keys', {
      account: 'bakery',
      scopes: ['bills:read'],
    })
    addKey('revoked key', revoked.apiKey)
    await auditor.post(`/v1/keys/${revoked.key.id}/revoke`, {})
    for (const text of [auditor.adminKey, revoked.apiKey]) {
      const headers = { authorization: `Bearer ${text}` }
      await ask('/v1/bills', { headers })
      await ask('/v1/bills/unknown', { headers })
      await ask('/v1/bills', { headers: { authorization: `Basic ${btoa(`user:${text}`)}` } })
      await ask('/v1/bills', { headers: { 'x-api-key': text, 'x-request-id': text, cookie: `key=${text}` } })
      await ask(`/v1/bills?key=${text}`, { headers })
      await ask(`/v1/bills?state=${text}&cursor=${text}`, { headers })
      await ask(`/v1/${text}/bills`)
      await ask(`/v1/bills/${text}`, { headers })
      await ask(`/ipfs/${text}`)
      await ask('/v1/bills', {
        method: 'POST',
        headers: { ...headers, 'content-type': `multipart/form-data; boundary=${text}` },
        body: text,
      })
      await ask('/v1/bills?file=key.csv', { method: 'POST', headers, body: text })
      await ask('/v1/estimates', { method: 'POST', body: JSON.stringify({ key: text, year: text }) })
      await ask('/v1/webhooks', {
        method: 'POST',
        headers,
        body: `{"url":"http://${text}@127.0.0.1:9/","more":"${text}"`,
      })
      await ask('/v1/keys', {
        method: 'POST',
        operator: true,
        headers,
        body: JSON.stringify({ account: text, scopes: [text] }),
      })
      await ask(`/v1/keys/${text}/revoke`, { method: 'POST', operator: true, headers })
      await ask('/v1/accounts', { method: 'POST', operator: true, headers, body: JSON.stringify({ id: text }) })
    }
    for (const path of ['/metrics', '/v1/status', '/v1/audit-log', '/v1/keys', '/v1/accounts']) {
      await ask(path, { operator: true, headers: { authorization: `Bearer ${auditor.adminKey}` } })
    }
    assert.deepEqual(
      said.flatMap(({ where, bytes }) => findSecrets(where, bytes, secrets)),
      [],
    )
  })

  it('are in no log, and in no file that is not made for them', async () => {
    const ended = await auditor.end('SIGTERM')
    assert.ok(ended !== undefined && ended.err.includes('"level":20'), 'the log is not as talkative as it can be')
    assert.deepEqual(findSecrets('log', Buffer.from(ended.err + ended.out), secrets), [])
    const found: string[] = []
    for (const file of await filesOf(auditor.dir)) {
      const name = file.slice(auditor.dir.length + 1)
      if (SECRET_FILES.test(name)) continue
      const kept = secrets.filter(({ isKeptInStore }) => !(isKeptInStore && name.startsWith('store')))
      found.push(...findSecrets(name, await readFile(file), kept))
    }
    // The files of the store are compressed: its records as they are.
    const level = new Level<Buffer, Buffer>(join(auditor.dir, 'store'), {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    })
    let records = 0
    for await (const [key, value] of level.iterator()) {
      records += 1
      const kept = secrets.filter(({ isKeptInStore }) => !isKeptInStore)
      found.push(...findSecrets(`record ${toHex(key.subarray(0, 1))}`, Buffer.concat([key, value]), kept))
    }
    await level.close()
    assert.ok(records > 20)
    assert.deepEqual(found, [])
  })
})
