import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createApiKey, createStaticKeyRing } from '#api'
import { startApi } from '../support/api-server.ts'
import type { RunningApi } from '../support/api-server.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const PAGE = new URL('../../docs/api.md', import.meta.url)
const BILL = new URL('../../samples/north-america/interval-month.xml', import.meta.url)

describe('docs/api.md', () => {
  const key = createApiKey({
    id: new Uint8Array(6).fill(1),
    secret: new Uint8Array(32).fill(1),
    account: 'reader',
    scopes: ['bills:write', 'bills:read', 'proofs:read'],
    createdAt: '2026-01-01T00:00:00Z',
  })
  let region: LiveRegion
  let server: RunningApi
  let dir: string

  before(async function () {
    await run('curl', ['--version']).catch(() => this.skip())
    region = await startLiveRegion()
    server = await startApi({ node: region.node(0), keys: createStaticKeyRing([key.record]) })
    dir = await mkdtemp(join(tmpdir(), 'kwitness-page-'))
    await copyFile(BILL, join(dir, 'january.xml'))
  })
  after(async () => {
    await server?.stop()
    await region?.stop()
    if (dir !== undefined) await rm(dir, { recursive: true })
  })

  it('shows commands that work as they stand', async () => {
    const page = await readFile(PAGE, 'utf8')
    const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block)
    assert.ok(blocks.length >= 6, 'the pattern has lost the examples')
    const environment = { PATH: process.env['PATH'], NODE: server.url, KEY: key.text }
    // One shell after another, as a reader would paste them; variables of one are there in the next.
    let kept = ''
    for (const block of blocks) {
      if (block.includes('/proof')) await certified()
      const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', `${kept}${block}`], {
        cwd: dir,
        env: environment,
      })
      kept += [...block.matchAll(/^[A-Z]+=.*$/gm)].map(([line]) => `${line}\n`).join('')
      if (!block.includes(' -o '))
        assert.doesNotThrow(() => stdout.split(/(?<=\})(?=\{)/).map((text) => JSON.parse(text) as unknown), block)
    }
    assert.deepEqual(await readFile(join(dir, 'bill.xml')), await readFile(BILL))
    assert.match(await readFile(join(dir, 'proof.json'), 'utf8'), /"kwitness-proof"/)
  })

  it('shows a program that does what it says', async () => {
    const [, program = ''] = /```ts\n([\s\S]*?)```/.exec(await readFile(PAGE, 'utf8')) ?? []
    assert.match(program, /from '#client'/, 'the pattern has lost the example')
    const door = new URL('../../client/index.ts', import.meta.url).href
    const given = [
      "import { openAsBlob } from 'node:fs'",
      'const [node, key, path] = process.argv.slice(2)',
      'const file = await openAsBlob(path)',
    ]
    const path = join(dir, 'program.ts')
    await writeFile(path, `${given.join('\n')}\n${program.replace('#client', door)}`)
    const bill = join(dir, 'january.xml')
    const { stdout, stderr } = await run(process.execPath, ['--no-warnings', path, server.url, key.text, bill])
    assert.equal(stderr, '')
    const { cid } = (await region.node(0).listBills(1))[0] ?? assert.fail('nothing was handed in')
    assert.match(stdout, new RegExp(`^received\nproposed\ncertified\n(?:.*\n)*${cid}\n$`))
    const wrong = await run(process.execPath, ['--no-warnings', path, server.url, 'kw_x', bill])
    assert.match(wrong.stderr, /^ERR_API_KEY_WRONG .* [0-9a-f-]{36}\n$/)
  })

  async function certified(): Promise<void> {
    const { cid } = JSON.parse(await readFile(join(dir, 'bill.json'), 'utf8')) as { cid: string }
    await until('the bill is certified', async () => {
      const state = (await region.node(0).findStatus(cid))?.state
      return state === 'certified' || state === 'anchored' || state === 'final'
    })
  }
})
