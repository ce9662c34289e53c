import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, normalize } from 'node:path'

/** A web server of pages: the origin that a node's operator lets in. */
export type PageServer = {
  readonly origin: string
  /** What is served besides files: content by path. */
  readonly pages: Map<string, string>
  /** What pages tell, by path: called with the JSON of a POST, which is answered when it is done. */
  readonly listeners: Map<string, (told: unknown) => void | Promise<void>>
  stop(): Promise<void>
}

const TYPES: Readonly<Record<string, string>> = { html: 'text/html; charset=utf-8', js: 'text/javascript' }

/** Serves pages, and the files of a folder under `/kwitness/`, by the name of `localhost`. */
export async function startPageServer(folder: string): Promise<PageServer> {
  const pages = new Map<string, string>()
  const listeners = new Map<string, (told: unknown) => void | Promise<void>>()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    const listener = request.method === 'POST' ? listeners.get(path) : undefined
    if (listener !== undefined) {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
      await listener(JSON.parse(Buffer.concat(chunks).toString('utf8')))
      response.writeHead(204).end()
      return
    }
    const file = path.startsWith('/kwitness/') ? join(folder, path.slice('/kwitness/'.length)) : undefined
    const content = pages.get(path) ?? (file === undefined ? undefined : await readFile(file).catch(() => undefined))
    const type = TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
    if (content === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': type }).end(content)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((thrown: unknown) => response.destroy(thrown instanceof Error ? thrown : undefined))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port')
  return {
    // Another name than the node's 127.0.0.1: another site, not only another port.
    origin: `http://localhost:${address.port}`,
    pages,
    listeners,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
