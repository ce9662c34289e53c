import type { z } from 'zod'
import { completeDocument, PROBLEM_SCHEMA } from './openapi-document.ts'
import type { OpenApiDocument } from './openapi-document.ts'
import type { Route } from './route.ts'
import { pathOf, schemaOf } from './register.ts'
import { routesOf } from './routes/index.ts'

/** Version of the API, not of the node: it changes when a client must. */
const API_VERSION = '1.0.0'

const DESCRIPTIONS = {
  public:
    'HTTP API of a kWitness node: hand in utility bills, follow their state, get proofs. A key goes into the header ' +
    '`Authorization: Bearer kw_…`. Failures are problem details (RFC 9457) with stable codes; every answer has an ' +
    '`X-Request-Id`, which is the one of the request if that is a UUID. After 429 and 503, `Retry-After` says when to try again.',
  operator:
    "Operator's side of a kWitness node: accounts, keys, audit log and metrics, on a listener of their own. A key with the " +
    'scope `admin` goes into the header `Authorization: Bearer kw_…`.',
} as const

/** The OpenAPI 3.1 document of a listener, made from its routes. */
export async function buildOpenApi(kind: 'public' | 'operator'): Promise<OpenApiDocument> {
  const routes = routesOf(kind, { gateway: true })
  // Loaded here: only who builds the file needs the generator.
  const [{ default: swagger }, { fastify }, provider] = await Promise.all([
    import('@fastify/swagger'),
    import('fastify'),
    import('fastify-type-provider-zod'),
  ])
  const server = fastify()
  server.setValidatorCompiler(() => () => true)
  server.setSerializerCompiler(() => (value) => JSON.stringify(value))
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: kind === 'public' ? 'kWitness' : 'kWitness operator',
        version: API_VERSION,
        description: DESCRIPTIONS[kind],
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      // In the order of the routes, which is that of a reader.
      tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', bearerFormat: 'kw_<id>_<secret>' },
        },
        schemas: { Problem: PROBLEM_SCHEMA },
      },
    },
    transform: provider.createJsonSchemaTransform({}),
    transformObject: provider.createJsonSchemaTransformObject({}),
  })
  for (const route of routes) {
    server.route({
      method: route.method,
      url: pathOf(route),
      exposeHeadRoute: false,
      schema: documentedSchema(route),
      handler: () => ({}),
    })
  }
  await server.ready()
  const document = server.swagger() as unknown as OpenApiDocument
  await server.close()
  return completeDocument(document, routes)
}

function documentedSchema(route: Route): object {
  const answers = Object.entries(route.answers).flatMap(([status, { schema }]): [string, z.ZodType][] =>
    schema === undefined ? [] : [[status, schema]],
  )
  return {
    ...schemaOf(route),
    ...(route.body === undefined ? {} : { body: route.body }),
    ...(answers.length === 0 ? {} : { response: Object.fromEntries(answers) }),
    ...(route.headers === undefined ? {} : { headers: route.headers }),
    operationId: route.operationId,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tags: [route.tag],
    security: route.access === 'open' ? [] : [{ key: [] }],
  }
}
