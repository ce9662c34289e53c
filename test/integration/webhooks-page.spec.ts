import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RETRY_MS } from '../../node/service/webhook-retries.ts'
import { formatSecret, signWebhook } from '../../node/service/webhook-signature.ts'

type Headers = Readonly<Record<string, string>>
type Verify = (secret: string, headers: Headers, body: string, nowS: number) => unknown

/** A post as the node makes it, and posts that it did not make. */
const SECRET = new Uint8Array(32).fill(7)
const TIME_S = 1_772_357_400
const BODY = JSON.stringify({ type: 'bill.certified', data: { cid: 'bafkrei…', seq: 42 } })
const HEADERS: Headers = {
  'webhook-id': 'msg_wh_0011223344556677_42',
  'webhook-timestamp': String(TIME_S),
  'webhook-signature': signWebhook([SECRET], 'msg_wh_0011223344556677_42', TIME_S, BODY),
}
const signature = HEADERS['webhook-signature'] ?? ''
const FORGED: readonly (readonly [string, string, Headers, string, number])[] = [
  ['another secret', formatSecret(new Uint8Array(32)), HEADERS, BODY, TIME_S],
  ['another body', formatSecret(SECRET), HEADERS, BODY.replace('42', '43'), TIME_S],
  ['another id', formatSecret(SECRET), { ...HEADERS, 'webhook-id': 'msg_x' }, BODY, TIME_S],
  ['another time', formatSecret(SECRET), { ...HEADERS, 'webhook-timestamp': String(TIME_S + 1) }, BODY, TIME_S],
  ['an old post', formatSecret(SECRET), HEADERS, BODY, TIME_S + 301],
  ['a post of tomorrow', formatSecret(SECRET), HEADERS, BODY, TIME_S - 301],
  ['half a signature', formatSecret(SECRET), { ...HEADERS, 'webhook-signature': signature.slice(0, 12) }, BODY, TIME_S],
  ['no signature', formatSecret(SECRET), { ...HEADERS, 'webhook-signature': 'v1,' }, BODY, TIME_S],
  [
    'another version',
    formatSecret(SECRET),
    { ...HEADERS, 'webhook-signature': signature.replace('v1', 'v2') },
    BODY,
    TIME_S,
  ],
]
/** While its secret is rotated: the new one signs first. */
const ROTATED: Headers = {
  ...HEADERS,
  'webhook-signature': signWebhook([new Uint8Array(32).fill(8), SECRET], 'msg_wh_0011223344556677_42', TIME_S, BODY),
}
const MANY: Headers = { ...HEADERS, 'webhook-signature': `v1a,xx v1,AAAA ${signature}` }

describe('docs/webhooks.md', () => {
  let page: string
  let folder: string

  before(async () => {
    page = await readFile(new URL('../../docs/webhooks.md', import.meta.url), 'utf8')
    folder = await mkdtemp(join(tmpdir(), 'kwitness-webhooks-page-'))
  })
  after(async () => rm(folder, { recursive: true, force: true }))

  function blockOf(language: string): string {
    const [, block] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page) ?? []
    assert.ok(block !== undefined, language)
    return block
  }

  it('verifies posts in Node, and refuses what the node did not post', async () => {
    const file = join(folder, 'verify.mjs')
    await writeFile(file, blockOf('js'))
    const { verify } = (await import(pathToFileURL(file).href)) as { readonly verify: Verify }
    assert.deepEqual(verify(formatSecret(SECRET), HEADERS, BODY, TIME_S), JSON.parse(BODY))
    assert.deepEqual(verify(formatSecret(SECRET), MANY, BODY, TIME_S + 300), JSON.parse(BODY))
    assert.deepEqual(verify(formatSecret(SECRET), ROTATED, BODY, TIME_S), JSON.parse(BODY))
    for (const [what, ...post] of FORGED) assert.throws(() => verify(...post), Error, what)
  })

  it('verifies posts in Python, and refuses what the node did not post', async function () {
    try {
      execFileSync('python3', ['-c', 'import sys; assert sys.version_info >= (3, 9)'], { stdio: 'ignore' })
    } catch {
      this.skip()
    }
    const file = join(folder, 'verify.py')
    const driver = `
import sys
def attempt(post):
    secret, headers, body, now = post
    try:
        return verify(secret, headers, body.encode(), now)
    except Exception:
        return None
print(json.dumps([attempt(post) for post in json.load(sys.stdin)]))
`
    await writeFile(file, blockOf('python') + driver)
    const posts = [
      [formatSecret(SECRET), HEADERS, BODY, TIME_S],
      [formatSecret(SECRET), { ...MANY, 'webhook-signature': `v1a,AAAA v1,AAAA ${signature}` }, BODY, TIME_S + 300],
      [formatSecret(SECRET), ROTATED, BODY, TIME_S],
      ...FORGED.map(([, ...post]) => post),
    ]
    const answers: unknown = JSON.parse(
      execFileSync('python3', [file], { input: JSON.stringify(posts), encoding: 'utf8' }),
    )
    const event: unknown = JSON.parse(BODY)
    assert.deepEqual(answers, [event, event, event, ...FORGED.map(() => null)])
  })

  it('shows the waits that there are', () => {
    const units: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000 }
    const row = /^\| after +\|(.*)\|$/m.exec(page)?.[1] ?? ''
    const shown = row.split('|').map((cell) => {
      const [, count = '', unit = ''] = /(\d+) (s|min|h)/.exec(cell) ?? []
      return Number(count) * (units[unit] ?? 0)
    })
    assert.deepEqual([...shown, ...Array.from({ length: 4 }, () => shown.at(-1))], RETRY_MS)
  })
})
