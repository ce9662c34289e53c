import { readFile } from 'node:fs/promises'
import swagger from '@fastify/swagger'
import type { StaticDocumentSpec } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { OPENAPI_FILES } from './openapi-document.ts'

/** Nothing of the page comes from elsewhere, nothing is inline, and no other page shows it in a frame. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Phones would show the page as wide as a desk's, too small to read: it says nothing of its width by itself. */
const VIEWPORT = `document.head.append(Object.assign(document.createElement('meta'), {
  name: 'viewport',
  content: 'width=device-width, initial-scale=1',
}))
`

/** No operation has links, and their empty column makes the page wider than a phone. */
const NO_LINKS = '.swagger-ui .response-col_links { display: none }\n'

/** Serves the OpenAPI document at `/openapi.json`, and the page that shows it at `/docs`. */
export async function registerDocs(server: FastifyInstance, kind: 'public' | 'operator'): Promise<void> {
  const text = await readFile(new URL(OPENAPI_FILES[kind], import.meta.url), 'utf8')
  server.get('/openapi.json', async (_request, reply) =>
    reply.type('application/json').header('cache-control', 'no-cache').send(text),
  )
  // The page shows the file that is checked in: what it says was looked at.
  const document = JSON.parse(text) as StaticDocumentSpec['document']
  await server.register(swagger, { mode: 'static', specification: { document } })
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: CONTENT_POLICY,
    theme: {
      title: 'kWitness API',
      js: [{ filename: 'viewport.js', content: VIEWPORT }],
      css: [{ filename: 'phone.css', content: NO_LINKS }],
    },
    uiConfig: {
      url: '/openapi.json',
      deepLinking: true,
      displayRequestDuration: true,
      defaultModelsExpandDepth: 0,
      docExpansion: 'list',
      // Without the bar at the top, which would load documents of others.
      layout: 'BaseLayout',
      // No request to a validator of others, and a key is not left in the browser.
      validatorUrl: null,
      persistAuthorization: false,
    },
  })
}
