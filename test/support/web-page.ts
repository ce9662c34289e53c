import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { createContext, SourceTextModule } from 'node:vm'
import type { Module } from 'node:vm'

// Run as `node --experimental-vm-modules web-page.ts URL KEY`: the client in a realm that has what every browser has, and
// nothing of Node. Prints what it found as one line of JSON.

const FOLDER = new URL('../../client/', import.meta.url)

/** What a page hands in, reads and follows. */
const PAGE = `
import { ClientError, KwitnessClient } from '../client/index.ts'

const client = new KwitnessClient({ url, key })
const bytes = new TextEncoder().encode('bill of a page')
const { cid, state } = await client.submitBill({ bytes: new Blob([bytes]), file: 'page.csv', visibility: 'public' })
const listed = []
for await (const bill of client.eachBill()) listed.push(bill.cid)
const file = await client.getBillFile(cid)
const proof = new TextDecoder().decode(await client.getPublicProof(cid))
const events = []
for await (const event of client.followEvents(0)) {
  events.push(event.seq)
  if (events.length === 2) break
}
const refused = await new KwitnessClient({ url }).listBills().catch((thrown) => thrown)
report({
  state, listed, events, proof,
  file: [...file.bytes],
  code: refused instanceof ClientError ? refused.code : String(refused),
  node: ['process', 'Buffer', 'require', 'global', 'setImmediate'].filter((name) => name in globalThis),
})
`

const GLOBALS = {
  AbortController,
  AbortSignal,
  Blob,
  Headers,
  ReadableStream,
  Response,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
  clearTimeout,
  crypto,
  fetch,
  setTimeout,
}

const [url, key] = process.argv.slice(2)
const found = Promise.withResolvers<unknown>()
const context = createContext({ ...GLOBALS, url, key, report: found.resolve })
const modules = new Map<string, SourceTextModule>()

async function load(file: URL): Promise<SourceTextModule> {
  const known = modules.get(file.href)
  if (known !== undefined) return known
  const source = stripTypeScriptTypes(await readFile(file, 'utf8'))
  const loaded = new SourceTextModule(source, { context, identifier: file.href })
  modules.set(file.href, loaded)
  return loaded
}

/** Files of the client, and no others: packages, doors and builtins are no part of a page. */
async function link(specifier: string, from: Module): Promise<SourceTextModule> {
  const file = specifier.startsWith('.') ? new URL(specifier, from.identifier) : undefined
  if (file?.href.startsWith(FOLDER.href) === true) return load(file)
  throw new Error(`${from.identifier.split('/').at(-1)} imports ${specifier}, which no browser has`)
}

const page = new SourceTextModule(PAGE, { context, identifier: new URL('../page/page.js', FOLDER).href })
await page.link(link)
await page.evaluate()
process.stdout.write(`${JSON.stringify({ found: await found.promise, files: modules.size })}\n`)
