import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { buildOpenApi, OPENAPI_FILES, problemCodesOf, ROUTES, statusOfCode } from '#api'

describe('OpenAPI document', () => {
  for (const kind of ['public', 'operator'] as const) {
    it(`of the ${kind} listener is the one that the routes give: npm run api:build`, async () => {
      const text = await readFile(new URL(`../../../api/${OPENAPI_FILES[kind]}`, import.meta.url), 'utf8')
      assert.equal(text, `${JSON.stringify(await buildOpenApi(kind), null, 2)}\n`)
    })
  }

  it('refers to nothing that it has not', async () => {
    for (const kind of ['public', 'operator'] as const) {
      const document = await buildOpenApi(kind)
      for (const [, name = ''] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
        assert.ok(name in document.components.schemas, name)
      }
    }
  })

  it('says of every key-bound operation that it needs one, and which problems it can have', async () => {
    const { paths } = await buildOpenApi('public')
    const submit = paths['/v1/bills']?.['post'] as unknown as {
      security: object[]
      responses: Record<string, object>
      requestBody: { content: object }
    }
    assert.deepEqual(submit.security, [{ key: [] }])
    for (const status of ['202', '400', '401', '403', '413', '415', '422', '429', '503', 'default']) {
      assert.ok(status in submit.responses, status)
    }
    assert.deepEqual(Object.keys(submit.requestBody.content), ['application/octet-stream', 'multipart/form-data'])
  })
})

describe('routes', () => {
  it('have operation ids of their own, and one route for each method and path of a listener', () => {
    const ids = ROUTES.map((route) => route.operationId)
    assert.equal(new Set(ids).size, ids.length)
    const paths = ROUTES.map(({ method, path }) => `${method} ${path}`)
    assert.equal(new Set(paths).size, paths.length)
  })

  it('name no code that would be the fault of the node', () => {
    for (const route of ROUTES) {
      for (const code of problemCodesOf(route))
        assert.notEqual(statusOfCode(code), 500, `${route.operationId}: ${code}`)
    }
  })
})
