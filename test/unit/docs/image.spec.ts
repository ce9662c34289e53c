import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { listConfigKeys } from '#config'
import {
  CODE_FOLDERS,
  isInRepository,
  kwitnessArguments,
  listFiles,
  readRepositoryFile,
  refusalOf,
  splitCommands,
} from './documents.ts'

const dockerfile = readRepositoryFile('Dockerfile')
const manifest = z
  .object({ dependencies: z.record(z.string(), z.string()), optionalDependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readRepositoryFile('package.json')))

/** Paths that reach the image: everything is shut out, and these let in again. */
function allowedPaths(): string[] {
  const lines = readRepositoryFile('.dockerignore').split('\n')
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'))
  assert.equal(patterns[0], '*')
  assert.ok(patterns.slice(1).every((pattern) => pattern.startsWith('!')))
  return patterns.slice(1).map((pattern) => pattern.slice(1))
}

/** Last instruction of a kind in the JSON form. */
function wordsOf(instruction: string): string[] {
  const found = dockerfile.matchAll(new RegExp(`^ *${instruction} (\\[.*\\])$`, 'gm'))
  return z.array(z.string()).parse(JSON.parse([...found].at(-1)?.[1] ?? 'null'))
}

describe('the image', () => {
  it('gets the code of every folder, and nothing that is not there', () => {
    const allowed = allowedPaths()
    for (const folder of CODE_FOLDERS) assert.ok(allowed.includes(folder), folder)
    for (const path of allowed) assert.ok(isInRepository(path), path)
  })

  it('gets every file that the code reads beside itself', () => {
    const allowed = allowedPaths()
    const found: string[] = []
    for (const file of CODE_FOLDERS.flatMap(listFiles).filter((path) => path.endsWith('.ts'))) {
      for (const [, target = ''] of readRepositoryFile(file).matchAll(/new URL\('([^']+)', import\.meta\.url\)/g)) {
        const path = join(dirname(file), target).replace(/\/$/, '')
        // The sample bills are for the development network, which no image runs.
        if (path === 'samples') continue
        found.push(path)
        assert.ok(
          allowed.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)),
          `${file} reads ${path}`,
        )
      }
    }
    assert.ok(found.includes('test/vectors/rules-1') && found.includes('package.json'))
  })

  it('starts an auditor with flags that exist, from a file that exists', async () => {
    const entry = wordsOf('ENTRYPOINT')
    assert.ok(isInRepository(entry.at(-1) ?? ''))
    assert.equal(await refusalOf(wordsOf('CMD')), undefined)
    const shebang = readRepositoryFile('node/main.js').split('\n')[0] ?? ''
    for (const flag of entry.slice(1, -1)) assert.ok(shebang.includes(flag), `node/main.js runs without ${flag}`)
    for (const [, line = ''] of dockerfile.matchAll(/^# +(docker run .*)$/gm)) {
      const args = kwitnessArguments(splitCommands(line)[0] ?? [], '') ?? []
      if (args.length > 0) assert.equal(await refusalOf(args), undefined, line)
    }
  })

  it('is asked whether it is ready, and reached, on the ports that are the defaults', () => {
    const fallbackOf = (path: string): unknown => listConfigKeys().find((key) => key.path === path)?.fallback
    assert.ok(wordsOf('CMD').includes('start'))
    assert.ok(dockerfile.includes(`http://127.0.0.1:${String(fallbackOf('api.port'))}/readyz`))
    const [, port = ''] = /^EXPOSE (\d+)$/m.exec(dockerfile) ?? []
    assert.match(String(fallbackOf('network.listen')), new RegExp(`/tcp/${port}$`))
  })

  it('leaves out the second Node and Anvil, whatever the processor', () => {
    const { dependencies, optionalDependencies } = manifest
    const isSpare = (name: string): boolean => name.startsWith('node-') || name.startsWith('@foundry-rs/')
    assert.match(dockerfile, /^RUN npm ci --omit=dev --omit=optional\b/m)
    assert.deepEqual(Object.keys(dependencies).filter(isSpare), [])
    assert.ok(Object.keys(optionalDependencies).every(isSpare), 'something else is optional, and left out too')
  })

  it('has the packages that come from folders of ours before it installs', () => {
    const folders = new Set(
      Object.values(manifest.dependencies)
        .filter((version) => version.startsWith('file:'))
        .map((version) => version.slice('file:'.length)),
    )
    assert.ok(folders.size > 0)
    const before = dockerfile.slice(0, dockerfile.indexOf('RUN npm ci'))
    for (const folder of folders) {
      assert.ok(isInRepository(`${folder}/package.json`), folder)
      assert.ok(before.includes(`COPY ${dirname(folder)} ./${dirname(folder)}\n`), folder)
      assert.ok(allowedPaths().includes(dirname(folder)), folder)
    }
  })

  it('runs without the rights of root', () => {
    const [, stage = ''] = /^FROM \S+-slim$([\s\S]*)/m.exec(dockerfile) ?? []
    assert.match(stage, /^USER node$/m)
    assert.doesNotMatch(stage, /^USER root$/m)
  })
})
