import { STATUS_CODES } from 'node:http'
import { NOT_MODIFIED } from './etag.ts'
import { statusOfCode } from './problem.ts'
import type { Route, RouteAnswer } from './route.ts'

/** Files that `npm run api:build` writes. */
export const OPENAPI_FILES = { public: 'openapi.json', operator: 'openapi-operator.json' } as const

/** The parts of an OpenAPI document that are completed here; the rest is the generator's. */
export type OpenApiDocument = {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, object> }
}

type Operation = {
  description?: string
  requestBody?: object
  responses: Record<string, object>
  operationId?: string
}

/** Problem details as every failure has them. */
export const PROBLEM_SCHEMA = {
  type: 'object' as const,
  description: 'Problem details (RFC 9457). Members beside these say what the code is about.',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code'],
  properties: {
    type: { type: 'string' as const, const: 'about:blank' },
    title: { type: 'string' as const },
    status: { type: 'integer' as const },
    detail: { type: 'string' as const, description: 'What failed, for people' },
    instance: { type: 'string' as const, description: '`urn:uuid:` of the request, as in `X-Request-Id`' },
    code: { type: 'string' as const, description: 'Stable code, for programs' },
  },
}

/** Adds what shapes do not say: problems by their codes, media types that are not JSON, headers. */
export function completeDocument(document: OpenApiDocument, routes: readonly Route[]): OpenApiDocument {
  const byId = new Map(routes.map((route) => [route.operationId, route]))
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations)) {
      const route = byId.get(operation.operationId ?? '')
      if (route !== undefined) complete(operation, route)
    }
  }
  return sortKeys(withoutNoise(dropUnused(document)))
}

function complete(operation: Operation, route: Route): void {
  const known = route.hasETag === true ? { ...route.answers, 304: NOT_MODIFIED } : route.answers
  const answers = Object.entries(known).map(([status, answer]): [string, object] => [
    status,
    answerOf(answer, operation.responses[status]),
  ])
  operation.responses = { ...Object.fromEntries(answers), ...problemsOf(route) }
  if (route.isUpload === true) operation.requestBody = UPLOAD_BODY
  if (route.access !== 'open')
    operation.description = [operation.description, accessOf(route)].filter(Boolean).join('\n\n')
}

function accessOf({ access }: Route): string {
  if (typeof access === 'string') return 'Any valid key.'
  return `Needs a key with the scope ${access.map((scope) => `\`${scope}\``).join(' or ')}.`
}

function answerOf(answer: RouteAnswer, generated: object | undefined): object {
  const { description, contentTypes, headers } = answer
  const content = contentTypes?.map((type): [string, object] => [type, { schema: bodyOf(type) }])
  return {
    ...(answer.schema === undefined ? {} : generated),
    description,
    ...(content === undefined ? {} : { content: Object.fromEntries(content) }),
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
  }
}

function bodyOf(type: string): object {
  return type === 'application/json'
    ? { type: 'object' }
    : type.startsWith('text/')
      ? { type: 'string' }
      : { type: 'string', format: 'binary' }
}

function headersOf(headers: Readonly<Record<string, string>>): object {
  const entries = Object.entries(headers)
  return Object.fromEntries(entries.map(([name, description]) => [name, { description, schema: { type: 'string' } }]))
}

/** Codes of a route: its own, and those that follow from access, shapes and limits. */
export function problemCodesOf(route: Route): string[] {
  const { access } = route
  const hasBody = route.body !== undefined || route.isUpload === true
  return [
    ...new Set([
      'ERR_API_REQUEST',
      'ERR_API_RATE',
      ...(access === 'open' ? [] : ['ERR_API_KEY_MISSING', 'ERR_API_KEY_WRONG']),
      ...(typeof access === 'string' ? [] : ['ERR_API_SCOPE']),
      ...(hasBody ? ['ERR_API_TOO_LARGE', 'ERR_API_ENCODING'] : []),
      ...route.problems,
    ]),
  ]
}

function problemsOf(route: Route): Record<string, object> {
  const byStatus = Map.groupBy(problemCodesOf(route), statusOfCode)
  const answers = [...byStatus].map(([status, codes]): [string, object] => [
    String(status),
    {
      description: `${STATUS_CODES[status] ?? 'Error'}: ${codes.map((code) => `\`${code}\``).join(', ')}`,
      ...(status === 429 || status === 503
        ? { headers: headersOf({ 'Retry-After': 'Seconds after which to try again' }) }
        : {}),
      content: {
        'application/problem+json': {
          schema: {
            allOf: [{ $ref: '#/components/schemas/Problem' }],
            type: 'object',
            properties: { code: { enum: codes.toSorted() } },
          },
        },
      },
    },
  ])
  return { ...Object.fromEntries(answers), default: OTHER_PROBLEM }
}

const OTHER_PROBLEM = {
  description: 'Any other failure',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

const UPLOAD_BODY = {
  required: true,
  description: 'The file itself, at most 20 MiB, of any format; or a form',
  content: {
    'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
    'multipart/form-data': {
      schema: {
        type: 'object',
        required: ['file'],
        properties: {
          file: { type: 'string', format: 'binary', description: 'The file, with its name' },
          visibility: { type: 'string', enum: ['public', 'sealed'], default: 'sealed' },
          place: { type: 'string', description: 'JSON such as {"country":"US","state":"CA"}' },
        },
      },
    },
  },
}

// The generator lists every named shape of the program; a listener's document has only what it uses.
function dropUnused(document: OpenApiDocument): OpenApiDocument {
  const { schemas } = document.components
  const used = new Set<string>()
  const visit = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue
      used.add(name)
      visit(schemas[name])
    }
  }
  visit(document.paths)
  const kept = Object.entries(schemas).filter(([name]) => used.has(name))
  return { ...document, components: { ...document.components, schemas: Object.fromEntries(kept) } }
}

// What the generator says of every number and every time, and nobody reads.
function withoutNoise(document: OpenApiDocument): OpenApiDocument {
  const text = JSON.stringify(document, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const { minimum, maximum, pattern, ...rest } = value as Record<string, unknown>
    return {
      ...rest,
      ...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum }),
      ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
      ...(pattern === undefined || rest['format'] === 'date-time' ? {} : { pattern }),
    }
  })
  return JSON.parse(text) as OpenApiDocument
}

// Sorted, so that the file changes only where the API does.
function sortKeys(document: OpenApiDocument): OpenApiDocument {
  const byName = <T>(record: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return {
    ...document,
    paths: byName(document.paths),
    components: { ...document.components, schemas: byName(document.components.schemas) },
  }
}
