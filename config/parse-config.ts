import { ConfigError } from './config-error.ts'
import { listConfigKeys } from './config-keys.ts'
import type { ConfigKey } from './config-keys.ts'
import { isPresetName, PRESETS } from './presets.ts'
import { configShape } from './schema.ts'
import type { Config } from './schema.ts'

/** Where values come from, weakest first: defaults, preset, file, environment, flags. */
export type ConfigSources = {
  /** JSON text of `config.json`; its key `preset` may name the preset. */
  readonly file?: string
  /** Name of the file for messages. @default 'config.json' */
  readonly fileName?: string
  /** Environment; only variables that start with `KWITNESS_` are looked at. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Texts by key path, such as `{'api.port': '8080'}`. */
  readonly flags?: Readonly<Record<string, string>>
}

/** Variables that the command line reads itself; they are no configuration keys. */
const CLIENT_VARIABLES = new Set(['KWITNESS_API', 'KWITNESS_KEY_FILE', 'KWITNESS_DIR', 'KWITNESS_RPC'])

type Tree = { [name: string]: unknown }

/**
 * The configuration of all sources together, complete and frozen.
 *
 * @throws {ConfigError} ERR_CONFIG_JSON, ERR_CONFIG_UNKNOWN_KEY, ERR_CONFIG_VALUE, each with the source and the key.
 */
export function parseConfig(sources: ConfigSources): Config {
  const fileName = sources.fileName ?? 'config.json'
  const keys = listConfigKeys()
  const { preset, ...file } = readFile(sources.file, fileName)
  const layers: { readonly source: string; readonly tree: Tree }[] = [
    { source: 'preset', tree: presetOf(preset, fileName) },
    { source: fileName, tree: file },
    { source: 'environment', tree: readEnvironment(keys, sources.environment ?? {}) },
    { source: 'flags', tree: readFlags(keys, sources.flags ?? {}) },
  ]
  const merged = layers.reduce<Tree>((tree, layer) => merge(tree, layer.tree), emptySections(keys))
  const result = configShape.safeParse(merged)
  if (result.success) return freeze(result.data)
  // A misspelt key is the likelier cause of another that is missing.
  const { issues } = result.error
  const issue = issues.find((it) => it.code === 'unrecognized_keys') ?? issues[0]
  const path = (issue?.path ?? []).map(String)
  if (issue?.code === 'unrecognized_keys') path.push(issue.keys[0] ?? '')
  const from = layers.findLast((layer) => hasPath(layer.tree, path))?.source ?? fileName
  if (issue?.code === 'unrecognized_keys') throw unknownKey(keys, from, path.join('.'))
  const place = path.join('.')
  const missing = !hasPath(merged, path)
  const variable = keys.find((key) => key.path === place)?.variable
  const why = missing
    ? `is missing; set it in the file, or by ${variable ?? 'the environment'}`
    : (issue?.message ?? 'is wrong')
  throw new ConfigError(`${from}: ${place}: ${why}`, { code: 'ERR_CONFIG_VALUE', source: from, place })
}

/** A configuration as it may be logged: the URL of the RPC server without user, path and query, which may hold a key. */
export function redactConfig(config: Config): Config {
  const url = new URL(config.chain.rpcUrl)
  return { ...config, chain: { ...config.chain, rpcUrl: `${url.protocol}//${url.host}` } }
}

/** Every section, so that a missing key is named, not its section. */
function emptySections(keys: readonly ConfigKey[]): Tree {
  const sections = keys.filter((key) => key.path.includes('.')).map((key) => key.path.split('.')[0] ?? '')
  return Object.fromEntries(sections.map((name) => [name, {}]))
}

function readFile(text: string | undefined, source: string): Tree {
  if (text === undefined) return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'malformed'
    throw new ConfigError(`${source}: not JSON: ${why}`, { code: 'ERR_CONFIG_JSON', source }, { cause })
  }
  if (isTree(value)) return value
  throw new ConfigError(`${source}: expected an object`, { code: 'ERR_CONFIG_JSON', source })
}

function presetOf(name: unknown, source: string): Tree {
  if (name === undefined) return {}
  if (typeof name === 'string' && isPresetName(name)) return PRESETS[name]
  throw new ConfigError(`${source}: preset: expected one of ${Object.keys(PRESETS).join(', ')}`, {
    code: 'ERR_CONFIG_VALUE',
    source,
    place: 'preset',
  })
}

function readEnvironment(keys: readonly ConfigKey[], environment: Readonly<Record<string, string | undefined>>): Tree {
  const tree: Tree = {}
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('KWITNESS_') || text === undefined || CLIENT_VARIABLES.has(variable)) continue
    const key = keys.find((k) => k.variable === variable)
    if (key === undefined) throw unknownKey(keys, 'environment', variable)
    setPath(tree, key.path, valueOf(key, text))
  }
  return tree
}

function readFlags(keys: readonly ConfigKey[], flags: Readonly<Record<string, string>>): Tree {
  const tree: Tree = {}
  for (const [path, text] of Object.entries(flags)) {
    const key = keys.find((k) => k.path === path)
    if (key === undefined) throw unknownKey(keys, 'flags', path)
    setPath(tree, key.path, valueOf(key, text))
  }
  return tree
}

/** Texts that are no integer and no switch stay texts: the schema refuses them with its own message. */
function valueOf(key: ConfigKey, text: string): unknown {
  if (key.kind === 'integer' && /^-?[0-9]{1,15}$/.test(text)) return Number(text)
  if (key.kind === 'switch' && (text === 'true' || text === 'false')) return text === 'true'
  if (key.kind === 'list') return text === '' ? [] : text.split(',').map((item) => item.trim())
  return text
}

function unknownKey(keys: readonly ConfigKey[], source: string, place: string): ConfigError {
  const names = keys.map((key) => (source === 'environment' ? key.variable : key.path))
  const near = nearest(names, place)
  const hint = near === undefined ? 'kwitness start --help lists the keys' : `did you mean ${near}?`
  return new ConfigError(`${source}: ${place}: unknown key; ${hint}`, { code: 'ERR_CONFIG_UNKNOWN_KEY', source, place })
}

/** The name with the longest common start, if that is at least half of what was written. */
function nearest(names: readonly string[], text: string): string | undefined {
  const common = (name: string): number => {
    let length = 0
    while (length < name.length && name[length] === text[length]) length += 1
    return length
  }
  const best = names.toSorted((a, b) => common(b) - common(a))[0]
  return best !== undefined && common(best) * 2 >= text.length ? best : undefined
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function merge(weak: Tree, strong: Tree): Tree {
  const merged: Tree = { ...weak }
  for (const [name, value] of Object.entries(strong)) {
    const below = Object.hasOwn(merged, name) ? merged[name] : undefined
    // A file with the key `__proto__` must stay an unknown key, not become a prototype.
    Object.defineProperty(merged, name, {
      value: isTree(below) && isTree(value) ? merge(below, value) : value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return merged
}

function setPath(tree: Tree, path: string, value: unknown): void {
  const names = path.split('.')
  const last = names.pop() ?? ''
  let node = tree
  for (const name of names) {
    const child = node[name]
    const next: Tree = isTree(child) ? child : {}
    node[name] = next
    node = next
  }
  node[last] = value
}

function hasPath(tree: Tree, path: readonly string[]): boolean {
  let node: unknown = tree
  for (const name of path) {
    // A place inside a list belongs to the source that set the list.
    if (Array.isArray(node)) return true
    if (!isTree(node) || !Object.hasOwn(node, name)) return false
    node = node[name]
  }
  return true
}

function freeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) freeze(child)
  return Object.freeze(value)
}
