import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import type { ClientRequest } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decodeProof, utf8, verifyProofOffline } from '../protocol/index.ts'
import { startApi } from '../test/support/api-server.ts'
import type { RunningApi } from '../test/support/api-server.ts'
import { csvBill } from '../test/support/bills.ts'
import { startServedNode } from '../test/support/served-node.ts'
import type { ServedNode } from '../test/support/served-node.ts'
import { until } from '../test/support/until.ts'
import { findChromium, openPage, readPage } from './browser/chromium.ts'
import type { PageReport, PageTask } from './browser/page.ts'
import { startPageServer } from './browser/page-server.ts'
import type { PageServer } from './browser/page-server.ts'
import { writeBrowserPackage } from './client/browser-package.ts'
import { toolFile } from './installed.ts'

// The client in a browser that people use, where one is on the path: it is too large to be installed for this.

const PAGE = new URL('browser/page.ts', import.meta.url)
const RECIPE = new URL('../docs/api.md', import.meta.url)
/** The page itself takes 25 s, most of them as the node asks; cores may be busy. */
const PAGE_LIMIT_MS = 120_000
/** Large bills of one account that are on their way at once, at most (docs/api.md, "Limits"). */
const PLACES = 16
/** More streams of events than a key may have at once. */
const MANY_STREAMS = 100

const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

/** What the example of docs/api.md is, as it stands. */
async function readRecipe(): Promise<string> {
  const [, html] = /```html\n([\s\S]*?)```/.exec(await readFile(RECIPE, 'utf8')) ?? []
  assert.ok(html !== undefined, 'the pattern has lost the page')
  return html
}

/** A person at the page of docs/api.md: enters, chooses, presses the button, and reads. */
const PERSON = `
const task = await (await fetch('/person.json')).json()
const form = document.querySelector('form')
const list = document.querySelector('ul')
const lines = () => [...list.children].map((line) => line.textContent)
const chosen = new DataTransfer()
chosen.items.add(new File([task.bill], 'june.csv'))
form.elements.bill.files = chosen.files
const read = async (key, last) => {
  list.replaceChildren()
  form.elements.key.value = key
  await new Promise((resolve) => {
    new MutationObserver(() => lines().some((line) => line.includes(last)) && resolve()).observe(list, { childList: true })
    form.querySelector('button').click()
  })
  return lines()
}
const report = { refused: await read('kw_nobody', 'ERR_'), taken: await read(task.key, 'certified') }
await fetch('/report', { method: 'POST', body: JSON.stringify(report) })
`

