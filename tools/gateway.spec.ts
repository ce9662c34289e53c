import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fallbackRouter } from '@helia/fallback-router'
import { trustlessGatewayBlockBroker } from '@helia/trustless-gateway-client'
import { createVerifiedFetch } from '@helia/verified-fetch'
import type { VerifiedFetch } from '@helia/verified-fetch'
import { createHeliaLight } from 'helia'
import { ApiServer } from '../api/index.ts'
import { equalBytes } from '../protocol/index.ts'
import { csvBill, submissionOf } from '../test/support/bills.ts'
import { submitTo } from '../test/support/follow.ts'
import { startLiveRegion } from '../test/support/live-region.ts'
import type { LiveRegion } from '../test/support/live-region.ts'

// The stock client of the IPFS project's trustless gateways, too large to be installed with the project: it lies beside the
// checking tools. Kubo, where it is on the path, is asked for the CID that `ipfs add` gives.

/** A scan of several chunks: it waits for people, and is archived all the same. */
function largeBill(): Uint8Array {
  const bytes = new Uint8Array(2.5 * 1024 * 1024).map((_, i) => i % 251)
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return bytes
}

describe('the gateway of an auditor', () => {
  let region: LiveRegion
  let api: ApiServer
  let fetchVerified: VerifiedFetch
  let client: Awaited<ReturnType<typeof createHeliaLight>>

  before(async () => {
    region = await startLiveRegion({ started: [0] })
    const node = region.node(0)
    api = new ApiServer(
      {
        host: '127.0.0.1',
        port: 0,
        createId: randomUUID,
        uploadsDir: join(region.dataDir(0), 'uploads'),
        corsOrigins: [],
        trustProxies: [],
        requestsPerMinuteAddress: 600,
        requestsPerMinuteKey: 600,
      },
      { node, keys: node.keys, log: { error: () => {}, debug: () => {} } },
    )
    await api.start()
    client = createHeliaLight({
      blockBrokers: [trustlessGatewayBlockBroker({ allowLocal: true, allowInsecure: true })],
      // Helia asks a fallback only after all others have answered, and here there are none.
      routers: [Object.assign(fallbackRouter({ gateways: [api.url] }), { capabilities: undefined })],
    })
    await client.start()
    fetchVerified = await createVerifiedFetch(client)
  })
  after(async () => {
    await fetchVerified.stop()
    await client.stop()
    await api.stop()
    await region.stop()
  })

  it('gives a public bill of one chunk, and of several, to @helia/verified-fetch', async () => {
    for (const bytes of [csvBill({ point: 'GATEWAY-1' }), largeBill()]) {
      const { cid } = await submitTo(region.node(0), submissionOf(bytes))
      const response = await fetchVerified(`ipfs://${cid}`)
      assert.equal(response.status, 200)
      assert.ok(equalBytes(new Uint8Array(await response.arrayBuffer()), bytes))
    }
  })

  it('gives the age file of a sealed bill, and nothing of what is in it', async () => {
    const { cid } = await submitTo(region.node(0), submissionOf(csvBill({ point: 'GATEWAY-3' }), 'sealed'))
    const text = Buffer.from(await (await fetchVerified(`ipfs://${cid}`)).arrayBuffer()).toString('latin1')
    assert.match(text, /^age-encryption\.org\/v1\n/)
    assert.doesNotMatch(text, /GATEWAY-3/)
  })

  it('gives public bills the CID of `ipfs add`', async function () {
    if (spawnSync('ipfs', ['version']).error !== undefined) this.skip()
    const folder = mkdtempSync(join(tmpdir(), 'kwitness-kubo-'))
    try {
      const environment = { ...process.env, IPFS_PATH: join(folder, 'repo') }
      execFileSync('ipfs', ['init', '--empty-repo'], { env: environment })
      for (const bytes of [csvBill({ point: 'GATEWAY-4' }), largeBill()]) {
        const file = join(folder, 'bill')
        writeFileSync(file, bytes)
        const flags = ['--cid-version', '1', '--raw-leaves', '--chunker', 'size-1048576', '-Q']
        const added = execFileSync('ipfs', ['add', ...flags, file], { env: environment, encoding: 'utf8' }).trim()
        const { cid } = await submitTo(region.node(0), submissionOf(bytes))
        assert.equal(cid, added)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
