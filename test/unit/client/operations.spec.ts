import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { OPENAPI_FILES } from '#api'
import { KwitnessClient, OperatorClient } from '#client'
import type { NodeClient } from '#client'
import { OPERATOR_CALLS, PUBLIC_CALLS } from '../../support/client-operations.ts'
import { FakePlatform } from '../../support/fake-platform.ts'
import type { SentRequest } from '../../support/fake-platform.ts'

type Operation = {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content: object }
}
type Described = Operation & { readonly method: string; readonly path: string }

async function operationsOf(kind: 'public' | 'operator'): Promise<Described[]> {
  const text = await readFile(new URL(`../../../api/${OPENAPI_FILES[kind]}`, import.meta.url), 'utf8')
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, Operation>> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  )
}

/** A client whose requests are kept and get no answer. */
function createClient(kind: 'public' | 'operator'): { client: NodeClient; platform: FakePlatform } {
  const platform = new FakePlatform()
  const init = { url: 'http://node.test/base/', platform, retry: { attempts: 1 } }
  return { client: kind === 'public' ? new KwitnessClient(init) : new OperatorClient(init), platform }
}

function check({ method, path, parameters = [], requestBody }: Described, { url, init }: SentRequest): void {
  assert.equal(init.method, method)
  const { pathname, searchParams } = new URL(url)
  const pattern = path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')
  assert.match(pathname, new RegExp(`^/base${pattern}$`))
  const known = (place: string): string[] => parameters.filter((it) => it.in === place).map(({ name }) => name)
  assert.deepEqual(
    [...searchParams.keys()].filter((name) => !known('query').includes(name)),
    [],
  )
  const headers = new Headers(init.headers)
  const type = headers.get('content-type')
  headers.delete('content-type')
  assert.deepEqual(
    [...headers.keys()].filter((name) => !known('header').includes(name)),
    [],
  )
  if (requestBody === undefined) assert.equal(init.body, null)
  else assert.ok(type !== null && type in requestBody.content, `${type}`)
}

describe('the client', () => {
  for (const kind of ['public', 'operator'] as const) {
    const calls: Readonly<Record<string, (client: never) => Promise<unknown>>> =
      kind === 'public' ? PUBLIC_CALLS : OPERATOR_CALLS

    it(`has a method for every operation of the ${kind} listener, under its name`, async () => {
      const operations = (await operationsOf(kind)).map(({ operationId }) => operationId)
      assert.ok(operations.length > 10)
      const { prototype } = kind === 'public' ? KwitnessClient : OperatorClient
      const missing = operations.filter(
        (id) => typeof (prototype as unknown as Record<string, unknown>)[id] !== 'function',
      )
      assert.deepEqual(missing, [])
      assert.deepEqual(Object.keys(calls).toSorted(), operations.toSorted())
    })

    it(`asks the ${kind} listener as the operations are described`, async () => {
      for (const operation of await operationsOf(kind)) {
        const { client, platform } = createClient(kind)
        await assert.rejects(async () => calls[operation.operationId]?.(client as never), {
          code: 'ERR_CLIENT_UNREACHABLE',
        })
        const [sent] = platform.sent
        if (sent === undefined) return assert.fail(`${operation.operationId} sends nothing`)
        check(operation, sent)
      }
      return undefined
    })
  }

  it('escapes what it puts into paths and queries', async () => {
    const { client, platform } = createClient('operator')
    assert.ok(client instanceof OperatorClient)
    await assert.rejects(client.getAccount('../keys?a#b'))
    await assert.rejects(client.listKeys({ account: 'a&limit=1' }))
    assert.deepEqual(
      platform.sent.map(({ url }) => url),
      ['http://node.test/base/v1/accounts/..%2Fkeys%3Fa%23b', 'http://node.test/base/v1/keys?account=a%26limit%3D1'],
    )
  })
})