describe('the client in a browser', function () {
  this.timeout(PAGE_LIMIT_MS + 30_000)
  let command: string
  let folder: string
  let pages: PageServer
  let served: ServedNode
  let closed: RunningApi
  let key: string

  before(async function () {
    // Shown as pending: a machine without a browser has not tried.
    const found = findChromium()
    if (found === undefined) this.skip()
    command = found
    folder = await mkdtemp(join(tmpdir(), 'kwitness-browser-'))
    await writeBrowserPackage(join(folder, 'kwitness'))
    pages = await startPageServer(join(folder, 'kwitness'))
    served = await startServedNode({}, { corsOrigins: [pages.origin] })
    closed = await startApi({ node: served.node, keys: served.node.keys }, { corsOrigins: ['https://my-page.example'] })
    key = (await served.makeKey('shop', ['bills:write', 'bills:read', 'proofs:read'])).text
  })
  after(async () => {
    await closed?.stop()
    await served?.stop()
    await pages?.stop()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  /** What a page reports that is opened. */
  async function reportOf<T>(path: string): Promise<T> {
    const report = Promise.withResolvers<unknown>()
    const timer = setTimeout(() => report.reject(new Error(`${path} reported nothing`)), PAGE_LIMIT_MS)
    pages.listeners.set('/report', report.resolve)
    const page = await openPage(command, `${pages.origin}${path}`)
    try {
      const told = (await report.promise) as T & { readonly failure?: string }
      assert.equal(told.failure, undefined)
      return told
    } finally {
      clearTimeout(timer)
      await page.close()
    }
  }

  /** Takes all places of the account for large bills, with bodies that do not end. */
  async function takeAllPlaces(): Promise<ClientRequest[]> {
    const uploads = Array.from({ length: PLACES }, () => {
      const headers = { authorization: `Bearer ${key}`, 'content-length': 1_000_000 }
      const upload = request(`${served.api.url}/v1/bills`, { method: 'POST', headers, agent: false })
      upload.on('error', () => undefined)
      upload.write(new Uint8Array(200_000))
      return upload
    })
    await until('all places are taken', async () => (await readdir(served.api.uploadsDir)).length === PLACES)
    return uploads
  }

  /** Opens all streams that the key may have. @returns what ends them */
  async function takeAllStreams(): Promise<() => Promise<void>> {
    const gone = new AbortController()
    const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' }
    const open = async (signal: AbortSignal): Promise<Response> =>
      fetch(`${served.api.url}/v1/events`, { headers, signal })
    // Kept: an answer that nobody holds is collected, and its stream ends.
    const held: Response[] = []
    while (held.length < MANY_STREAMS && held.at(-1)?.status !== 429) held.push(await open(gone.signal))
    assert.equal(held.at(-1)?.status, 429)
    return async () => {
      gone.abort()
      held.length = 0
      await until('there is a stream again', async () => {
        const look = new AbortController()
        const response = await open(look.signal)
        look.abort()
        return response.status === 200
      })
    }
  }

  async function reportOfPage(task: PageTask): Promise<PageReport> {
    const [from, to] = ['../../client/index.ts', '/kwitness/client/index.js']
    const script = stripTypeScriptTypes(await readFile(PAGE, 'utf8'))
    assert.equal(script.split(from).length, 2)
    pages.pages.set('/page.js', script.replace(from, to))
    // What cannot be loaded is told as well.
    const tell = "(thrown) => fetch('/report', { method: 'POST', body: JSON.stringify({ failure: String(thrown) }) })"
    pages.pages.set('/page.html', `<!doctype html><script type="module">import('/page.js').catch(${tell})</script>`)
    pages.pages.set('/task.json', JSON.stringify(task))
    pages.listeners.set('/full', await takeAllStreams())
    const uploads = await takeAllPlaces()
    pages.listeners.set('/busy', async () => {
      for (const upload of uploads) upload.destroy()
      await until('there is room again', async () => (await readdir(served.api.uploadsDir)).length === 0)
    })
    try {
      return await reportOf<PageReport>('/page.html')
    } finally {
      for (const upload of uploads) upload.destroy()
    }
  }

  it('hands in, follows, lists and reads bills, is refused, and waits, on a page of another site', async () => {
    const bills = [csvBill({ point: 'BROWSER-1' }), csvBill({ point: 'BROWSER-2' })]
    const [publicBill = '', sealedBill = ''] = bills.map(toText)
    const found = await reportOfPage({ url: served.api.url, closedUrl: closed.url, key, publicBill, sealedBill })
    assert.match(found.agent, /Chrome\//)
    assert.deepEqual(found.node, [])

    const cids = found.submitted.map(({ cid }) => cid)
    assert.deepEqual(found.listed, cids.toReversed())
    assert.deepEqual(found.files, [publicBill, sealedBill])
    assert.deepEqual(found.isSealed, [false, false])
    for (const [i, cid] of cids.entries()) {
      assert.equal((await served.node.findStatus(cid))?.visibility, i === 0 ? 'public' : 'sealed')
      assert.deepEqual(found.followed[cid]?.slice(0, 3), ['received', 'proposed', 'certified'])
      const proof = utf8(found.proofs[i] ?? '')
      assert.equal(decodeProof(proof).bill.cid.toString(), cid)
      const { ok, checks } = verifyProofOffline({ proof, charter: served.region.charter })
      assert.ok(ok, JSON.stringify(checks))
    }
    assert.equal(decodeProof(utf8(found.strangersProof)).bill.cid.toString(), cids[1])
    assert.match(found.estimate, /^\d+$/)

    const [wrong, missing, closedOff, large] = found.refused
    assert.deepEqual([wrong?.code, wrong?.status, wrong?.attempts], ['ERR_API_KEY_WRONG', 401, 1])
    assert.match(wrong?.requestId ?? '', /^[0-9a-f-]{36}$/)
    assert.deepEqual([missing?.code, missing?.status], ['ERR_API_KEY_MISSING', 401])
    assert.deepEqual([closedOff?.code, closedOff?.attempts], ['ERR_CLIENT_UNREACHABLE', 2])
    assert.deepEqual([large?.code, large?.attempts], ['ERR_CLIENT_REQUEST', 0])

    // The node's own words reach the page, and it comes back no earlier than they say.
    const [full, opened] = found.streams
    assert.deepEqual([full?.status, opened?.status, found.streams.length], [429, 200, 2])
    const retryAfterMs = Number(full?.retryAfter) * 1_000
    assert.ok(retryAfterMs > 0 && (opened?.atMs ?? 0) - (full?.atMs ?? 0) >= retryAfterMs)
    const { told, waitedMs, cid } = found.retried
    assert.deepEqual(
      told.map((failure) => [failure.code, failure.status, failure.retryAfterMs]),
      [['ERR_API_UPLOADS', 503, 5_000]],
    )
    assert.ok((waitedMs[0] ?? 0) >= 5_000)
    assert.notEqual(await served.node.findStatus(cid), undefined)
  })

  it('is described by a page of the node that shows every operation, on phones too', async () => {
    const { paths } = JSON.parse(await (await fetch(`${served.api.url}/openapi.json`)).text()) as { paths: object }
    const operations = Object.values(paths).flatMap((path: object) => Object.keys(path))
    const html = await readPage(command, `${served.api.url}/docs`)
    assert.equal([...html.matchAll(/class="opblock-summary-path"/g)].length, operations.length)
    assert.match(html, /<meta name="viewport" content="width=device-width/)
    assert.ok(html.includes('/theme/phone.css'))
  })

  it('works on the page that docs/api.md shows', async () => {
    const recipe = await readRecipe()
    const url = 'http://127.0.0.1:4480'
    assert.equal(recipe.split(url).length, 2)
    pages.pages.set(
      '/index.html',
      `${recipe.replace(url, served.api.url)}<script type="module" src="/person.js"></script>`,
    )
    pages.pages.set('/person.js', PERSON)
    pages.pages.set('/person.json', JSON.stringify({ key, bill: toText(csvBill({ point: 'BROWSER-3' })) }))
    const { refused, taken } = await reportOf<{ refused: string[]; taken: string[] }>('/index.html')
    assert.match(refused.join('\n'), /^ERR_API_KEY_\w+: .+$/)
    assert.deepEqual(
      taken,
      ['received', 'proposed', 'certified'].map((state) => `june.csv: ${state}`),
    )
  })
})

/** Written before the others. */
const FIRST = join('kwitness', 'client', 'answer.js')

describe('the client as plain modules', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kwitness-package-'))
    await writeBrowserPackage(join(folder, 'kwitness'))
    await mkdir(join(folder, 'node_modules'))
    await symlink('../kwitness', join(folder, 'node_modules', 'kwitness-client'), 'dir')
  })
  after(async () => rm(folder, { recursive: true, force: true }))

  it('imports nothing but its own files', async () => {
    const files = (await readdir(join(folder, 'kwitness', 'client'))).filter((file) => file.endsWith('.js'))
    assert.ok(files.length > 10)
    for (const file of files) {
      const code = await readFile(join(folder, 'kwitness', 'client', file), 'utf8')
      for (const [, name = ''] of code.matchAll(/^(?:import|export|\}).*? from '([^']+)'/gm)) {
        assert.ok(name.startsWith('./') && files.includes(name.slice(2)), `${file} imports ${name}`)
      }
    }
  })

  it('has its types in a program for browsers, by path and as a package', async () => {
    const compilerOptions = {
      target: 'es2024',
      lib: ['es2024', 'dom', 'dom.iterable'],
      module: 'esnext',
      moduleResolution: 'bundler',
      types: [],
      noEmit: true,
      strict: true,
      skipLibCheck: true,
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }))
    const compile = async (state: string): Promise<string> => {
      const lines = ['./kwitness/client/index.js', 'kwitness-client'].flatMap((name, i) => [
        `import { KwitnessClient as Client${i} } from '${name}'`,
        `const client${i} = new Client${i}({ url: 'https://node.example', key: prompt() ?? undefined })`,
        `const bill${i} = await client${i}.submitBill({ bytes: new File([], 'a'), place: { country: 'US', state: 'CA' } })`,
        `export const is${i}: boolean = bill${i}.state === '${state}'`,
      ])
      await writeFile(join(folder, 'app.ts'), lines.join('\n'))
      return promisify(execFile)(process.execPath, [toolFile('tsc'), '-p', folder]).then(
        ({ stdout }) => stdout,
        (thrown: unknown) => String((thrown as { stdout: unknown }).stdout),
      )
    }
    assert.equal(await compile('certified'), '')
    assert.equal([...(await compile('certifed')).matchAll(/TS2367/g)].length, 2)
  })

  it('replaces what it wrote, and nothing that others did', async () => {
    const stale = join(folder, 'kwitness', 'client', 'stale.js')
    await writeFile(stale, '')
    await writeBrowserPackage(join(folder, 'kwitness'))
    await assert.rejects(readFile(stale), { code: 'ENOENT' })
    // One that was interrupted before all was written.
    await rm(join(folder, 'kwitness'), { recursive: true })
    const writing = writeBrowserPackage(join(folder, 'kwitness'))
    await until('the first module is there', async () => (await readdir(folder, { recursive: true })).includes(FIRST))
    assert.ok((await readdir(join(folder, 'kwitness'))).includes('package.json'))
    await writing
    await assert.rejects(writeBrowserPackage(folder), /has files that are no client/)
    assert.ok((await readdir(folder)).includes('app.ts'))
  })
})
