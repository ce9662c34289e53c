/** Writes the OpenAPI documents from the routes: `npm run api:build`. */
import { writeFile } from 'node:fs/promises'
import { buildOpenApi } from './openapi.ts'
import { OPENAPI_FILES } from './openapi-document.ts'

for (const kind of ['public', 'operator'] as const) {
  const document = await buildOpenApi(kind)
  await writeFile(new URL(OPENAPI_FILES[kind], import.meta.url), `${JSON.stringify(document, null, 2)}\n`)
}
