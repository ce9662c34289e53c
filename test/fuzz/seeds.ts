import { readdirSync, readFileSync } from 'node:fs'

/** A file that inputs are made from. */
export type Seed = { readonly name: string; readonly bytes: Uint8Array; readonly shape: 'xml' | 'table' | 'bytes' }

const OWN = new URL('../../samples/', import.meta.url)
const REAL = new URL('../../../shared/bills/open/', import.meta.url)

/** Larger files would take most of the time and show nothing that smaller ones do not. */
const MAX_BYTES = 120_000

/**
 * Every own sample, and every real file of the collection outside of the repository where it is there, smaller ones first and by
 * name: the same list on every machine that has the same files.
 */
export function readSeeds(): { readonly own: readonly Seed[]; readonly real: readonly Seed[] } {
  return { own: readFolder(OWN), real: readFolder(REAL) }
}

function readFolder(folder: URL): Seed[] {
  return listFiles(folder)
    .map((url): Seed => {
      const bytes = new Uint8Array(readFileSync(url))
      return { name: url.pathname.slice(folder.pathname.length), bytes, shape: shapeOf(bytes) }
    })
    .filter(({ name, bytes }) => !/\.(md|json)$/.test(name) && bytes.byteLength <= MAX_BYTES)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function listFiles(folder: URL): URL[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const url = new URL(entry.isDirectory() ? `${entry.name}/` : entry.name, folder)
      return entry.isDirectory() ? listFiles(url) : [url]
    })
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return []
    throw thrown
  }
}

function shapeOf(bytes: Uint8Array): Seed['shape'] {
  if (bytes.subarray(0, 2_000).some((byte) => byte === 0) || startsWith(bytes, '%PDF') || startsWith(bytes, 'PK'))
    return 'bytes'
  const head = new TextDecoder().decode(bytes.subarray(0, 400)).trimStart()
  if (head.startsWith('<')) return 'xml'
  return /^[\w-]+: /.test(head) ? 'bytes' : 'table'
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return Array.from(text).every((character, index) => bytes[index] === character.charCodeAt(0))
}
