import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import packageFile from '../../package.json' with { type: 'json' }
import { toolFile } from '../installed.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** A relative specifier of a source file, with what stands before it. */
const SPECIFIER = /(\bfrom |\bimport\()(['"])(\.{1,2}\/[^'"]+)\.ts\2/g
/** Name of the package that is written; a folder with another package is left alone. */
const NAME = 'kwitness-client'

/** Code of a source file of the client, as a browser runs it: types are gone, and files are named as they are written. */
function toModule(source: string): string {
  return nameModules(stripTypeScriptTypes(source))
}

/** Names source files as modules. */
function nameModules(code: string): string {
  return code.replaceAll(SPECIFIER, '$1$2$3.js$2')
}

/**
 * Writes the client as a package of plain modules with type declarations, which a page or a bundler takes as it is. What
 * was written earlier is replaced.
 *
 * @throws {Error} when the folder has something else, or the compiler finds errors.
 */
export async function writeBrowserPackage(folder: string): Promise<void> {
  await clear(folder)
  // First: a folder that was left half written is known as ours.
  const { version, license, imports } = packageFile
  const manifest = {
    name: NAME,
    version,
    license,
    private: true,
    type: 'module',
    exports: { types: './client/index.d.ts', default: './client/index.js' },
    // For the declarations alone: no module imports either.
    imports: Object.fromEntries((['#api', '#protocol'] as const).map((door) => [door, declarationOf(imports[door])])),
  }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  const files = (await readdir(join(ROOT, 'client'))).filter((file) => file.endsWith('.ts'))
  await mkdir(join(folder, 'client'), { recursive: true })
  for (const file of files) {
    const code = toModule(await readFile(join(ROOT, 'client', file), 'utf8'))
    await writeFile(join(folder, 'client', file.replace(/\.ts$/, '.js')), code)
  }
  await writeDeclarations(folder)
}

function declarationOf(file: string): { readonly types: string } {
  return { types: file.replace(/\.ts$/, '.d.ts') }
}

/** Declarations of the client, and of all that they name. */
async function writeDeclarations(folder: string): Promise<void> {
  const settings = join(folder, 'tsconfig.json')
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: folder,
    rootDir: ROOT,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules', '@types')],
  }
  const files = [join(ROOT, 'client', 'index.ts')]
  await writeFile(
    settings,
    JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files }),
  )
  try {
    await promisify(execFile)(process.execPath, [toolFile('tsc'), '-p', settings])
  } catch (cause) {
    // The compiler says what is wrong where nobody else does.
    const said = cause instanceof Error && 'stdout' in cause ? String(cause.stdout).trim() : ''
    throw new Error(`the client's declarations could not be made: ${said}`, { cause })
  } finally {
    await rm(settings)
  }
  for (const file of await readdir(folder, { recursive: true })) {
    if (!file.endsWith('.d.ts')) continue
    const path = join(folder, file)
    await writeFile(path, nameModules(await readFile(path, 'utf8')))
  }
}

async function clear(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const entries = await readdir(folder)
  if (entries.length === 0) return
  const { name } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}')) as {
    name?: unknown
  }
  if (name !== NAME) throw new Error(`${folder} has files that are no client: name a new folder`)
  const { imports } = packageFile
  for (const door of Object.values(imports)) await rm(join(folder, dirname(door)), { recursive: true, force: true })
}
